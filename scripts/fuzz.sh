#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while: scripts/fuzz.sh [SECONDS [TARGET...]]
#
# A target is a file Fuzz/NAME.swift with an LLVMFuzzerTestOneInput. The libraries are built a second time with coverage and
# AddressSanitizer in a folder of their own, so that ordinary builds stay as they are. What a target learned is kept in
# .build/fuzz/corpus and used by the next run; an input that breaks something is left in .build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
    for file in Fuzz/*.swift; do targets+=("$(basename "$file" .swift)"); done
fi

folder=.build/fuzz
for library in AkinVision AkinStore; do
    swift build -c release --scratch-path "$folder" --target "$library" \
        -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address -Xcxx -fsanitize=fuzzer-no-link,address
done
built=$(cd "$folder/release" && pwd -P)

# Targets belong to the package, which SwiftPM calls as the folder is called: they reach what is not public, and the
# compiler then wants the C modules beneath.
package=$(basename "$PWD" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9\n' _)
modules=()
for map in "$built"/*.build/module.modulemap Sources/*/include/module.modulemap Sources/C[LS]*/module.modulemap \
    "$folder"/checkouts/GRDB.swift/Sources/GRDBSQLite/module.modulemap; do
    modules+=(-Xcc "-fmodule-map-file=$map")
done
# shellcheck disable=SC2054  # the comma belongs to the option
compile=(swiftc -O -swift-version 6 -package-name "$package" -sanitize=fuzzer,address -parse-as-library
    -I "$built/Modules" "${modules[@]}")

# Messages of clusters need the words of AkinServer's model, and not what the rest of it stands on.
if [[ " ${targets[*]} " == *" ShardMessageFuzz "* ]]; then
    messages="$built/AkinMessages.build"
    mkdir -p "$messages"
    part() {
        local name=$1
        shift
        "${compile[@]}" -I "$messages" -wmo -enable-upcoming-feature InternalImportsByDefault \
            -enable-upcoming-feature ExistentialAny -module-name "$name" \
            -emit-module -emit-module-path "$messages/$name.swiftmodule" -c -o "$messages/$name.o" "$@"
    }
    part AkinServer Sources/AkinServer/Service/{CollectionService,Placement}.swift
    part AkinCluster Sources/AkinCluster/Messages/*.swift
fi

mapfile -t objects < <(find "$built" \( -path '*Akin*.build/*.o' -o -path '*/GRDB.build/*.o' \) ! -path '*AkinCommand*' ! -path '*Tests*')
mkdir -p "$folder/crashes"

read -ra libraries <<<"$(pkg-config --libs libjpeg libpng libwebp libwebpdemux openblas simdjson sqlite3) -lstdc++"

for target in "${targets[@]}"; do
    "${compile[@]}" -I "$built/AkinMessages.build" -use-ld=lld "Fuzz/$target.swift" "${objects[@]}" "${libraries[@]}" \
        -o "$folder/$target"
done
failed=0
for target in "${targets[@]}"; do
    mkdir -p "$folder/corpus/$target"
    python3 Fuzz/seeds.py "$target" "$folder/corpus/$target"
    echo "fuzz: $target for $seconds s"
    # Errors are what hostile input must give, so only crashes, hangs and large allocations count as findings.
    # The sanitizer reports a crash better than the Swift runtime, which stumbles over its guarded memory.
    if ! SWIFT_BACKTRACE=enable=no "$folder/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$folder/crashes/$target-" "$folder/corpus/$target" >"$folder/$target.log" 2>&1; then
        tail -n 60 "$folder/$target.log"
        failed=1
    fi
    grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$folder/$target.log" || true
done
exit "$failed"
