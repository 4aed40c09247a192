"""Sends damaged requests to a running akin-server and asks that it answers or refuses them and stays as it was.

    request_fuzz.py http://127.0.0.1:6333 [--requests 100000] [--seed 1] [--growth 256]

No reply may have a status of 500 or more but 503, no connection may end without a reply except where what was sent is no
HTTP, and the server's memory may not grow by more than --growth megabytes between the first fifth and the end.
"""

import argparse
import json
import random
import re
import socket
import sys
import time
import urllib.parse
import urllib.request

DIMENSION = 4
FILTER = {
    "must": [
        {"key": "a", "match": {"value": "x"}}, {"key": "n", "range": {"gt": 1, "lte": 5e3}}, {"has_id": [1, 2]},
        {"is_empty": {"key": "b.c"}}, {"key": "tags", "match": {"any": ["x", 3]}},
        {"nested": {"key": "p[]", "filter": {"must_not": [{"key": "q", "match": {"except": [1, 2]}}]}}},
    ],
    "should": [{"key": "t", "range": {"gte": "2024-01-01T00:00:00Z"}}, {"key": "ok", "is_null": False}],
    "min_should": {"min_count": 1, "conditions": [{"is_null": {"key": "z"}}, {"key": "a", "values_count": {"gt": 0}}]},
}
POINT = {"id": 1, "vector": [1, -2.5e-3, 0, 4],
         "payload": {"a": "x", "n": 3, "ok": True, "t": "2024-05-01T00:00:00Z", "p": [{"q": 1}], "tags": ["x", "y"]}}
C = "/collections/c"
REQUESTS = [
    ("PUT", "/collections/d", {"vectors": {"size": 4, "distance": "Cosine", "hnsw_config": {"m": 8}}, "index": "HNSW8"}),
    ("DELETE", "/collections/d", None), ("GET", "/collections", None), ("GET", C, None), ("GET", C + "/exists", None),
    ("PATCH", C, {"hnsw_config": {"m": 4}}),
    ("PUT", C + "/points?wait=true", {"points": [POINT, {"id": "936da01f-9abd-4d9d-80c7-02af85c822a8", "vector": [1] * 4}]}),
    ("PUT", C + "/points", {"batch": {"ids": [5, 6], "vectors": [[1, 2, 3, 4], [5, 6, 7, 8]], "payloads": [{"a": "y"}, None]}}),
    ("POST", C + "/points", {"ids": [1, 5, "x"], "with_payload": ["a", "p[].q"], "with_vector": True}),
    ("GET", C + "/points/5", None), ("GET", C + "/points/936da01f-9abd-4d9d-80c7-02af85c822a8", None),
    ("POST", C + "/points/delete", {"filter": {"must": [{"has_id": [77]}]}}),
    ("POST", C + "/points/delete", {"points": [6, 99]}),
    ("POST", C + "/points/scroll", {"limit": 3, "offset": 1, "filter": FILTER, "with_payload": {"exclude": ["a"]}}),
    ("POST", C + "/points/scroll", {"limit": 3, "order_by": {"key": "n", "direction": "desc", "start_from": 3.5}}),
    ("POST", C + "/points/count", {"filter": FILTER, "exact": True}),
    ("POST", C + "/points/search", {"vector": [1, 2, 3, 4], "limit": 3, "offset": 1, "score_threshold": -5, "filter": FILTER,
                                    "with_payload": True, "params": {"hnsw_ef": 10, "exact": False}}),
    ("POST", C + "/points/search/batch", {"searches": [{"vector": [1, 2, 3, 4], "limit": 3}, {"vector": [0] * 4, "limit": 1}]}),
    ("POST", C + "/points/query", {"query": {"recommend": {"positive": [1, [1, 2, 3, 4]], "negative": [5]}}, "limit": 3}),
    ("POST", C + "/points/query/batch", {"searches": [{"query": 5, "limit": 2}, {"query": {"nearest": [1, 0, 0, 0]}}, {"limit": 2}]}),
    ("POST", C + "/points/recommend", {"positive": [1, 5], "negative": [[1] * 4], "limit": 3, "strategy": "average_vector"}),
    ("POST", C + "/points/payload", {"payload": {"a": {"b": [1, None, True]}}, "points": [1, 5], "key": "p"}),
    ("PUT", C + "/points/payload", {"payload": {"a": "x"}, "filter": FILTER}),
    ("POST", C + "/points/payload/delete", {"keys": ["a", "p[].q"], "points": [1]}),
    ("POST", C + "/points/payload/clear", {"points": [5]}),
    ("POST", C + "/points/batch", {"operations": [{"upsert": {"points": [POINT]}}, {"delete": {"points": [9]}},
                                                  {"set_payload": {"payload": {"n": 2}, "points": [1]}}]}),
    ("PUT", C + "/index", {"field_name": "a", "field_schema": {"type": "keyword"}}), ("DELETE", C + "/index/a", None),
    ("GET", C + "/snapshots", None), ("PUT", C + "/snapshots/recover", {"location": "file:///x/c-0.snapshot"}),
    ("POST", C + "/snapshots/upload", None), ("GET", "/readyz", None), ("GET", "/", None), ("POST", C + "/facet", {"key": "a"}),
]
VALUES = [
    None, True, -1, 0, 1, 1e308, -1e-320, 2**64 - 1, 2**64, 1.5, 2**63, -2**63 - 1, "", "\u0000", "a..b[]", "\u202e😀", [], {},
    [[]], {"": {}}, [None], [1, 2, 3, 4], [0.1] * 5000, {"key": "a"}, {"must": [{}]}, "x" * 3000, 10**30, [[1, 2], [3]],
    {"indices": [1], "values": [1]}, float("inf"), "936da01f-9abd-4d9d-80c7-02af85c822a8", ["a"], {"gt": 1, "lt": "2024"},
    "[]", ".", "a.b.c[].d", {"a": {"b": {"c": {"d": [1, {"e": None}]}}}}, {"nested": {"key": "p", "filter": FILTER}},
]
PARTS = ["..", ".", "%2e%2e", "%2f", "%00", "%ff", "%", "%zz", "c", "d", "0", "-1", str(2**64), "", "points", "%0d%0aX:1",
         "%F0%9F%98%80", "y" * 300, "?", "#", ":id", "*", "{}", "recover", "upload", "é", " ", "\t", "\x00"]


def mutated(value, rng):
    """The same JSON with one value, or one key, in another's place."""
    places = []

    def walk(holder):
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            places.append((holder, key))
            if isinstance(holder[key], (dict, list)) and len(holder[key]) < 100:
                walk(holder[key])

    value = json.loads(json.dumps(value))
    if not isinstance(value, (dict, list)) or not value:
        return rng.choice(VALUES)
    walk(value)
    holder, key = rng.choice(places)
    kind = rng.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice(["", "key", "vector", "limit", "filter", "must", "using", "x" * 100])] = holder.pop(key)
    elif kind == 2 and isinstance(holder, list):
        holder.extend([holder[key]] * rng.choice([1, 3, 50]))
    else:
        holder[key] = rng.choice(VALUES)
    return value


def request(rng):
    """Bytes of a request, whether it is HTTP, and the method."""
    method, path, body = rng.choice(REQUESTS)
    headers = {"Host": "localhost", "Content-Type": "application/json"}
    is_http = True
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        kind = rng.randrange(12)
        if kind == 0:
            parts = path.split("/")
            parts[rng.randrange(len(parts))] = rng.choice(PARTS)
            path = "/".join(parts)
        elif kind == 1:
            path += "?" + rng.choice(PARTS) + "=1&limit=-1&wait=maybe&timeout=" + rng.choice(PARTS)
        elif kind == 2:
            method = rng.choice(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"])
        elif kind == 3:
            headers["Content-Type"] = rng.choice(["text/html", "multipart/form-data; boundary=x", "", "x" * 500])
        elif kind == 4:
            headers[rng.choice(["X-Request-Id", "Api-Key", "Authorization", "Accept", "Range", "Expect"])] = rng.choice(
                ["x" * 200, "Bearer ", "Bearer x", "text/html", "bytes=0-1", "a b", "é"])
        elif body is not None:
            body = mutated(body, rng)
    data = b"" if body is None else json.dumps(body, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
    if data and rng.random() < 0.2:
        at = rng.randrange(len(data))
        data = rng.choice([data[:at], data[:at] + data[at + 1:], data[:at] + data[at:at + 20] + data[at:],
                           data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]])
    if headers["Content-Type"].startswith("multipart") and rng.random() < 0.7:
        data = b'--x\r\nContent-Disposition: form-data; name="snapshot"\r\n\r\n' + data + rng.choice([b"\r\n--x--\r\n", b"", b"\r\n--x"])
    path = path.encode()
    if re.search(rb"[\x00-\x20\x7f-\xff]", path) or not path.startswith(b"/"):
        is_http = False
    lines = [method.encode() + b" " + path + b" HTTP/1.1"]
    if rng.random() < 0.1:
        headers["Transfer-Encoding"] = "chunked"
        cut = rng.randrange(len(data) + 1)
        data = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:cut], data[cut:]) if part) + b"0\r\n\r\n"
    else:
        headers["Content-Length"] = str(len(data))
    if rng.random() < 0.02:
        is_http = False
        headers.update(rng.choice([
            {"Content-Length": "-1"}, {"Content-Length": "99999999999999999999"}, {"Content-Length": "abc"},
            {"Transfer-Encoding": "chunked"}, {"A" * 70000: "x"}, {"X-Long": "y" * 70000}, {"Bad Name": "x"}, {"X": "\x00"}]))
    lines += [f"{name}: {value}".encode() for name, value in headers.items()]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    if rng.random() < 0.01:
        is_http = False
        at = rng.randrange(len(head))
        head = head[:at] + bytes([rng.randrange(256)]) + head[at + 1:]
    return head + data, is_http, method


def reply(connection, method):
    """Status and body of a reply, or None where the connection ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, data = data.split(b"\r\n\r\n", 1)
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    if method == "HEAD" or status == 204:
        return status, b""
    if length is None:
        while not data.endswith(b"0\r\n\r\n"):
            part = connection.recv(65536)
            if not part:
                return None
            data += part
        return status, data
    while len(data) < int(length.group(1)):
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    return status, data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--growth", type=int, default=256)
    options = parser.parse_args()
    address = urllib.parse.urlparse(options.url)
    rng = random.Random(options.seed)

    def memory():
        text = urllib.request.urlopen(options.url.rstrip("/") + "/metrics").read().decode()
        found = re.search(r"^process_resident_memory_bytes (\d+)$", text, re.M)
        return int(found.group(1)) / 2**20 if found else 0

    def prepare():
        body = json.dumps({"vectors": {"size": DIMENSION, "distance": "Dot"}}).encode()
        try:
            urllib.request.urlopen(urllib.request.Request(options.url.rstrip("/") + C, body, method="PUT"))
        except urllib.error.HTTPError as error:
            assert error.code == 409, error

    prepare()
    connection = None
    statuses, closed, base, started = {}, 0, 0, time.monotonic()
    for number in range(options.requests):
        if number == options.requests // 5:
            base = memory()
        if number % 500 == 0:
            prepare()
        sent, is_http, method = request(rng)
        if connection is None:
            connection = socket.create_connection((address.hostname, address.port), timeout=30)
        answer = None
        try:
            connection.sendall(sent)
            if not is_http:
                # Whatever more it waits for does not come.
                connection.shutdown(socket.SHUT_WR)
            answer = reply(connection, method)
        except (ConnectionError, BrokenPipeError):
            pass
        except TimeoutError:
            raise SystemExit(f"FAILED: no reply in 30 s to {sent[:1000]!r}")
        if answer is None:
            closed += 1
            if is_http:
                raise SystemExit(f"FAILED: no reply to {sent[:1000]!r}")
        else:
            status, body = answer
            statuses[status] = statuses.get(status, 0) + 1
            if status >= 500 and status != 503:
                raise SystemExit(f"FAILED: {status} to {sent[:1000]!r}: {body[:500]!r}")
        if answer is None or not is_http or answer[0] == 413:
            connection.close()
            connection = None
    end = memory()
    seconds = time.monotonic() - started
    print(f"{options.requests} requests in {seconds:.0f} s: {dict(sorted(statuses.items()))}, {closed} closed; "
          f"memory {base:.0f} MB after a fifth, {end:.0f} MB at the end")
    if end - base > options.growth:
        raise SystemExit(f"FAILED: the server grew by {end - base:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
