"""Puts the drawing and the tables of `akin compare` into docs/compare.md.

    compare_docs.py NAME FOLDER

NAME is that of the part of the page between <!-- NAME --> and <!-- end of NAME -->; FOLDER is what `akin compare` wrote.
"""

import argparse
import pathlib
import re
import shutil

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def insert(name: str, folder: pathlib.Path) -> None:
    table = (folder / "compare.md").read_text(encoding="utf-8")
    # The summary, the facts; not every setting.
    summary, rest = table.split("## Settings", 1)
    facts = rest.split("## How it was measured", 1)[1].strip().split("\n\n")[0]
    rows = summary.split("\n\n", 2)[2].strip()
    image = f"images/compare-{name}.svg"
    (DOCS / "images").mkdir(exist_ok=True)
    shutil.copyfile(folder / "compare.svg", DOCS / image)
    part = f"<!-- {name} -->\n\n![recall against queries per second]({image})\n\n{rows}\n\n{facts}\n\n<!-- end of {name} -->"
    page = DOCS / "compare.md"
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"<!-- {re.escape(name)} -->.*<!-- end of {re.escape(name)} -->", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page} has no place for {name}")
    page.write_text(pattern.sub(lambda _: part, text), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    insert(options.name, options.folder)
