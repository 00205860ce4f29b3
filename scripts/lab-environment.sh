#!/bin/sh
# JupyterLab 4 on a Debian machine whose release has none: its packages (and the Python ones below it), all of them
# architecture-independent, are fetched from a newer Debian release and unpacked into .cache/. Nothing is
# installed into the system from there. The mirror is the one that this machine's apt already uses.
#
#   scripts/lab-environment.sh [RELEASE]     unpack, unless that was done before; print the folder
#
# ipywidgets' manager, an extension of JupyterLab, goes to widget-manager/ in it, where JupyterLab does not find it by itself.
#
# RELEASE is trixie (the default: JupyterLab 4.0) or forky (JupyterLab 4.4 and Notebook 7).
#
# From the machine's own release, install first (as root):
#   apt-get install --no-install-recommends chromium python3-zmq python3-tornado python3-jinja2 python3-jsonschema \
#     python3-jupyter-server python3-jupyterlab-server python3-nbconvert python3-httpx python3-json5
set -eu

RELEASE=${1:-trixie}
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
TARGET=${OSCC_LAB_ENVIRONMENT:-$ROOT/.cache/jupyterlab}-$RELEASE
DONE=$TARGET/.unpacked-with-manager

PACKAGES="jupyterlab python3-jupyter-client python3-jupyter-core python3-jupyter-server
  python3-jupyter-server-terminals python3-jupyterlab-server python3-notebook-shim python3-async-lru
  python3-overrides python3-pythonjsonlogger python3-rfc3339-validator python3-rfc3986-validator
  python3-traitlets python3-nbclient python3-nbformat python3-nbconvert python3-anyio python3-websocket
  python3-jupyterlab-pygments python3-mistune python3-platformdirs python3-typing-extensions
  python3-jupyterlab-widgets"
case $RELEASE in
trixie) ;;
forky) PACKAGES="$PACKAGES jupyter-notebook python3-notebook python3-packaging" ;;
*) echo "There is no JupyterLab 4 in Debian $RELEASE for us: trixie or forky." >&2 && exit 1 ;;
esac

if [ -e "$DONE" ]; then
  echo "$TARGET"
  exit 0
fi

# The mirror of the machine's own main archive.
MIRROR=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
  sed -n 's/^Debian|Debian|main|//p' | head -n 1)
if [ -z "$MIRROR" ]; then
  echo "No Debian archive among this machine's apt sources, or apt-get update was never run." >&2
  exit 1
fi

# An apt of its own, so that the machine's sources and lists stay as they are.
APT=$TARGET/apt
mkdir -p "$APT/lists/partial" "$APT/archives/partial" "$APT/empty.d"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$KEYRING] $MIRROR $RELEASE main" >"$APT/sources.list"
: >"$APT/status"
isolated() {
  apt-get -qq \
    -o Dir::Etc::SourceList="$APT/sources.list" -o Dir::Etc::SourceParts="$APT/empty.d" \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts="$APT/empty.d" \
    -o Dir::State="$APT" -o Dir::State::Lists="$APT/lists" -o Dir::State::Status="$APT/status" \
    -o Dir::Cache="$APT" -o Dir::Cache::Archives="$APT/archives" -o APT::Sandbox::User=root "$@"
}
isolated update >&2
# shellcheck disable=SC2086
(cd "$APT/archives" && isolated download $PACKAGES >&2)

for package in "$APT"/archives/*.deb; do
  dpkg-deb --extract "$package" "$TARGET"
done

MANAGER=$TARGET/widget-manager/labextensions
mkdir -p "$MANAGER"
rm -rf "$MANAGER/@jupyter-widgets"
mv "$TARGET/usr/share/jupyter/labextensions/@jupyter-widgets" "$MANAGER"

# jupyter_events needs a native module of another Python; Lab only wants somebody to tell events to.
STUB=$TARGET/usr/lib/python3/dist-packages/jupyter_events
mkdir -p "$STUB"
cp "$ROOT/scripts/lab-environment.jupyter_events.py" "$STUB/__init__.py"
echo 'from . import EventLogger' >"$STUB/logger.py"
echo 'class SchemaRegistryException(Exception): pass' >"$STUB/schema_registry.py"
mkdir -p "$TARGET/usr/lib/python3/dist-packages/jupyter_events-0.0.0.dist-info"
printf 'Metadata-Version: 2.1\nName: jupyter-events\nVersion: 0.12.0\n' \
  >"$TARGET/usr/lib/python3/dist-packages/jupyter_events-0.0.0.dist-info/METADATA"

# Debian's 4.4 names a type that it does not import; its own Python, 3.14, never looks.
EXTENSIONS=$TARGET/usr/lib/python3/dist-packages/jupyterlab/extensions/pypi.py
grep -q 'import.*Union' "$EXTENSIONS" || sed -i '0,/^from typing import /s//from typing import Union, /' "$EXTENSIONS"

rm -rf "$APT"
: >"$DONE"
echo "$TARGET"
