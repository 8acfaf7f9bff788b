#!/bin/sh
# Pins every package of pyproject.toml and its extra "dev", with hashes, for Python 3.11 and later, in requirements.lock.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
new=$(mktemp)
trap 'rm -f "$new"' EXIT
sed -n '/^#/p' requirements.lock > "$new"
uv pip compile pyproject.toml --quiet --extra dev --universal --python-version 3.11 --generate-hashes --upgrade \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links >> "$new"
cp "$new" requirements.lock
