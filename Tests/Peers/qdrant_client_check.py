"""Drives a running akin-server with qdrant-client and compares its answers with brute force in numpy.

    qdrant_client_check.py http://127.0.0.1:6333 [--api-key KEY] [--points 600]

Ends with status 0 when everything that is asked is answered as it should be.
"""

import argparse
import datetime
import sys
import tempfile
import urllib.request
import uuid

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.version_check import get_server_version, is_compatible
from qdrant_client.http.exceptions import UnexpectedResponse

SEED = 20
DIMENSION = 24
COLORS = ["red", "green", "blue", "grau-grün"]
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise SystemExit(f"FAILED: {what}")


def refused(call, status, what, *words):
    try:
        call()
    except UnexpectedResponse as error:
        text = error.content.decode()
        check(error.status_code == status, f"{what}: status {error.status_code}, wanted {status}: {text}")
        for word in words:
            check(word in text, f"{what}: {word!r} is not in {text}")
    else:
        raise SystemExit(f"FAILED: {what} was not refused")


def scores(query, vectors, distance):
    query, vectors = np.asarray(query, np.float64), np.asarray(vectors, np.float64)
    if distance == models.Distance.EUCLID:
        return np.sqrt(((vectors - query) ** 2).sum(axis=1))
    if distance == models.Distance.DOT:
        return vectors @ query
    return (vectors @ query) / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(query))


def nearest(query, vectors, distance, allowed):
    """Ids and scores, nearest first, of the points that are allowed."""
    values = scores(query, vectors, distance)
    order = np.argsort(values if distance == models.Distance.EUCLID else -values, kind="stable")
    return [(int(i), float(values[i])) for i in order if allowed[i]]


def same(points, wanted, what):
    """Compares answers: equal scores, and equal points unless their scores are as good as equal."""
    check(len(points) == len(wanted), f"{what}: {len(points)} answers, wanted {len(wanted)}")
    by_id = dict(wanted)
    for point, (_, score) in zip(points, wanted):
        check(abs(point.score - score) <= 1e-4 * max(1, abs(score)), f"{what}: score {point.score}, wanted {score}")
    known = {point.id for point in points}
    for point in points:
        if point.id not in by_id:
            check(abs(point.score - wanted[-1][1]) <= 1e-4, f"{what}: point {point.id} is no answer")
    check(len(known) == len(points), f"{what}: a point came twice")


def payload(i, random):
    made = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=int(i))
    value = {
        "color": COLORS[i % len(COLORS)], "price": float(random.integers(0, 1000)) / 10, "stock": int(i % 7),
        "sale": bool(i % 3 == 0), "tags": [f"t{i % 5}", f"t{i % 2}"], "made": made.isoformat(),
        "shop": {"city": "Bern" if i % 2 else "Genève", "rating": int(i % 4)},
        "parts": [{"kind": "a", "n": int(i % 3)}, {"kind": "b", "n": int(i % 5)}],
    }
    if i % 6 == 0:
        del value["price"]
    if i % 10 == 0:
        value["note"] = None
    return value


def filters(payloads):
    """Filters with the points that pass, worked out here."""
    field, condition = models.FieldCondition, models.Filter
    value, any_of, but = models.MatchValue, models.MatchAny, models.MatchExcept
    limit = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)
    cases = [
        (condition(must=[field(key="color", match=value(value="red"))]), lambda i, p: p["color"] == "red"),
        (condition(must=[field(key="color", match=value(value="grau-grün"))]), lambda i, p: p["color"] == "grau-grün"),
        (condition(must=[field(key="sale", match=value(value=True))]), lambda i, p: p["sale"]),
        (condition(must=[field(key="stock", match=any_of(any=[1, 5]))]), lambda i, p: p["stock"] in (1, 5)),
        (condition(must=[field(key="color", match=but(**{"except": ["red", "blue"]}))]),
            lambda i, p: p["color"] not in ("red", "blue")),
        (condition(must=[field(key="price", range=models.Range(gte=20, lt=60))]),
            lambda i, p: 20 <= p.get("price", -1) < 60),
        (condition(must=[field(key="made", range=models.DatetimeRange(lt=limit))]), lambda i, p: i < 60),
        (condition(must_not=[field(key="sale", match=value(value=True))],
                   should=[field(key="stock", match=value(value=2)), field(key="color", match=value(value="blue"))]),
            lambda i, p: not p["sale"] and (p["stock"] == 2 or p["color"] == "blue")),
        (condition(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="price"))]),
            lambda i, p: "price" not in p),
        (condition(must=[models.IsNullCondition(is_null=models.PayloadField(key="note"))]), lambda i, p: i % 10 == 0),
        (condition(must=[models.HasIdCondition(has_id=[3, 5, 8, 100_000])]), lambda i, p: i in (3, 5, 8)),
        (condition(must=[field(key="tags", match=value(value="t1"))]), lambda i, p: "t1" in p["tags"]),
        (condition(must=[field(key="shop.city", match=value(value="Bern"))]), lambda i, p: p["shop"]["city"] == "Bern"),
        (condition(must=[field(key="parts", values_count=models.ValuesCount(gte=3))]), lambda i, p: False),
        (condition(must=[models.NestedCondition(nested=models.Nested(key="parts", filter=condition(must=[
            field(key="kind", match=value(value="b")), field(key="n", match=value(value=4))])))]),
            lambda i, p: any(q["kind"] == "b" and q["n"] == 4 for q in p["parts"])),
        (condition(min_should=models.MinShould(min_count=2, conditions=[
            field(key="sale", match=value(value=True)), field(key="stock", range=models.Range(gt=4)),
            field(key="color", match=value(value="green"))])),
            lambda i, p: p["sale"] + (p["stock"] > 4) + (p["color"] == "green") >= 2),
        (condition(must=[condition(should=[models.HasIdCondition(has_id=[1]), field(key="stock", match=value(value=6))])]),
            lambda i, p: i == 1 or p["stock"] == 6),
    ]
    return [(wanted, np.array([bool(passes(i, p)) for i, p in enumerate(payloads)])) for wanted, passes in cases]


def check_collections(client):
    name = "check-empty"
    client.delete_collection(name)
    check(not client.collection_exists(name), "a dropped collection exists")
    check(client.create_collection(
        name, vectors_config=models.VectorParams(size=DIMENSION, distance=models.Distance.DOT),
        hnsw_config=models.HnswConfigDiff(m=24, ef_construct=200),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=10_000), timeout=30), "create_collection")
    check(client.collection_exists(name), "a made collection does not exist")
    check(name in [c.name for c in client.get_collections().collections], "a made collection is not listed")
    info = client.get_collection(name)
    check(info.config.params.vectors.size == DIMENSION, "the size of vectors")
    check(info.config.params.vectors.distance == models.Distance.DOT, "the distance")
    check(info.config.hnsw_config.m == 24, "the links of the graph")
    check(info.points_count == 0 and info.status == models.CollectionStatus.GREEN, "an empty collection's state")
    check(client.update_collection(name, optimizers_config=models.OptimizersConfigDiff(indexing_threshold=1)), "update")
    refused(lambda: client.create_collection(
        name, vectors_config=models.VectorParams(size=3, distance=models.Distance.DOT)), 409, "a second of its name")
    refused(lambda: client.create_collection(
        "x", vectors_config=models.VectorParams(size=3, distance=models.Distance.MANHATTAN)), 400, "Manhattan",
        "vectors.distance")
    refused(lambda: client.create_collection(
        "x", vectors_config={"image": models.VectorParams(size=3, distance=models.Distance.DOT)}), 400,
        "named vectors", "vectors.image")
    refused(lambda: client.create_collection("a/b", vectors_config=models.VectorParams(
        size=3, distance=models.Distance.DOT)), 400, "a name with a slash")
    check(client.delete_collection(name), "delete_collection")
    refused(lambda: client.get_collection(name), 404, "a dropped collection", "no_collection")


def fill(client, name, distance, vectors, payloads):
    client.delete_collection(name)
    client.create_collection(name, vectors_config=models.VectorParams(size=DIMENSION, distance=distance))
    count = len(vectors)
    first = count // 3
    done = client.upsert(name, points=[
        models.PointStruct(id=i, vector=vectors[i].tolist(), payload=payloads[i]) for i in range(first)], wait=True)
    check(done.status == models.UpdateStatus.COMPLETED, "upsert")
    client.upsert(name, points=models.Batch(
        ids=list(range(first, 2 * first)), vectors=vectors[first:2 * first].tolist(),
        payloads=payloads[first:2 * first]), wait=True)
    client.upload_collection(
        name, vectors=vectors[2 * first:], payload=payloads[2 * first:], ids=list(range(2 * first, count)),
        batch_size=50, wait=True)
    check(client.count(name, exact=True).count == count, "all points are there")


def check_search(client, distance, vectors, payloads, random):
    name = f"check-{distance.value.lower()}"
    fill(client, name, distance, vectors, payloads)
    everything = np.ones(len(vectors), bool)
    exact = models.SearchParams(exact=True)
    for _ in range(12):
        query = random.normal(size=DIMENSION).astype(np.float32)
        wanted = nearest(query, vectors, distance, everything)
        got = client.query_points(
            name, query=query.tolist(), limit=10, search_params=exact, with_payload=False).points
        same(got, wanted[:10], f"{distance} nearest")
        check(all(point.payload is None and point.vector is None for point in got), "neither was asked for")
        loose = client.query_points(
            name, query=query, limit=10, search_params=models.SearchParams(hnsw_ef=200), timeout=10).points
        found = len({p.id for p in loose} & {i for i, _ in wanted[:10]})
        check(found >= 9, f"{distance}: recall {found}/10 with hnsw_ef 200")
        got = client.query_points(name, query=query.tolist(), limit=5, offset=7, search_params=exact).points
        same(got, wanted[7:12], f"{distance} offset")
        threshold = (wanted[14][1] + wanted[15][1]) / 2
        got = client.query_points(
            name, query=query.tolist(), limit=50, score_threshold=threshold, search_params=exact).points
        same(got, wanted[:15], f"{distance} threshold")

    query = random.normal(size=DIMENSION).astype(np.float32)
    for number, (filter, allowed) in enumerate(filters(payloads)):
        wanted = nearest(query, vectors, distance, allowed)
        got = client.query_points(name, query=query.tolist(), query_filter=filter, limit=20, search_params=exact).points
        same(got, wanted[:20], f"{distance} filter {number}")
        check(client.count(name, count_filter=filter, exact=True).count == int(allowed.sum()), f"count {number}")
        ids, offset = [], None
        while True:
            page, offset = client.scroll(name, scroll_filter=filter, limit=64, offset=offset, with_payload=False)
            ids += [record.id for record in page]
            if offset is None:
                break
        check(ids == np.flatnonzero(allowed).tolist(), f"scroll {number}")

    # A point by its name, which is no answer to itself.
    allowed = everything.copy()
    allowed[17] = False
    got = client.query_points(name, query=17, limit=10, search_params=exact, with_payload=True, with_vectors=True).points
    same(got, nearest(vectors[17], vectors, distance, allowed)[:10], f"{distance} by id")
    for point in got:
        check(point.payload == payloads[point.id], "the payload of an answer")
        check(np.array_equal(np.float32(point.vector), vectors[point.id]), "the vector of an answer")

    # The mean of directions, where only those count.
    def unit(vector):
        return vector / np.linalg.norm(vector) if distance == models.Distance.COSINE else vector

    toward = (unit(vectors[3]) + unit(vectors[8])) / 2
    target = toward + toward - unit(vectors[11])
    allowed = everything.copy()
    allowed[[3, 8, 11]] = False
    got = client.query_points(
        name, limit=10, search_params=exact,
        query=models.RecommendQuery(recommend=models.RecommendInput(positive=[3, 8], negative=[11]))).points
    same(got, nearest(target, vectors, distance, allowed)[:10], f"{distance} recommend")

    queries = random.normal(size=(4, DIMENSION)).astype(np.float32)
    answers = client.query_batch_points(name, requests=[
        models.QueryRequest(query=q.tolist(), limit=3 + i, params=exact) for i, q in enumerate(queries)])
    for i, (q, answer) in enumerate(zip(queries, answers)):
        same(answer.points, nearest(q, vectors, distance, everything)[:3 + i], f"{distance} batch {i}")

    # What these requests looked like before there was only one kind.
    def post(path, body):
        import json

        request = urllib.request.Request(
            f"{client._client.rest_uri.rstrip('/')}/collections/{name}/points/{path}", json.dumps(body).encode(),
            {"Content-Type": "application/json", **client._client._rest_headers})
        return json.loads(urllib.request.urlopen(request).read())

    reply = post("search", {"vector": queries[0].tolist(), "limit": 5, "params": {"exact": True}})
    wanted = nearest(queries[0], vectors, distance, everything)
    check([hit["id"] for hit in reply["result"]] == [i for i, _ in wanted[:5]], f"{distance} search")
    check(reply["search"]["exact"] is True, "the reply says that it is exact")
    reply = post("search/batch", {"searches": [
        {"vector": q.tolist(), "limit": 2, "params": {"exact": True}} for q in queries]})
    check([[hit["id"] for hit in hits] for hits in reply["result"]] == [
        [i for i, _ in nearest(q, vectors, distance, everything)[:2]] for q in queries], f"{distance} search/batch")
    reply = post("recommend", {"positive": [3, 8], "negative": [11], "limit": 4, "params": {"exact": True}})
    check([hit["id"] for hit in reply["result"]] == [
        i for i, _ in nearest(target, vectors, distance, allowed)[:4]], f"{distance} recommend, the old way")
    return name


def check_points(client, name, vectors, payloads):
    records = client.retrieve(name, ids=[5, 2, 100_000], with_vectors=True)
    check({r.id for r in records} == {5, 2}, "retrieve")
    for record in records:
        check(record.payload == payloads[record.id], "the payload of a record")
        check(np.array_equal(np.float32(record.vector), vectors[record.id]), "the vector of a record")
    record = client.retrieve(name, ids=[5], with_payload=["color", "shop.city"])[0]
    check(record.payload == {"color": payloads[5]["color"], "shop": {"city": "Bern"}}, "a part of a payload")
    record = client.retrieve(name, ids=[5], with_payload=models.PayloadSelectorExclude(exclude=["parts", "shop"]))[0]
    check(set(record.payload) == set(payloads[5]) - {"parts", "shop"}, "a payload without a part")

    key = str(uuid.UUID(int=7))
    client.upsert(name, points=[models.PointStruct(id=key, vector=[1.0] * DIMENSION, payload={"color": "none"})])
    check(client.retrieve(name, ids=[key])[0].id == key, "a point that a UUID names")

    client.set_payload(name, payload={"color": "pink", "new": [1, 2]}, points=[1, 2])
    check(client.retrieve(name, ids=[1])[0].payload == {**payloads[1], "color": "pink", "new": [1, 2]}, "set_payload")
    client.set_payload(name, payload={"rating": 9}, key="shop", points=[2])
    check(client.retrieve(name, ids=[2])[0].payload["shop"] == {**payloads[2]["shop"], "rating": 9}, "set at a key")
    client.delete_payload(name, keys=["new", "shop.city"], points=[1, 2])
    check("new" not in client.retrieve(name, ids=[1])[0].payload, "delete_payload")
    check(client.retrieve(name, ids=[2])[0].payload["shop"] == {"rating": 9}, "delete_payload inside")
    client.overwrite_payload(name, payload={"only": "this"}, points=models.Filter(
        must=[models.FieldCondition(key="color", match=models.MatchValue(value="none"))]))
    check(client.retrieve(name, ids=[key])[0].payload == {"only": "this"}, "overwrite_payload by filter")
    client.clear_payload(name, points_selector=[key])
    check(client.retrieve(name, ids=[key])[0].payload == {}, "clear_payload")

    for field, kind in [
        ("color", models.PayloadSchemaType.KEYWORD), ("stock", models.PayloadSchemaType.INTEGER),
        ("price", models.PayloadSchemaType.FLOAT), ("sale", models.PayloadSchemaType.BOOL),
        ("made", models.PayloadSchemaType.DATETIME), ("shop.city", models.KeywordIndexParams(type="keyword")),
    ]:
        client.create_payload_index(name, field_name=field, field_schema=kind, wait=True)
    schema = client.get_collection(name).payload_schema
    check(schema["stock"].data_type == models.PayloadSchemaType.INTEGER, "create_payload_index")
    red = models.Filter(must=[models.FieldCondition(key="color", match=models.MatchValue(value="pink"))])
    check(client.count(name, count_filter=red).count == 2, "a filter over an index")
    client.delete_payload_index(name, field_name="color")
    check("color" not in client.get_collection(name).payload_schema, "delete_payload_index")
    check(client.count(name, count_filter=red).count == 2, "a filter without its index")

    known = [(i, p["price"]) for i, p in enumerate(payloads) if "price" in p]
    page, _ = client.scroll(name, limit=10, order_by=models.OrderBy(key="price", direction="desc"))
    check([p.payload["price"] for p in page] == sorted((v for _, v in known), reverse=True)[:10], "scroll in order")
    page, _ = client.scroll(name, limit=10, order_by=models.OrderBy(key="price", start_from=50.0))
    check([p.payload["price"] for p in page] == sorted(v for _, v in known if v >= 50)[:10], "scroll from a value")

    before = client.count(name).count
    client.batch_update_points(name, update_operations=[
        models.UpsertOperation(upsert=models.PointsList(points=[
            models.PointStruct(id=900_000, vector=[0.5] * DIMENSION)])),
        models.SetPayloadOperation(set_payload=models.SetPayload(payload={"a": 1}, points=[900_000])),
        models.DeleteOperation(delete=models.PointIdsList(points=[0])),
    ])
    check(client.count(name).count == before, "batch_update_points")
    check(client.retrieve(name, ids=[900_000])[0].payload == {"a": 1}, "the points of a batch")
    client.delete(name, points_selector=[900_000, key, 424_242])
    client.delete(name, points_selector=models.FilterSelector(filter=models.Filter(
        must=[models.FieldCondition(key="stock", match=models.MatchValue(value=3))])))
    gone = {0} | {i for i, p in enumerate(payloads) if p["stock"] == 3}
    check(client.count(name).count == len(payloads) - len(gone), "delete")
    points = client.query_points(name, query=[0.1] * DIMENSION, limit=len(payloads)).points
    check({p.id for p in points} == set(range(len(payloads))) - gone, "a deleted point is no answer")

    refused(lambda: client.upsert(name, points=[models.PointStruct(id=1, vector=[1.0])]), 400, "a short vector",
            "points[0].vector")
    refused(lambda: client.query_points(name, query=[1.0]), 400, "a short query", "vector")
    refused(lambda: client.query_points(name, query=424_242), 404, "a missing example", "no_point")
    refused(lambda: client.query_points(name, query=[1.0] * DIMENSION, using="image"), 400, "a named vector", "using")
    refused(lambda: client.count(name, count_filter=models.Filter(must=[models.FieldCondition(
        key="note", match=models.MatchText(text="x"))])), 400, "a search for words", "filter.must[0].match.text")
    refused(lambda: client.count(name, count_filter=models.Filter(must=[models.FieldCondition(
        key="at", geo_radius=models.GeoRadius(center=models.GeoPoint(lon=1, lat=2), radius=3))])), 400,
        "a place on the map", "filter.must[0].geo_radius")


def check_snapshots(client, url, headers, name):
    before = client.count(name).count
    snapshot = client.create_snapshot(name, wait=True)
    check(snapshot.name in [s.name for s in client.list_snapshots(name)], "a snapshot is not listed")
    client.delete(name, points_selector=[1, 2, 4])
    check(client.count(name).count == before - 3, "delete before restoring")
    location = f"{url}/collections/{name}/snapshots/{snapshot.name}"
    check(client.recover_snapshot(name, location=location, wait=True), "recover_snapshot")
    check(client.count(name).count == before, "points of the snapshot are back")
    request = urllib.request.Request(location, headers=headers)
    with tempfile.TemporaryFile() as file:
        file.write(urllib.request.urlopen(request).read())
        check(file.tell() == snapshot.size, "the size of a snapshot")
        file.seek(0)
        client.delete(name, points_selector=[1, 2, 4])
        client.http.snapshots_api.recover_from_uploaded_snapshot(name, snapshot=file, wait=True)
    check(client.count(name).count == before, "points of the uploaded snapshot are back")
    check(client.delete_snapshot(name, snapshot.name), "delete_snapshot")
    check(client.list_snapshots(name) == [], "a deleted snapshot is listed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--api-key")
    parser.add_argument("--points", type=int, default=600)
    options = parser.parse_args()
    random = np.random.default_rng(SEED)
    headers = {"api-key": options.api_key} if options.api_key else {}

    client = QdrantClient(url=options.url, api_key=options.api_key, timeout=60, check_compatibility=False)
    import importlib.metadata

    version = importlib.metadata.version("qdrant-client")
    check(is_compatible(version, get_server_version(options.url, headers, None, 10)), f"qdrant-client {version} fits")
    for path, word in [("/healthz", "ok"), ("/livez", "ok"), ("/readyz", "ready"), ("/metrics", "akin_collection_points")]:
        request = urllib.request.Request(options.url + path, headers=headers)
        if path != "/metrics":
            check(word in urllib.request.urlopen(request).read().decode(), path)

    check_collections(client)
    vectors = random.normal(size=(options.points, DIMENSION)).astype(np.float32)
    payloads = [payload(i, random) for i in range(options.points)]
    for distance in [models.Distance.DOT, models.Distance.EUCLID, models.Distance.COSINE]:
        name = check_search(client, distance, vectors, payloads, random)
    check_points(client, name, vectors, payloads)
    check_snapshots(client, options.url.rstrip("/"), headers, name)
    request = urllib.request.Request(options.url + "/metrics", headers=headers)
    check(f'akin_collection_points{{collection="{name}"}}' in urllib.request.urlopen(request).read().decode(), "/metrics")
    for distance in ["dot", "euclid", "cosine"]:
        check(client.delete_collection(f"check-{distance}"), "delete_collection")
    print(f"qdrant-client {version}: {checks} checks passed")


if __name__ == "__main__":
    sys.exit(main())
