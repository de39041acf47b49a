#!/bin/sh
# Build pullwright-tools and pullwright-sandbox, unless they are there already.
# Where no Docker Engine answers this says so and succeeds: everything else works without.
# PULLWRIGHT_BASE_IMAGE names another base with Python 3.11 or newer.
set -eu
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
default_base=python:3.12-slim-bookworm
debian_base=pullwright-base:debian
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' bot/__init__.py)

say() { echo "images: $*"; }
give_up() { echo "images: $*" >&2; exit 1; }

answers() {
  command -v docker >/dev/null && timeout 10 docker version >/dev/null 2>&1
}

digest_of() { # target
  cat Dockerfile "docker/$1.lock" docker/build_images.sh | {
    cat
    echo "${PULLWRIGHT_BASE_IMAGE:-}"
  } | sha256sum | cut -c1-16
}

is_built() { # target
  found=$(docker image inspect --format '{{index .Config.Labels "pullwright.lock"}}' \
    "pullwright-$1:$version" 2>/dev/null) && [ "$found" = "$(digest_of "$1")" ]
}

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# Print the base image on standard output; messages go to standard error.
pick_base() {
  if [ -n "${PULLWRIGHT_BASE_IMAGE:-}" ]; then
    echo "$PULLWRIGHT_BASE_IMAGE"
  elif has_image "$default_base" || timeout 120 docker pull -q "$default_base" >/dev/null 2>&1; then
    echo "$default_base"
  elif has_image "$debian_base" || make_debian_base >&2; then
    echo "$debian_base"
  else
    give_up "no base image: $default_base cannot be pulled, and a Debian one cannot be made" \
      "here (that needs root and debootstrap). Load an image with Python 3.11 or newer and name" \
      "it in PULLWRIGHT_BASE_IMAGE."
  fi
}

make_debian_base() {
  [ "$(id -u)" = 0 ] || return 1
  if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || return 1
    say "installing debootstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null
  fi
  say "no registry answers; making a Debian base with debootstrap (about 40 s)"
  rootfs=$(mktemp -d)
  if debootstrap --variant=minbase --include=python3 bookworm "$rootfs" >"$rootfs.log" 2>&1; then
    rm -rf "$rootfs"/var/cache/apt/* "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/log/* \
      "$rootfs"/usr/share/man/* "$rootfs"/usr/share/locale/* "$rootfs"/usr/share/doc/*/*.gz
    tar -C "$rootfs" -c . | docker import - "$debian_base" >/dev/null
    made=$?
  else
    tail -3 "$rootfs.log"
    made=1
  fi
  rm -rf "$rootfs" "$rootfs.log"
  return $made
}

# Fetch the wheels that fit the base image, by hash, into build/wheels/<target>.
fetch_wheels() { # target base
  wheels=build/wheels/$1
  rm -rf "$wheels"
  mkdir -p "$wheels"
  python=$(docker run --rm --network none --entrypoint python3 "$2" \
    -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  machine=$(docker version --format '{{.Server.Arch}}' | sed 's/amd64/x86_64/; s/arm64/aarch64/')
  platforms=
  for tag in manylinux_2_36 manylinux_2_34 manylinux_2_31 manylinux_2_28 manylinux_2_26 \
    manylinux_2_24 manylinux_2_17 manylinux2014 manylinux_2_12 manylinux_2_5 manylinux1 linux; do
    platforms="$platforms --platform ${tag}_$machine"
  done
  # shellcheck disable=SC2086 # the platforms are several words on purpose
  "$venv/bin/pip" download --quiet --disable-pip-version-check --dest "$wheels" \
    --only-binary :all: --no-deps --require-hashes --requirement "docker/$1.lock" \
    --implementation cp --python-version "$python" $platforms
  cp "docker/$1.lock" "$wheels/requirements.lock"
}

build() { # target base
  docker build --quiet --force-rm --network none --target "$1" --build-arg "BASE_IMAGE=$2" \
    --label "pullwright.lock=$(digest_of "$1")" --tag "pullwright-$1:$version" . >build/"$1".log 2>&1 || {
    tail -20 build/"$1".log >&2
    give_up "building pullwright-$1:$version failed; the log is build/$1.log"
  }
  say "built pullwright-$1:$version on $2"
}

if ! answers; then
  say "no Docker Engine answers, so none are built; the process sandbox and all tests that need no container still work"
  exit 0
fi
if is_built tools && is_built sandbox; then
  exit 0
fi
base=$(pick_base)
# The classic builder runs every stage above its target, so it needs the wheels of both.
fetch_wheels tools "$base"
fetch_wheels sandbox "$base"
for target in tools sandbox; do
  build "$target" "$base"
done
# What the build and older builds left without a name.
docker image prune --force --filter label=pullwright.stage=build >/dev/null
docker image prune --force --filter label=pullwright.lock >/dev/null
