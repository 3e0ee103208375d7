#!/bin/sh
# Builds native/ with clang, ASan and UBSan into native/out-sanitized.
#   sh build/sanitized.sh TARGET…   those of Ninja's: the fuzzers, as build/fuzz.ts asks for them
#   sh build/sanitized.sh           the native tests, and runs them
set -eu
cd "$(dirname "$0")/.."

out=native/out-sanitized
if [ ! -f "$out/build.ninja" ]; then
  rm -rf "$out"
  CC=clang meson setup "$out" native -Dsanitized=true
fi
if [ $# -gt 0 ]; then
  exec ninja -C "$out" --quiet "$@"
fi
ninja -C "$out" --quiet meson-test-prereq
export LSAN_OPTIONS="suppressions=$PWD/native/test/leaks-of-others.txt:print_suppressions=0"
exec meson test -C "$out" --no-rebuild --no-suite fuzz --no-suite plant --timeout-multiplier 4 --print-errorlogs
