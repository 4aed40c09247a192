#!/usr/bin/env bash
# Akin and its peers, one after the other on the same data and threads; JSON lines go to Benchmarks/results.
#
#     Benchmarks/run.sh                     # everything that the data at hand allow
#     Benchmarks/run.sh search fashion      # exact search on some data sets: fashion, clusters, uniform
#     Benchmarks/run.sh kmeans [DATASET]    # k-means on a data set (default: clusters)
#     Benchmarks/run.sh ivf fashion         # inverted files beside faiss: fashion, clusters
#     Benchmarks/run.sh binary              # binary codes beside faiss: a million of 256 bits
#     Benchmarks/run.sh graphs fashion      # graphs beside hnswlib, faiss and svs: fashion, clusters
#     Benchmarks/run.sh knn-graph           # k-NN graphs: exact on fashion, approximate on clusters
#     Benchmarks/run.sh churn fashion       # graphs whose vectors are replaced, and filters: fashion, clusters
#     Benchmarks/run.sh service             # the service: writes, searches beside the same index in process, overload (needs wrk)
#     Benchmarks/run.sh large               # ten million vectors with 1 GiB of memory (needs 12 GB of disk)
#     Benchmarks/run.sh compare [DATASET]   # kinds of index side by side, into docs/compare.md: fashion, tiny-imagenet
#     Benchmarks/run.sh embed | classify    # images to vectors; kNN classification (both need AKIN_DATA)
#
# THREADS is the number of threads for embedding and classification (default: all). Run it on an idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."
akin=.build/release/akin
peers=Benchmarks/peers
results=Benchmarks/results
data=$results/data
threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}
mkdir -p "$data"

python=${PYTHON:-$results/venv/bin/python}
if ! "$python" -c 'import faiss, hnswlib, onnxruntime, PIL, svs' 2>/dev/null; then
    echo "bench: making $results/venv" >&2
    python3 -m venv "$results/venv"
    python=$results/venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check -r $peers/requirements.txt
fi
[ -x "$akin" ] || swift build -c release
# ONNX Runtime of the peers, so that both sides run the same library.
AKIN_ONNXRUNTIME=${AKIN_ONNXRUNTIME:-$("$python" -c 'import glob, onnxruntime, os
print(sorted(glob.glob(os.path.join(os.path.dirname(onnxruntime.__file__), "capi", "libonnxruntime.so*")))[0])')}
export AKIN_ONNXRUNTIME

log=$results/$(date -u +%Y%m%dT%H%M%SZ).jsonl
record() { # part, who, command...: keeps each JSON line with what it belongs to, and shows it
    local part=$1 who=$2
    shift 2
    "$@" | sed "s|^{|{\"part\": \"$part\", \"who\": \"$who\", |" | tee -a "$log"
}
"$python" - >>"$log" <<PY
import json, os, platform, subprocess
cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor()) \
    if os.path.exists("/proc/cpuinfo") else platform.processor()
commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
print(json.dumps({"part": "machine", "cpu": cpu, "cores": os.cpu_count(), "system": platform.platform(), "commit": commit}))
PY

search() { # data set
    "$python" $peers/datasets.py "$1" "$data/$1"
    swift build -c release --package-path Benchmarks >&2
    record "search $1" both "$python" $peers/exact_search.py "$data/$1" --akin Benchmarks/.build/release/exact-search
}

kmeans() { # data set
    "$python" $peers/datasets.py "$1" "$data/$1"
    record "kmeans $1" both "$python" $peers/kmeans.py "$data/$1" --akin $akin
}

ivf() { # data set
    local goal=0.94
    [ "$1" != fashion ] || goal=0.99
    "$python" $peers/datasets.py "$1" "$data/$1"
    swift build -c release --package-path Benchmarks >&2
    record "ivf $1" both "$python" $peers/ivf.py "$data/$1" --akin $akin --goal $goal \
        --search Benchmarks/.build/release/ivf-search
}

binary() {
    swift build -c release --package-path Benchmarks >&2
    record binary both "$python" $peers/binary.py --akin Benchmarks/.build/release/binary-search --folder "$data/binary"
}

graphs() { # data set
    local goal=0.98 spec="HNSW16,SQ4,Refine(SQfp16)"
    if [ "$1" = fashion ]; then goal=0.99 spec="PCAR256,HNSW16,SQ4,Refine(SQ8)"; fi
    "$python" $peers/datasets.py "$1" "$data/$1"
    record "graphs $1" both "$python" $peers/graphs.py "$data/$1" --akin $akin --spec "$spec" --goal $goal \
        --refine 2 3 4
}

knn_graph() {
    local threads
    for threads in 1 2; do
        "$python" $peers/datasets.py fashion "$data/fashion"
        record "graph fashion" both "$python" $peers/knn_graph.py "$data/fashion" --akin $akin --threads "$threads"
    done
    "$python" $peers/datasets.py clusters "$data/clusters"
    record "graph clusters" both "$python" $peers/knn_graph.py "$data/clusters" --akin $akin --method approximate \
        --threads 2 --rounds 1
}

churn() { # data set
    local spec=HNSW16,SQ8,RFlat
    "$python" $peers/datasets.py "$1" "$data/$1"
    swift build -c release --package-path Benchmarks >&2
    record "churn $1" akin Benchmarks/.build/release/graph-churn "$data/$1"/base.* "$data/$1"/query.* $spec 300000
}

service() {
    "$python" $peers/datasets.py clusters "$data/clusters"
    swift build -c release --product akin-server >&2
    record service akin "$python" $peers/service.py upsert "$data/clusters"
    record service akin "$python" $peers/service.py search "$data/clusters" --akin $akin --keep "$data/service"
    record service akin "$python" $peers/service.py overload "$data/clusters" --flood 1000 --seconds 60 --keep "$data/service"
}

large() {
    "$python" $peers/datasets.py large "$data/large"
    record large akin "$python" $peers/large.py "$data/large" --akin $akin
}

compare() { # data set; both need AKIN_DATA
    local folder=$data/$1 specs options
    specs='IVF256,Flat;IVF256,PQ98x4fs,RFlat;HNSW16;PCAR128,HNSW16,SQ8,RFlat;KDTree;KDTree8'
    specs+=';LSH256;LSH256,RFlat;LSH8x16;E2LSH8x16;ITQ128,BFlat;ITQ128,BFlat,RFlat'
    if [ "$1" = tiny-imagenet ]; then
        local images=$AKIN_DATA/images/tiny-imagenet model=$AKIN_DATA/models/vit_tiny_patch16_224
        mkdir -p "$folder"
        [ -f "$folder/base.npy" ] || $akin embed "$images/train.tar" --model "$model" -o "$folder/base.npy"
        [ -f "$folder/query.npy" ] || $akin embed "$images/val.tar" --model "$model" -o "$folder/query.npy"
        specs=${specs//PQ98x4fs/PQ96x4fs}
        options=(--metric cosine --title "ViT-Tiny embeddings of Tiny ImageNet")
    else
        "$python" $peers/datasets.py "$1" "$folder"
        options=(--labels "$folder/labels.npy" --query-labels "$folder/query-labels.npy" --title "$1")
    fi
    record "compare $1" akin $akin compare "$folder/base.npy" --queries "$folder/query.npy" --indexes "$specs" \
        "${options[@]}" -o "$results/compare-$1" --json
    "$python" $peers/compare_docs.py "$1" "$results/compare-$1"
}

embed() {
    local source=$AKIN_DATA/images/tiny-imagenet/val.tar model=$AKIN_DATA/models/vit_tiny_patch16_224
    record embed akin $akin embed "$source" --model "$model" -o "$data/val.npy" --threads "$threads" --restart --json
    record embed python "$python" $peers/embed_loop.py "$source" --model "$model" --threads "$threads"
}

classify() {
    local images=$AKIN_DATA/images/tiny-imagenet model=$AKIN_DATA/models/vit_tiny_patch16_224
    record classify akin $akin classify --train "$images/train.tar" --val "$images/val.tar" --model "$model" -k 10 \
        --threads "$threads" --report "$results/report" --json
    record classify python "$python" $peers/knn_reference.py --train "$images/train.tar" --val "$images/val.tar" \
        --model "$model" -k 10 --threads "$threads" --cache "$data/reference"
}

part=${1:-all}
[ $# -eq 0 ] || shift
case $part in
    search) for name in "${@:-uniform}"; do search "$name"; done ;;
    kmeans) kmeans "${1:-clusters}" ;;
    ivf) for name in "${@:-clusters}"; do ivf "$name"; done ;;
    binary) binary ;;
    graphs) for name in "${@:-clusters}"; do graphs "$name"; done ;;
    knn-graph) knn_graph ;;
    churn) for name in "${@:-clusters}"; do churn "$name"; done ;;
    service) service ;;
    large) large ;;
    compare) for name in "${@:-fashion}"; do compare "$name"; done ;;
    embed) embed ;;
    classify) classify ;;
    all)
        search clusters
        kmeans clusters
        ivf clusters
        binary
        if [ -n "${AKIN_DATA:-}" ]; then
            search fashion
            ivf fashion
            compare fashion
            compare tiny-imagenet
            embed
            classify
        else
            echo "bench: without AKIN_DATA there is no fashion, embed and classify" >&2
        fi
        ;;
    *)
        echo "usage: Benchmarks/run.sh [search [DATASET...] | kmeans [DATASET] | ivf [DATASET...] | binary | graphs [DATASET...] | knn-graph | churn [DATASET...] | service | large | compare [DATASET...] | embed | classify]" >&2
        exit 2
        ;;
esac
"$python" $peers/summary.py "$log"
echo "bench: $log"
