#!/bin/sh
# Makes the virtual environment DIR with PYTHON, or says in one sentence why it cannot.
set -eu
python=$1
dir=$2

fail() {
    echo "make install: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "no '$python' on this machine: install Python 3.11 or newer, or name one with 'make PYTHON=python3.12 install'."
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
    fail "'$python' does not run: name a working Python with 'make PYTHON=python3.12 install'."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed and '$python' is $found: install a newer one and name it with 'make PYTHON=python3.12 install'."
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "'$python' comes without the venv module: install it (on Debian and Ubuntu: apt install python$found-venv)."

# An environment that a moved or removed Python left behind cannot be mended, only made anew.
if [ -e "$dir" ] && ! "$dir/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$dir"
fi
[ -e "$dir" ] || "$python" -m venv "$dir"
