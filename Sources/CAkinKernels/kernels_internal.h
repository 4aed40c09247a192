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
void akin_nominate_dot8_vnni(const akin_panels *panels, size_t first, size_t last, akin_queries *queries,
                             size_t padded);
void akin_nominate_exact8_vnni(const akin_panels *panels, size_t first, size_t last, akin_queries *queries,
                               size_t padded);
#endif

// One panel of `akin_panels`: what a tile needs.
typedef struct {
    const void *data; // floats [dimension][48], or bytes [padded / 4][48][4]
    const float *b, *w, *e0, *e1, *e2;
    float max_e0, max_e1, max_e2;
    const int32_t *start, *parity;
    uint32_t first_row;
    uint64_t present; // a bit for each row that is not padding
    const char *next; // what is read after this panel, to be asked for meanwhile
    size_t next_bytes;
} panel_view;

static inline panel_view view_panel(const akin_panels *panels, size_t p, const void *data) {
    size_t first = p * P, left = panels->rows - first;
    const float *largest = panels->largest + 3 * p;
    return (panel_view){
        .data = data,
        .b = panels->b + first,
        .w = panels->w + first,
        .e0 = panels->e0 + first,
        .e1 = panels->e1 + first,
        .e2 = panels->e2 + first,
        .max_e0 = largest[0],
        .max_e1 = largest[1],
        .max_e2 = largest[2],
        .start = panels->start ? panels->start + first : NULL,
        .parity = panels->parity ? panels->parity + first : NULL,
        .first_row = (uint32_t)first,
        .present = left >= P ? (1ull << P) - 1 : (1ull << left) - 1,
    };
}

// What the values of a tile must stay under, for each query of a group.
static inline void tile_bounds(const panel_view *panel, const akin_queries *queries, size_t group, float *bounds) {
    const float *bound = queries->bound + group * G, *x1 = queries->x1 + group * G, *x2 = queries->x2 + group * G;
    for (size_t i = 0; i < G; i++)
        bounds[i] = bound[i] + x1[i] * panel->max_e1 + x2[i] * panel->max_e2 + panel->max_e0;
}

// Which of 48 values are at most as large as their reach.
static inline uint64_t within_reach(const float *value, const float *reach) {
    uint32_t low = 0, high = 0; // two words, so that the loops vectorise
    for (size_t j = 0; j < 24; j++)
        low |= (uint32_t)(value[j] <= reach[j]) << j;
    for (size_t j = 0; j < 24; j++)
        high |= (uint32_t)(value[24 + j] <= reach[24 + j]) << j;
    return low | (uint64_t)high << 24;
}

#endif
