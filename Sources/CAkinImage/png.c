// PNG through libpng: every bit depth and colour type, interlaced or not, to 8-bit RGB.
#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
    const uint8_t *bytes;
    size_t length;
    size_t at;
    akin_image_info *info; // may be null, when encoding
    int status;
    jmp_buf escape;
} context;

static void on_error(png_structp png, png_const_charp message) {
    context *c = png_get_error_ptr(png);
    if (c->status == AKIN_IMAGE_OK)
        c->status = AKIN_IMAGE_CORRUPT;
    if (c->info)
        akin_image_fail(c->info, c->status, message);
    longjmp(c->escape, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    context *c = png_get_io_ptr(png);
    if (count > c->length - c->at) {
        c->status = AKIN_IMAGE_TRUNCATED;
        png_error(png, "the file ends too early");
    }
    memcpy(into, c->bytes + c->at, count);
    c->at += count;
}

static uint32_t word(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// Walks over all chunks: each must lie within the file, and the last is IEND. Finds the orientation on the way.
static int walk_chunks(const uint8_t *bytes, size_t length, akin_image_info *info) {
    enum { SIGNATURE = 8, AROUND = 12 }; // a chunk's length, name and checksum
    for (size_t at = SIGNATURE; length - at >= AROUND;) {
        const size_t size = word(bytes + at);
        if (size > length - at - AROUND)
            break;
        const uint8_t *name = bytes + at + 4;
        if (memcmp(name, "eXIf", 4) == 0) {
            const int32_t orientation = akin_image_exif_orientation(name + 4, size);
            info->orientation = orientation > 0 ? orientation : 1;
        }
        if (memcmp(name, "IEND", 4) == 0)
            return AKIN_IMAGE_OK;
        at += size + AROUND;
    }
    return akin_image_fail(info, AKIN_IMAGE_TRUNCATED, "the file ends too early");
}

// Samples in a pixel of this colour type.
static uint64_t channels(int color_type) {
    switch (color_type) {
    case PNG_COLOR_TYPE_RGB:
        return 3;
    case PNG_COLOR_TYPE_RGB_ALPHA:
        return 4;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return 2;
    default:
        return 1;
    }
}

// Opens a reader that has read everything before the pixels. `png` and `chunks` are destroyed by the caller.
static void open_reader(png_structp png, png_infop chunks, context *c) {
    png_set_read_fn(png, c, read_bytes);
    // The caller decides what is too large, and before this one allocates rows.
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_chunk_malloc_max(png, 4 << 20);
    // Colour profiles and texts are not used; not reading them keeps compressed ones from unfolding. EXIF is read here,
    // not by the library, which makes room for all that the chunk promises.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    static const png_byte skipped[] = "iCCP\0iTXt\0tEXt\0zTXt\0sPLT\0hIST\0pCAL\0sCAL\0eXIf";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, 9);
    png_read_info(png, chunks);
}

int akin_png_probe(const uint8_t *bytes, size_t length, akin_image_info *info) {
    const int walked = walk_chunks(bytes, length, info);
    if (walked != AKIN_IMAGE_OK)
        return walked;
    context c = {.bytes = bytes, .length = length, .info = info};
    // Created outside the jump's reach and never changed after it.
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    png_infop chunks = png ? png_create_info_struct(png) : NULL;
    if (!chunks) {
        png_destroy_read_struct(&png, NULL, NULL);
        return akin_image_fail(info, AKIN_IMAGE_NO_MEMORY, "out of memory");
    }
    if (setjmp(c.escape)) {
        png_destroy_read_struct(&png, &chunks, NULL);
        return c.status;
    }
    open_reader(png, chunks, &c);
    info->width = png_get_image_width(png, chunks);
    info->height = png_get_image_height(png, chunks);
    // Deflate cannot shrink by more than 1032 to 1.
    const uint64_t bits =
        (uint64_t)info->width * channels(png_get_color_type(png, chunks)) * png_get_bit_depth(png, chunks);
    info->minimum_bytes = (bits + 7) / 8 * info->height / 1032;
    png_destroy_read_struct(&png, &chunks, NULL);
    return AKIN_IMAGE_OK;
}

int akin_png_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb) {
    context c = {.bytes = bytes, .length = length, .info = info};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    png_infop chunks = png ? png_create_info_struct(png) : NULL;
    if (!chunks) {
        png_destroy_read_struct(&png, NULL, NULL);
        return akin_image_fail(info, AKIN_IMAGE_NO_MEMORY, "out of memory");
    }
    if (setjmp(c.escape)) {
        png_destroy_read_struct(&png, &chunks, NULL);
        return c.status;
    }
    open_reader(png, chunks, &c);
    const int type = png_get_color_type(png, chunks);
    if (png_get_bit_depth(png, chunks) == 16)
        png_set_strip_16(png);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, chunks) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA)
        png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, chunks);
    const size_t row_bytes = (size_t)info->width * 3;
    if (png_get_image_width(png, chunks) != info->width || png_get_image_height(png, chunks) != info->height ||
        png_get_rowbytes(png, chunks) != row_bytes)
        png_error(png, "rows of an unexpected length");
    for (int pass = 0; pass < passes; ++pass)
        for (size_t y = 0; y < info->height; ++y)
            png_read_row(png, rgb + y * row_bytes, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &chunks, NULL);
    return AKIN_IMAGE_OK;
}

typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
} sink;

static void write_bytes(png_structp png, png_bytep from, size_t count) {
    sink *s = png_get_io_ptr(png);
    if (count > s->capacity - s->length) {
        size_t capacity = s->capacity ? s->capacity : 4096;
        while (capacity - s->length < count)
            capacity *= 2;
        uint8_t *grown = realloc(s->bytes, capacity);
        if (!grown) {
            ((context *)png_get_error_ptr(png))->status = AKIN_IMAGE_NO_MEMORY;
            png_error(png, "out of memory");
        }
        s->bytes = grown;
        s->capacity = capacity;
    }
    memcpy(s->bytes + s->length, from, count);
    s->length += count;
}

static void flush_bytes(png_structp png) {
    (void)png;
}

int akin_image_encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **encoded, size_t *length) {
    context c = {.status = AKIN_IMAGE_OK};
    sink *const s = calloc(1, sizeof *s);
    png_structp png = s ? png_create_write_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning) : NULL;
    png_infop chunks = png ? png_create_info_struct(png) : NULL;
    if (!chunks) {
        png_destroy_write_struct(&png, NULL);
        free(s);
        return AKIN_IMAGE_NO_MEMORY;
    }
    if (setjmp(c.escape)) {
        png_destroy_write_struct(&png, &chunks);
        free(s->bytes);
        free(s);
        return c.status;
    }
    png_set_write_fn(png, s, write_bytes, flush_bytes);
    png_set_IHDR(png, chunks, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, chunks);
    for (size_t y = 0; y < height; ++y)
        png_write_row(png, rgb + y * width * 3);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &chunks);
    *encoded = s->bytes;
    *length = s->length;
    free(s);
    return AKIN_IMAGE_OK;
}
