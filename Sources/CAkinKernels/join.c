// What joining points needs at every level: lists of nearest, exact keys, packing.
#include "join_internal.h"

#include <sched.h>

const akin_join_table *akin_join_at(const akin_kernel_table *level) {
    switch (level->level) {
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return &akin_join_avx2;
    case AKIN_SIMD_AVX512:
        return level->has_dot8 ? &akin_join_avx512_vnni : &akin_join_avx512;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_join_neon;
#endif
    default:
        return &akin_join_scalar;
    }
}

// MARK: Lists

static void lock(akin_nearest *nearest, uint32_t point) {
    if (!nearest->locks)
        return;
    uint8_t *one = nearest->locks + (point & nearest->lock_mask);
    for (int tries = 0; __atomic_exchange_n(one, 1, __ATOMIC_ACQUIRE); tries++)
        if (tries > 100)
            sched_yield(); // whoever holds it may have lost its core
}

static void unlock(akin_nearest *nearest, uint32_t point) {
    if (nearest->locks)
        __atomic_store_n(nearest->locks + (point & nearest->lock_mask), 0, __ATOMIC_RELEASE);
}

int32_t akin_need_of(const akin_exact_keys *exact, float key) {
    if (key == INFINITY)
        return AKIN_NEED_ALL;
    // Every key that rounds to this float.
    double reach = (double)nextafterf(key, INFINITY) + exact->offset;
    double need = -(reach + fabs(reach) * 0x1p-40 + exact->slack) / exact->unit - 1;
    return need <= AKIN_NEED_ALL ? AKIN_NEED_ALL : need >= (1 << 29) ? 1 << 29 : (int32_t)floor(need);
}

void akin_nearest_offer(akin_nearest *nearest, uint32_t point, uint64_t word) {
    size_t k = nearest->k;
    uint64_t *words = nearest->words + (size_t)point * k;
    lock(nearest, point);
    if (word < words[k - 1]) {
        size_t place = 0;
        for (size_t i = 0; i < k; i++)
            place += words[i] < word;
        if (words[place] != word) {
            memmove(words + place + 1, words + place, (k - 1 - place) * sizeof *words);
            words[place] = word;
            uint64_t last = words[k - 1];
            if (last != UINT64_MAX) {
                int32_t high = (int32_t)(uint32_t)(last >> 32);
                int32_t need = nearest->exact ? akin_need_of(nearest->exact, akin_unordered(high ^ INT32_MIN))
                                              : AKIN_HALF_PADDING - high;
                // A caller may have set a higher need before.
                if (need > __atomic_load_n(nearest->need + point, __ATOMIC_RELAXED))
                    __atomic_store_n(nearest->need + point, need, __ATOMIC_RELAXED);
            }
        }
    }
    unlock(nearest, point);
}

static const float *vector_of(const akin_exact_keys *exact, uint32_t point) {
    return exact->vectors + (size_t)(exact->row ? exact->row[point] : point) * exact->dimension;
}

float akin_pair_key(const akin_exact_keys *exact, uint32_t a, uint32_t b) {
    const float *x = vector_of(exact, a), *y = vector_of(exact, b);
    if (!exact->product)
        return (float)exact->kernels->distance(x, y, exact->dimension);
    double key = 0 - exact->kernels->product(x, y, exact->dimension);
    if (exact->lengths) {
        double length = exact->lengths[a] * exact->lengths[b];
        key = length > 0 ? key / length : 0;
    }
    return (float)key;
}

static uint64_t exact_word(float key, uint32_t number) {
    return (uint64_t)(uint32_t)(akin_ordered(key) ^ INT32_MIN) << 32 | number;
}

// Offers a pair whose worth reached a need.
void akin_join_offer(akin_nearest *nearest, uint32_t i, uint32_t j, int32_t worth, bool both) {
    if (nearest->exact) {
        float key = akin_pair_key(nearest->exact, i, j);
        akin_nearest_offer(nearest, i, exact_word(key, nearest->exact->number[j]));
        if (both)
            akin_nearest_offer(nearest, j, exact_word(key, nearest->exact->number[i]));
    } else {
        uint64_t high = (uint64_t)(uint32_t)(AKIN_HALF_PADDING - worth) << 32;
        akin_nearest_offer(nearest, i, high | j);
        if (both)
            akin_nearest_offer(nearest, j, high | i);
    }
}

size_t akin_exact_words(const akin_exact_keys *exact, uint32_t a, const uint32_t *candidates, size_t count,
                        uint64_t *words) {
    enum { AHEAD = 4 };
    size_t found = 0, bytes = exact->dimension * sizeof(float);
    for (size_t c = 0; c < count + AHEAD; c++) {
        if (c < count && candidates[c] != UINT32_MAX) {
            const char *y = (const char *)vector_of(exact, candidates[c]);
            for (size_t b = 0; b < bytes; b += 64)
                __builtin_prefetch(y + b);
        }
        if (c < AHEAD)
            continue;
        uint32_t one = candidates[c - AHEAD];
        if (one == UINT32_MAX || one == a)
            continue;
        uint64_t word = exact_word(akin_pair_key(exact, a, one), exact->number[one]);
        size_t place = found++;
        for (; place > 0 && words[place - 1] > word; place--)
            words[place] = words[place - 1];
        words[place] = word;
    }
    return found;
}

// MARK: Codes

akin_point_stats akin_point_encode(const float *y, size_t dimension, double sigma, const float *center, double scale,
                                   uint8_t *codes) {
    double norm2[8] = {0}, along[8] = {0}, error2[8] = {0}, largest[8] = {0};
    double inverse = scale > 0 ? 1 / scale : 0, least = scale == 1 ? -128 : -127;
    for (size_t c = 0; c < dimension; c += 8)
        for (size_t i = 0; i < 8 && c + i < dimension; i++) {
            double m = center[c + i], r = (double)y[c + i] * sigma - m;
            double nearest = r * inverse + 0x1.8p52 - 0x1.8p52; // rounds to a whole number, and vectorises
            nearest = nearest < least ? least : nearest > 127 ? 127 : nearest;
            double left = r - scale * nearest, size = fabs(r);
            norm2[i] += r * r;
            along[i] += m * r;
            error2[i] += left * left;
            largest[i] = size > largest[i] ? size : largest[i];
            codes[c + i] = (uint8_t)((int32_t)nearest + 128);
        }
    memset(codes + dimension, 128, (4 - dimension % 4) % 4);
    akin_point_stats stats = {0};
    for (int i = 0; i < 8; i++) {
        stats.norm2 += norm2[i];
        stats.center_dot += along[i];
        stats.error2 += error2[i];
        stats.largest = largest[i] > stats.largest ? largest[i] : stats.largest;
    }
    return stats;
}

void akin_columns_put(const akin_points *points, uint32_t point, size_t column, const akin_columns *columns) {
    size_t padded = points->padded;
    const uint8_t *codes = points->codes + (size_t)point * padded;
    int8_t *panel = columns->codes + column / P * P * padded + column % P * 4;
    int32_t sum = 0;
    for (size_t c = 0; c < padded; c += 4) {
        uint32_t four;
        memcpy(&four, codes + c, 4);
        sum += (int32_t)(four & 255) + (int32_t)(four >> 8 & 255) + (int32_t)(four >> 16 & 255) + (int32_t)(four >> 24);
        four ^= 0x80808080u;
        memcpy(panel + c * P, &four, 4);
    }
    sum -= 128 * (int32_t)padded;
    columns->start[column] = -128 * sum - points->half[point];
    columns->point[column] = point;
    columns->length[column] = points->error ? points->length[point] : 0;
    columns->error[column] = points->error ? points->error[point] : 0;
}

void akin_columns_clear(size_t padded, size_t column, const akin_columns *columns) {
    int8_t *panel = columns->codes + column / P * P * padded + column % P * 4;
    for (size_t c = 0; c < padded; c += 4)
        memset(panel + c * P, 0, 4);
    columns->start[column] = -AKIN_HALF_PADDING;
    columns->point[column] = UINT32_MAX;
    columns->length[column] = 0;
    columns->error[column] = 0;
}

void akin_columns_measure(const akin_columns *columns, size_t first, size_t last) {
    for (size_t p = first; p < last; p++) {
        float length = 0, error = 0;
        for (size_t j = p * P; j < (p + 1) * P; j++) {
            length = columns->length[j] > length ? columns->length[j] : length;
            error = columns->error[j] > error ? columns->error[j] : error;
        }
        columns->most[2 * p] = length;
        columns->most[2 * p + 1] = error;
    }
}
