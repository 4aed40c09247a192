#!/usr/bin/env bash
# Builds akin-cuda-check so that it can be carried to a machine that has a GPU and perhaps nothing else: the Swift runtime
# is linked in, symbols are stripped, and what it needs of the system is shown. Give a folder to put it in.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-.build/gpu-check}
scratch=.build/static
libraries=$PWD/$scratch/libraries
mkdir -p "$target" "$libraries"

# LAPACK serves rotations (PCA, OPQ) only, which the check does not train. These stand in for it and say that they failed,
# which Akin passes on as an error; so the program needs neither OpenBLAS nor Fortran's runtime where it goes.
cat >"$libraries/lapack.c" <<'C'
#include "shim.h"
#define FAIL { *info = -1000; }
void dsyevd_(const char *jobz, const char *uplo, const int32_t *n, double *a, const int32_t *lda, double *w,
             double *work, const int32_t *lwork, int32_t *iwork, const int32_t *liwork, int32_t *info,
             size_t jobz_length, size_t uplo_length) FAIL
void dgesdd_(const char *jobz, const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *s, double *u,
             const int32_t *ldu, double *vt, const int32_t *ldvt, double *work, const int32_t *lwork, int32_t *iwork,
             int32_t *info, size_t jobz_length) FAIL
void dgeqrf_(const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *tau, double *work,
             const int32_t *lwork, int32_t *info) FAIL
void dorgqr_(const int32_t *m, const int32_t *n, const int32_t *k, double *a, const int32_t *lda, const double *tau,
             double *work, const int32_t *lwork, int32_t *info) FAIL
C
clang -O2 -Wno-unused-parameter -I Sources/CLAPACK -c "$libraries/lapack.c" -o "$libraries/lapack.o"
rm -f "$libraries/libopenblas.a"
ar rcs "$libraries/libopenblas.a" "$libraries/lapack.o"
printf 'Name: openblas\nDescription: none\nVersion: 0\nLibs: -L%s -lopenblas\n' "$libraries" >"$libraries/openblas.pc"

# The C++ runtime, which Foundation needs, stays the system's: its archive would ask for a newer libc than it does.
PKG_CONFIG_PATH=$libraries swift build -c release --product akin-cuda-check --static-swift-stdlib --scratch-path "$scratch"
cp "$(swift build -c release --static-swift-stdlib --scratch-path "$scratch" --show-bin-path)/akin-cuda-check" "$target/"
strip "$target/akin-cuda-check"
gzip -9 -k -f "$target/akin-cuda-check"

# Half of it is the tables of languages in Foundation, which compress well.
printf '\n%s: %s bytes, %s with gzip; of the system it needs\n' "$target/akin-cuda-check" \
    "$(stat -c %s "$target/akin-cuda-check")" "$(stat -c %s "$target/akin-cuda-check.gz")"
ldd "$target/akin-cuda-check"
printf 'and at least %s\n' "$(objdump -T "$target/akin-cuda-check" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)"
if ldd "$target/akin-cuda-check" | grep -qE 'openblas|gfortran|swift|Foundation'; then
    echo "gpu-check: it would not start on a bare machine" >&2
    exit 1
fi
cat <<'TEXT'

On the machine with the GPU (driver, and NVRTC from the CUDA toolkit, PyTorch or `pip install nvidia-cuda-nvrtc`):

    ./akin-cuda-check                              # cases and measurements, as a table
    AKIN_NVRTC=/path/to/libnvrtc.so.13 ./akin-cuda-check --fill gpu.md
    ./akin-cuda-check --scale 100M                 # about ten minutes each: vectors made there, an inverted file of them
    ./akin-cuda-check --scale 1B
    compute-sanitizer --tool memcheck ./akin-cuda-check --skip-measuring
    compute-sanitizer --tool racecheck ./akin-cuda-check --skip-measuring

Without NVRTC there, compile here and take the cache along:

    AKIN_CACHE=cache ./akin-cuda-check --compile sm_90a
TEXT
