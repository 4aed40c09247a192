"""What Pillow makes of pictures, to compare with.

    python pillow.py corpus DIR       files of many kinds and what they decode and resize to, listed in DIR/cases.json
    python pillow.py golden           the small committed golden (pillow.json) on standard output
    python pillow.py crops CONFIG     for each picture named on standard input (FILE, or TAR:MEMBER): checksum of the
                                      pixels after resize and centre crop, as CONFIG (preprocessor_config.json) says
"""

import base64
import io
import json
import math
import os
import struct
import sys
import tarfile
import zlib

import numpy as np
from PIL import Image, ImageOps

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def picture(width, height, seed):
    """The same noise over gradients as `TestPicture` in the tests makes."""
    state = (seed * 2654435761 + 12345) & 0xFFFFFFFF
    values = bytearray()
    for y in range(height):
        for x in range(width):
            for c in range(3):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                wave = (x * (3 + c) + y * (5 - c)) & 0xFF
                values.append((wave + ((state >> 24) & 0x3F)) & 0xFF)
    return Image.frombytes("RGB", (width, height), bytes(values))


def upright(data):
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def with_orientation(image, kind, orientation, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image, kind, exif=exif.tobytes(), **options)


def png(width, height, depth, color, rows, interlace=0, chunks=()):
    """A PNG written by hand, for kinds that Pillow does not write. Rows are packed bytes without filter bytes."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    body = b"".join(b"\0" + row for row in rows)
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))]
    parts += [chunk(name, value) for name, value in chunks]
    parts += [chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def deep_png(image, alpha):
    """16 bits a channel, the lower bytes noise."""
    a = np.asarray(image).astype(np.uint32)
    if alpha:
        a = np.concatenate([a, a[:, :, :1]], axis=2)
    deep = (a * 256 + (a * 37 + 11) % 256).astype(">u2")
    return png(image.width, image.height, 16, 6 if alpha else 2, [row.tobytes() for row in deep])


def interlaced_png(image):
    """Adam7, 8-bit RGB."""
    a = np.asarray(image)
    rows = []
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = a[y0::dy, x0::dx]
        if part.size:
            rows += [row.tobytes() for row in part]
    return png(image.width, image.height, 8, 2, rows, interlace=1)


def packed(values, depth):
    """One row of small samples, packed from the high bits down."""
    bits = "".join(format(int(v) & ((1 << depth) - 1), f"0{depth}b") for v in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def cmyk_jpeg(image, **options):
    return saved(image.convert("CMYK"), "JPEG", **options)


def as_ycck(data):
    """The same four components, declared as YCCK in the Adobe marker."""
    at = data.index(b"Adobe") + 11
    return data[:at] + b"\2" + data[at + 1 :]


def files(width, height, seed):
    """(name, file, pixels or None for what Pillow decodes) of every kind."""
    image = picture(width, height, seed)
    grey = image.convert("L")
    alpha = image.copy()
    alpha.putalpha(grey)
    yield "jpeg-420", saved(image, "JPEG", quality=85), None
    yield "jpeg-422", saved(image, "JPEG", quality=85, subsampling=1), None
    yield "jpeg-444", saved(image, "JPEG", quality=92, subsampling=0), None
    yield "jpeg-low", saved(image, "JPEG", quality=10), None
    yield "jpeg-best", saved(image, "JPEG", quality=100), None
    yield "jpeg-progressive", saved(image, "JPEG", quality=80, progressive=True), None
    yield "jpeg-restart", saved(image, "JPEG", quality=80, restart_marker_blocks=2), None
    yield "jpeg-rgb", saved(image, "JPEG", quality=90, keep_rgb=True), None
    yield "jpeg-grey", saved(grey, "JPEG", quality=85), None
    yield "jpeg-cmyk", cmyk_jpeg(image, quality=90), None
    yield "jpeg-ycck", as_ycck(cmyk_jpeg(image, quality=95, subsampling=0)), None
    yield "jpeg-cmyk-progressive", cmyk_jpeg(image, quality=70, progressive=True), None
    for orientation in range(1, 9):
        yield f"jpeg-orientation-{orientation}", with_orientation(image, "JPEG", orientation), None
    yield "jpeg-orientation-9", with_orientation(image, "JPEG", 9), None
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    yield "jpeg-xmp", saved(image, "JPEG", xmp=xmp), None
    yield "png-rgb", saved(image, "PNG"), None
    yield "png-rgba", saved(alpha, "PNG"), None
    yield "png-grey", saved(grey, "PNG"), None
    yield "png-grey-alpha", saved(alpha.convert("LA"), "PNG"), None
    yield "png-bits", saved(grey.point(lambda v: 255 if v > 99 else 0).convert("1"), "PNG"), None
    yield "png-palette", saved(image.quantize(64), "PNG"), None
    yield "png-palette-4", saved(image.quantize(16), "PNG", bits=4), None
    yield "png-palette-2", saved(image.quantize(4), "PNG", bits=2), None
    yield "png-palette-1", saved(image.quantize(2), "PNG", bits=1), None
    yield "png-palette-clear", saved(image.quantize(64), "PNG", transparency=3), None
    yield "png-rgb-clear", saved(image, "PNG", transparency=image.getpixel((0, 0))), None
    yield "png-grey-clear", saved(grey, "PNG", transparency=grey.getpixel((0, 0))), None
    a = np.asarray(grey)
    for depth in (2, 4):
        yield f"png-grey-{depth}", png(width, height, depth, 0, [packed(r >> (8 - depth), depth) for r in a]), None
    yield "png-rgb-16", deep_png(image, False), None
    yield "png-rgba-16", deep_png(image, True), None
    # Pillow cuts 16-bit grey off at 255; the upper byte is what is wanted.
    deep = [(row.astype(np.uint32) * 256 + 99).astype(">u2").tobytes() for row in a]
    yield "png-grey-16", png(width, height, 16, 0, deep), np.repeat(a, 3).tobytes()
    yield "png-interlaced", interlaced_png(image), None
    for orientation in (3, 6):
        yield f"png-orientation-{orientation}", with_orientation(image, "PNG", orientation), None
    yield "webp-lossless", saved(image, "WEBP", lossless=True), None
    yield "webp-lossless-alpha", saved(alpha, "WEBP", lossless=True, exact=True), None
    yield "webp-lossy", saved(image, "WEBP", quality=80), None
    yield "webp-lossy-alpha", saved(alpha, "WEBP", quality=60), None
    yield "webp-orientation-8", with_orientation(image, "WEBP", 8, lossless=True), None
    frames = [image, picture(width, height, seed + 1)]
    yield "webp-animation", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True), None


SIZES = [
    # from width, height to width, height
    (64, 64, 248, 248), (500, 375, 341, 256), (433, 500, 256, 295), (1, 1, 7, 5), (7, 5, 1, 1), (1, 40, 9, 13),
    (40, 1, 13, 9), (33, 17, 33, 40), (33, 17, 80, 17), (33, 17, 33, 17), (2, 2, 3, 3), (3, 3, 2, 2), (257, 3, 5, 300),
    (3, 257, 300, 5), (100, 80, 99, 81), (16, 16, 15, 17), (5, 9, 64, 64), (200, 150, 3, 2), (31, 63, 8, 8), (1000, 2, 9, 9),
]


def hf_crop(image, config):
    """Resize and centre crop with the arithmetic of Hugging Face's Pillow-based processors, written out plainly."""
    width, height = image.size
    if config.get("do_resize", True):
        size = config["size"]
        if "shortest_edge" in size:
            s = size["shortest_edge"]
            target = (s, int(s * height / width)) if width <= height else (int(s * width / height), s)
        else:
            target = (size["width"], size["height"])
        image = image.resize(target, config["resample"])
    if config.get("do_center_crop", False):
        crop_w, crop_h = config["crop_size"]["width"], config["crop_size"]["height"]
        a = np.asarray(image)
        h, w = a.shape[:2]
        big = np.zeros((max(h, crop_h), max(w, crop_w), 3), np.uint8)
        top, left = math.ceil((big.shape[0] - h) / 2), math.ceil((big.shape[1] - w) / 2)
        big[top : top + h, left : left + w] = a
        y, x = (h - crop_h) // 2 + top, (w - crop_w) // 2 + left
        image = Image.fromarray(big[y : y + crop_h, x : x + crop_w])
    return image


CONFIGS = [
    {"size": {"shortest_edge": 48}, "resample": 3, "crop_size": {"height": 40, "width": 40}, "do_center_crop": True},
    {"size": {"shortest_edge": 31}, "resample": 2, "crop_size": {"height": 30, "width": 27}, "do_center_crop": True},
    {"size": {"shortest_edge": 20}, "resample": 3, "crop_size": {"height": 32, "width": 25}, "do_center_crop": True},
    {"size": {"height": 40, "width": 56}, "resample": 2},
    {"size": {"height": 40, "width": 56}, "resample": 0, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True},
    {"do_resize": False, "crop_size": {"height": 50, "width": 50}, "do_center_crop": True},
]
PICTURES = [(64, 64), (50, 37), (37, 50), (90, 11), (11, 91), (1, 1), (1, 30), (33, 50)]


def corpus(directory):
    os.makedirs(directory, exist_ok=True)
    cases = {"decode": [], "resize": [], "crop": []}

    def write(name, data):
        with open(os.path.join(directory, name), "wb") as out:
            out.write(data)
        return name

    for width, height in ((41, 29), (16, 16), (1, 1), (3, 50), (130, 67)):
        for name, data, pixels in files(width, height, 7 + width):
            label = f"{name}-{width}x{height}"
            want = upright(data)
            cases["decode"].append(
                {
                    "name": label, "file": write(label, data), "width": want.width, "height": want.height,
                    "pixels": write(label + ".rgb", pixels or want.tobytes()),
                }
            )
    for w, h, to_w, to_h in SIZES:
        source = picture(w, h, 3)
        for name, code in FILTERS.items():
            want = source.resize((to_w, to_h), code)
            label = f"{w}x{h}-{to_w}x{to_h}-{name}"
            cases["resize"].append(
                {
                    "name": label, "fromWidth": w, "fromHeight": h, "seed": 3, "width": to_w, "height": to_h,
                    "filter": code, "pixels": write(label + ".rgb", want.tobytes()),
                }
            )
    for index, config in enumerate(CONFIGS):
        for w, h in PICTURES:
            want = hf_crop(picture(w, h, 5), config)
            label = f"crop-{index}-{w}x{h}"
            full = dict(config, image_mean=[0.5] * 3, image_std=[0.5] * 3)
            cases["crop"].append(
                {
                    "name": label, "fromWidth": w, "fromHeight": h, "seed": 5, "width": want.width,
                    "height": want.height, "configuration": json.dumps(full), "pixels": write(label + ".rgb", want.tobytes()),
                }
            )
    with open(os.path.join(directory, "cases.json"), "w") as out:
        json.dump(cases, out)


def golden():
    result = {"decode": [], "resize": []}
    for name, data, pixels in files(19, 13, 1):
        want = upright(data)
        result["decode"].append(
            {
                "name": name, "file": base64.b64encode(data).decode(), "width": want.width, "height": want.height,
                "crc": zlib.crc32(pixels or want.tobytes()),
            }
        )
    for w, h, to_w, to_h in SIZES:
        for name, code in FILTERS.items():
            want = picture(w, h, 3).resize((to_w, to_h), code)
            result["resize"].append(
                {
                    "fromWidth": w, "fromHeight": h, "seed": 3, "width": to_w, "height": to_h, "filter": code,
                    "crc": zlib.crc32(want.tobytes()),
                }
            )
    # One case a line, so that a change is seen as one.
    parts = (
        f' "{kind}": [\n' + ",\n".join("  " + json.dumps(case) for case in cases) + "\n ]" for kind, cases in result.items()
    )
    print("{\n" + ",\n".join(parts) + "\n}")


def crops(config_path):
    with open(config_path) as file:
        config = json.load(file)
    archives = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        path, _, member = name.partition(".tar:")
        if member:
            archive = archives.get(path) or archives.setdefault(path, tarfile.open(path + ".tar"))
            data = archive.extractfile(member).read()
        else:
            with open(name, "rb") as file:
                data = file.read()
        print(zlib.crc32(hf_crop(upright(data), config).tobytes()))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["corpus", directory]:
            corpus(directory)
        case ["golden"]:
            golden()
        case ["crops", config]:
            crops(config)
        case _:
            sys.exit(__doc__)
