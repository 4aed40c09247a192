// The sources of all kernels, carried inside the program. #embed is C23; clang has it from version 19 (Swift 6.3's is
// 21) and takes it in older modes of C with a warning. A compiler without it makes a program without kernels, which
// says so when a device is asked for and does everything else.
//
// A new file of kernels/ needs a block and a row here; a test compares the rows with the folder.
#include "akin_cuda.h"

#if defined(__has_embed)

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char akin_cuh[] = {
#embed "kernels/akin.cuh" suffix(, 0)
};
static const unsigned char sanity_cu[] = {
#embed "kernels/sanity.cu" suffix(, 0)
};

static const akin_cuda_source sources[] = {
    {"akin.cuh", (const char *)akin_cuh, sizeof akin_cuh - 1},
    {"sanity.cu", (const char *)sanity_cu, sizeof sanity_cu - 1},
};

const akin_cuda_source *akin_cuda_sources(size_t *count) {
    *count = sizeof sources / sizeof *sources;
    return sources;
}

#else

const akin_cuda_source *akin_cuda_sources(size_t *count) {
    *count = 0;
    return NULL;
}

#endif
