"""`bench`: the benchmarks of `benchmarks/`, each a table and JSON."""

from __future__ import annotations

import argparse
import subprocess
import sys

from pyros import current
from pyros.config import ROOT
from pyros.front.errors import CannotDo

FOLDER = ROOT / "benchmarks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The name of one, and what it is passed."""
    parser.add_argument("name", nargs="?", help=f"one of {', '.join(names())}; all when left out")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on to the benchmark")


def names() -> list[str]:
    """The benchmarks that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def run(options: argparse.Namespace) -> int:
    """Run one or all, leaving the JSON in the data folder."""
    if options.name is not None and options.name not in names():
        raise CannotDo(f"there is no benchmark {options.name}; there are {', '.join(names())}", 2)
    results = current.data_folder() / "benchmarks"
    results.mkdir(parents=True, exist_ok=True)
    worst = 0
    for name in [options.name] if options.name else names():
        output = results / f"{name}.json"
        print(f"── {name}", flush=True)
        # -P: benchmarks/ephemeris.py must not hide the library of that name
        code = subprocess.run(
            [sys.executable, "-P", str(FOLDER / f"{name}.py"), "--json", str(output), *options.rest], check=False
        ).returncode
        worst = max(worst, code)
        if code == 0:
            print(f"   JSON: {output}")
    return worst
