// Kernels on the host model as kernels of the device made of host memory, so that Swift code which launches them runs
// without a GPU from end to end.
#ifndef AKIN_DEVICE_KERNELS_H
#define AKIN_DEVICE_KERNELS_H

#include "akin_host_model.h"
#include "include/AkinHostModel.h"

#include <cstdio>
#include <utility>

namespace akin_host {

// The kernels of a source, registered where that source is compiled.
void registerKMeans(akin_host_registrar registrar);
void registerLists(akin_host_registrar registrar);
void registerSelection(akin_host_registrar registrar);
void registerExact(akin_host_registrar registrar);
void registerListBuilding(akin_host_registrar registrar);
void registerSynthetic(akin_host_registrar registrar);

// Bridges the driver's way of passing parameters, an array of pointers to their values, to a kernel's own.
template <auto kernel> struct DeviceKernel;

template <typename... Parameter, void (*kernel)(Parameter...)> struct DeviceKernel<kernel> {
    static int run(const uint32_t *sizes, void **parameters) {
        return call(sizes, parameters, std::index_sequence_for<Parameter...>());
    }

    static void add(akin_host_registrar registrar, const char *name) {
        // One more than there are, because there may be none.
        const size_t bytes[] = {sizeof(Parameter)..., 0};
        registrar(name, run, sizeof...(Parameter), bytes);
    }

  private:
    template <size_t... i> static int call(const uint32_t *sizes, void **parameters, std::index_sequence<i...>) {
        (void)parameters;
        const Launch how = {{sizes[0], sizes[1], sizes[2]}, {sizes[3], sizes[4], sizes[5]}, sizes[6], 0};
        const std::string problem = akin_host::run(how, [&] { kernel(*static_cast<Parameter *>(parameters[i])...); });
        if (problem.empty())
            return 0;
        std::fprintf(stderr, "%s\n", problem.c_str());
        return 719; // CUDA_ERROR_LAUNCH_FAILED
    }
};

} // namespace akin_host

#define AKIN_DEVICE_KERNEL(name) akin_host::DeviceKernel<&name>::add(registrar, #name)

#endif
