// Walking the panels for a block of points, and deciding what is left open: what does not depend on the level.
#include "assign_internal.h"

const akin_assign_table *akin_assign_at(const akin_kernel_table *level) {
    switch (level->level) {
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return &akin_assign_avx2;
    case AKIN_SIMD_AVX512:
        return level->has_dot8 ? &akin_assign_avx512_vnni : &akin_assign_avx512;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_assign_neon;
#endif
    default:
        return &akin_assign_scalar;
    }
}

// Half the distance from 1 to the next float, and the classic bound of a sum of n products.
static const double unit = 0x1p-24;

static double sum_error(size_t n) {
    double nu = (double)n * unit;
    return nu / (1 - (nu < 0.5 ? nu : 0.5));
}

static float rounded_up(double bound) {
    return nextafterf((float)(bound * (1 + 0x1p-18)), INFINITY);
}

bool akin_assign_prepare(const akin_assign_table *table, const float *x, size_t count, size_t dimension,
                         const float *center, bool product, double center2, const akin_point_terms *terms,
                         float *floats, uint8_t *codes, float *spare) {
    // What float sums of this length may lose; the constants more than cover their last roundings.
    double gamma = sum_error(dimension + 8), factor = product ? 1 : 2;
    size_t padded = (dimension + 3) / 4 * 4;
    for (size_t i = 0; i < count; i++) {
        float *centred = codes ? spare : floats + i * dimension;
        akin_point_sums sums = table->measure(x + i * dimension, dimension, center, centred);
        if (!(sums.norm2 < 0x1p90f) || !(sums.raw2 < 0x1p90f))
            return false;
        double length = sqrt((double)sums.norm2) * (1 + gamma) + 0x1p-60, error;
        if (codes) {
            float scale = sums.largest > 0x1p-100f ? sums.largest / 127 : 0;
            float left2 = table->encode(centred, dimension, scale, codes + i * padded);
            error = sqrt((double)left2) * (1 + gamma) + 4 * unit * length + 0x1p-60;
            terms->scale[i] = scale;
        } else {
            error = 1.5 * unit * length;
        }
        // |r|^2, or - <x, center> = - <r, center> - |center|^2
        double a = product ? -(double)sums.along - center2 : sums.norm2;
        double off = product ? length * sqrt(center2) + center2 : length * length;
        terms->a[i] = (float)a;
        terms->slack[i] = rounded_up((gamma + 8 * unit) * off + 0x1p-100);
        terms->x1[i] = rounded_up(factor * (length + error));
        terms->x2[i] = rounded_up(factor * error * (1 + 8 * unit));
        terms->length[i] = rounded_up(sqrt((double)sums.raw2) * (1 + gamma) + 0x1p-60);
    }
    return true;
}

void akin_assign_scan(const akin_assign_table *table, const akin_centroids *centroids, akin_seekers *seekers,
                      const akin_point_terms *terms, bool product, const akin_group_bounds *groups, uint32_t *list,
                      float *least) {
    void (*scan)(const akin_centroids *, size_t, akin_seekers *, const uint32_t *, size_t, float *) =
        centroids->codes ? table->scan_dot8 : table->scan_f32;
    size_t n = seekers->count;
    for (size_t i = 0; i < n; i++)
        list[i] = (uint32_t)i;
    if (!groups) {
        for (size_t p = 0; p < centroids->panels; p++)
            scan(centroids, p, seekers, list, n, NULL);
        return;
    }
    for (size_t g = 0; g < groups->groups; g++) {
        float *bounds = groups->bounds + g * groups->stride;
        if (groups->drift)
            n = table->select(bounds, groups->drift[g], groups->upper, product ? terms->length : NULL, seekers->count,
                              list);
        if (n == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            least[i] = INFINITY;
        size_t first = g * groups->group_panels, last = first + groups->group_panels;
        if (last > centroids->panels)
            last = centroids->panels;
        for (size_t p = first; p < last; p++)
            scan(centroids, p, seekers, list, n, least);
        table->raise(bounds, list, n, least, terms->a, terms->slack, !product);
    }
}

double akin_assign_key(const akin_deciders *d, size_t point, uint32_t number) {
    const float *x = d->points + point * d->dimension, *y = d->centroids + (size_t)number * d->dimension;
    double key = d->product ? 0 - d->kernels->product(x, y, d->dimension) : d->kernels->distance(x, y, d->dimension);
    return d->penalty ? key + d->penalty[number] : key;
}

// Whether a centroid is nearer than another: by the key as a float, then by number.
static bool is_nearer(double key, uint32_t number, double than, uint32_t other) {
    float a = (float)key, b = (float)than;
    return a < b || (a == b && number < other);
}

size_t akin_assign_settle(const akin_deciders *d, const akin_seekers *seekers, bool known, uint32_t *number,
                          double *keys, uint32_t *lost) {
    size_t losses = 0;
    for (size_t q = 0; q < seekers->count; q++) {
        if (seekers->found[q] == AKIN_SEEKER_LOST) {
            lost[losses++] = (uint32_t)q;
            continue;
        }
        const float *lo = seekers->lo + q * AKIN_SEEKER_ROOM;
        const uint32_t *row = seekers->row + q * AKIN_SEEKER_ROOM;
        uint32_t held = 0, some[AKIN_SEEKER_ROOM];
        for (uint32_t i = 0; i < seekers->found[q]; i++) {
            uint32_t one = d->numbers[row[i]];
            if (lo[i] <= seekers->bound[q] && !(known && one + d->first == number[q]))
                some[held++] = one;
        }
        if (!known && held == 1 && !keys) { // the one that can be the nearest
            number[q] = some[0] + d->first;
            continue;
        }
        double best = known ? keys[q] : INFINITY;
        uint32_t at = known ? number[q] : UINT32_MAX;
        for (uint32_t i = 0; i < held; i++) {
            double key = akin_assign_key(d, q, some[i]);
            if (is_nearer(key, some[i] + d->first, best, at)) {
                best = key;
                at = some[i] + d->first;
            }
        }
        number[q] = at;
        if (keys)
            keys[q] = best;
    }
    return losses;
}

void akin_assign_exactly(const akin_deciders *d, size_t point, size_t rows, bool known, uint32_t *number, double *key) {
    double best = known ? *key : INFINITY;
    uint32_t at = known ? *number : UINT32_MAX;
    for (uint32_t j = 0; j < rows; j++) {
        double one = akin_assign_key(d, point, j);
        if (is_nearer(one, j + d->first, best, at)) {
            best = one;
            at = j + d->first;
        }
    }
    *number = at;
    *key = best;
}

void akin_assign_settle_small(const akin_deciders *d, const float *centred, size_t count, const float *y, size_t rows,
                              float error_x, float error, const float *least, const float *second, uint32_t *number) {
    size_t dimension = d->dimension;
    for (size_t q = 0; q < count; q++) {
        const float *x = centred + q * dimension;
        double length2 = 0;
        for (size_t c = 0; c < dimension; c++)
            length2 += (double)x[c] * x[c];
        float reach = 2 * (error_x * (float)(sqrt(length2) * (1 + 0x1p-20)) + error);
        // The additions here, and what keys that round to the same float may differ by.
        reach += (fabsf(least[q]) + fabsf(second[q]) + (float)length2) * 0x1p-20f;
        if (second[q] > least[q] + reach) {
            number[q] = d->numbers[number[q]] + d->first;
            continue;
        }
        double best = INFINITY;
        uint32_t at = UINT32_MAX;
        for (size_t j = 0; j < rows; j++) {
            const float *row = y + j * (1 + dimension);
            float value = row[0];
            for (size_t c = 0; c < dimension; c++)
                value += x[c] * row[1 + c];
            if (!(value <= least[q] + reach))
                continue;
            uint32_t one = d->numbers[j];
            double key = akin_assign_key(d, q, one);
            if (is_nearer(key, one + d->first, best, at)) {
                best = key;
                at = one + d->first;
            }
        }
        number[q] = at;
    }
}
