#!/usr/bin/env bash
# The Autobahn test suite against the WebSocket server: every case, those of compression (12.*, 13.*) against a second server
# that has it on, both at the same time. Strict: a case that is merely NON-STRICT has failed.
#
#   tests/autobahn.sh                     builds the conformance build and tests its /echo
#   tests/autobahn.sh ws://HOST:PORT/PATH tests an echo server that already runs, without compression
#   CASES='["6.*","7.*"]' tests/autobahn.sh
#
# A case of compression sends a thousand messages, up to 128 KiB each, which together takes the suite twenty-five minutes. Here
# each sends MESSAGES (100); CHARSU_FULL=1 sends all.
#
# The suite runs on Python 2.7 only. PY27 names one; else the newest of pyenv, else python2.7 of the PATH is taken. Without any
# the suite is skipped, aloud and with success. It takes about two minutes; the reports stay in target/autobahn/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$target/autobahn
suite=autobahntestsuite==25.10.1
cases=${CASES:-'["*"]'}
messages=${MESSAGES:-100}
[[ ${CHARSU_FULL:-} != 1 ]] || messages=1000

is_python27() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' >/dev/null 2>&1; }

# Prints nothing if there is none.
find_python27() {
  local candidate candidates=("${PY27:-}")
  if [[ -z ${PY27:-} ]]; then
    mapfile -t candidates < <(printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python | sort -Vr)
    candidates+=(python2.7)
  fi
  for candidate in "${candidates[@]}"; do
    if is_python27 "$candidate"; then echo "$candidate" && return; fi
  done
}

install_suite() {
  [[ -x $work/venv/bin/wstest ]] && return
  local python log=$work/install.log
  python=$1
  mkdir -p "$work"
  {
    # The last virtualenv that can make a Python 2.7 environment, kept out of the interpreter's own packages.
    "$python" -m pip install --target "$work/virtualenv" 'virtualenv<20.22' &&
      PYTHONPATH=$work/virtualenv "$python" -m virtualenv "$work/venv" &&
      "$work/venv/bin/pip" install "$suite"
  } >"$log" 2>&1 || { tail -n 20 "$log" >&2; echo "could not install $suite" >&2; rm -rf "$work/venv"; exit 2; }
}

# Makes the conformance build. It wants of all dependencies what the usual build wants, and so compiles none that is there; the page
# it does without. It lies apart, so that target/release/charsu stays what it was.
build_server() {
  local usual=$target/release/charsu status=0
  mkdir -p "$work"
  # Cargo links what it built to where it is wanted, and mv does not put a file in its own place.
  rm -f "$work"/{charsu,usual}
  if [[ -e $usual ]]; then mv -f "$usual" "$work/usual"; fi
  nice -n 5 cargo build --release --no-default-features --features conformance,terminal,tls || status=$?
  if ((status == 0)); then mv -f "$usual" "$work/charsu"; fi
  if [[ -e $work/usual ]]; then mv -f "$work/usual" "$usual"; fi
  return "$status"
}

servers=()
trap '((${#servers[@]} == 0)) || kill "${servers[@]}" 2>/dev/null || true' EXIT

# Sets `url` to the echo of a server that is started with these flags.
start_server() {
  local line ready
  exec {ready}< <(exec "$work/charsu" --listen 127.0.0.1:0 --no-limits "$@" 2>"$work/server-${#servers[@]}.log")
  servers+=($!)
  while read -r -t 30 -u "$ready" line; do
    [[ $line =~ http://([^[:space:]/]+) ]] && url=ws://${BASH_REMATCH[1]}/echo && return
  done
  tail -n 20 "$work"/server-*.log >&2
  echo "the server did not become ready" >&2
  exit 2
}

# Runs the cases against an echo, but for some, and leaves a report.
#   run_cases NAME URL CASES_THAT_ARE_LEFT_OUT
run_cases() {
  local folder=$work/$1
  rm -rf "$folder"
  mkdir "$folder"
  cat >"$folder/spec.json" <<SPEC
{"outdir": "$folder/report", "servers": [{"agent": "charsu", "url": "$2"}],
 "cases": $cases, "exclude-cases": $3, "exclude-agent-cases": {}}
SPEC
  (cd "$folder" && nice -n 5 timeout 3600 "$work/venv/bin/python" "$work/wstest.py" -m fuzzingclient -s spec.json >suite.log 2>&1) ||
    { tail -n 20 "$folder/suite.log" >&2; echo "the suite itself failed" >&2; return 2; }
}

python=$(find_python27)
if [[ -z $python ]]; then
  echo "SKIPPED: the Autobahn suite needs a Python 2.7, and none was found (PY27 can name one)"
  exit 0
fi
install_suite "$python"
cat >"$work/wstest.py" <<WSTEST
from autobahntestsuite import wstest
from autobahntestsuite.case import Case12_X_X, Case13_X_X

for case in Case12_X_X + Case13_X_X:
    case.COUNT = $messages
wstest.run()
WSTEST

url=${1:-}
rm -rf "$work"/report "$work"/{plain,compressed}
if [[ -z $url ]]; then
  build_server
  start_server --websocket-compression
  run_cases compressed "$url" '["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "8.*", "9.*", "10.*", "11.*"]' &
  compressed=$!
  start_server
fi
run_cases plain "$url" '["12.*", "13.*"]'
[[ -z ${compressed:-} ]] || wait "$compressed"

"$work/venv/bin/python" - "$work"/{plain,compressed}/report/index.json <<'SUMMARY'
from __future__ import print_function
import collections, json, os, sys

cases = {}
for report in sys.argv[1:]:
    if os.path.exists(report):
        cases.update(json.load(open(report)).get("charsu", {}))
good = {"OK", "INFORMATIONAL"}
bad = [name for name, case in cases.items() if not {case["behavior"], case["behaviorClose"]} <= good]
for part in ("behavior", "behaviorClose"):
    counts = collections.Counter(case[part] for case in cases.values())
    print(part + ":", ", ".join("%s %d" % each for each in sorted(counts.items())))
for name in sorted(bad, key=lambda name: [int(part) for part in name.split(".")]):
    case = cases[name]
    print("  case %s: %s, close: %s, code %s" % (name, case["behavior"], case["behaviorClose"], case["remoteCloseCode"]))
print("%d passed, %d failed" % (len(cases) - len(bad), len(bad)))
sys.exit(1 if bad or not cases else 0)
SUMMARY
