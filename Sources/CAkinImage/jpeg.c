// JPEG through libjpeg-turbo, with its accurate integer transform and smooth chroma upsampling.
#include "internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

// A progressive file may hold any number of scans, each of which walks the whole picture: a few kilobytes could keep a
// processor busy for hours. Encoders write about ten.
enum { MAXIMUM_SCANS = 256 };

typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    akin_image_info *info; // may be null, when encoding
    int status;
} failure;

static void leave(j_common_ptr cinfo, int status) {
    failure *f = (failure *)cinfo->err;
    f->status = status;
    if (f->info) {
        char message[JMSG_LENGTH_MAX];
        cinfo->err->format_message(cinfo, message);
        akin_image_fail(f->info, status, message);
    }
    longjmp(f->escape, 1);
}

static void on_error(j_common_ptr cinfo) {
    switch (cinfo->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
        leave(cinfo, AKIN_IMAGE_NO_MEMORY);
        break;
    case JERR_INPUT_EOF:
        leave(cinfo, AKIN_IMAGE_TRUNCATED);
        break;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
        leave(cinfo, AKIN_IMAGE_UNSUPPORTED);
        break;
    default:
        leave(cinfo, AKIN_IMAGE_CORRUPT);
    }
}

// The library goes on after damaged data and makes up the rest; a picture that was made up is worse than none.
// Harmless oddities, such as stray bytes between segments, pass.
static void on_message(j_common_ptr cinfo, int level) {
    if (level >= 0)
        return;
    switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
        leave(cinfo, AKIN_IMAGE_TRUNCATED);
        break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        leave(cinfo, AKIN_IMAGE_CORRUPT);
        break;
    default:
        break;
    }
}

static void on_progress(j_common_ptr cinfo) {
    const j_decompress_ptr d = (j_decompress_ptr)cinfo;
    if (d->input_scan_number <= MAXIMUM_SCANS)
        return;
    failure *f = (failure *)cinfo->err;
    f->status = akin_image_fail(f->info, AKIN_IMAGE_UNSUPPORTED, "more than 256 scans");
    longjmp(f->escape, 1);
}

static void watch(failure *f, akin_image_info *info) {
    jpeg_std_error(&f->manager);
    f->manager.error_exit = on_error;
    f->manager.emit_message = on_message;
    f->info = info;
    f->status = AKIN_IMAGE_OK;
}

static void read_orientation(j_decompress_ptr d, akin_image_info *info) {
    static const char xmp[] = "http://ns.adobe.com/xap/1.0/"; // its closing zero belongs to the marker
    int32_t exif = -1, other = 0;
    for (jpeg_saved_marker_ptr m = d->marker_list; m; m = m->next) {
        if (exif < 0 && m->data_length >= 6 && memcmp(m->data, "Exif\0\0", 6) == 0)
            exif = akin_image_exif_orientation(m->data, m->data_length);
        else if (m->data_length > sizeof xmp && memcmp(m->data, xmp, sizeof xmp) == 0)
            other = akin_image_xmp_orientation(m->data + sizeof xmp, m->data_length - sizeof xmp);
    }
    info->orientation = exif > 0 ? exif : other > 0 ? other : 1;
}

int akin_jpeg_probe(const uint8_t *bytes, size_t length, akin_image_info *info) {
    struct jpeg_decompress_struct d;
    failure f;
    watch(&f, info);
    d.err = &f.manager;
    if (setjmp(f.escape)) {
        jpeg_destroy_decompress(&d);
        return f.status;
    }
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, bytes, length);
    jpeg_save_markers(&d, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&d, TRUE);
    info->width = d.image_width;
    info->height = d.image_height;
    read_orientation(&d, info);
    // Huffman codes spend at least one bit on each block of 8x8 samples of the component that is not subsampled.
    if (!d.arith_code)
        info->minimum_bytes = (uint64_t)((d.image_width + 7) / 8) * ((d.image_height + 7) / 8) / 8;
    int status = AKIN_IMAGE_OK;
    if (d.num_components != 1 && d.num_components != 3 && d.num_components != 4)
        status = akin_image_fail(info, AKIN_IMAGE_UNSUPPORTED, "the number of components is not 1, 3 or 4");
    jpeg_destroy_decompress(&d);
    return status;
}

// a * b / 255 for bytes, rounded to the nearest.
static inline int scaled(int a, int b) {
    const int t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

// Four inks to RGB: each ink takes its share of what black leaves. Stored values are inverted (255 is no ink), as all
// writers of such files have done since Photoshop.
static void convert_inks(const uint8_t *cmyk, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; ++i, cmyk += 4, rgb += 3) {
        const int light = cmyk[3];
        for (int c = 0; c < 3; ++c)
            rgb[c] = (uint8_t)(light - scaled(255 - cmyk[c], light));
    }
}

int akin_jpeg_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb) {
    struct jpeg_decompress_struct d;
    struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};
    failure f;
    watch(&f, info);
    d.err = &f.manager;
    if (setjmp(f.escape)) {
        jpeg_destroy_decompress(&d);
        return f.status;
    }
    jpeg_create_decompress(&d);
    d.progress = &progress;
    jpeg_mem_src(&d, bytes, length);
    jpeg_read_header(&d, TRUE);
    if (d.image_width != info->width || d.image_height != info->height) {
        jpeg_destroy_decompress(&d);
        return akin_image_fail(info, AKIN_IMAGE_CORRUPT, "the header changed");
    }
    const int inks = d.num_components == 4;
    d.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    d.dct_method = JDCT_ISLOW;
    d.do_fancy_upsampling = TRUE;
    jpeg_start_decompress(&d);
    JSAMPARRAY buffer = NULL;
    if (inks)
        buffer = d.mem->alloc_sarray((j_common_ptr)&d, JPOOL_IMAGE, d.output_width * 4, 1);
    while (d.output_scanline < d.output_height) {
        uint8_t *row = rgb + (size_t)d.output_scanline * d.output_width * 3;
        if (inks) {
            jpeg_read_scanlines(&d, buffer, 1);
            convert_inks(buffer[0], d.output_width, row);
        } else {
            JSAMPROW into = row;
            jpeg_read_scanlines(&d, &into, 1);
        }
    }
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return AKIN_IMAGE_OK;
}

int akin_image_encode_jpeg(const uint8_t *rgb, uint32_t width, uint32_t height, int32_t quality, uint8_t **encoded,
                           size_t *length) {
    struct jpeg_compress_struct c;
    failure f;
    // The library writes through these from inside; a jump out of it must not find old values in registers.
    struct {
        unsigned char *bytes;
        unsigned long length;
    } *const sink = calloc(1, sizeof *sink);
    if (!sink)
        return AKIN_IMAGE_NO_MEMORY;
    watch(&f, NULL);
    c.err = &f.manager;
    if (setjmp(f.escape)) {
        jpeg_destroy_compress(&c);
        free(sink->bytes);
        free(sink);
        return f.status;
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &sink->bytes, &sink->length);
    c.image_width = width;
    c.image_height = height;
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)c.next_scanline * width * 3);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    *encoded = sink->bytes;
    *length = sink->length;
    free(sink);
    return AKIN_IMAGE_OK;
}
