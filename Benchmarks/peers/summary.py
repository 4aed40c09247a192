"""Prints the ratios of a file that run.sh wrote: summary.py RESULTS.jsonl"""

import json
import sys


def rows(path: str) -> list[dict]:
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def search_table(entries: list[dict], part: str) -> None:
    print(f"\n{part}\n{'k':>5} {'batch':>6} {'threads':>8} {'arithmetic':<11} {'akin q/s':>9} {'faiss q/s':>10} {'ratio':>6}")
    for e in entries:
        print(
            f"{e['k']:>5} {e['batch']:>6} {e['threads']:>8} {e['arithmetic']:<11} "
            f"{e['akin_qps']:>9,.0f} {e['faiss_qps']:>10,.0f} {e['ratio']:>6.2f}"
            f"  {e['gflops']:.0f} GFLOP/s, {e['of_fma_peak']:.2f} of the FMA peak"
            + (f", {e['of_read_peak']:.2f} of the read bandwidth" if "of_read_peak" in e else "")
        )


def kmeans_table(entries: list[dict], part: str) -> None:
    print(f"\n{part}\n{'centroids':>9} {'threads':>8} {'arithmetic':<11} {'akin s':>8} {'faiss s':>8} {'ratio':>6} {'objective':>10}")
    for e in entries:
        print(
            f"{e['centroids']:>9} {e['threads']:>8} {e['arithmetic']:<11} {e['akin_seconds']:>8.2f} {e['faiss_seconds']:>8.2f} "
            f"{e['ratio']:>6.2f} {e['objective_ratio']:>10.4f}"
        )


def binary_table(entries: list[dict]) -> None:
    print(f"\nbinary codes\n{'codes':<7} {'tables':>6} {'k':>4} {'batch':>6} {'threads':>8} {'akin q/s':>9} {'faiss q/s':>10} {'ratio':>6}")
    for e in entries:
        print(
            f"{e['codes']:<7} {e['tables'] or '-':>6} {e['k']:>4} {e['batch']:>6} {e['threads']:>8} {e['akin_qps']:>9,.0f} "
            f"{e['faiss_qps']:>10,.0f} {e['ratio']:>6.2f}"
        )


def graphs_table(entries: list[dict], part: str) -> None:
    print(f"\n{part}\n{'peer':<9} {'goal':>5} {'akin q/s':>9} {'peer q/s':>9} {'ratio':>6}  index")
    for e in entries:
        if e["row"] == "build" and e["seconds"]:
            print(f"{e['built_by']:<9} built in {e['seconds']:.1f} s")
        if e["row"] == "search" and "ratio" in e:
            print(
                f"{e['peer']:<9} {e['goal']:>5} {e['akin_qps']:>9,.0f} {e['peer_qps']:>9,.0f} {e['ratio']:>6.2f}"
                f"  {e['index']} ef {e['akin_ef']} recall {e['akin_recall']:.4f} / {e['peer_recall']:.4f}"
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
        elif part == "binary":
            binary_table(group)
        elif part.startswith("kmeans"):
            kmeans_table(group, part)
        elif part.startswith("graphs"):
            graphs_table(group, part)
        elif part == "embed":
            embed_table(group)
        elif part == "classify":
            classify_table(group)


if __name__ == "__main__":
    main()
