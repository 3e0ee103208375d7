#!/bin/sh
# Builds webui/ with Vite into webui/out, when something that it is made from is newer than what it made: the UI's own files,
# those of firmware/model, and the lock of its packages. Looking costs some hundredths of a second.
set -eu
cd "$(dirname "$0")/.."

# Written last: without it the folder is half a build.
stamp=webui/out/.built
if [ -f "$stamp" ]; then
  newer=$(find webui firmware/model package-lock.json build/webui.sh \
    -path webui/out -prune -o -newer "$stamp" -print | head -n 1)
  [ -n "$newer" ] || exit 0
fi

echo "set-up: builds the web UI" >&2
node_modules/.bin/node node_modules/vite/bin/vite.js build --config webui/vite.config.ts
: >"$stamp"
