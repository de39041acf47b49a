#!/bin/sh
# Print what CHANGELOG.md says of a version; fails where the version is not ours or has no section.
set -eu
cd "$(dirname "$0")/.."
version=${1#v}
ours=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' bot/__init__.py)
[ "$version" = "$ours" ] || { echo "the tag says $version, bot/__init__.py says $ours" >&2; exit 1; }
notes=$(awk -v v="$version" '/^## /{mine = ($2 == v)} mine' CHANGELOG.md)
[ -n "$notes" ] || { echo "CHANGELOG.md has no section '## $version'" >&2; exit 1; }
printf '%s\n' "$notes"
