// Akin's kernels run on a host model of a grid of thread blocks, for tests.
//
// Every function gives 0, or 1 with a message in `error` ([errorBytes], ended by 0): what the model found wrong.
// Inputs are copied so that they end at a page that cannot be read; outputs likewise: an access beyond an end stops the
// program. `order` is the order in which threads and blocks get their turn: 0, 1 reversed, others shuffled.
#ifndef AKIN_HOST_MODEL_C_H
#define AKIN_HOST_MODEL_C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t blocks, threads;
    size_t sharedBytes;
    uint32_t order;
} akin_host_launch;

// What the kernels of selection.cu take.
typedef struct {
    const float *values; // [rows][stride]
    const uint32_t *ids; // [rows][stride], or NULL
    uint64_t stride;
    uint32_t rows, count, chunk, chunks, k;
    uint32_t warpsPerRow; // akin_warp_select
    bool largest;
} akin_host_selection;

// outValues, outIds: [rows][chunks][k]. `capacity`: 32 ... 1024.
int akin_host_warp_select(akin_host_launch launch, akin_host_selection selection, uint32_t capacity, float *outValues,
                          uint32_t *outIds, char *error, size_t errorBytes);
// `capacity`: 2048 or 4096.
int akin_host_nominate_select(akin_host_launch launch, akin_host_selection selection, uint32_t capacity,
                              float *outValues, uint32_t *outIds, char *error, size_t errorBytes);
int akin_host_radix_select(akin_host_launch launch, akin_host_selection selection, float *outValues, uint32_t *outIds,
                           char *error, size_t errorBytes);

// What the kernels of exact.cu take: coded rows and queries in whole tiles of 128, and the vectors themselves.
typedef struct {
    const int8_t *codes, *queryCodes;              // [tiles * 128][padded], padded a multiple of 64
    const float *b, *w, *e0, *e1, *e2;             // [tiles * 128]
    const float *largest;                          // [tiles][3]
    const float *scale, *offset, *slack, *x1, *x2; // [queries]
    const float *vectors, *queryVectors;           // [rows][dimension], [queries][dimension]
    uint32_t rows, queries, dimension, padded, k;
    uint32_t capacity;   // of a query's list of candidates, at most 2048
    uint32_t firstTiles; // of the first stage, which is scanned without bounds
    uint32_t growth;     // tiles seen after a stage, over those seen before
    uint32_t metric;     // 0 squared distance, 1 inner product, 2 cosine
    // Under a filter: a bit for each row and those that were added, and the tiles that are looked at; or NULL.
    const uint32_t *allowed, *tiles;
    uint32_t tileCount;
} akin_host_exact;

// outValues, outIds: [queries][k]. outOverflowed: [queries], 1 where the list was too short.
int akin_host_exact_search(akin_host_exact search, uint32_t order, float *outValues, uint32_t *outIds,
                           uint32_t *outOverflowed, char *error, size_t errorBytes);

// What an assignment by kmeans.cu takes.
typedef struct {
    const float *points, *centroids; // [count][dimension], [k][dimension]
    const float *centre;             // [dimension], or NULL
    const uint32_t *previous;        // [count], a centroid likely near each point; or NULL
    uint32_t count, k, dimension;
    float scale;       // a power of two
    uint32_t metric;   // 0 squared distance, 1 inner product
    uint32_t capacity; // candidates of a point that half floats leave open
    bool resident;     // points stay in shared memory
} akin_host_assignment;

// outNumbers, outKeys: [count]. outDoubtful: how many points were decided in doubles.
int akin_host_kmeans_assign(akin_host_assignment assignment, uint32_t order, uint32_t *outNumbers, double *outKeys,
                            uint32_t *outDoubtful, char *error, size_t errorBytes);

// What a move of centroids by kmeans.cu takes.
typedef struct {
    const float *points, *old; // [count][dimension], [k][dimension]
    const uint32_t *numbers;   // [count]
    uint32_t count, k, dimension, chunk;
    bool spherical;
} akin_host_move;

// outCentroids: [k][dimension]; outStarts: [k + 1]; outOrder: [count], points by centroid.
int akin_host_kmeans_move(akin_host_move move, uint32_t order, float *outCentroids, uint32_t *outStarts,
                          uint32_t *outOrder, char *error, size_t errorBytes);

// What a search by ivf.cu takes: lists in blocks of 32 vectors.
typedef struct {
    const uint32_t *codes;           // [blocks][rows][32] words, or floats [blocks][rows][32][4]
    const float *terms;              // [blocks][32], or NULL
    const uint32_t *starts, *blocks; // [nlist + 1]
    const uint32_t *probes;          // [queries][nprobe]
    const uint32_t *allowed;         // [blocks], a bit a vector, or NULL
    const float *offsets;            // [queries][nprobe]
    const float *x;                  // [queries][dimension]
    const float *centroids;          // [nlist][dimension], or NULL
    const float *codebooks;          // [m][ksub][dimension / m]
    uint32_t nlist, queries, nprobe, dimension, rows;
    uint32_t m, ksub; // ksub 0: floats; 16: codes of 4 bits; else of a byte
    uint32_t metric;  // 0 squared distance, 1 inner product
    uint32_t k, wanted;
    uint32_t perBlock; // lists of a query that one block of threads takes
    float growth, radius, fixed;
    bool hasShortTables; // of 16 bits; for codes of bytes
} akin_host_lists;

// outKeys, outNumbers: [queries][wanted]. outCertain: [queries].
int akin_host_ivf_search(akin_host_lists lists, uint32_t order, float *outKeys, uint32_t *outNumbers,
                         uint32_t *outCertain, char *error, size_t errorBytes);

// Sorts lists of `registers` (1 ... 8) registers that `lanes` (4, 8, 32) lanes hold, entries in the order of the list:
// [lists][registers * lanes], in place.
int akin_host_sort_lists(uint64_t *entries, uint32_t lists, uint32_t registers, uint32_t lanes, char *error,
                         size_t errorBytes);
// Merges sorted lists of `left` and `right` registers, [lists][(left + right) * lanes] with the left one first. Lanes:
// 4, 32. `keepRight`: the larger entries as well, else these become 0.
int akin_host_merge_lists(uint64_t *entries, uint32_t lists, uint32_t left, uint32_t right, uint32_t lanes,
                          bool keepRight, char *error, size_t errorBytes);

// Hands kernels to whoever launches them as a driver does: by name, with the sizes of the launch (grid x, y, z, block
// x, y, z, bytes of shared memory) and pointers to the parameters. They give 0, or CUDA's code for a launch that
// failed.
typedef int (*akin_host_kernel)(const uint32_t *sizes, void **parameters);
typedef void (*akin_host_registrar)(const char *name, akin_host_kernel kernel, int parameterCount,
                                    const size_t *parameterBytes);
void akin_host_register_kernels(akin_host_registrar registrar);

// Faults that the model must find; NULL for a number beyond the last. Each is run on one block of 64 threads.
const char *akin_host_fault_name(uint32_t number);
int akin_host_fault(uint32_t number, uint32_t order, char *error, size_t errorBytes);
// Collectives whose results are known; 0 when all are as they must be.
int akin_host_self_check(uint32_t order, char *error, size_t errorBytes);

#ifdef __cplusplus
}
#endif

#endif
