"""Writes small lawful files for a fuzz target to start from: seeds.py TARGET FOLDER"""

import base64
import io
import json
import os
import struct
import sys
import tarfile


def golden(name):
    goldens = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "Goldens", name)
    with open(goldens, encoding="utf-8") as file:
        return json.load(file)


def images():
    for case in golden("pillow.json")["decode"]:
        yield case["name"], base64.b64decode(case["file"])


def indexes():
    for number, case in enumerate(golden("faiss.json")):
        yield f"{number}", base64.b64decode(case["file"])


def graphs():
    for case in golden("hnswlib.json"):
        yield case["space"], base64.b64decode(case["file"])


def archives():
    for name, code in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=code) as tar:
            for path in ("n01/a.jpg", "n02/" + "x" * (90 if code == tarfile.USTAR_FORMAT else 150) + ".png", "é.webp"):
                info = tarfile.TarInfo(path)
                info.size = 5
                tar.addfile(info, io.BytesIO(b"hello"))
        yield name, out.getvalue()


def specs():
    for i, text in enumerate(["OPQ32_64,IVF4096_HNSW32,PQ32x4fsr,RFlat", "IDMap,IVF4k(HNSW32,Flat),PQ16x12np,Refine(SQfp16)",
                              "PCAWR64,Center,L2norm,RR,HNSW32,SQ8", "IVF1M,RaBitQ4,RFlat", "PQ7", "IVF4096"]):
        yield str(i), bytes([i]) + text.encode()


def configurations():
    full = {
        "do_resize": True, "size": {"shortest_edge": 24}, "resample": 3, "do_center_crop": True,
        "crop_size": {"height": 20, "width": 22}, "do_rescale": True, "rescale_factor": 0.00392156862745098,
        "do_normalize": True, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
        "do_convert_rgb": True, "image_processor_type": "ViTImageProcessor",
    }
    yield "full", json.dumps(full).encode()
    for key, value in (("size", 24), ("size", {"height": 9, "width": 8}), ("crop_pct", 0.9), ("do_pad", False)):
        yield f"{key}-{len(str(value))}", json.dumps(dict(full, **{key: value})).encode()


def filters():
    payloads = [
        {"a": "x", "b": 3, "c": {"d": 2.5}, "e": [{"k": "x", "n": 7}, {"k": None}]}, {"a": ["x", 1, None, True], "b": [-1, 2.5]},
        {"a": "2024-01-05", "c": {"d": "2024-02-29T12:30:00.5+02:00"}, "e": []}, {"é": {"a.b": [[]]}, "a": None, "b": 9007199254740993},
    ]
    for i, payload in enumerate(payloads):
        text = json.dumps(payload).encode()
        # Numbers of conditions, kinds of conditions, places and values.
        for j, choices in enumerate(((1, 0, 0, 6, 1, 120), (2, 3, 1, 3, 5, 0, 0, 0, 4, 2, 7, 9), (0, 1, 3, 0, 0, 2, 4, 9, 5, 1, 1, 0, 0, 6, 1, 120), (1, 2, 4, 5, 3, 2, 7, 6, 2))):
            yield f"{i}-{j}", text + b"\0" + bytes(choices)


def records():
    # Bodies of records, behind the byte that says which kind: 0 upsert, 1 delete, 2 change, 3 and 4 payload indexes,
    # 5 a position.
    def counted(data):
        return len(data).to_bytes(4, "little") + data

    def name(text):
        return b"\1" + counted(text.encode())

    yield "upsert", b"\0" + bytes(8) + struct.pack("<II2f", 1, 2, 1.5, -2) + b"\0" + bytes(8) + counted(b'{"a":1}') + counted(b"")
    yield "delete", b"\1" + struct.pack("<I", 2) + name("x") + b"\0" + bytes(8)
    yield "set", b"\2\0" + counted(b'{"a":[1,null]}') + counted(b"b.c") + struct.pack("<I", 1) + name("x")
    yield "forget", b"\2\2" + struct.pack("<I", 1) + counted(b"b.c") + struct.pack("<I", 1) + name("x")
    yield "index", b"\3" + counted(b"b.c") + counted(b"keyword")
    yield "no-index", b"\4" + counted(b"b.c")
    yield "position", b"\5" + struct.pack("<Q", 7)
    # A file of two records; the target puts its checksums right.
    record = bytes(4) + struct.pack("<I", 8) + bytes(24) + struct.pack("<I", 0) + bytes(4)
    yield "file", b"AKINLOG\n" + bytes(56) + record + record


def messages():
    # Behind the byte that says which: 0 write, 1 question, 2 answer. Each begins with the version of the format.
    def counted(data):
        return len(data).to_bytes(4, "little") + data

    def number(value, size=8):
        return value.to_bytes(size, "little")

    def vector(*values):
        return struct.pack(f"<I{len(values)}f", len(values), *values)

    name, text, nothing = b"\1" + counted(b"x"), counted(b'{"a":[1,null]}'), bytes(4)
    path = counted(b"b.c")
    conditions = [b"\1" + path + counted(b'"x"'), b"\4" + path + b"\1" + struct.pack("<d", 1.5) + b"\0\0\0", b"\x09" + number(1, 4) + name]
    conditions.append(b"\x0a" + path + number(1, 4) + conditions[0] + nothing + nothing + b"\0")
    filters = number(len(conditions), 4) + b"".join(conditions) + nothing + nothing + b"\0"
    yield "upsert", b"\0\1\1" + number(2, 4) + b"\0" + number(7) + vector(1, -2) + text + b"\0" + name + vector(3, 4) + nothing + b"\1" + counted(b"image")
    yield "delete", b"\0\1\2\1" + filters
    yield "set", b"\0\1\3\0" + text + b"\1" + path + b"\0" + number(1, 4) + name
    yield "index", b"\0\1\4" + path + counted(b"keyword")
    question = b"\1\1" + number(9) + number(50, 4)
    yield "search", question + b"\1" + number(1, 4) + b"\x15" + vector(1, 2) + number(10) + filters + struct.pack("<f", 0.5)
    yield "retrieve", question + b"\2" + number(1, 4) + name + b"\1\2" + number(1, 4) + path
    yield "scroll", question + b"\3" + number(10) + filters + b"\1" + name + b"\0\1" + b"\1" + path + b"\1\0"
    yield "count", question + b"\4" + filters
    answer = b"\2\1" + number(9) + number(50, 4) + counted(b"worker")
    hit = struct.pack("<f", 0.5) + b"\0" + number(7) + b"\7" + text + vector(1, 2)
    yield "hits", answer + b"\1" + number(1, 4) + b"\1\0" + number(1, 4) + hit
    yield "refused", answer + b"\0\1" + counted(b"no_point") + number(2, 4) + counted(b"name") + counted(b"x") + counted(b"there is no point x")


if __name__ == "__main__":
    makers = {"ImageFuzz": images, "TarFuzz": archives, "PreprocessingFuzz": configurations,
              "FaissFuzz": indexes, "IndexSpecFuzz": specs, "HnswlibFuzz": graphs,
              "FilterFuzz": filters, "StoreLogFuzz": records, "ShardMessageFuzz": messages}
    for name, data in makers.get(sys.argv[1], lambda: ())():
        with open(os.path.join(sys.argv[2], "seed-" + name), "wb") as file:
            file.write(data)
