// Keeps the candidates of one query: intervals of keys, of which only those that may be among the k nearest stay.
#include "kernels_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The k-th smallest of values[0 ..< count], k from 1; reorders values. Hoare's quickselect, median of three.
static int32_t kth_smallest(int32_t *values, uint32_t count, uint32_t k) {
    int64_t left = 0, right = (int64_t)count - 1, target = (int64_t)k - 1;
    while (right - left > 12) {
        int64_t middle = left + (right - left) / 2;
        int32_t a = values[left], b = values[middle], c = values[right];
        int32_t pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
        int64_t i = left, j = right;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i <= j) {
                int32_t t = values[i];
                values[i++] = values[j];
                values[j--] = t;
            }
        }
        if (target <= j) right = j;
        else if (target >= i) left = i;
        else return values[target];
    }
    for (int64_t i = left + 1; i <= right; i++) { // insertion sort of what is left
        int32_t v = values[i];
        int64_t j = i;
        for (; j > left && values[j - 1] > v; j--) values[j] = values[j - 1];
        values[j] = v;
    }
    return values[target];
}

void akin_selector_compact(akin_selector *s) {
    if (s->count > s->k || (s->count == s->k && s->bound == INT32_MAX)) {
        int32_t small[1024];
        int32_t *scratch = s->count <= 1024 ? small : malloc(s->count * sizeof(int32_t));
        if (!scratch) abort(); // a few kilobytes: nothing sensible is left to do
        memcpy(scratch, s->hi, s->count * sizeof(int32_t));
        s->bound = kth_smallest(scratch, s->count, s->k);
        if (scratch != small) free(scratch);

        uint32_t kept = 0;
        for (uint32_t i = 0; i < s->count; i++) {
            int32_t lo = s->lo[i], hi = s->hi[i];
            uint32_t row = s->row[i];
            s->lo[kept] = lo;
            s->hi[kept] = hi;
            s->row[kept] = row;
            kept += lo <= s->bound;
        }
        s->count = kept;
    }
    uint32_t room = s->k > 2 * AKIN_PANEL_ROWS ? s->k : 2 * AKIN_PANEL_ROWS;
    s->limit = s->count + room < s->capacity ? s->count + room : s->capacity;
}

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
    if (q->strict) reach -= 1;
    else reach += (reach >> 23) + 1; // keys that round to the same float are ties, decided by id at the end
    int64_t need = (int64_t)q->offset64[i] - reach;
    int64_t half = need > 0 ? (need + 1) / 2 : need / 2; // rounded up
    q->bound8[i] = half > INT32_MAX ? INT32_MAX : half < INT32_MIN ? INT32_MIN : (int32_t)half;
}

void akin_queries_update_bound(akin_queries *q, size_t i) {
    int32_t bound = q->selectors[i].bound;
    if (q->exact8) update_exact_bound(q, i, bound);
    else update_float_bound(q, i, bound);
}

void akin_queries_make_room(akin_queries *q, size_t i) {
    akin_selector *s = &q->selectors[i];
    akin_selector_compact(s);
    if (s->capacity - s->count < 2 * AKIN_PANEL_ROWS) {
        q->resolve(q->context, q, i);
        akin_selector_compact(s);
    }
    akin_queries_update_bound(q, i);
}
