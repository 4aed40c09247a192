// The routines of LAPACK that Akin calls, with Fortran's conventions: arguments by reference, matrices by columns, the
// lengths of strings behind all else (a library that does not want those passes over them).
#ifndef CLAPACK_SHIM_H
#define CLAPACK_SHIM_H

#include <stddef.h>
#include <stdint.h>

// Eigenvalues and eigenvectors of a symmetric matrix.
void dsyevd_(const char *jobz, const char *uplo, const int32_t *n, double *a, const int32_t *lda, double *w,
             double *work, const int32_t *lwork, int32_t *iwork, const int32_t *liwork, int32_t *info,
             size_t jobz_length, size_t uplo_length);

// Singular values and vectors.
void dgesdd_(const char *jobz, const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *s, double *u,
             const int32_t *ldu, double *vt, const int32_t *ldvt, double *work, const int32_t *lwork, int32_t *iwork,
             int32_t *info, size_t jobz_length);

// QR decomposition, and its orthonormal factor.
void dgeqrf_(const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *tau, double *work,
             const int32_t *lwork, int32_t *info);
void dorgqr_(const int32_t *m, const int32_t *n, const int32_t *k, double *a, const int32_t *lda, const double *tau,
             double *work, const int32_t *lwork, int32_t *info);

#if defined(__linux__)
// OpenBLAS splits sums among its threads, so that results would depend on their number.
__attribute__((weak)) extern void openblas_set_num_threads(int);
static inline void clapack_use_one_thread(void) {
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
}
#else
static inline void clapack_use_one_thread(void) {}
#endif

#endif
