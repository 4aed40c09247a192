#!/usr/bin/env bash
# Exchanges index files with Faiss in both directions and compares the answers: scripts/faiss-check.sh [NAME...]
#
# faiss-cpu is installed into an environment of its own, .build/faiss-venv, unless FAISS_PYTHON names a Python that has it.
# With names, only kinds of index whose name contains one of them are checked.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${FAISS_PYTHON:-.build/faiss-venv/bin/python}
if [ -z "${FAISS_PYTHON:-}" ] && ! "$python" -c 'import faiss' 2>/dev/null; then
    mkdir -p .build
    "$(command -v /usr/bin/python3 || command -v python3)" -m venv .build/faiss-venv
    "$python" -m pip install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy
fi
[ -x .build/release/akin ] || swift build -c release --product akin
"$python" Tests/Peers/faiss_files.py .build/release/akin "$@"
