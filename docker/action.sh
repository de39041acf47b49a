#!/bin/bash
# The step of action.yml: install from this very ref with locked hashes, see that the images are
# there, and run. Nothing of the pull request is read here, and nothing is taken from the workspace.
# PULLWRIGHT_PYTHON names a Python that has the packages already (a self-hosted runner's).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home="${RUNNER_TEMP:?this runs inside a job of GitHub Actions}/pullwright"
umask 077
mkdir -p "$home"
cd "$home"

# What programs print is for people; the runner takes none of it for a command (rule R23).
quiet=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$quiet"
speak() { echo "::$quiet::"; }

fail() {
  speak
  echo "::error title=Pullwright::$1"
  echo "The run ended without a result: $1." >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  exit 4
}

install() {
  local python
  for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$python" -I -m venv "$home/venv" || fail "$python cannot make a virtual environment"
      "$home/venv/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input \
        --only-binary :all: --require-hashes --requirement "$here/requirements-action.lock" 2>&1 ||
        fail "the packages could not be installed; the log says why"
      # The code of this ref, as it is: nothing of it is built.
      echo "$here" >"$("$home/venv/bin/python" -I -c 'import site; print(site.getsitepackages()[0])')/pullwright.pth"
      return
    fi
  done
  fail "this runner has no Python 3.11 or newer: use actions/setup-python before this step"
}

# Images are named by digest; where this ref names none, they are built from it, by hash too.
fetch_images() {
  [ "${PULLWRIGHT_SANDBOX:-auto}" != none ] || return 0
  docker version >/dev/null 2>&1 || { echo "no Docker Engine answers, so no tests run"; return; }
  local name image
  while read -r name image; do
    case $name in
      tools) export PULLWRIGHT_TOOLS_IMAGE=${PULLWRIGHT_TOOLS_IMAGE:-$image} ;;
      sandbox) export PULLWRIGHT_SANDBOX_IMAGE=${PULLWRIGHT_SANDBOX_IMAGE:-$image} ;;
      *) continue ;;
    esac
  done <"$here/docker/images.lock"
  if [ -z "${PULLWRIGHT_TOOLS_IMAGE:-}" ] || [ -z "${PULLWRIGHT_SANDBOX_IMAGE:-}" ]; then
    (cd "$here" && VENV="$venv" sh docker/build_images.sh 2>&1) || echo "the images could not be built"
  fi
  for image in "${PULLWRIGHT_TOOLS_IMAGE:-}" "${PULLWRIGHT_SANDBOX_IMAGE:-}" \
    "${PULLWRIGHT_INPUT_SANDBOX_IMAGE:-}"; do
    # A name without a digest is refused later on, with a sentence.
    if [[ $image =~ ^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$ ]] &&
      ! docker image inspect "$image" >/dev/null 2>&1; then
      docker pull --quiet "$image" 2>&1 || echo "the image $image could not be fetched"
    fi
  done
}

if [ -n "${PULLWRIGHT_PYTHON:-}" ]; then
  python=$PULLWRIGHT_PYTHON
  venv=$(dirname "$(dirname "$python")")
else
  install
  venv=$home/venv
  python=$venv/bin/python
fi
fetch_images
speak

# One stream, so that what is printed first is read first.
exec "$python" -I -m bot.action 2>&1
