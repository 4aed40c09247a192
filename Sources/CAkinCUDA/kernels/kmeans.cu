// k-means: assignment in tiles of half floats (nearest_tiles.cuh), decided in doubles, and the move of the centroids.
#include "move_centroids.cuh"
#include "nearest_decide.cuh"
#include "nearest_tiles.cuh"

extern "C" __global__ void __launch_bounds__(256)
    akin_kmeans_code_points(const float *points, const float *centre, float scale, uint32_t count, uint32_t dimension,
                            uint32_t padded, uint16_t *codes, float *length, float *error) {
    akin_code_halves<false>(points, centre, scale, count, count, dimension, padded, false,
                            {codes, length, error, nullptr, nullptr});
}

extern "C" __global__ void __launch_bounds__(256)
    akin_kmeans_code_centroids(const float *centroids, const float *centre, float scale, uint32_t count, uint32_t rows,
                               uint32_t dimension, uint32_t padded, uint32_t product, uint16_t *codes, float *length,
                               float *error, float *term, float *largest) {
    akin_code_halves<true>(centroids, centre, scale, count, rows, dimension, padded, product != 0,
                           {codes, length, error, term, largest});
}

// The step that takes nearly all the time, for points that stay in shared memory and for those that are streamed.
#define AKIN_KMEANS_TILES(RESIDENT, NAME)                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 2) akin_kmeans_nearest_##NAME(                                   \
        const int8_t *points, const float *length, const float *error, uint32_t count, const int8_t *centroids,        \
        const float *term, const float *largest, uint32_t tiles, uint32_t bytes, const uint32_t *previous,             \
        uint32_t *numbers, uint32_t *doubtful, float *reach, uint32_t *found, uint32_t *doubtfulCount) {               \
        akin_nearest<RESIDENT>({points, length, error, count}, {centroids, term, largest, tiles}, bytes, previous,     \
                               numbers, doubtful, reach, found, doubtfulCount);                                        \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256, 2) akin_kmeans_candidates_##NAME(                                \
        const int8_t *points, const int8_t *centroids, const float *term, uint32_t tiles, uint32_t bytes,              \
        uint32_t centroidCount, const uint32_t *doubtful, const float *reach, const uint32_t *doubtfulCount,           \
        uint32_t *found, uint32_t *candidates, uint32_t capacity) {                                                    \
        akin_nearest_candidates<RESIDENT>({points, nullptr, nullptr, 0}, {centroids, term, nullptr, tiles}, bytes,     \
                                          centroidCount, doubtful, reach, doubtfulCount, found, candidates, capacity); \
    }

AKIN_KMEANS_TILES(true, resident)
AKIN_KMEANS_TILES(false, streamed)

#define AKIN_KMEANS_KEYS(METRIC, NAME)                                                                                 \
    extern "C" __global__ void __launch_bounds__(256) akin_kmeans_decide_##NAME(                                       \
        const float *points, const float *centroids, uint32_t centroidCount, uint32_t dimension,                       \
        const uint32_t *doubtful, const uint32_t *doubtfulCount, const uint32_t *found, const uint32_t *candidates,    \
        uint32_t capacity, uint32_t *numbers) {                                                                        \
        akin_nearest_decide<METRIC>(points, centroids, centroidCount, dimension, doubtful, doubtfulCount, found,       \
                                    candidates, capacity, numbers);                                                    \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256)                                                                  \
        akin_kmeans_keys_##NAME(const float *points, const float *centroids, uint32_t dimension, uint32_t count,       \
                                const uint32_t *numbers, double *keys) {                                               \
        akin_nearest_keys<METRIC>(points, centroids, dimension, count, numbers, keys);                                 \
    }

AKIN_KMEANS_KEYS(0, l2)
AKIN_KMEANS_KEYS(1, ip)

extern "C" __global__ void __launch_bounds__(256)
    akin_kmeans_count(const uint32_t *numbers, uint32_t count, uint32_t k, uint32_t chunk, uint32_t *counts) {
    akin_count_points(numbers, count, k, chunk, counts);
}
extern "C" __global__ void __launch_bounds__(256)
    akin_kmeans_add_chunks(uint32_t *counts, uint32_t chunks, uint32_t k, uint32_t *sizes) {
    akin_add_chunks(counts, chunks, k, sizes);
}
extern "C" __global__ void __launch_bounds__(1024)
    akin_kmeans_add_sizes(const uint32_t *sizes, uint32_t k, uint32_t *starts) {
    akin_add_sizes(sizes, k, starts);
}
extern "C" __global__ void __launch_bounds__(256)
    akin_kmeans_place(const uint32_t *numbers, uint32_t count, uint32_t k, uint32_t chunk, uint32_t chunks,
                      const uint32_t *starts, uint32_t *counts, uint32_t *order) {
    akin_place_points(numbers, count, k, chunk, chunks, starts, counts, order);
}
extern "C" __global__ void __launch_bounds__(256)
    akin_kmeans_average(const float *points, uint32_t dimension, const uint32_t *starts, const uint32_t *order,
                        const float *old, uint32_t spherical, float *centroids) {
    akin_average_points(points, dimension, starts, order, old, spherical != 0, centroids);
}
