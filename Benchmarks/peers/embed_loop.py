"""Images per second of a plain loop with Pillow and onnxruntime: one JSON line.

    embed_loop.py IMAGES --model DIR [--threads 2] [--batch 32] [--limit N]

IMAGES is a folder or a tar. The clock starts after the model was loaded and has run once.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np
import onnxruntime

from images import Model, embed_all


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--limit", type=int, help="only the first images")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="write the vectors to a .npy file")
    options = parser.parse_args()

    model = Model(options.model, options.threads)
    embed_all(options.images, model, options.batch, limit=options.batch)  # warm up
    started = time.perf_counter()
    vectors, _, paths = embed_all(options.images, model, options.batch, options.limit)
    seconds = time.perf_counter() - started
    if options.output:
        np.save(options.output, vectors)
    print(
        json.dumps(
            {
                "peer": f"Pillow + onnxruntime {onnxruntime.__version__}",
                "model": options.model.name,
                "images": len(paths),
                "threads": options.threads,
                "batch": options.batch,
                "seconds": round(seconds, 3),
                "images_per_second": round(len(paths) / seconds, 1),
                "dimension": vectors.shape[1],
            }
        )
    )


if __name__ == "__main__":
    main()
