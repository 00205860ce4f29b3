#!/bin/sh
# Runs the bench and the tests on this machine's graphics device:  ./run.sh [--allow-software] [case ...]
here=$(cd "$(dirname "$0")" && pwd)
# The machine's own libraries come first; the two in lib/ are for machines that lack them.
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
if [ -z "$XDG_RUNTIME_DIR" ]; then
  XDG_RUNTIME_DIR=$(mktemp -d)
  export XDG_RUNTIME_DIR
fi
exec "$here/node" "$here/bench/gpu/run.mjs" "$@"
