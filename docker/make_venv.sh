#!/bin/sh
# Make the virtual environment in $1 from the locked dependencies, with the interpreter $PYTHON.
set -eu
venv=$1
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "pullwright needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." >&2
  echo "Name another one: make PYTHON=python3.12 ..." >&2
  exit 2
fi

# Debian and Ubuntu ship Python without ensurepip; a failed venv leaves a folder without pip.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $version, which this machine lacks"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$version" >/dev/null
  else
    echo "Python's venv module is missing. Type this, then try again:" >&2
    echo "    sudo apt-get install $version" >&2
    exit 2
  fi
fi

[ -x "$venv/bin/pip" ] || { rm -rf "$venv"; "$python" -m venv "$venv"; }
"$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
"$venv/bin/pip" install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
