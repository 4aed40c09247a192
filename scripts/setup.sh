#!/usr/bin/env bash
# Puts in place what the build needs: system packages, a Swift toolchain to be found, and (optional) the Python packages
# that bring ONNX Runtime. As root it installs system packages itself; as anyone else it says which to ask for and stops.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

debian_packages=(libjpeg-dev libpng-dev libwebp-dev libopenblas-dev libsimdjson-dev libsqlite3-dev libnats-dev pkg-config git ca-certificates python3 python3-venv)
as_root=()

# Debian and its relatives: ask the package database.
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    missing=()
    for package in "${debian_packages[@]}"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    if [ "${#missing[@]}" -gt 0 ]; then
        if [ "$(id -u)" -eq 0 ]; then
            say "installing ${missing[*]}"
            export DEBIAN_FRONTEND=noninteractive
            apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
                apt-get update -qq
                apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null
            }
        else
            say "these system packages are missing; ask an administrator for:"
            printf '\n    sudo apt-get install %s\n\n' "${missing[*]}" >&2
            say "then run this again."
            exit 1
        fi
    fi
else
    # Elsewhere: ask pkg-config, and name the packages of the common package managers.
    libraries=(libjpeg libpng libwebp simdjson sqlite3 libnats)
    [ "$(uname)" = Darwin ] || libraries+=(openblas) # macOS has LAPACK of its own
    for library in "${libraries[@]}"; do
        pkg-config --exists "$library" 2>/dev/null || as_root+=("$library")
    done
    if [ "${#as_root[@]}" -gt 0 ]; then
        say "missing: ${as_root[*]} (found through pkg-config). Install them with one of:"
        printf '\n    %s\n    %s\n\n' "brew install pkg-config jpeg-turbo libpng webp simdjson cnats" \
            "sudo dnf install pkgconf libjpeg-turbo-devel libpng-devel libwebp-devel openblas-devel simdjson-devel sqlite-devel cnats-devel" >&2
        exit 1
    fi
fi

if ! command -v swift >/dev/null; then
    say "no Swift found. Akin needs Swift 6.1 or newer: see https://www.swift.org/install, unpack it and put its usr/bin on PATH."
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
if [ "$(printf '%s\n6.1\n' "${version:-0.0}" | sort -V | head -n 1)" != 6.1 ]; then
    say "Swift ${version:-of unknown version} found; Akin needs 6.1 or newer: see https://www.swift.org/install."
    exit 1
fi

# Models need ONNX Runtime, which the Python package carries. Nothing else needs it, so a failure here is a note.
if ! [ -e .venv/lib/.akin-complete ]; then
    say "making .venv with onnxruntime, numpy and pillow"
    python=$(command -v /usr/bin/python3 || command -v python3 || true)
    if [ -n "$python" ] && { [ -x .venv/bin/python ] || "$python" -m venv .venv; } >/dev/null 2>&1 \
        && .venv/bin/python -m pip install --quiet --disable-pip-version-check onnxruntime numpy pillow; then
        touch .venv/lib/.akin-complete
    else
        say "no ONNX Runtime: the built-in descriptor works, neural networks (--model DIR) do not."
        say "to add it later: run 'make setup' with a network, or set AKIN_ONNXRUNTIME to libonnxruntime.so"
    fi
fi
