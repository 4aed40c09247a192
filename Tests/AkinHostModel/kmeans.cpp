// kmeans.cu on the host model, with the launches of an assignment and of a move.
#include "include/AkinHostModel.h"

#include "device_kernels.h"
#include "guarded.h"
#include "kmeans.cu"

using akin_host::Guarded;

namespace {

// Runs one launch after the other until one fails.
struct Launches {
    uint32_t order;
    std::string problem;

    template <typename Kernel> void run(uint32_t blocks, uint32_t threads, size_t sharedBytes, Kernel kernel) {
        if (problem.empty() && blocks > 0)
            problem = akin_host::run({{blocks, 1, 1}, {threads, 1, 1}, sharedBytes, order}, kernel);
    }
};

uint32_t parts(size_t count, size_t size) {
    return static_cast<uint32_t>((count + size - 1) / size);
}

} // namespace

int akin_host_kmeans_assign(akin_host_assignment s, uint32_t order, uint32_t *outNumbers, double *outKeys,
                            uint32_t *outDoubtful, char *error, size_t errorBytes) {
    uint32_t padded = parts(s.dimension, 32) * 32, bytes = padded * 2, tiles = parts(s.k, AKIN_TILE);
    uint32_t rows = tiles * AKIN_TILE;
    Guarded<float> points(s.points, size_t(s.count) * s.dimension), centroids(s.centroids, size_t(s.k) * s.dimension);
    Guarded<float> centre(s.centre, s.centre ? s.dimension : 0);
    Guarded<uint32_t> previous(s.previous, s.previous ? s.count : 0);
    Guarded<uint16_t> pointCodes(nullptr, size_t(s.count) * padded, 16), codes(nullptr, size_t(rows) * padded, 16);
    Guarded<float> pointLength(nullptr, s.count), pointError(nullptr, s.count);
    Guarded<float> length(nullptr, rows), errors(nullptr, rows), term(nullptr, rows, 8), largest(nullptr, 3);
    Guarded<uint32_t> numbers(nullptr, s.count), doubtful(nullptr, s.count), found(nullptr, s.count);
    Guarded<float> reach(nullptr, s.count);
    Guarded<uint32_t> candidates(nullptr, size_t(s.count) * s.capacity), doubtfulCount(nullptr, 1);
    Guarded<double> keys(nullptr, s.count);
    largest[0] = largest[1] = largest[2] = 0;
    doubtfulCount[0] = 0;
    const float *middle = s.centre ? static_cast<float *>(centre) : nullptr;
    const uint32_t *before = s.previous ? static_cast<uint32_t *>(previous) : nullptr;
    auto coded = [](uint16_t *halves) { return reinterpret_cast<const int8_t *>(halves); };

    Launches launches{order, ""};
    launches.run(parts(s.count, 8), 256, 0, [&] {
        akin_kmeans_code_points(points, middle, s.scale, s.count, s.dimension, padded, pointCodes, pointLength,
                                pointError);
    });
    launches.run(parts(rows, 8), 256, 0, [&] {
        akin_kmeans_code_centroids(centroids, middle, s.scale, s.k, rows, s.dimension, padded, s.metric, codes, length,
                                   errors, term, largest);
    });
    size_t ring = 3 * 8192, sharedBytes = ring + (s.resident ? size_t(bytes) * AKIN_TILE : ring) + 512;
    auto nearest = s.resident ? &akin_kmeans_nearest_resident : &akin_kmeans_nearest_streamed;
    launches.run(parts(s.count, AKIN_TILE), 256, sharedBytes, [&] {
        nearest(coded(pointCodes), pointLength, pointError, s.count, coded(codes), term, largest, tiles, bytes, before,
                numbers, doubtful, reach, found, doubtfulCount);
    });
    auto list = s.resident ? &akin_kmeans_candidates_resident : &akin_kmeans_candidates_streamed;
    launches.run(2, 256, sharedBytes, [&] {
        list(coded(pointCodes), coded(codes), term, tiles, bytes, s.k, doubtful, reach, doubtfulCount, found,
             candidates, s.capacity);
    });
    auto decide = s.metric == 0 ? &akin_kmeans_decide_l2 : &akin_kmeans_decide_ip;
    launches.run(2, 256, 0, [&] {
        decide(points, centroids, s.k, s.dimension, doubtful, doubtfulCount, found, candidates, s.capacity, numbers);
    });
    auto measure = s.metric == 0 ? &akin_kmeans_keys_l2 : &akin_kmeans_keys_ip;
    launches.run(2, 256, 0, [&] { measure(points, centroids, s.dimension, s.count, numbers, keys); });
    numbers.copy(outNumbers, s.count);
    keys.copy(outKeys, s.count);
    doubtfulCount.copy(outDoubtful, 1);
    return akin_host::report(launches.problem, error, errorBytes);
}

int akin_host_kmeans_move(akin_host_move s, uint32_t order, float *outCentroids, uint32_t *outStarts,
                          uint32_t *outOrder, char *error, size_t errorBytes) {
    uint32_t chunks = parts(s.count, s.chunk);
    Guarded<float> points(s.points, size_t(s.count) * s.dimension), old(s.old, size_t(s.k) * s.dimension);
    Guarded<uint32_t> numbers(s.numbers, s.count), counts(nullptr, size_t(chunks) * s.k), sizes(nullptr, s.k);
    Guarded<uint32_t> starts(nullptr, s.k + 1), sorted(nullptr, s.count);
    Guarded<float> centroids(nullptr, size_t(s.k) * s.dimension);
    Launches launches{order, ""};
    launches.run(chunks, 256, 0, [&] { akin_kmeans_count(numbers, s.count, s.k, s.chunk, counts); });
    launches.run(parts(s.k, 256), 256, 0, [&] { akin_kmeans_add_chunks(counts, chunks, s.k, sizes); });
    launches.run(1, 256, 33 * 4, [&] { akin_kmeans_add_sizes(sizes, s.k, starts); });
    launches.run(parts(chunks, 8), 256, 0,
                 [&] { akin_kmeans_place(numbers, s.count, s.k, s.chunk, chunks, starts, counts, sorted); });
    launches.run(s.k, 64, (s.dimension + 1) * sizeof(double),
                 [&] { akin_kmeans_average(points, s.dimension, starts, sorted, old, s.spherical, centroids); });
    centroids.copy(outCentroids, size_t(s.k) * s.dimension);
    starts.copy(outStarts, s.k + 1);
    sorted.copy(outOrder, s.count);
    return akin_host::report(launches.problem, error, errorBytes);
}

void akin_host::registerKMeans(akin_host_registrar registrar) {
    AKIN_DEVICE_KERNEL(akin_kmeans_code_points);
    AKIN_DEVICE_KERNEL(akin_kmeans_code_centroids);
    AKIN_DEVICE_KERNEL(akin_kmeans_nearest_resident);
    AKIN_DEVICE_KERNEL(akin_kmeans_nearest_streamed);
    AKIN_DEVICE_KERNEL(akin_kmeans_candidates_resident);
    AKIN_DEVICE_KERNEL(akin_kmeans_candidates_streamed);
    AKIN_DEVICE_KERNEL(akin_kmeans_decide_l2);
    AKIN_DEVICE_KERNEL(akin_kmeans_decide_ip);
    AKIN_DEVICE_KERNEL(akin_kmeans_keys_l2);
    AKIN_DEVICE_KERNEL(akin_kmeans_keys_ip);
    AKIN_DEVICE_KERNEL(akin_kmeans_count);
    AKIN_DEVICE_KERNEL(akin_kmeans_add_chunks);
    AKIN_DEVICE_KERNEL(akin_kmeans_add_sizes);
    AKIN_DEVICE_KERNEL(akin_kmeans_place);
    AKIN_DEVICE_KERNEL(akin_kmeans_average);
}
