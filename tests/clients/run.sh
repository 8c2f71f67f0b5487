#!/usr/bin/env bash
# Real clients against the sandbox: a virtual environment below target/, the packages of requirements.txt, the debug build
# (or the binary that CMKCTL names), the tests.
# Arguments go to pytest; `compare` as the first one measures cmkctl beside the Azure CLI instead, `signed-in` what a sign-in by it costs. Needs python3 (3.10 or newer) with venv and pip; says so and does nothing where that is absent.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "SKIPPED: real clients need python3 (3.10 or newer) with venv and pip, and this machine has none. Nothing was tested."
  exit 0
fi
target="${CARGO_TARGET_DIR:-target}"
venv="$target/clients/venv"
# Installed once for each list of packages.
wanted="$(cat tests/clients/requirements.txt; python3 --version)"
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt
  printf '%s\n' "$wanted" >"$venv/installed"
fi
if [ -z "${CMKCTL:-}" ]; then
  cargo build --locked --bin cmkctl
  CMKCTL="$(cd "$target/debug" && pwd)/cmkctl"
  export CMKCTL
fi
if [ "${1:-}" = compare ]; then
  shift
  exec "$venv/bin/python" tests/clients/compare.py "$@"
fi
if [ "${1:-}" = signed-in ]; then
  shift
  exec "$venv/bin/python" tests/clients/signed_in.py "$@"
fi
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider tests/clients "$@"
