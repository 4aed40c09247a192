"""The service under load, on loopback: one JSON line per measurement.

    service.py search   FOLDER --server .build/release/akin-server [--goal 0.98] [--index HNSW16]
    service.py upsert   FOLDER --server ... [--batch 100] [--connections 4] [--count 300000]
    service.py filters  FOLDER --server ... [--index HNSW16]
    service.py overload FOLDER --server ... [--seconds 60]

FOLDER holds base.npy and query.npy (datasets.py writes them). `search` and `overload` need wrk; `search` with --akin also asks the
index without the service, in turn.
The data of the server go to a temporary folder (TMPDIR); --keep FOLDER keeps a loaded collection for the next run.
"""

import argparse
import concurrent.futures
import http.client
import json
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
NAME = "measured"


class Server:
    """A started server, and a connection to it."""

    def __init__(self, program: str, data: pathlib.Path, *options: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(data.parent / "server.log", "ab")
        self.process = subprocess.Popen(
            [program, "serve", "--data", str(data), "--port", str(self.port), *options],
            stdout=self.log, stderr=self.log)
        self.connection, self.asked = None, 0.0
        for _ in range(1200):
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                self.connection = None
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended; see {self.log.name}")
            time.sleep(0.05)
        raise SystemExit("the server did not start")

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, method: str, path: str, body=None) -> tuple:
        # The server closes connections that were idle for long.
        if self.connection is None or time.perf_counter() - self.asked > 5:
            self.connection = self.connect()
        self.asked = time.perf_counter()
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        response = self.connection.getresponse()
        return response.status, response.read()

    def expect(self, method: str, path: str, body=None) -> dict:
        status, answer = self.ask(method, path, body)
        if status != 200:
            raise SystemExit(f"{method} {path}: {status} {answer[:500]!r}")
        return json.loads(answer)

    def memory(self) -> int:
        """Bytes of memory that no file stands behind."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s+(\d+)", text)[1]) * 1024

    def info(self) -> dict:
        return self.expect("GET", f"/collections/{NAME}")["result"]

    def wait_for_index(self) -> float:
        started = time.perf_counter()
        while self.info()["status"] != "green":
            time.sleep(0.2)
        return time.perf_counter() - started

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def upsert_body(vectors: np.ndarray, first: int) -> bytes:
    points = (f'{{"id":{first + i},"vector":{json.dumps(v)}}}' for i, v in enumerate(vectors.tolist()))
    return ('{"points":[' + ",".join(points) + "]}").encode()


def bodies(vectors: np.ndarray, batch: int) -> list:
    # Four digits behind the point keep the bodies to the size that clients send.
    vectors = np.round(vectors.astype(np.float64), 5)
    return [upsert_body(vectors[i : i + batch], i) for i in range(0, len(vectors), batch)]


def create(server: Server, dimension: int, index: str) -> None:
    server.expect("PUT", f"/collections/{NAME}", {"vectors": {"size": dimension, "distance": "Euclid"}, "index": index})


def send(server: Server, prepared: list, connections: int) -> float:
    """Sends bodies over several connections; the seconds until the last is acknowledged."""

    def work(part: int) -> None:
        connection = server.connect()
        for body in prepared[part::connections]:
            connection.request("PUT", f"/collections/{NAME}/points?wait=true", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200:
                raise SystemExit(f"upsert: {response.status} {answer[:500]!r}")

    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    return time.perf_counter() - started


def upsert(folder: pathlib.Path, args, place: pathlib.Path) -> None:
    base = np.load(folder / "base.npy", mmap_mode="r")[: args.count].astype(np.float32)
    prepared = bodies(base, args.batch)
    server = Server(args.server, place / "data")
    create(server, base.shape[1], args.index)
    seconds = send(server, prepared, args.connections)
    waited = server.wait_for_index()
    count = server.expect("POST", f"/collections/{NAME}/points/count", {"exact": True})["result"]["count"]
    print(json.dumps({
        "step": "upsert", "count": count, "batch": args.batch, "connections": args.connections,
        "seconds": round(seconds, 3), "vectors_per_second": round(len(base) / seconds),
        "indexed_after": round(waited, 3), "indexed_per_second": round(len(base) / (seconds + waited)),
        "anonymous_bytes": server.memory()}), flush=True)
    server.stop()


def loaded(folder: pathlib.Path, args, place: pathlib.Path) -> Server:
    data = (args.keep or place) / "data"
    is_new = not data.exists()
    server = Server(args.server, data, *args.option)
    if is_new:
        base = np.load(folder / "base.npy", mmap_mode="r")
        create(server, base.shape[1], args.index)
        step = 50_000
        for first in range(0, len(base), step):
            part = np.asarray(base[first : first + step], np.float64)
            send(server, [upsert_body(part[i : i + 500], first + i) for i in range(0, len(part), 500)], 2)
    server.wait_for_index()
    return server


def questions(folder: pathlib.Path, place: pathlib.Path, ef: int) -> tuple:
    queries = np.load(folder / "query.npy")[:2000].astype(np.float64)
    lines = [json.dumps({"vector": q, "limit": 10, "params": {"hnsw_ef": ef}}) for q in queries.tolist()]
    path = place / "questions.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, lines


def nearest(folder: pathlib.Path, queries: int = 2000, k: int = 10) -> np.ndarray:
    """The true neighbours, by brute force, kept beside the data."""
    path = folder / f"nearest-{queries}-{k}.npy"
    if path.exists():
        return np.load(path)
    base, asked = np.load(folder / "base.npy", mmap_mode="r"), np.load(folder / "query.npy")[:queries].astype(np.float32)
    best, ids = np.full((len(asked), 0), np.inf, np.float32), np.zeros((len(asked), 0), np.int64)
    for first in range(0, len(base), 50_000):
        part = np.asarray(base[first : first + 50_000], np.float32)
        distances = (part * part).sum(1) - 2 * (asked @ part.T)
        best = np.hstack([best, distances])
        ids = np.hstack([ids, np.broadcast_to(np.arange(first, first + len(part)), distances.shape)])
        keep = np.argpartition(best, k - 1, axis=1)[:, :k]
        best, ids = np.take_along_axis(best, keep, 1), np.take_along_axis(ids, keep, 1)
    np.save(path, ids)
    return ids


def recall(server: Server, folder: pathlib.Path, lines: list) -> float:
    truth = nearest(folder)
    found = 0
    for i, line in enumerate(lines):
        hits = server.expect("POST", f"/collections/{NAME}/points/search", line.encode())["result"]
        found += len({h["id"] for h in hits} & set(truth[i].tolist()))
    return found / (10 * len(lines))


def wrk(server: Server, questions_file: pathlib.Path, seconds: int, connections: int, pause: int = 0) -> dict:
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "-s", str(HERE / "ask.lua"),
               f"http://127.0.0.1:{server.port}", "--", str(questions_file), f"/collections/{NAME}/points/search"]
    output = subprocess.run(command + ([str(pause)] if pause else []), capture_output=True, text=True, check=True).stdout
    result = json.loads(output[output.index('{"requests"') :])
    result["qps"] = round(result["requests"] / result["seconds"])
    return result


def breadth(server: Server, folder: pathlib.Path, place: pathlib.Path, goal: float) -> tuple:
    for ef in (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 160, 200, 300, 400):
        path, lines = questions(folder, place, ef)
        share = recall(server, folder, lines)
        if share >= goal:
            return ef, share, path
    raise SystemExit(f"no breadth reached recall {goal}; {share} at {ef}")


def search(folder: pathlib.Path, args, place: pathlib.Path) -> None:
    server = loaded(folder, args, place)
    ef, share, path = breadth(server, folder, place, args.goal)
    info = server.info()
    wrk(server, path, 3, 8)
    tried = ({"connections": c, **wrk(server, path, args.seconds, c)} for c in (4, 8, 16, 32))
    full = max(tried, key=lambda r: r["qps"])
    print(json.dumps({"step": "search", "ef": ef, "recall": round(share, 4), "points": info["points_count"],
                      **full, "anonymous_bytes": server.memory()}), flush=True)
    connections = 32
    rate = 0.8 * full["qps"]
    # A connection that waits p and is served in s asks 1 / (p + s) times a second.
    pause = max(1, round(1000 * connections / rate - full["p50_us"] / 8000))
    for _ in range(4):
        steady = wrk(server, path, args.seconds, connections, pause)
        share_of_full = steady["qps"] / full["qps"]
        if 0.77 < share_of_full < 0.83:
            break
        connections = max(2, round(connections * 0.8 / share_of_full))
    print(json.dumps({"step": "steady load", "share": round(share_of_full, 3), "connections": connections,
                      "p99_over_p50": round(steady["p99_us"] / max(1, steady["p50_us"]), 2), **steady}), flush=True)
    if args.akin:
        # In turn, because the machine's speed drifts within a minute.
        rounds = [(wrk(server, path, 6, full["connections"])["qps"], within(folder, args, place, ef)) for _ in range(5)]
        print(json.dumps({"step": "in process", "rounds": rounds, "qps": round(statistics.median(r[1] for r in rounds)),
                          "served_share": round(statistics.median(r[0] / r[1] for r in rounds), 3)}), flush=True)
    server.stop()


def within(folder: pathlib.Path, args, place: pathlib.Path, ef: int) -> int:
    """Queries a second of the same index file without the service, one at a time on each core."""
    data = (args.keep or place) / "data"
    files = sorted(data.glob(f"collections/{NAME}/segments/**/*.akin"), key=lambda p: p.stat().st_size)
    index = next(f for f in reversed(files) if '"Flat"' not in subprocess.run(
        [args.akin, "info", str(f), "--json"], capture_output=True, text=True, check=True).stdout)
    queries = place / "few.npy"
    np.save(queries, np.load(folder / "query.npy")[:2000].astype(np.float32))
    command = [args.akin, "eval", str(index), str(queries), "--sweep", f"ef={ef}", "--batch", "1", "--threads", "1",
               "-k", "10", "--repeat", "5", "--json"]
    cores = 2
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    rates = [json.loads(p.communicate()[0].splitlines()[-1])["qps"] for p in started]
    return round(sum(rates))


def filters(folder: pathlib.Path, args, place: pathlib.Path) -> None:
    """Searches under filters that let more and more points pass, beside the truth by brute force.

    Each question has a filter of its own, so that no rows are kept from one asked before; then one filter is asked again.
    """
    base = np.load(folder / "base.npy", mmap_mode="r")
    count = len(base)
    # What a point's payload says has nothing to do with where it lies.
    number = np.random.default_rng(1).permutation(count)
    data = (args.keep or place) / "data"
    is_new = not data.exists()
    server = Server(args.server, data, *args.option)
    if is_new:
        create(server, base.shape[1], args.index)
        for field, schema in (("number", "integer"), ("shop", "keyword")):
            server.expect("PUT", f"/collections/{NAME}/index", {"field_name": field, "field_schema": schema})
        for first in range(0, count, 50_000):
            part = np.round(np.asarray(base[first : first + 50_000], np.float64), 5).tolist()
            points = [f'{{"id":{first + i},"vector":{json.dumps(v)},"payload":{{"number":{number[first + i]},'
                      f'"shop":"{number[first + i] % 1000}"}}}}' for i, v in enumerate(part)]
            send(server, [('{"points":[' + ",".join(points[i : i + 500]) + "]}").encode() for i in range(0, len(points), 500)], 2)
    server.wait_for_index()
    queries = np.load(folder / "query.npy").astype(np.float32)
    draw = np.random.default_rng(2)
    for share in (0.00001, 0.0001, 0.001, 0.01, 0.1, 0.5, 0.9):
        width = round(share * count)
        times, again, found, wanted, exact, plans = [], [], 0, 0, 0, {}
        for query in queries[:100]:
            low = int(draw.integers(0, count - width + 1))
            asked = {"vector": query.tolist(), "limit": 10, "params": {"hnsw_ef": 60},
                     "filter": {"must": [{"key": "number", "range": {"gte": low, "lt": low + width}}]}}
            started = time.perf_counter()
            answer = server.expect("POST", f"/collections/{NAME}/points/search", asked)
            times.append(time.perf_counter() - started)
            started = time.perf_counter()
            server.expect("POST", f"/collections/{NAME}/points/search", asked)
            again.append(time.perf_counter() - started)
            rows = np.flatnonzero((number >= low) & (number < low + width))
            distances = ((base[rows] - query) ** 2).sum(1)
            true = set(rows[np.argsort(distances, kind="stable")[:10]].tolist())
            found, wanted = found + len(true & {h["id"] for h in answer["result"]}), wanted + len(true)
            exact += answer["search"]["exact"]
            plans[answer["search"]["plan"]] = plans.get(answer["search"]["plan"], 0) + 1
        print(json.dumps({
            "step": "filters", "passing": width, "median_ms": round(1000 * float(np.median(times)), 2),
            "p90_ms": round(1000 * float(np.quantile(times, 0.9)), 2), "again_ms": round(1000 * float(np.median(again)), 2),
            "recall": round(found / wanted, 4), "exact": exact / len(times), "plans": plans,
            "anonymous_bytes": server.memory()}), flush=True)
    server.stop()


def overload(folder: pathlib.Path, args, place: pathlib.Path) -> None:
    server = loaded(folder, args, place)
    ef, _, path = breadth(server, folder, place, args.goal)
    before = max(wrk(server, path, 10, 16)["qps"] for _ in range(2))
    memory = server.memory()
    peak, flood = memory, subprocess.Popen(
        ["wrk", "-t", "1", "-c", str(args.flood), "-d", f"{args.seconds}s", "--latency", "--timeout", "30s", "-s",
         str(HERE / "ask.lua"), f"http://127.0.0.1:{server.port}", "--", str(path),
         f"/collections/{NAME}/points/search"], stdout=subprocess.PIPE, text=True)
    while flood.poll() is None:
        peak = max(peak, server.memory())
        time.sleep(0.05)
    output = flood.stdout.read()
    result = json.loads(output[output.index('{"requests"') :])
    time.sleep(1)
    after = max(wrk(server, path, 10, 16)["qps"] for _ in range(2))
    print(json.dumps({"step": "overload", "connections": args.flood, **result,
                      "answered_per_second": round((result["requests"] - result["refused"]) / result["seconds"]),
                      "qps_before": before, "qps_after": after, "anonymous_before": memory, "anonymous_peak": peak,
                      "anonymous_after": server.memory()}), flush=True)
    server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["search", "upsert", "filters", "overload"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--server", default=".build/release/akin-server")
    parser.add_argument("--akin", help="the program, to search the same index without the service")
    parser.add_argument("--index", default="HNSW16")
    parser.add_argument("--goal", type=float, default=0.98)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--count", type=int, default=300_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--flood", type=int, default=400, help="connections of an overload")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--option", action="append", default=[], help="an option of the server, such as --option=--workers=2")
    args = parser.parse_args()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        globals()[args.step](args.folder, args, pathlib.Path(place))


if __name__ == "__main__":
    main()
