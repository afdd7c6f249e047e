"""`test`: every test, and the checks of the code: lint, types, imports, migrations, coverage."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from pyros.config import CONFIG_VARIABLE, ROOT

CHECKS: list[tuple[str, list[str]]] = [
    ("lint", [sys.executable, "-m", "ruff", "check", "."]),
    ("imports", [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]),
    ("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("types", [sys.executable, "-m", "mypy", "src", "apps", "simulators"]),
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--quick` leaves the simulated night and the checks out; the rest goes to pytest."""
    parser.add_argument("--quick", action="store_true", help="only the tests that need no whole night, and no checks")
    parser.add_argument("pytest", nargs=argparse.REMAINDER, help="after --: passed on to pytest")


def run(options: argparse.Namespace) -> int:
    """Run all; a failed check does not keep the others from being run."""
    for name in (CONFIG_VARIABLE, "DJANGO_SETTINGS_MODULE"):  # tests make their own configuration
        os.environ.pop(name, None)
    failed = []
    extra = [a for a in options.pytest if a != "--"]
    if not options.quick and not extra:
        for name, command in CHECKS:
            begun = time.monotonic()
            code = subprocess.run(command, cwd=ROOT, check=False).returncode
            print(f"{name}: {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - begun:.0f} s)", flush=True)
            if code != 0:
                failed.append(name)
    pytest = [sys.executable, "-m", "pytest"]
    fast = [*pytest, "-q", "-n", "2", "--dist", "loadfile", "-m", "not night", *_coverage(), *extra]
    if subprocess.run(fast, cwd=ROOT, check=False).returncode != 0:
        failed.append("tests")
    if not options.quick and not extra:
        # Whole nights run alone: they want both cores.
        night = [*pytest, "-q", "-p", "no:randomly", "-m", "night", "tests"]
        if subprocess.run(night, cwd=ROOT, check=False).returncode != 0:
            failed.append("nights")
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _coverage() -> list[str]:
    return ["--cov", "--cov-report", "term:skip-covered", "--cov-fail-under", "0"]
