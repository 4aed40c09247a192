// ivf_build.cu on the host model.
#include "device_kernels.h"

#include "ivf_build.cu"

void akin_host::registerListBuilding(akin_host_registrar registrar) {
    AKIN_DEVICE_KERNEL(akin_ivf_encode);
    AKIN_DEVICE_KERNEL(akin_ivf_terms);
    AKIN_DEVICE_KERNEL(akin_ivf_place);
    AKIN_DEVICE_KERNEL(akin_ivf_greatest);
}
