#!/usr/bin/env bash
# The official suites of Engine.IO v4 and Socket.IO v5, unmodified, against a conformance build. They are in no registry: get the folder
# `docs` of https://github.com/socketio/socket.io and name it. Without it, they are skipped, aloud and with success.
#
#   SOCKETIO_DOCS=…/socket.io/docs tests/socketio_suites.sh
#
# Both connect to port 3000. The last line is what they counted.
set -euo pipefail
docs=${SOCKETIO_DOCS:+$(realpath -m "$SOCKETIO_DOCS")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$target/socketio-suites

if [[ -z $docs ]]; then
  echo 'SKIPPED: the official suites of Socket.IO: SOCKETIO_DOCS names no folder with them'
  exit 0
fi

cargo build --quiet --release --no-default-features --features conformance --target-dir "$work/build"
"$work/build/release/charsu" --listen 127.0.0.1:3000 --no-limits --log error >"$work/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in {1..100}; do
  grep -q http "$work/server.log" && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 2; }
  sleep 0.05
done

passed=0
failed=0
for suite in engine.io-protocol/v4-test-suite socket.io-protocol/v5-test-suite; do
  copy=$work/${suite%%/*}
  rm -rf "$copy"
  mkdir -p "$copy"
  cp "$docs/$suite"/*.js* "$copy"
  # Each has the file that makes the browser's names known to Node, or shares the other's.
  [[ -f $copy/node-imports.js ]] || cp "$docs/engine.io-protocol/v4-test-suite/node-imports.js" "$copy"
  (cd "$copy" && npm install --no-audit --no-fund --loglevel error)
  log=$copy.log
  (cd "$copy" && timeout -k 5 120 node_modules/.bin/mocha test-suite.js) 2>&1 | tee "$log" || true
  good=$(awk '$2 == "passing" { print $1; exit }' "$log")
  bad=$(awk '$2 == "failing" { print $1; exit }' "$log")
  passed=$((passed + ${good:-0}))
  failed=$((failed + ${bad:-$((${good:-0} > 0 ? 0 : 1))}))
done
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0 && passed > 0))
