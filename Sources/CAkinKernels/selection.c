// Bounds of queries, and the sorting of what was selected.
#include "kernels_internal.h"

// The largest float-like reach: -infinity for padding, +infinity before k rows were seen.
static void update_float_bound(akin_queries *q, size_t i, int32_t bound) {
    if (bound == INT32_MAX) {
        q->bound[i] = INFINITY;
        return;
    }
    double reach = (double)akin_unordered(bound) - q->offset64[i] + q->slack[i];
    reach += fabs(reach) * 0x1p-20; // covers the float additions that follow
    float rounded = (float)reach;
    q->bound[i] = (double)rounded < reach ? nextafterf(rounded, INFINITY) : rounded;
}

// key = offset + parity - 2 * value, all whole numbers: a row stays in reach while 2 * value >= offset - reach.
static void update_exact_bound(akin_queries *q, size_t i, int32_t bound) {
    if (bound == INT32_MAX) {
        q->bound8[i] = INT32_MIN;
        return;
    }
    int64_t reach = bound;
    if (q->strict)
        reach -= 1;
    else
        reach += (reach >> 23) + 1; // keys that round to the same float are ties, decided by id at the end
    int64_t need = (int64_t)q->offset64[i] - reach;
    int64_t half = need > 0 ? (need + 1) / 2 : need / 2; // rounded up
    q->bound8[i] = half > INT32_MAX ? INT32_MAX : half < INT32_MIN ? INT32_MIN : (int32_t)half;
}

void akin_queries_update_bound(akin_queries *q, size_t i) {
    int32_t bound = q->selectors[i].bound;
    if (q->exact8)
        update_exact_bound(q, i, bound);
    else
        update_float_bound(q, i, bound);
}

void akin_sort_words(uint64_t *words, uint64_t *spare, size_t count) {
    uint64_t *from = words, *to = spare;
    uint32_t counts[8][256] = {{0}};
    for (size_t i = 0; i < count; i++)
        for (int digit = 0; digit < 8; digit++)
            counts[digit][words[i] >> 8 * digit & 255]++;
    for (int digit = 0; digit < 8; digit++) {
        if (count > 0 && counts[digit][from[0] >> 8 * digit & 255] == count)
            continue; // all alike
        uint32_t next = 0;
        for (int v = 0; v < 256; v++) {
            uint32_t these = counts[digit][v];
            counts[digit][v] = next;
            next += these;
        }
        for (size_t i = 0; i < count; i++)
            to[counts[digit][from[i] >> 8 * digit & 255]++] = from[i];
        uint64_t *t = from;
        from = to;
        to = t;
    }
    if (from != words)
        memcpy(words, from, count * sizeof *words);
}
