// Formats told apart by their first bytes, and what is the same for all of them.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

int akin_image_fail(akin_image_info *info, int status, const char *message) {
    size_t length = strlen(message);
    if (length >= sizeof info->message)
        length = sizeof info->message - 1;
    memcpy(info->message, message, length);
    info->message[length] = 0;
    return status;
}

int akin_image_format(const uint8_t *bytes, size_t length) {
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (length >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff)
        return AKIN_IMAGE_FORMAT_JPEG;
    if (length >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
        return AKIN_IMAGE_FORMAT_PNG;
    if (length >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return AKIN_IMAGE_FORMAT_WEBP;
    return AKIN_IMAGE_FORMAT_NONE;
}

int akin_image_probe(const uint8_t *bytes, size_t length, akin_image_info *info) {
    memset(info, 0, sizeof *info);
    info->orientation = 1;
    info->format = akin_image_format(bytes, length);
    switch (info->format) {
    case AKIN_IMAGE_FORMAT_JPEG:
        return akin_jpeg_probe(bytes, length, info);
    case AKIN_IMAGE_FORMAT_PNG:
        return akin_png_probe(bytes, length, info);
    case AKIN_IMAGE_FORMAT_WEBP:
        return akin_webp_probe(bytes, length, info);
    default:
        return akin_image_fail(info, AKIN_IMAGE_NOT_AN_IMAGE, "the first bytes are of no known format");
    }
}

int akin_image_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb) {
    switch (info->format) {
    case AKIN_IMAGE_FORMAT_JPEG:
        return akin_jpeg_decode(bytes, length, info, rgb);
    case AKIN_IMAGE_FORMAT_PNG:
        return akin_png_decode(bytes, length, info, rgb);
    case AKIN_IMAGE_FORMAT_WEBP:
        return akin_webp_decode(bytes, length, info, rgb);
    default:
        return akin_image_fail(info, AKIN_IMAGE_NOT_AN_IMAGE, "the first bytes are of no known format");
    }
}

void akin_image_orient(const uint8_t *rgb, uint32_t width, uint32_t height, int32_t orientation, uint8_t *upright) {
    const ptrdiff_t right = 3, down = (ptrdiff_t)width * 3;
    const ptrdiff_t last_column = right * (ptrdiff_t)(width - 1), last_row = down * (ptrdiff_t)(height - 1);
    // Where the upright picture's first pixel lies in the stored one, and the steps to its neighbours right and below.
    ptrdiff_t start = 0, across = right, along = down;
    switch (orientation) {
    case 2: // mirrored left to right
        start = last_column, across = -right, along = down;
        break;
    case 3: // half a turn
        start = last_column + last_row, across = -right, along = -down;
        break;
    case 4: // mirrored top to bottom
        start = last_row, across = right, along = -down;
        break;
    case 5: // mirrored in the falling diagonal
        start = 0, across = down, along = right;
        break;
    case 6: // a quarter turn clockwise makes it upright
        start = last_row, across = -down, along = right;
        break;
    case 7: // mirrored in the rising diagonal
        start = last_column + last_row, across = -down, along = -right;
        break;
    case 8: // a quarter turn counter-clockwise makes it upright
        start = last_column, across = down, along = -right;
        break;
    default:
        break;
    }
    const uint32_t columns = orientation >= 5 ? height : width, rows = orientation >= 5 ? width : height;
    for (uint32_t y = 0; y < rows; ++y) {
        ptrdiff_t at = start + along * (ptrdiff_t)y;
        for (uint32_t x = 0; x < columns; ++x, at += across, upright += 3) {
            upright[0] = rgb[at];
            upright[1] = rgb[at + 1];
            upright[2] = rgb[at + 2];
        }
    }
}

void akin_image_free(uint8_t *encoded) {
    free(encoded);
}

void akin_image_planes(const uint8_t *rgb, size_t count, const float *table, float *out) {
    const float *red = table, *green = table + 256, *blue = table + 512;
    float *r = out, *g = out + count, *b = out + 2 * count;
    for (size_t i = 0; i < count; ++i) {
        r[i] = red[rgb[3 * i]];
        g[i] = green[rgb[3 * i + 1]];
        b[i] = blue[rgb[3 * i + 2]];
    }
}
