#!/usr/bin/env bash
# Formatting and cheap checks of every tracked file; tools that are not installed are named and passed over.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
check() { # what, command...
    local what=$1
    shift
    if "$@"; then echo "lint: $what: ok"; else
        echo "lint: $what: FAILED"
        failed=1
    fi
}
passed_over() { echo "lint: $1: passed over, $2 is not installed"; }

mapfile -t swift < <(git ls-files --cached --others --exclude-standard '*.swift')
mapfile -t c < <(git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.inc' '*.cpp' '*.cu' '*.cuh')
mapfile -t shell < <(git ls-files --cached --others --exclude-standard '*.sh' '.ci/run')
mapfile -t python < <(git ls-files --cached --others --exclude-standard '*.py')

check "swift format" swift format lint --strict --parallel "${swift[@]}"
if command -v clang-format >/dev/null; then
    check "clang-format" clang-format --dry-run --Werror "${c[@]}"
else
    passed_over "clang-format" clang-format
fi
check_shell() { for file in "${shell[@]}"; do bash -n "$file" || return 1; done; }
check "shell syntax" check_shell
if command -v shellcheck >/dev/null; then check "shellcheck" shellcheck --severity=warning "${shell[@]}"; else passed_over "shellcheck" shellcheck; fi
if [ "${#python[@]}" -gt 0 ] && command -v python3 >/dev/null; then
    check "python syntax" python3 -c 'import ast, sys
for path in sys.argv[1:]: ast.parse(open(path, encoding="utf-8").read(), path)' "${python[@]}"
    check "tables of docs/scale.md" python3 scripts/scale.py --check
fi

# Neither data, nor paths of one machine, nor work left undone belong in the tree.
no_match() { ! git grep -nIE "$@"; }
check "no absolute paths" no_match '(^|[^A-Za-z0-9_./])/(home|Users|work|root)/[a-z]' -- ':!scripts/lint.sh' ':!docs'
check "nothing left undone" no_match 'TO''DO|FIX''ME' -- Sources Tests Benchmarks Examples
no_large() { ! git ls-files -z | xargs -0 -I{} find {} -maxdepth 0 -type f -size +1024k | grep .; }
check "no file over 1 MiB" no_large
exit "$failed"
