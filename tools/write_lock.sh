#!/bin/sh
# Writes LOCK from what is installed beside PYTHON; a build's local version ('+cpu') is left out, because it is the machine's choice.
set -eu
python=$1
lock=$2
{
    echo "# Exact versions of everything the project runs and is tested with, tools included."
    echo "# \`make install\` installs torch from here first, then the rest; \`make lock\` writes this file anew from the environment."
    "$python" -m pip freeze --all --exclude-editable | grep -v -i '^pip==' | sed 's/+[a-z0-9.]*$//' | LC_ALL=C sort -f
} >"$lock.new"
mv "$lock.new" "$lock"
