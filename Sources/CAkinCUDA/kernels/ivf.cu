// Searching inverted lists: tables (list_tables.cuh), scanning with selection (list_scan.cuh, list_scorers.cuh), the
// second pass with the keys that decide (list_decide.cuh), these keys of all vectors (list_keys.cuh), and estimates of
// all vectors (list_estimates.cuh).
#include "list_estimates.cuh"

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_tables(const float *queries, const float *codebooks, uint32_t m, uint32_t ksub, uint32_t dsub,
                    float factor, float *tables) {
    akin_pq_tables(queries, codebooks, m, ksub, dsub, factor, tables);
}

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_tables_short(const float *queries, const float *codebooks, uint32_t m, uint32_t ksub, uint32_t dsub,
                          float factor, uint16_t *tables, akin_short_scale *scales) {
    akin_pq_tables_short(queries, codebooks, m, ksub, dsub, factor, tables, scales);
}

#define AKIN_IVF_FLAT(PRODUCT, NAME)                                                                                   \
    extern "C" __global__ void __launch_bounds__(256, 4) akin_ivf_scan_flat_##NAME(                                    \
        const float *codes, const uint32_t *starts, const uint32_t *blocks, const uint32_t *probes, uint32_t nprobe,   \
        const uint32_t *allowed, const float *queries, uint32_t dimension, uint32_t chunks, uint32_t perBlock,         \
        uint32_t wanted, uint64_t *entries) {                                                                          \
        uint32_t rows = (dimension + 3) / 4;                                                                           \
        akin_scan_lists({nullptr, nullptr, starts, blocks, rows}, {probes, nullptr, nprobe, allowed}, chunks,          \
                        perBlock, wanted, entries,                                                                     \
                        akin_flat_scorer<PRODUCT>{queries, dimension, codes, rows, nullptr});                          \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256) akin_ivf_decide_flat_##NAME(                                     \
        const uint64_t *entries, uint32_t chunks, uint32_t wanted, uint32_t k, const float *codes,                     \
        const uint32_t *starts, const uint32_t *blocks, uint32_t nlist, const float *queries, uint32_t dimension,      \
        float growth, float radius, float *keys, uint32_t *numbers, uint32_t *certain) {                               \
        uint32_t rows = (dimension + 3) / 4;                                                                           \
        akin_decide_lists<PRODUCT>(entries, chunks, wanted, k, {nullptr, nullptr, starts, blocks, rows}, nlist,        \
                                   {nullptr, nullptr, 0, nullptr}, queries, nullptr, dimension,                        \
                                   akin_flat_decoder{codes, rows}, {growth, radius, 0, nullptr}, keys, numbers,        \
                                   certain);                                                                           \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256, 4) akin_ivf_keys_flat_##NAME(                                    \
        const float *codes, const uint32_t *starts, const uint32_t *blocks, const uint32_t *probes,                    \
        const uint32_t *before, uint32_t nprobe, const uint32_t *allowed, uint32_t firstBlock, uint32_t width,         \
        const float *queries, uint32_t dimension, float *keys) {                                                       \
        uint32_t rows = (dimension + 3) / 4;                                                                           \
        akin_list_keys(                                                                                                \
            {nullptr, nullptr, starts, blocks, rows}, {probes, nullptr, nprobe, allowed}, before, firstBlock, width,   \
            akin_deciding_keys<PRODUCT, akin_flat_decoder>{queries, nullptr, dimension, {codes, rows}}, keys);         \
    }

AKIN_IVF_FLAT(false, l2)
AKIN_IVF_FLAT(true, ip)

// Tables of floats, which have no scales, or of 16 bits.
extern "C" __global__ void __launch_bounds__(256, 4)
    akin_ivf_scan_pq8(const uint32_t *codes, const float *terms, const uint32_t *starts, const uint32_t *blocks,
                      const uint32_t *probes, const float *offsets, uint32_t nprobe, const uint32_t *allowed,
                      const float *tables, const akin_short_scale *, uint32_t m, uint32_t ksub, uint32_t chunks,
                      uint32_t perBlock, uint32_t wanted, uint64_t *entries) {
    akin_scan_lists({codes, terms, starts, blocks, (m + 3) / 4}, {probes, offsets, nprobe, allowed}, chunks, perBlock,
                    wanted, entries, akin_pq_scorer<akin_float_sums>{tables, m, ksub, codes, terms, {}, nullptr});
}

extern "C" __global__ void __launch_bounds__(256, 4)
    akin_ivf_scan_pq8_short(const uint32_t *codes, const float *terms, const uint32_t *starts, const uint32_t *blocks,
                            const uint32_t *probes, const float *offsets, uint32_t nprobe, const uint32_t *allowed,
                            const uint16_t *tables, const akin_short_scale *scales, uint32_t m, uint32_t ksub,
                            uint32_t chunks, uint32_t perBlock, uint32_t wanted, uint64_t *entries) {
    akin_scan_lists({codes, terms, starts, blocks, (m + 3) / 4}, {probes, offsets, nprobe, allowed}, chunks, perBlock,
                    wanted, entries,
                    akin_pq_scorer<akin_short_sums>{tables, m, ksub, codes, terms, {scales, 0, 0}, nullptr});
}

// Codes of 4 bits in WORDS words: m at most 8 times as many.
#define AKIN_IVF_NIBBLES(WORDS)                                                                                        \
    extern "C" __global__ void __launch_bounds__(256) akin_ivf_scan_pq4_##WORDS(                                       \
        const uint32_t *codes, const float *terms, const uint32_t *starts, const uint32_t *blocks,                     \
        const uint32_t *probes, const float *offsets, uint32_t nprobe, const uint32_t *allowed, const float *tables,   \
        uint32_t m, uint32_t chunks, uint32_t perBlock, uint32_t wanted, uint64_t *entries) {                          \
        akin_scan_lists({codes, terms, starts, blocks, WORDS}, {probes, offsets, nprobe, allowed}, chunks, perBlock,   \
                        wanted, entries, akin_nibble_scorer<WORDS>{tables, m, codes, terms, {}});                      \
    }

AKIN_IVF_NIBBLES(1)
AKIN_IVF_NIBBLES(2)
AKIN_IVF_NIBBLES(4)
AKIN_IVF_NIBBLES(8)

// `rows`: words of a code.
#define AKIN_IVF_PQ(PRODUCT, NAME)                                                                                     \
    extern "C" __global__ void __launch_bounds__(256) akin_ivf_decide_pq_##NAME(                                       \
        const uint64_t *entries, uint32_t chunks, uint32_t wanted, uint32_t k, const uint32_t *codes,                  \
        const uint32_t *starts, const uint32_t *blocks, uint32_t nlist, const float *offsets, uint32_t nprobe,         \
        const float *queries, const float *centroids, uint32_t dimension, const float *codebooks, uint32_t rows,       \
        uint32_t ksub, uint32_t dsub, float growth, float radius, float fixed, const akin_short_scale *scales,         \
        float *keys, uint32_t *numbers, uint32_t *certain) {                                                           \
        akin_decide_lists<PRODUCT>(entries, chunks, wanted, k, {codes, nullptr, starts, blocks, rows}, nlist,          \
                                   {nullptr, offsets, nprobe, nullptr}, queries, centroids, dimension,                 \
                                   akin_pq_decoder{codes, codebooks, rows, ksub, dsub},                                \
                                   {growth, radius, fixed, scales}, keys, numbers, certain);                           \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256, 4) akin_ivf_keys_pq_##NAME(                                      \
        const uint32_t *codes, const uint32_t *starts, const uint32_t *blocks, const uint32_t *probes,                 \
        const uint32_t *before, uint32_t nprobe, const uint32_t *allowed, uint32_t firstBlock, uint32_t width,         \
        const float *queries, const float *centroids, uint32_t dimension, const float *codebooks, uint32_t rows,       \
        uint32_t ksub, uint32_t dsub, float *keys) {                                                                   \
        akin_list_keys({codes, nullptr, starts, blocks, rows}, {probes, nullptr, nprobe, allowed}, before, firstBlock, \
                       width,                                                                                          \
                       akin_deciding_keys<PRODUCT, akin_pq_decoder>{                                                   \
                           queries, centroids, dimension, {codes, codebooks, rows, ksub, dsub}},                       \
                       keys);                                                                                          \
    }

AKIN_IVF_PQ(false, l2)
AKIN_IVF_PQ(true, ip)

// `rows`: words of a code. `shared`: whether the launch has room for the tables of a query.
extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_estimate_floats(const uint32_t *codes, const float *terms, const uint32_t *starts, const uint32_t *blocks,
                             const uint32_t *probes, const uint32_t *before, uint32_t nprobe, const uint32_t *allowed,
                             uint32_t firstBlock, uint32_t width, const float *bases, uint32_t rows,
                             const float *tables, uint32_t m, uint32_t ksub, uint32_t shared, float *keys) {
    akin_list_keys({codes, terms, starts, blocks, rows}, {probes, nullptr, nprobe, allowed}, before, firstBlock, width,
                   akin_float_estimates{{codes, terms, bases, rows, nprobe}, tables, m, ksub, shared != 0, nullptr},
                   keys);
}

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_estimate_bytes(const uint32_t *codes, const float *terms, const uint32_t *starts, const uint32_t *blocks,
                            const uint32_t *probes, const uint32_t *before, uint32_t nprobe, const uint32_t *allowed,
                            uint32_t firstBlock, uint32_t width, const float *bases, uint32_t rows,
                            const uint32_t *tables, const float *steps, uint32_t m, uint32_t stride, float *keys) {
    akin_list_keys({codes, terms, starts, blocks, rows}, {probes, nullptr, nprobe, allowed}, before, firstBlock, width,
                   akin_byte_estimates{{codes, terms, bases, rows, nprobe}, tables, steps, m, stride, nullptr}, keys);
}
