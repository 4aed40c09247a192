// What the kernel files share. Every function here is static: nothing compiled for one instruction set may be merged
// with a copy compiled for another.
#ifndef AKIN_KERNELS_INTERNAL_H
#define AKIN_KERNELS_INTERNAL_H

#include "akin_kernels.h"

#include <math.h>
#include <string.h>

enum { P = AKIN_PANEL_ROWS, G = AKIN_GROUP_QUERIES };

extern const akin_kernel_table akin_table_scalar;
extern const akin_kernel_table akin_table_avx2;
extern const akin_kernel_table akin_table_avx512;
extern const akin_kernel_table akin_table_avx512_vnni;
extern const akin_kernel_table akin_table_neon;

#if defined(__x86_64__)
void akin_nominate_dot8_vnni(const akin_panel *panel, akin_queries *queries, size_t padded);
void akin_nominate_exact8_vnni(const akin_panel *panel, akin_queries *queries, size_t padded);
#endif

// Appends the rows in `hits` to the selector of query `q`. Out of line: hits are rare, tiles are hot.
__attribute__((noinline, unused)) static void append_values(akin_queries *queries, size_t q, uint64_t hits,
                                                            const float *value, const akin_panel *panel) {
    if (q >= queries->count) return;
    akin_selector *s = &queries->selectors[q];
    if (s->count + P > s->limit) {
        akin_queries_make_room(queries, q);
        s = &queries->selectors[q];
    }
    float offset = queries->offset[q], slack = queries->slack[q], x1 = queries->x1[q], x2 = queries->x2[q];
    int32_t bound = s->bound;
    uint32_t count = s->count;
    for (; hits; hits &= hits - 1) {
        unsigned j = (unsigned)__builtin_ctzll(hits);
        float e = slack + x1 * panel->e1[j] + x2 * panel->e2[j] + panel->e0[j];
        int32_t lo = akin_ordered(value[j] + offset - e);
        s->lo[count] = lo;
        s->hi[count] = akin_ordered(value[j] + offset + e);
        s->row[count] = panel->first_row + j;
        count += lo <= bound;
    }
    queries->appended += count - s->count;
    s->count = count;
}

__attribute__((noinline, unused)) static void append_exact8(akin_queries *queries, size_t q, uint64_t hits,
                                                            const int32_t *value, const akin_panel *panel) {
    if (q >= queries->count) return;
    akin_selector *s = &queries->selectors[q];
    if (s->count + P > s->limit) {
        akin_queries_make_room(queries, q);
        s = &queries->selectors[q];
    }
    int32_t offset = (int32_t)queries->offset64[q], bound = s->bound;
    uint32_t count = s->count;
    for (; hits; hits &= hits - 1) {
        unsigned j = (unsigned)__builtin_ctzll(hits);
        int32_t key = offset + panel->parity[j] - 2 * value[j];
        s->lo[count] = key;
        s->hi[count] = key;
        s->row[count] = panel->first_row + j;
        count += key <= bound;
    }
    queries->appended += count - s->count;
    s->count = count;
}

// What the values of a tile must stay under, for each query of a group.
static inline void tile_bounds(const akin_panel *panel, const akin_queries *queries, size_t group, float *bounds) {
    for (size_t i = 0; i < G; i++) {
        size_t q = group * G + i;
        bounds[i] = queries->bound[q] + queries->x1[q] * panel->max_e1 + queries->x2[q] * panel->max_e2 + panel->max_e0;
    }
}

static inline uint64_t rows_mask(uint32_t rows) {
    return rows >= 64 ? ~0ull : (1ull << rows) - 1;
}

#endif
