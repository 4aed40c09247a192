// synthetic.cu on the host model.
#include "device_kernels.h"

#include "synthetic.cu"

void akin_host::registerSynthetic(akin_host_registrar registrar) {
    AKIN_DEVICE_KERNEL(akin_synthetic);
}
