#!/bin/sh
# Runs one of the project's verbs: brings the machine into shape (setup.sh), then hands over to it.
# Every last step is an exec, so that a signal sent to npm reaches the program that must clean up.
#   sh build/run.sh start | test | check | accept | bench | native | webui | image [ARGUMENTS]
set -eu
cd "$(dirname "$0")/.."

verb=${1:?"usage: sh build/run.sh start|test|check|accept|bench|native|webui|image [ARGUMENTS]"}
shift

case $verb in
  start | test | check | accept | bench | native | webui | image) ;;
  *) echo "causeway: unknown verb '$verb'" >&2; exit 2 ;;
esac

sh build/setup.sh "$verb" "${1:-}"
node=node_modules/.bin/node

case $verb in
  start) exec "$node" test/lab/start.ts "$@" ;;
  accept) exec "$node" test/accept/accept.ts "$@" ;;
  bench) exec "$node" test/bench/bench.ts "$@" ;;
  image) exec "$node" build/image/image.ts "$@" ;;
  check | test) exec "$node" build/verify.ts "$verb" ;;
  native | webui) exit 0 ;; # setup.sh has built it
esac
