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
static const unsigned char block_cuh[] = {
#embed "kernels/block.cuh" suffix(, 0)
};
static const unsigned char exact_cu[] = {
#embed "kernels/exact.cu" suffix(, 0)
};
static const unsigned char exact_decide_cuh[] = {
#embed "kernels/exact_decide.cuh" suffix(, 0)
};
static const unsigned char exact_half_cu[] = {
#embed "kernels/exact_half.cu" suffix(, 0)
};
static const unsigned char exact_tiles_cuh[] = {
#embed "kernels/exact_tiles.cuh" suffix(, 0)
};
static const unsigned char half_cuh[] = {
#embed "kernels/half.cuh" suffix(, 0)
};
static const unsigned char ivf_cu[] = {
#embed "kernels/ivf.cu" suffix(, 0)
};
static const unsigned char ivf_build_cu[] = {
#embed "kernels/ivf_build.cu" suffix(, 0)
};
static const unsigned char kmeans_cu[] = {
#embed "kernels/kmeans.cu" suffix(, 0)
};
static const unsigned char list_build_cuh[] = {
#embed "kernels/list_build.cuh" suffix(, 0)
};
static const unsigned char list_decide_cuh[] = {
#embed "kernels/list_decide.cuh" suffix(, 0)
};
static const unsigned char list_estimates_cuh[] = {
#embed "kernels/list_estimates.cuh" suffix(, 0)
};
static const unsigned char list_keys_cuh[] = {
#embed "kernels/list_keys.cuh" suffix(, 0)
};
static const unsigned char list_numbers_cuh[] = {
#embed "kernels/list_numbers.cuh" suffix(, 0)
};
static const unsigned char list_scan_cuh[] = {
#embed "kernels/list_scan.cuh" suffix(, 0)
};
static const unsigned char list_scorers_cuh[] = {
#embed "kernels/list_scorers.cuh" suffix(, 0)
};
static const unsigned char list_tables_cuh[] = {
#embed "kernels/list_tables.cuh" suffix(, 0)
};
static const unsigned char move_centroids_cuh[] = {
#embed "kernels/move_centroids.cuh" suffix(, 0)
};
static const unsigned char nearest_codes_cuh[] = {
#embed "kernels/nearest_codes.cuh" suffix(, 0)
};
static const unsigned char nearest_decide_cuh[] = {
#embed "kernels/nearest_decide.cuh" suffix(, 0)
};
static const unsigned char nearest_tiles_cuh[] = {
#embed "kernels/nearest_tiles.cuh" suffix(, 0)
};
static const unsigned char networks_cuh[] = {
#embed "kernels/networks.cuh" suffix(, 0)
};
static const unsigned char nominate_select_cuh[] = {
#embed "kernels/nominate_select.cuh" suffix(, 0)
};
static const unsigned char order_cuh[] = {
#embed "kernels/order.cuh" suffix(, 0)
};
static const unsigned char radix_select_cuh[] = {
#embed "kernels/radix_select.cuh" suffix(, 0)
};
static const unsigned char rows_cuh[] = {
#embed "kernels/rows.cuh" suffix(, 0)
};
static const unsigned char sanity_cu[] = {
#embed "kernels/sanity.cu" suffix(, 0)
};
static const unsigned char selection_cu[] = {
#embed "kernels/selection.cu" suffix(, 0)
};
static const unsigned char synthetic_cu[] = {
#embed "kernels/synthetic.cu" suffix(, 0)
};
static const unsigned char tile_products_cuh[] = {
#embed "kernels/tile_products.cuh" suffix(, 0)
};
static const unsigned char warp_select_cuh[] = {
#embed "kernels/warp_select.cuh" suffix(, 0)
};

static const akin_cuda_source sources[] = {
    {"akin.cuh", (const char *)akin_cuh, sizeof akin_cuh - 1},
    {"block.cuh", (const char *)block_cuh, sizeof block_cuh - 1},
    {"exact.cu", (const char *)exact_cu, sizeof exact_cu - 1},
    {"exact_decide.cuh", (const char *)exact_decide_cuh, sizeof exact_decide_cuh - 1},
    {"exact_half.cu", (const char *)exact_half_cu, sizeof exact_half_cu - 1},
    {"exact_tiles.cuh", (const char *)exact_tiles_cuh, sizeof exact_tiles_cuh - 1},
    {"half.cuh", (const char *)half_cuh, sizeof half_cuh - 1},
    {"ivf.cu", (const char *)ivf_cu, sizeof ivf_cu - 1},
    {"ivf_build.cu", (const char *)ivf_build_cu, sizeof ivf_build_cu - 1},
    {"kmeans.cu", (const char *)kmeans_cu, sizeof kmeans_cu - 1},
    {"list_build.cuh", (const char *)list_build_cuh, sizeof list_build_cuh - 1},
    {"list_decide.cuh", (const char *)list_decide_cuh, sizeof list_decide_cuh - 1},
    {"list_estimates.cuh", (const char *)list_estimates_cuh, sizeof list_estimates_cuh - 1},
    {"list_keys.cuh", (const char *)list_keys_cuh, sizeof list_keys_cuh - 1},
    {"list_numbers.cuh", (const char *)list_numbers_cuh, sizeof list_numbers_cuh - 1},
    {"list_scan.cuh", (const char *)list_scan_cuh, sizeof list_scan_cuh - 1},
    {"list_scorers.cuh", (const char *)list_scorers_cuh, sizeof list_scorers_cuh - 1},
    {"list_tables.cuh", (const char *)list_tables_cuh, sizeof list_tables_cuh - 1},
    {"move_centroids.cuh", (const char *)move_centroids_cuh, sizeof move_centroids_cuh - 1},
    {"nearest_codes.cuh", (const char *)nearest_codes_cuh, sizeof nearest_codes_cuh - 1},
    {"nearest_decide.cuh", (const char *)nearest_decide_cuh, sizeof nearest_decide_cuh - 1},
    {"nearest_tiles.cuh", (const char *)nearest_tiles_cuh, sizeof nearest_tiles_cuh - 1},
    {"networks.cuh", (const char *)networks_cuh, sizeof networks_cuh - 1},
    {"nominate_select.cuh", (const char *)nominate_select_cuh, sizeof nominate_select_cuh - 1},
    {"order.cuh", (const char *)order_cuh, sizeof order_cuh - 1},
    {"radix_select.cuh", (const char *)radix_select_cuh, sizeof radix_select_cuh - 1},
    {"rows.cuh", (const char *)rows_cuh, sizeof rows_cuh - 1},
    {"sanity.cu", (const char *)sanity_cu, sizeof sanity_cu - 1},
    {"selection.cu", (const char *)selection_cu, sizeof selection_cu - 1},
    {"synthetic.cu", (const char *)synthetic_cu, sizeof synthetic_cu - 1},
    {"tile_products.cuh", (const char *)tile_products_cuh, sizeof tile_products_cuh - 1},
    {"warp_select.cuh", (const char *)warp_select_cuh, sizeof warp_select_cuh - 1},
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
