// ivf.cu on the host model, with the launches of a search.
#include "include/AkinHostModel.h"

#include "device_kernels.h"
#include "guarded.h"
#include "ivf.cu"

using akin_host::Guarded;

int akin_host_ivf_search(akin_host_lists s, uint32_t order, float *outKeys, uint32_t *outNumbers, uint32_t *outCertain,
                         char *error, size_t errorBytes) {
    bool flat = s.ksub == 0, product = s.metric != 0;
    uint32_t perWord = s.ksub == 16 ? 8 : 4, rows = flat ? (s.dimension + 3) / 4 : s.rows;
    uint32_t dsub = flat ? 0 : s.dimension / s.m, chunks = (s.nprobe + s.perBlock - 1) / s.perBlock;
    if (!flat && rows * perWord < s.m)
        return akin_host::report("too few rows for the codes", error, errorBytes);
    size_t blocks = s.blocks[s.nlist];
    Guarded<uint32_t> codes(s.codes, blocks * rows * 32 * (flat ? 4 : 1), 16);
    Guarded<float> terms(s.terms, s.terms ? blocks * 32 : 0);
    Guarded<uint32_t> starts(s.starts, s.nlist + 1), firsts(s.blocks, s.nlist + 1);
    Guarded<uint32_t> allowed(s.allowed, s.allowed ? blocks : 0);
    Guarded<uint32_t> probes(s.probes, size_t(s.queries) * s.nprobe);
    Guarded<float> offsets(s.offsets, flat ? 0 : size_t(s.queries) * s.nprobe);
    Guarded<float> x(s.x, size_t(s.queries) * s.dimension);
    Guarded<float> centroids(s.centroids, s.centroids ? size_t(s.nlist) * s.dimension : 0);
    size_t tableSize = size_t(s.m) * s.ksub;
    Guarded<float> codebooks(s.codebooks, tableSize * dsub), tables(nullptr, tableSize * s.queries);
    Guarded<uint16_t> shortTables(nullptr, tableSize * s.queries, 4);
    Guarded<akin_short_scale> scales(nullptr, s.hasShortTables ? s.queries : 0);
    Guarded<uint64_t> entries(nullptr, size_t(s.queries) * chunks * s.wanted);
    size_t out = size_t(s.queries) * s.wanted;
    Guarded<float> keys(nullptr, out);
    Guarded<uint32_t> numbers(nullptr, out), certain(nullptr, s.queries);

    std::string problem;
    auto run = [&](uint32_t blocks, size_t sharedBytes, auto kernel) {
        if (problem.empty())
            problem = akin_host::run({{blocks, 1, 1}, {256, 1, 1}, sharedBytes, order}, kernel);
    };
    const float *floats = reinterpret_cast<float *>(static_cast<uint32_t *>(codes));
    const float *term = s.terms ? static_cast<float *>(terms) : nullptr;
    const uint32_t *bits = s.allowed ? static_cast<uint32_t *>(allowed) : nullptr;
    const float *middle = s.centroids ? static_cast<float *>(centroids) : nullptr;
    size_t base = akin_scan_bytes(s.perBlock), selecting = (2 * AKIN_SCAN_CAPACITY + 24) * 4;
    if (flat) {
        auto scan = product ? &akin_ivf_scan_flat_ip : &akin_ivf_scan_flat_l2;
        run(s.queries * chunks, base + rows * 16, [&] {
            scan(floats, starts, firsts, probes, s.nprobe, bits, x, s.dimension, chunks, s.perBlock, s.wanted, entries);
        });
        auto decide = product ? &akin_ivf_decide_flat_ip : &akin_ivf_decide_flat_l2;
        run(s.queries, selecting, [&] {
            decide(entries, chunks, s.wanted, s.k, floats, starts, firsts, s.nlist, x, s.dimension, s.growth, s.radius,
                   keys, numbers, certain);
        });
    } else {
        float factor = product ? -1.0f : -2.0f;
        size_t making = akin_tables_bytes(s.dimension, s.m, s.hasShortTables);
        run(s.queries, making, [&] {
            if (s.hasShortTables)
                akin_ivf_tables_short(x, codebooks, s.m, s.ksub, dsub, factor, shortTables, scales);
            else
                akin_ivf_tables(x, codebooks, s.m, s.ksub, dsub, factor, tables);
        });
        if (s.ksub == 16) {
            auto scan = rows == 1   ? &akin_ivf_scan_pq4_1
                        : rows == 2 ? &akin_ivf_scan_pq4_2
                        : rows == 4 ? &akin_ivf_scan_pq4_4
                                    : &akin_ivf_scan_pq4_8;
            run(s.queries * chunks, base, [&] {
                scan(codes, term, starts, firsts, probes, offsets, s.nprobe, bits, tables, s.m, chunks, s.perBlock,
                     s.wanted, entries);
            });
        } else if (s.hasShortTables) {
            run(s.queries * chunks, base + tableSize * 2, [&] {
                akin_ivf_scan_pq8_short(codes, term, starts, firsts, probes, offsets, s.nprobe, bits, shortTables,
                                        scales, s.m, s.ksub, chunks, s.perBlock, s.wanted, entries);
            });
        } else {
            run(s.queries * chunks, base + tableSize * 4, [&] {
                akin_ivf_scan_pq8(codes, term, starts, firsts, probes, offsets, s.nprobe, bits, tables, nullptr, s.m,
                                  s.ksub, chunks, s.perBlock, s.wanted, entries);
            });
        }
        auto decide = product ? &akin_ivf_decide_pq_ip : &akin_ivf_decide_pq_l2;
        run(s.queries, selecting, [&] {
            decide(entries, chunks, s.wanted, s.k, codes, starts, firsts, s.nlist, offsets, s.nprobe, x, middle,
                   s.dimension, codebooks, rows, s.ksub, dsub, s.growth, s.radius, s.fixed,
                   s.hasShortTables ? static_cast<akin_short_scale *>(scales) : nullptr, keys, numbers, certain);
        });
    }
    keys.copy(outKeys, out);
    numbers.copy(outNumbers, out);
    certain.copy(outCertain, s.queries);
    return akin_host::report(problem, error, errorBytes);
}

void akin_host::registerLists(akin_host_registrar registrar) {
    AKIN_DEVICE_KERNEL(akin_ivf_tables);
    AKIN_DEVICE_KERNEL(akin_ivf_tables_short);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_flat_l2);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_flat_ip);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_pq8);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_pq8_short);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_pq4_1);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_pq4_2);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_pq4_4);
    AKIN_DEVICE_KERNEL(akin_ivf_scan_pq4_8);
    AKIN_DEVICE_KERNEL(akin_ivf_decide_flat_l2);
    AKIN_DEVICE_KERNEL(akin_ivf_decide_flat_ip);
    AKIN_DEVICE_KERNEL(akin_ivf_decide_pq_l2);
    AKIN_DEVICE_KERNEL(akin_ivf_decide_pq_ip);
    AKIN_DEVICE_KERNEL(akin_ivf_keys_flat_l2);
    AKIN_DEVICE_KERNEL(akin_ivf_keys_flat_ip);
    AKIN_DEVICE_KERNEL(akin_ivf_keys_pq_l2);
    AKIN_DEVICE_KERNEL(akin_ivf_keys_pq_ip);
    AKIN_DEVICE_KERNEL(akin_ivf_estimate_floats);
    AKIN_DEVICE_KERNEL(akin_ivf_estimate_bytes);
}
