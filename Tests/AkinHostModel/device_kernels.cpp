// The kernels that the device made of host memory knows.
#include "device_kernels.h"

#include "sanity.cu"

void akin_host_register_kernels(akin_host_registrar registrar) {
    AKIN_DEVICE_KERNEL(akin_add);
    AKIN_DEVICE_KERNEL(akin_nothing);
    AKIN_DEVICE_KERNEL(akin_half_products);
    akin_host::registerKMeans(registrar);
    akin_host::registerLists(registrar);
    akin_host::registerSelection(registrar);
    akin_host::registerExact(registrar);
    akin_host::registerListBuilding(registrar);
    akin_host::registerSynthetic(registrar);
}
