#!/usr/bin/env bash
# The front door of PyROS: ./pyrosrun.sh simulate | test | start | stop | status | watch | bench | shell | check
# Sets everything up by install.py when needed; then hands over to `python -m pyros.front`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

python=
for candidate in python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "PyROS needs Python 3.11 or newer, and none was found. Debian: apt install python3 python3-venv" >&2
    exit 1
fi

case "${1:-}" in
    stop | status | watch) # these must work while everything else is broken: nothing is installed or prepared
        if [ ! -x "$here/.venv/bin/python" ]; then
            echo "PyROS is not installed here yet: ./pyrosrun.sh simulate sets it up." >&2
            exit 1
        fi
        ;;
    "" | -h | --help) ;;
    *)
        config="$here/pyros.toml"
        previous=
        for argument in "$@"; do
            if [ "$previous" = "--config" ]; then config=$argument; fi
            previous=$argument
        done
        extra=()
        if [ "$1" = test ]; then extra+=(--tests); fi
        "$python" "$here/install.py" --unattended --config "$config" "${extra[@]}"
        ;;
esac
if [ ! -x "$here/.venv/bin/python" ]; then
    PYTHONPATH="$here/src" exec "$python" -m pyros.front "$@"
fi
exec "$here/.venv/bin/python" -m pyros.front "$@"
