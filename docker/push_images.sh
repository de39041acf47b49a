#!/bin/sh
# Push our three images to a registry and print NAME@DIGEST of each: push_images.sh ghcr.io/OWNER
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' bot/__init__.py)
for name in pullwright pullwright-tools pullwright-sandbox; do
  docker tag "$name:$version" "$1/$name:$version"
  docker push --quiet "$1/$name:$version" >&2
  docker image inspect --format '{{join .RepoDigests "\n"}}' "$1/$name:$version" | grep "^$1/$name@"
done
