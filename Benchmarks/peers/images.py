"""Images to vectors with Pillow and onnxruntime, in the plainest way: the reference that Akin is compared with."""

import io
import json
import pathlib
import tarfile
from collections.abc import Iterator

import numpy as np
import onnxruntime
from PIL import Image

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def labelled_images(source: pathlib.Path) -> Iterator[tuple[str, str, bytes]]:
    """Path, label (name of the containing folder) and bytes of each image of a folder or tar."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                yield path.relative_to(source).as_posix(), path.parent.name, path.read_bytes()
        return
    with tarfile.open(source) as archive:
        for member in archive:
            path = pathlib.PurePosixPath(member.name)
            if member.isfile() and path.suffix.lower() in SUFFIXES:
                yield member.name, path.parent.name, archive.extractfile(member).read()


class Preprocessing:
    """What preprocessor_config.json asks for."""

    def __init__(self, model: pathlib.Path):
        config = json.loads((model / "preprocessor_config.json").read_text())
        self.size = config["size"]
        self.resample = Image.Resampling(config["resample"])
        self.crop = (config["crop_size"]["width"], config["crop_size"]["height"]) if config["do_center_crop"] else None
        self.factor = np.float32(config["rescale_factor"])
        self.mean = np.array(config["image_mean"], np.float32)
        self.std = np.array(config["image_std"], np.float32)

    def __call__(self, content: bytes) -> np.ndarray:
        image = Image.open(io.BytesIO(content)).convert("RGB")
        if "shortest_edge" in self.size:
            short = self.size["shortest_edge"]
            if image.width <= image.height:
                target = (short, int(short * image.height / image.width))
            else:
                target = (int(short * image.width / image.height), short)
        else:
            target = (self.size["width"], self.size["height"])
        image = image.resize(target, self.resample)
        if self.crop:
            left, top = (image.width - self.crop[0]) // 2, (image.height - self.crop[1]) // 2
            image = image.crop((left, top, left + self.crop[0], top + self.crop[1]))
        pixels = np.asarray(image, np.float32) * self.factor
        return ((pixels - self.mean) / self.std).transpose(2, 0, 1)


class Model:
    """A model directory, as Akin takes it."""

    def __init__(self, folder: pathlib.Path, threads: int):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), settings, providers=["CPUExecutionProvider"]
        )
        self.input = self.session.get_inputs()[0].name
        self.output = "embedding"
        self.prepare = Preprocessing(folder)

    def embed(self, batch: list[np.ndarray]) -> np.ndarray:
        return self.session.run([self.output], {self.input: np.stack(batch)})[0]


def embed_all(source: pathlib.Path, model: Model, batch_size: int, limit: int | None = None):
    """Vectors, labels and paths of all images of a source, one batch after the other."""
    vectors, labels, paths, batch = [], [], [], []
    for path, label, content in labelled_images(source):
        batch.append(model.prepare(content))
        labels.append(label)
        paths.append(path)
        if len(batch) == batch_size:
            vectors.append(model.embed(batch))
            batch = []
        if limit and len(paths) == limit:
            break
    if batch:
        vectors.append(model.embed(batch))
    return np.concatenate(vectors), labels, paths
