#!/bin/sh
# Finds a Python that is new enough and hands over to setup.py, which needs one.
# PYTHON=… chooses another; without it the first good one on PATH is taken.
newest_first="python3 python3.14 python3.13 python3.12 python3.11 python"
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
found=""

for candidate in ${PYTHON:-$newest_first}; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c "$new_enough" 2>/dev/null; then
        exec "$candidate" "$(dirname "$0")/setup.py" "$@"
    fi
    version=$("$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null) &&
        found="${found:-Python $version ($candidate)}"
done

if [ -n "$found" ]; then
    echo "error: $found is too old: install Python 3.11 or newer, or name one: make start PYTHON=/path/to/python3" >&2
elif [ -n "$PYTHON" ]; then
    echo "error: PYTHON=$PYTHON does not run: name a Python 3.11 or newer" >&2
else
    echo "error: no Python found: install Python 3.11 or newer (python.org, or your system's packages)" >&2
fi
exit 1
