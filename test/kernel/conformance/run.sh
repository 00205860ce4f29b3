#!/bin/sh
# Jupyter's conformance tests against the built kernel of this checkout. Needs
#   apt-get install --no-install-recommends python3-jupyter-kernel-test python3-jupyter-client
# With --compare: the same probes on this kernel, on ipykernel (python3-ipykernel) and on plain tslab, as a table.
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
# Plain tslab, to compare with.
mkdir -p "$SCRATCH/jupyter/kernels/tslab"
printf '{"argv": ["node", "%s/node_modules/tslab/bin/tslab", "kernel", "--config-path={connection_file}"], "display_name": "tslab", "language": "typescript"}' \
  "$ROOT" >"$SCRATCH/jupyter/kernels/tslab/kernel.json"
export HOME=$SCRATCH JUPYTER_PATH="$ROOT:$SCRATCH/jupyter" JUPYTER_RUNTIME_DIR=$SCRATCH/runtime PYTHONDONTWRITEBYTECODE=1
if [ "${1:-}" = --compare ]; then
  "$PYTHON" "$ROOT/test/kernel/conformance/compare.py"
else
  "$PYTHON" "$ROOT/test/kernel/conformance/test_conformance.py" -v
fi
