// exact.cu and exact_half.cu on the host model, with the stages of a search: tiles, bounds, tiles, ..., distances.
#include "include/AkinHostModel.h"

#include "device_kernels.h"
#include "exact.cu"
#include "exact_half.cu"
#include "guarded.h"

using akin_host::Guarded;

int akin_host_exact_search(akin_host_exact s, uint32_t order, float *outValues, uint32_t *outIds,
                           uint32_t *outOverflowed, char *error, size_t errorBytes) {
    const uint32_t tile = AKIN_TILE;
    uint32_t tiles = (s.rows + tile - 1) / tile, queryTiles = (s.queries + tile - 1) / tile;
    size_t coded = size_t(tiles) * tile;
    // Codes and distances are read 16 bytes at a time where they begin at such a place.
    Guarded<int8_t> codes(s.codes, coded * s.padded, 16);
    Guarded<int8_t> queryCodes(s.queryCodes, size_t(queryTiles) * tile * s.padded, 16);
    Guarded<float> b(s.b, coded), w(s.w, coded), e0(s.e0, coded), e1(s.e1, coded), e2(s.e2, coded);
    Guarded<float> largest(s.largest, size_t(tiles) * 3);
    Guarded<uint32_t> allowed(s.allowed, s.allowed ? coded / 32 : 0), listed(s.tiles, s.tileCount);
    Guarded<float> passing(nullptr, coded);
    Guarded<float> scale(s.scale, s.queries), offset(s.offset, s.queries), slack(s.slack, s.queries);
    Guarded<float> x1(s.x1, s.queries), x2(s.x2, s.queries);
    Guarded<float> vectors(s.vectors, size_t(s.rows) * s.dimension);
    Guarded<float> queryVectors(s.queryVectors, size_t(s.queries) * s.dimension);
    Guarded<uint32_t> foundRows(nullptr, size_t(s.queries) * s.capacity);
    Guarded<int32_t> foundDots(nullptr, size_t(s.queries) * s.capacity);
    Guarded<uint32_t> counts(nullptr, s.queries), bounds(nullptr, s.queries), overflowed(nullptr, s.queries);
    Guarded<float> values(nullptr, size_t(s.queries) * s.k);
    Guarded<uint32_t> ids(nullptr, size_t(s.queries) * s.k);
    for (uint32_t q = 0; q < s.queries; q++) {
        counts[q] = overflowed[q] = 0;
        bounds[q] = AKIN_KEY_OF_NAN;
    }

    const size_t listBytes = akin_nominees<256, 2048>::words * sizeof(uint32_t);
    const size_t tileBytes = size_t(s.padded) * tile + 3 * 8192 + 2048;
    std::string problem;
    if (s.allowed) {
        const uint32_t count = uint32_t(coded);
        problem = akin_host::run({{(count + 255) / 256, 1, 1}, {256, 1, 1}, 0, order},
                                 [&] { akin_exact_allowed(b, allowed, count, passing); });
        tiles = s.tileCount;
    }
    const float *reach = s.allowed ? static_cast<const float *>(passing) : static_cast<const float *>(b);
    const uint32_t *list = s.allowed ? static_cast<const uint32_t *>(listed) : nullptr;
    uint32_t seen = 0, next = s.firstTiles;
    while (seen < tiles && problem.empty()) {
        uint32_t end = std::min(tiles, next), each = 3;
        problem = akin_host::run({{queryTiles, (end - seen + each - 1) / each, 1}, {256, 1, 1}, tileBytes, order}, [&] {
            akin_exact_tiles(queryCodes, scale, offset, slack, x1, x2, s.queries, codes, reach, w, e0, e1, e2, largest,
                             s.padded, list, seen, end, each, foundRows, foundDots, counts, bounds, s.capacity);
        });
        if (problem.empty())
            problem = akin_host::run({{s.queries, 1, 1}, {256, 1, 1}, listBytes, order}, [&] {
                akin_exact_bounds(scale, offset, slack, x1, x2, b, w, e0, e1, e2, foundRows, foundDots, counts, bounds,
                                  s.capacity, s.k, overflowed);
            });
        seen = end;
        next = end * s.growth;
    }
    auto nearest = s.metric == 0   ? &akin_exact_nearest_l2
                   : s.metric == 1 ? &akin_exact_nearest_ip
                                   : &akin_exact_nearest_cosine;
    if (problem.empty())
        problem = akin_host::run({{s.queries, 1, 1}, {256, 1, 1}, listBytes, order}, [&] {
            nearest(queryVectors, vectors, s.dimension, foundRows, counts, s.capacity, overflowed, s.k, values, ids);
        });
    values.copy(outValues, size_t(s.queries) * s.k);
    ids.copy(outIds, size_t(s.queries) * s.k);
    overflowed.copy(outOverflowed, s.queries);
    return akin_host::report(problem, error, errorBytes);
}

void akin_host::registerExact(akin_host_registrar registrar) {
    AKIN_DEVICE_KERNEL(akin_exact_tiles);
    AKIN_DEVICE_KERNEL(akin_exact_allowed);
    AKIN_DEVICE_KERNEL(akin_exact_bounds);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_l2);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_ip);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_cosine);
    AKIN_DEVICE_KERNEL(akin_exact_keys_l2);
    AKIN_DEVICE_KERNEL(akin_exact_keys_ip);
    AKIN_DEVICE_KERNEL(akin_exact_keys_cosine);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_ip_bf16);
    AKIN_DEVICE_KERNEL(akin_exact_keys_ip_bf16);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_ip_f16);
    AKIN_DEVICE_KERNEL(akin_exact_keys_ip_f16);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_l2_bf16);
    AKIN_DEVICE_KERNEL(akin_exact_keys_l2_bf16);
    AKIN_DEVICE_KERNEL(akin_exact_nearest_l2_f16);
    AKIN_DEVICE_KERNEL(akin_exact_keys_l2_f16);
}
