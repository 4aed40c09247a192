#!/usr/bin/env bash
# Measurements that take seconds, for a look and not for quoting: Benchmarks/quick.sh FOLDER
# FOLDER is for data; what it holds already is used again. The program must be built.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?usage: Benchmarks/quick.sh FOLDER}
akin=.build/release/akin
mkdir -p "$folder"

if [ -x .venv/bin/python ] && .venv/bin/python -c 'import numpy' 2>/dev/null; then
    echo "exact search, 20,000 x 64, one thread:"
    .venv/bin/python Benchmarks/peers/datasets.py uniform "$folder/uniform"
    $akin build "$folder/uniform/base.npy" --index Flat -o "$folder/uniform/flat.akin" --json
    $akin truth "$folder/uniform/base.npy" "$folder/uniform/query.npy" -k 100 -o "$folder/uniform/truth.ivecs" --json
    $akin eval "$folder/uniform/flat.akin" "$folder/uniform/query.npy" --truth "$folder/uniform/truth.ivecs" \
        --sweep arithmetic=automatic,float32 --batch 0,100,1 --threads 1 --json
else
    echo "exact search: passed over, .venv has no numpy"
fi

echo "embedding with the built-in descriptor:"
[ -d "$folder/demo/images" ] || $akin demo --output "$folder/demo" --quiet >/dev/null
$akin embed "$folder/demo/images/train" --model builtin -o "$folder/builtin.npy" --restart --json

if [ -n "${AKIN_DATA:-}" ] && ls .venv/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so* >/dev/null 2>&1; then
    echo "embedding with ViT-Tiny, and the same in plain Python:"
    model=$AKIN_DATA/models/vit_tiny_patch16_224
    $akin embed "$AKIN_DATA/images/imagenet-samples" --model "$model" -o "$folder/vit.npy" --restart --json
    .venv/bin/python Benchmarks/peers/embed_loop.py "$AKIN_DATA/images/imagenet-samples" --model "$model"
else
    echo "embedding with a network: passed over, it needs AKIN_DATA and ONNX Runtime"
fi
