// The orientation, from EXIF (a TIFF structure) or, where that has none, from XMP (text).
#include "internal.h"

#include <string.h>

static uint32_t number(const uint8_t *at, int bytes, int little) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i)
        value |= (uint32_t)at[i] << (8 * (little ? i : bytes - 1 - i));
    return value;
}

int32_t akin_image_exif_orientation(const uint8_t *tiff, size_t length) {
    enum { ORIENTATION = 0x0112, BYTE = 1, SHORT = 3, LONG = 4 };
    // Some writers keep the marker of a JPEG segment in front, even twice.
    while (length >= 6 && memcmp(tiff, "Exif\0\0", 6) == 0) {
        tiff += 6;
        length -= 6;
    }
    if (length < 8)
        return 1;
    int little;
    if (memcmp(tiff, "II*\0", 4) == 0)
        little = 1;
    else if (memcmp(tiff, "MM\0*", 4) == 0)
        little = 0;
    else
        return 1;
    const size_t directory = number(tiff + 4, 4, little);
    if (directory > length - 2)
        return 1;
    const size_t entries = number(tiff + directory, 2, little);
    for (size_t i = 0; i < entries; ++i) {
        const size_t offset = directory + 2 + 12 * i;
        if (offset > length || length - offset < 12)
            return 1;
        const uint8_t *entry = tiff + offset;
        if (number(entry, 2, little) != ORIENTATION)
            continue;
        if (number(entry + 4, 4, little) != 1)
            return 1;
        uint32_t value = 0;
        switch (number(entry + 2, 2, little)) {
        case BYTE:
            value = entry[8];
            break;
        case SHORT:
            value = number(entry + 8, 2, little);
            break;
        case LONG:
            value = number(entry + 8, 4, little);
            break;
        default:
            break;
        }
        return value >= 1 && value <= 8 ? (int32_t)value : 1;
    }
    return 0;
}

int32_t akin_image_xmp_orientation(const uint8_t *xmp, size_t length) {
    static const char name[] = "tiff:Orientation";
    const size_t n = sizeof name - 1;
    for (size_t i = 0; i + n + 3 <= length; ++i) {
        if (xmp[i] != 't' || memcmp(xmp + i, name, n) != 0)
            continue;
        const uint8_t *after = xmp + i + n;
        const uint8_t *digit = NULL;
        if (after[0] == '=' && after[1] == '"')
            digit = after + 2;
        else if (after[0] == '>')
            digit = after + 1;
        if (digit && *digit >= '0' && *digit <= '9')
            return *digit >= '1' && *digit <= '8' ? *digit - '0' : 1;
    }
    return 0;
}
