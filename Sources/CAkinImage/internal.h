// What the formats share; not for users of the library.
#ifndef AKIN_IMAGE_INTERNAL_H
#define AKIN_IMAGE_INTERNAL_H

#include "akin_image.h"

// Fills the message, cut to fit, and returns the status.
int akin_image_fail(akin_image_info *info, int status, const char *message);

int akin_jpeg_probe(const uint8_t *bytes, size_t length, akin_image_info *info);
int akin_jpeg_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb);
int akin_png_probe(const uint8_t *bytes, size_t length, akin_image_info *info);
int akin_png_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb);
int akin_webp_probe(const uint8_t *bytes, size_t length, akin_image_info *info);
int akin_webp_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb);

// Orientation in an XMP packet, 0 where it says none.
int32_t akin_image_xmp_orientation(const uint8_t *xmp, size_t length);

#endif
