// selection.cu on the host model.
#include "include/AkinHostModel.h"

#include "device_kernels.h"
#include "guarded.h"
#include "selection.cu"

namespace {

akin_host::Launch model(const akin_host_launch &launch) {
    return {{launch.blocks, 1, 1}, {launch.threads, 1, 1}, launch.sharedBytes, launch.order};
}

// Values as the kernels see them, and room for what they write.
struct Memory {
    akin_host::Guarded<float> values;
    akin_host::Guarded<uint32_t> ids;
    size_t places;
    akin_host::Guarded<float> outValues;
    akin_host::Guarded<uint32_t> outIds;

    explicit Memory(const akin_host_selection &s)
        : values(s.values, elements(s)), ids(s.ids, s.ids ? elements(s) : 0),
          places(size_t(s.rows) * std::max(1u, s.chunks) * s.k), outValues(nullptr, places), outIds(nullptr, places) {}

    static size_t elements(const akin_host_selection &s) { return s.rows ? (s.rows - 1) * s.stride + s.count : 0; }

    void copy(float *values, uint32_t *ids) const {
        outValues.copy(values, places);
        outIds.copy(ids, places);
    }
};

} // namespace

int akin_host_warp_select(akin_host_launch launch, akin_host_selection s, uint32_t capacity, float *outValues,
                          uint32_t *outIds, char *error, size_t errorBytes) {
    Memory memory(s);
    uint32_t *ids = s.ids ? static_cast<uint32_t *>(memory.ids) : nullptr;
    auto with = [&](auto smallest, auto largest) {
        return akin_host::run(model(launch), [&] {
            (s.largest ? largest : smallest)(memory.values, ids, s.stride, s.rows, s.count, s.chunk, s.chunks, s.k,
                                             s.warpsPerRow, memory.outValues, memory.outIds);
        });
    };
    std::string problem;
    switch (capacity) {
#define AKIN_CASE(K)                                                                                                   \
    case K:                                                                                                            \
        problem = with(&akin_warp_select_##K##_smallest, &akin_warp_select_##K##_largest);                             \
        break;
        AKIN_CASE(32)
        AKIN_CASE(64)
        AKIN_CASE(128)
        AKIN_CASE(256)
        AKIN_CASE(512)
        AKIN_CASE(1024)
#undef AKIN_CASE
    default:
        problem = "no kernel holds " + std::to_string(capacity) + " entries";
    }
    memory.copy(outValues, outIds);
    return akin_host::report(problem, error, errorBytes);
}

int akin_host_nominate_select(akin_host_launch launch, akin_host_selection s, uint32_t capacity, float *outValues,
                              uint32_t *outIds, char *error, size_t errorBytes) {
    Memory memory(s);
    uint32_t *ids = s.ids ? static_cast<uint32_t *>(memory.ids) : nullptr;
    auto kernel = capacity == 2048
                      ? (s.largest ? &akin_nominate_select_2048_largest : &akin_nominate_select_2048_smallest)
                      : (s.largest ? &akin_nominate_select_4096_largest : &akin_nominate_select_4096_smallest);
    std::string problem = akin_host::run(model(launch), [&] {
        kernel(memory.values, ids, s.stride, s.count, s.chunk, s.chunks, s.k, memory.outValues, memory.outIds);
    });
    memory.copy(outValues, outIds);
    return akin_host::report(problem, error, errorBytes);
}

int akin_host_radix_select(akin_host_launch launch, akin_host_selection s, float *outValues, uint32_t *outIds,
                           char *error, size_t errorBytes) {
    Memory memory(s);
    akin_host::Guarded<uint64_t> scratch(nullptr, size_t(launch.blocks) * 2 * s.k);
    auto kernel = s.largest ? &akin_radix_select_largest : &akin_radix_select_smallest;
    std::string problem = akin_host::run(model(launch), [&] {
        kernel(memory.values, s.stride, s.rows, s.count, s.k, scratch, memory.outValues, memory.outIds);
    });
    memory.copy(outValues, outIds);
    return akin_host::report(problem, error, errorBytes);
}

void akin_host::registerSelection(akin_host_registrar registrar) {
#define AKIN_BOTH(name)                                                                                                \
    AKIN_DEVICE_KERNEL(name##_smallest);                                                                               \
    AKIN_DEVICE_KERNEL(name##_largest);
    AKIN_BOTH(akin_warp_select_32)
    AKIN_BOTH(akin_warp_select_64)
    AKIN_BOTH(akin_warp_select_128)
    AKIN_BOTH(akin_warp_select_256)
    AKIN_BOTH(akin_warp_select_512)
    AKIN_BOTH(akin_warp_select_1024)
    AKIN_BOTH(akin_nominate_select_2048)
    AKIN_BOTH(akin_nominate_select_4096)
    AKIN_BOTH(akin_radix_select)
#undef AKIN_BOTH
}
