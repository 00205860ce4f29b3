#!/bin/sh
# What the image runs first. A JupyterHub mounts a home of its own over /home/jovyan, at first an empty one: the notebooks
# are copied there, unless the reader has them already.
set -eu
[ -e "$HOME/notebooks" ] || cp -R /opt/oscc-lab/notebooks "$HOME/notebooks" || echo "oscc-lab: $HOME cannot be written." >&2
exec "$@"
