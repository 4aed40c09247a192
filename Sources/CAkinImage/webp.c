// WebP through libwebp: lossy, lossless, with alpha (dropped), and the first frame of an animation.
#include "internal.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

// A parsed file, or null with the status to return.
static WebPDemuxer *open_container(const uint8_t *bytes, size_t length, akin_image_info *info, int *status) {
    const WebPData data = {bytes, length};
    WebPDemuxState state;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    if (demuxer && state == WEBP_DEMUX_DONE)
        return demuxer;
    WebPDemuxDelete(demuxer);
    *status = state == WEBP_DEMUX_PARSE_ERROR
                  ? akin_image_fail(info, AKIN_IMAGE_CORRUPT, "the chunks do not fit together")
                  : akin_image_fail(info, AKIN_IMAGE_TRUNCATED, "the file ends too early");
    return NULL;
}

// The contents of the first chunk of this name: [*length], null where there is none.
static const uint8_t *chunk(const WebPDemuxer *demuxer, const char *name, size_t *length) {
    WebPChunkIterator it;
    const uint8_t *bytes = NULL;
    if (WebPDemuxGetChunk(demuxer, name, 1, &it)) {
        bytes = it.chunk.bytes;
        *length = it.chunk.size;
        WebPDemuxReleaseChunkIterator(&it);
    }
    return bytes;
}

int akin_webp_probe(const uint8_t *bytes, size_t length, akin_image_info *info) {
    int status = AKIN_IMAGE_OK;
    WebPDemuxer *demuxer = open_container(bytes, length, info, &status);
    if (!demuxer)
        return status;
    info->width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    info->height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    int32_t orientation = 0;
    size_t size = 0;
    const uint8_t *found = chunk(demuxer, "EXIF", &size);
    if (found)
        orientation = akin_image_exif_orientation(found, size);
    if (orientation == 0 && (found = chunk(demuxer, "XMP ", &size)))
        orientation = akin_image_xmp_orientation(found, size);
    info->orientation = orientation > 0 ? orientation : 1;
    WebPDemuxDelete(demuxer);
    if (info->width == 0 || info->height == 0)
        return akin_image_fail(info, AKIN_IMAGE_CORRUPT, "the picture has no pixels");
    return AKIN_IMAGE_OK;
}

static int decode_frame(const WebPIterator *frame, akin_image_info *info, uint8_t *rgb) {
    const size_t left = (size_t)frame->x_offset, top = (size_t)frame->y_offset;
    const size_t width = (size_t)frame->width, height = (size_t)frame->height;
    if (frame->x_offset < 0 || frame->y_offset < 0 || frame->width <= 0 || frame->height <= 0 ||
        left + width > info->width || top + height > info->height)
        return akin_image_fail(info, AKIN_IMAGE_CORRUPT, "the first frame lies outside the picture");
    const size_t stride = (size_t)info->width * 3, bytes = (size_t)info->height * stride;
    // What a frame does not cover is transparent black.
    if (width != info->width || height != info->height)
        memset(rgb, 0, bytes);
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return akin_image_fail(info, AKIN_IMAGE_UNSUPPORTED, "the WebP library is of another version");
    const size_t offset = top * stride + left * 3;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgb + offset;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = bytes - offset;
    const VP8StatusCode code = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    WebPFreeDecBuffer(&config.output);
    switch (code) {
    case VP8_STATUS_OK:
        return AKIN_IMAGE_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return akin_image_fail(info, AKIN_IMAGE_NO_MEMORY, "out of memory");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return akin_image_fail(info, AKIN_IMAGE_TRUNCATED, "the file ends too early");
    default:
        return akin_image_fail(info, AKIN_IMAGE_CORRUPT, "the compressed data are damaged");
    }
}

int akin_webp_decode(const uint8_t *bytes, size_t length, akin_image_info *info, uint8_t *rgb) {
    int status = AKIN_IMAGE_OK;
    WebPDemuxer *demuxer = open_container(bytes, length, info, &status);
    if (!demuxer)
        return status;
    WebPIterator frame;
    if (WebPDemuxGetFrame(demuxer, 1, &frame)) {
        status = decode_frame(&frame, info, rgb);
        WebPDemuxReleaseIterator(&frame);
    } else {
        status = akin_image_fail(info, AKIN_IMAGE_CORRUPT, "the file holds no picture");
    }
    WebPDemuxDelete(demuxer);
    return status;
}
