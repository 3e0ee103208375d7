#!/bin/sh
# Runs one fuzz target for some seconds, beginning with its kept corpus, which it leaves as it is. An input that fails
# is kept beside the target, and printed.
#   sh run.sh TARGET CORPUS SECONDS [LIBFUZZER-OPTIONS]
set -eu

target=$1
corpus=$2
seconds=$3
shift 3

[ -n "$(ls "$corpus")" ] || { echo "$corpus: there are no seeds" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
"$target" -max_total_time="$seconds" -timeout=10 -error_exitcode=1 -timeout_exitcode=1 -print_final_stats=1 \
  -artifact_prefix="$target-" "$@" "$work" "$corpus"
