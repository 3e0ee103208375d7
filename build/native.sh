#!/bin/sh
# Builds native/ with Meson into native/out (causeway.node and the native tests). Ninja looks at what has
# changed, so calling this again costs some hundredths of a second.
set -eu
cd "$(dirname "$0")/.."

out=native/out
# build.ninja is the last file that meson setup writes: without it the folder is half a set-up.
if [ ! -f "$out/build.ninja" ]; then
  echo "set-up: configures the native build in $out" >&2
  rm -rf "$out"
  log=$(mktemp)
  if ! meson setup "$out" native >"$log" 2>&1; then
    cat "$log" >&2
    rm -rf "$log" "$out"
    exit 1
  fi
  rm -f "$log"
fi

if ! ninja -C "$out" -n | grep -q 'no work to do'; then
  echo "set-up: builds the native module" >&2
  exec ninja -C "$out" --quiet
fi
