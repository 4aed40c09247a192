"""Prints the ratios of a file that run.sh wrote: summary.py RESULTS.jsonl"""

import json
import sys


def rows(path: str) -> list[dict]:
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def search_table(entries: list[dict], part: str) -> None:
    peers = {(e["k"], e["threads"], e["batch"]): e["qps"] for e in entries if e["who"] == "faiss"}
    print(f"\n{part}\n{'k':>5} {'threads':>8} {'batch':>6} {'setting':<22} {'akin q/s':>10} {'faiss q/s':>10} {'ratio':>6}")
    for entry in entries:
        if entry["who"] != "akin":
            continue
        peer = peers.get((entry["k"], entry["threads"], entry["batch"]))
        ratio = f"{entry['qps'] / peer:6.2f}" if peer else "     -"
        print(
            f"{entry['k']:>5} {entry['threads']:>8} {entry['batch']:>6} {entry['setting']:<22} "
            f"{entry['qps']:>10,.0f} {peer or 0:>10,.0f} {ratio}"
        )


def embed_table(entries: list[dict]) -> None:
    rates = {entry["who"]: entry["images_per_second"] for entry in entries}
    print("\nembed, images/s")
    for who, rate in rates.items():
        print(f"  {who:<8} {rate:>8,.1f}")
    if {"akin", "python"} <= rates.keys():
        print(f"  ratio    {rates['akin'] / rates['python']:>8.2f}")


def classify_table(entries: list[dict]) -> None:
    print("\nclassify, top-1 in per cent")
    scores: dict[tuple, dict] = {}
    for entry in entries:
        if "top1" in entry and entry.get("scoring") != "self-included":
            which = {"validation": "val"}.get(entry["set"], entry["set"])
            scores.setdefault((which, entry["vote"], entry["k"]), {})[entry["who"]] = 100 * entry["top1"]
    for (which, vote, k), values in scores.items():
        shown = "  ".join(f"{who} {value:.2f}" for who, value in values.items())
        difference = f"  difference {values['akin'] - values['python']:+.2f}" if len(values) == 2 else ""
        print(f"  {which:<6} {vote:<9} k {k:<4} {shown}{difference}")


def main() -> None:
    entries = rows(sys.argv[1])
    for part in dict.fromkeys(entry["part"] for entry in entries):
        group = [entry for entry in entries if entry["part"] == part]
        if part.startswith("search"):
            search_table(group, part)
        elif part == "embed":
            embed_table(group)
        elif part == "classify":
            classify_table(group)


if __name__ == "__main__":
    main()
