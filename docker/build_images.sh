#!/bin/sh
# Build pullwright-tools and pullwright-sandbox, unless they are there already; with the word `app`
# the image of the App, pullwright, in their place.
# Where no Docker Engine answers this says so and succeeds: everything else works without.
# PULLWRIGHT_BASE_IMAGE names another base with Python 3.11 or newer, PULLWRIGHT_APP_BASE_IMAGE one
# that has git, too.
set -eu
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
default_base=python:3.12-slim-bookworm
debian_base=pullwright-base:debian
debian_app_base=pullwright-base:debian-git
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' bot/__init__.py)

say() { echo "images: $*"; }
give_up() { echo "images: $*" >&2; exit 1; }

answers() {
  command -v docker >/dev/null && timeout 10 docker version >/dev/null 2>&1
}

# The stages of one target: the classic builder runs all that stand above it, needed or not.
stages_of() { # target
  awk -v "t=$1" '/^FROM /{mine = ($NF == t || $NF == t "-build"); started = 1} mine || !started' Dockerfile
}

# Ours is in the image of the App, so that one is as old as our code.
sources_of() { # target
  [ "$1" != app ] || find bot pyproject.toml -type f ! -name '*.pyc' | LC_ALL=C sort | xargs cat
}

digest_of() { # target
  {
    stages_of "$1"
    cat "docker/$1.lock" docker/build_images.sh
    sources_of "$1"
    echo "${PULLWRIGHT_BASE_IMAGE:-} ${PULLWRIGHT_APP_BASE_IMAGE:-}"
  } | sha256sum | cut -c1-16
}

name_of() { # target
  if [ "$1" = app ]; then echo "pullwright:$version"; else echo "pullwright-$1:$version"; fi
}

is_built() { # target
  found=$(docker image inspect --format '{{index .Config.Labels "pullwright.lock"}}' \
    "$(name_of "$1")" 2>/dev/null) && [ "$found" = "$(digest_of "$1")" ]
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

# Print the base of the App's image: it has git, which the other two do without.
pick_app_base() { # base
  if [ -n "${PULLWRIGHT_APP_BASE_IMAGE:-}" ]; then
    echo "$PULLWRIGHT_APP_BASE_IMAGE"
  elif docker run --rm --network none --entrypoint git "$1" --version >/dev/null 2>&1; then
    echo "$1"
  elif [ "$1" = "$debian_base" ] && { has_image "$debian_app_base" ||
    sh docker/debian_image.sh "$1" "$debian_app_base" git ca-certificates >&2; }; then
    echo "$debian_app_base"
  elif timeout 300 docker pull -q "${default_base%-slim-*}-${default_base##*-}" >/dev/null 2>&1; then
    echo "${default_base%-slim-*}-${default_base##*-}"
  else
    give_up "no base image with git: name one in PULLWRIGHT_APP_BASE_IMAGE"
  fi
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
  if [ "$1" = app ]; then
    "$venv/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
      --wheel-dir "$wheels" .
  fi
}

build() { # target base
  mkdir -p build
  stages_of "$1" >"build/$1.Dockerfile"
  docker build --quiet --force-rm --network none --file "build/$1.Dockerfile" --target "$1" \
    --build-arg "BASE_IMAGE=$2" --build-arg "APP_BASE_IMAGE=$2" \
    --label "pullwright.lock=$(digest_of "$1")" --label "pullwright.base=$2" --tag "$(name_of "$1")" . >build/"$1".log 2>&1 || {
    tail -20 build/"$1".log >&2
    give_up "building $(name_of "$1") failed; the log is build/$1.log"
  }
  say "built $(name_of "$1") on $2"
}

if ! answers; then
  say "no Docker Engine answers, so none are built; the process sandbox and all tests that need no container still work"
  exit 0
fi
missing=
for target in ${1:-tools sandbox}; do
  is_built "$target" || missing="$missing $target"
done
[ -n "$missing" ] || exit 0
base=$(pick_base)
for target in $missing; do
  target_base=$base
  [ "$target" != app ] || target_base=$(pick_app_base "$base")
  fetch_wheels "$target" "$target_base"
  build "$target" "$target_base"
done
# What the build and older builds left without a name; where somebody else prunes at this moment,
# the Engine refuses, and it is only left for the next time.
docker image prune --force --filter label=pullwright.stage=build >/dev/null 2>&1 || :
docker image prune --force --filter label=pullwright.lock >/dev/null 2>&1 || :
