// Pictures in memory: JPEG, PNG and WebP to 8-bit RGB and back, and the two passes of an image resize.
//
// Every function returns a status, zero for success; none prints, exits or keeps state. Bytes given are hostile:
// nothing is believed that was not checked against their length.
#ifndef AKIN_IMAGE_H
#define AKIN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AKIN_IMAGE_OK = 0,
    AKIN_IMAGE_NOT_AN_IMAGE = 1, // the first bytes are of no known format
    AKIN_IMAGE_TRUNCATED = 2,    // the data ends before the picture does
    AKIN_IMAGE_CORRUPT = 3,      // the data breaks the format's rules; see the message
    AKIN_IMAGE_UNSUPPORTED = 4,  // lawful, but of a kind that is not read; see the message
    AKIN_IMAGE_NO_MEMORY = 5,
};

enum {
    AKIN_IMAGE_FORMAT_NONE = 0,
    AKIN_IMAGE_FORMAT_JPEG = 1,
    AKIN_IMAGE_FORMAT_PNG = 2,
    AKIN_IMAGE_FORMAT_WEBP = 3,
};

enum { AKIN_IMAGE_MESSAGE_BYTES = 200 };

// What a picture's header says. Nothing has been decoded yet.
typedef struct {
    int32_t format;
    uint32_t width;  // as stored, before the orientation is applied
    uint32_t height; // as stored
    // EXIF orientation, 1...8; 5...8 swap width and height.
    int32_t orientation;
    // The fewest bytes in which the format can hold a picture of this size; 0 where that cannot be told.
    uint64_t minimum_bytes;
    // Why, where the status is not zero; ends with a zero.
    char message[AKIN_IMAGE_MESSAGE_BYTES];
} akin_image_info;

// Which format the bytes begin like.
int akin_image_format(const uint8_t *bytes, size_t length);

// Reads the header only. Fills `info`, its format and message also on failure.
int akin_image_probe(const uint8_t *bytes, size_t length, akin_image_info *info);

// Decodes into `rgb`, [info.height, info.width, 3], in stored orientation. `info` is what akin_image_probe gave for the
// same bytes; its message is filled on failure.
int akin_image_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb);

// Turns [height, width, 3] upright: writes [height, width, 3] for orientations 1...4, [width, height, 3] for 5...8.
void akin_image_orient(const uint8_t *rgb, uint32_t width, uint32_t height, int32_t orientation, uint8_t *upright);

// Encodes [height, width, 3]. On success `*encoded` is the caller's, to be given to akin_image_free.
int akin_image_encode_jpeg(const uint8_t *rgb, uint32_t width, uint32_t height, int32_t quality, uint8_t **encoded,
                           size_t *length);
int akin_image_encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **encoded, size_t *length);
void akin_image_free(uint8_t *encoded);

// Orientation in a TIFF structure, as EXIF holds it: 0 where it is absent, 1 where it is damaged or out of range.
int32_t akin_image_exif_orientation(const uint8_t *tiff, size_t length);

// One axis of a resize: output i is the weighted sum of `taps[i]` inputs from `first[i]` on.
//
// Weights are fixed point with AKIN_RESAMPLE_BITS fractional bits. Each is also kept as high * 65536 + low, both signed
// 16 bits, in pairs of neighbouring taps (the earlier in the lower half), which is what a 16-bit multiply-add wants:
// products of either half with a byte add up exactly, modulo 2^32.
typedef struct {
    int32_t outputs;
    int32_t simd;           // whether the CPU's vector instructions may be used; the result is the same
    int32_t stride;         // weights kept per output: a multiple of 4, at least every taps[i]; zeros fill up
    const int32_t *first;   // [outputs]
    const int32_t *taps;    // [outputs]
    const int32_t *weights; // [outputs, stride]
    const uint32_t *low;    // [outputs, stride / 2]
    const uint32_t *high;   // [outputs, stride / 2]
} akin_resample_axis;

enum { AKIN_RESAMPLE_BITS = 22 };

// Across: rows of `width` pixels, `stride` bytes apart, to [rows, axis.outputs, 3]. Returns a status.
int akin_resample_across(const uint8_t *rgb, size_t rows, size_t width, size_t stride, const akin_resample_axis *axis,
                         uint8_t *out);

// Down: rows of `row_bytes` bytes, `stride` bytes apart, to [axis.outputs, row_bytes].
void akin_resample_down(const uint8_t *bytes, size_t row_bytes, size_t stride, const akin_resample_axis *axis,
                        uint8_t *out);

// Interleaved bytes to planes of floats: out[c * count + i] = table[c * 256 + rgb[3 * i + c]].
void akin_image_planes(const uint8_t *rgb, size_t count, const float *table, float *out);

#ifdef __cplusplus
}
#endif

#endif
