#!/bin/sh
# Jupyter's conformance tests against the built kernel of this checkout. Needs
#   apt-get install --no-install-recommends python3-jupyter-kernel-test python3-jupyter-client
set -eu
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../../.." && pwd)
PYTHON=${OSCC_PYTHON:-/usr/bin/python3}
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

if ! "$PYTHON" -c 'import jupyter_kernel_test' 2>/dev/null; then
  echo "python3-jupyter-kernel-test is missing:" >&2
  echo "  apt-get install --no-install-recommends python3-jupyter-kernel-test python3-jupyter-client" >&2
  exit 1
fi
cd "$SCRATCH"
HOME=$SCRATCH JUPYTER_PATH=$ROOT JUPYTER_RUNTIME_DIR=$SCRATCH/runtime PYTHONDONTWRITEBYTECODE=1 \
  "$PYTHON" "$ROOT/test/kernel/conformance/test_conformance.py" -v
