#!/bin/sh
# Build the sdist, the wheel out of it, and the SBOM (CycloneDX) of what the App needs, into dist/.
# $PYTHON has what docker/release.lock names; nothing is fetched.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
# The same commit makes the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

rm -rf dist
"$python" -m build --no-isolation --outdir dist . >/dev/null
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' bot/__init__.py)
"$python" -W ignore -m cyclonedx_py requirements docker/app.lock --pyproject pyproject.toml \
  --output-reproducible --output-format JSON --output-file "dist/pullwright-$version.cdx.json"
(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS
