#!/usr/bin/env python3
"""Make PyROS ready to run: environment, packages, configuration, database, observatory, static files.

Needs nothing but Python's standard library. Safe to run again: what is there and right is left as it is.
Exit codes: 0 ready, 1 could not be done, 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 2_000_000_000
PIP_ONLY = frozenset({"voevent-parse"})
"""Published only as a source archive that uv refuses to unpack; pip builds it (stack notes in docs/decisions)."""
KERNELS = ["nightplan"]
"""Libraries with kernels that are compiled now, so that nothing is compiled while observing."""


class CannotInstall(Exception):
    """Something is missing or went wrong; the text says what, and how to get it."""


class CannotPrepare(Exception):
    """PyROS is installed, but the data folder can't be made ready; the text is that of the failed check."""


class WrongConfiguration(Exception):
    """The configuration file is wrong or not there; the text names file, key and what was expected."""


def main() -> int:
    arguments = _arguments()
    tell = _Teller(sys.stderr.isatty())
    try:
        check_prerequisites()
        if arguments.unattended and arguments.config != ROOT / "pyros.toml" and not arguments.config.exists():
            raise WrongConfiguration(
                f"there is no {arguments.config}: name a file that exists, or make one by ./install.py --config FILE"
            )
        made = make_environment(again=arguments.again, ask=sys.stdin.isatty() and not arguments.unattended, tell=tell)
        install_packages(tests=arguments.tests, mysql=arguments.mysql, fresh=made, tell=tell)
        link_checkout()
        check_configuration(arguments.config)
        write_configuration(arguments.config, tell)
        prepare_data(arguments.config, tell)
    except WrongConfiguration as error:
        tell.end()
        print(error, file=sys.stderr)
        return 2
    except CannotPrepare as error:
        tell.end()
        print(error, file=sys.stderr)
        return 1
    except CannotInstall as error:
        tell.end()
        print(f"PyROS can't be installed: {error}", file=sys.stderr)
        return 1
    tell.end()
    if not arguments.unattended:
        print(f"PyROS is ready. Configuration: {arguments.config}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Make PyROS ready to run. Safe to run again.", epilog="example: ./install.py --tests"
    )
    parser.add_argument(
        "--config", type=Path, default=ROOT / "pyros.toml", help="configuration file to use or to write"
    )
    parser.add_argument("--again", action="store_true", help="make the environment anew without asking")
    parser.add_argument("--tests", action="store_true", help="install what the tests need too")
    parser.add_argument(
        "--mysql", action="store_true", help="install mysqlclient (needs gcc, pkg-config, libmariadb-dev)"
    )
    parser.add_argument("--unattended", action="store_true", help="ask nothing, and say only what has to be done")
    arguments = parser.parse_args()
    arguments.config = arguments.config.resolve()
    return arguments


class _Teller:
    """Tells each step: a line that is rewritten on a terminal, plain lines elsewhere."""

    def __init__(self, terminal: bool) -> None:
        self._terminal, self._open = terminal, False

    def __call__(self, text: str) -> None:
        if self._terminal:
            print(f"\r\033[K{text} …", end="", file=sys.stderr, flush=True)
            self._open = True
        else:
            print(f"{text} …", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._open:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._open = False


# Prerequisites ----------------------------------------------------------------------------------------------------


def check_prerequisites() -> None:
    """Python, venv, a writable checkout, room on the disk.

    Raises:
        CannotInstall: the first that is missing, with the remedy.
    """
    if sys.version_info < LEAST_PYTHON:
        raise CannotInstall(
            f"Python {LEAST_PYTHON[0]}.{LEAST_PYTHON[1]} or newer is needed, this is {sys.version.split()[0]}. "
            "Debian: apt install python3; elsewhere: python.org"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise CannotInstall("Python's venv is missing. Debian: apt install python3-venv") from None
    if not os.access(ROOT, os.W_OK):
        raise CannotInstall(f"{ROOT} can't be written to: give its owner's rights, or clone into a folder of your own")
    free = shutil.disk_usage(ROOT).free
    if free < LEAST_FREE_BYTES:
        raise CannotInstall(
            f"only {free / 1e9:.1f} GB are free on the disk of {ROOT}, "
            f"{LEAST_FREE_BYTES / 1e9:.0f} GB are needed: make room"
        )


# Environment ------------------------------------------------------------------------------------------------------


def make_environment(*, again: bool, ask: bool, tell: Callable[[str], None]) -> bool:
    """Create the virtual environment; tells whether it was made now.

    A working one is kept; run by hand on a terminal, it is asked whether to make it anew (default: no).
    """
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0
    if works and not again:
        if not (ask and _yes("The environment .venv exists. Make it anew?")):
            return False
    elif ENVIRONMENT.exists() and not again:
        tell("the environment .venv does not work: making it anew")
    tell("making the environment .venv")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(ENVIRONMENT)], "the environment could not be made")
    return True


def _yes(question: str) -> bool:
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def install_packages(*, tests: bool, mysql: bool, fresh: bool, tell: Callable[[str], None]) -> None:
    """Install exactly what the locks say, hashes checked; nothing to do when the stamp shows the same locks.

    Raises:
        CannotInstall: a package can't be had or does not match its hash.
    """
    locks = [ROOT / "requirements.txt"]
    if tests:
        locks.append(ROOT / "requirements-test.txt")
    if mysql:
        locks.append(ROOT / "requirements-mysql.txt")
    for lock in locks:
        stamp = ENVIRONMENT / f"{lock.stem}.stamp"
        checksum = hashlib.sha256(lock.read_bytes()).hexdigest()
        if not fresh and stamp.exists() and stamp.read_text() == checksum:
            continue
        tell(f"installing {lock.name} (half a minute, once)")
        _install(lock)
        stamp.write_text(checksum)


def _install(lock: Path) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text())
    by_pip = [b for b in blocks if b.split("==")[0] in PIP_ONLY]
    by_uv = [b for b in blocks if b not in by_pip]
    with tempfile.TemporaryDirectory() as folder:
        rest, few = Path(folder, "rest.txt"), Path(folder, "few.txt")
        rest.write_text("\n".join(by_uv))
        few.write_text("\n".join(by_pip))
        pip = [
            str(PYTHON),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
        ]
        uv = _uv()
        installer = (
            [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "--no-deps"] if uv else pip
        )
        if _try([*installer, "-r", str(rest)]) != 0:
            _run([*pip, "-r", str(rest)], f"{lock.name} could not be installed (is the package index reachable?)")
        if by_pip:
            _run([*pip, "-r", str(few)], f"{', '.join(PIP_ONLY)} could not be built")


def _uv() -> str | None:
    """uv, some six times faster than pip: the one at hand, else one fetched into the environment, else none."""
    own = ENVIRONMENT / "bin" / "uv"
    if not own.exists() and shutil.which("uv") is None:
        _try([str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "uv"])
    return str(own) if own.exists() else shutil.which("uv")


def link_checkout() -> None:
    """Let the environment import the checkout: `src/` and the root stand on its path by a .pth file."""
    (site,) = (ENVIRONMENT / "lib").glob("python3*/site-packages")
    link = site / "pyros-checkout.pth"
    text = f"{ROOT}\n{ROOT / 'src'}\n"
    if not link.exists() or link.read_text() != text:
        link.write_text(text)


# Configuration and data -------------------------------------------------------------------------------------------


def check_configuration(config: Path) -> None:
    """Refuse a wrong configuration before anything is written beside it.

    Raises:
        WrongConfiguration: in the words of `pyros.config`.
    """
    done = _asked("data-folder", config)
    if done.returncode == 2:
        raise WrongConfiguration(done.stderr.strip())


def write_configuration(config: Path, tell: Callable[[str], None]) -> None:
    """Write `pyros.toml` and `secrets.toml` (mode 0600) where they are not there yet.

    Raises:
        CannotInstall: the folder can't be written.
    """
    try:
        if not config.exists():
            tell(f"writing {config.name}")
            text = _output([str(PYTHON), "-c", "from pyros.config.writing import document; print(document(), end='')"])
            _write(config, text, 0o644)
        secret_file = config.with_name("secrets.toml")
        if not secret_file.exists():
            tell("writing secrets.toml")
            key = f'django_secret_key = "{secrets.token_urlsafe(48)}"'
            text = f'{key}\n# database_password = ""\n# broker_password = "guest"\n'
            _write(secret_file, text, 0o600)
    except OSError as error:
        raise CannotInstall(f"{config.parent} can't be written to: {error}") from error


def prepare_data(config: Path, tell: Callable[[str], None]) -> None:
    """Check the configuration, migrate, load the observatory, collect static files, compile kernels.

    Skipped when nothing changed since it was last done for this configuration.

    Raises:
        CannotPrepare: with the words of what failed.
        CannotInstall: a kernel can't be compiled.
    """
    stamp = ENVIRONMENT / f"prepared-{hashlib.sha256(str(config).encode()).hexdigest()[:12]}.stamp"
    state = _state_of_source(config)
    data = _asked("data-folder", config).stdout.strip()
    if stamp.exists() and stamp.read_text() == state and Path(data, "prepared").exists():
        return
    tell("preparing the data folder")
    done = _asked("prepare", config)
    if done.returncode != 0:
        raise CannotPrepare(
            done.stderr.strip() or f"the data folder could not be prepared (exit code {done.returncode})"
        )
    for name in KERNELS:
        tell(f"compiling {name}")
        _run([str(PYTHON), "-m", name, "--compile"], f"{name} could not be compiled")
    stamp.write_text(state)


def _state_of_source(config: Path) -> str:
    """A checksum of what `prepare_data` depends on: migrations, fixtures, static files, kernels, configuration."""
    digest = hashlib.sha256(config.read_bytes())
    patterns = [
        "apps/*/migrations/*.py", "src/pyros/*/migrations/*.py", "fixtures/*", "src/pyros/*/static/**/*",
        "apps/*/static/**/*", "src/nightplan/**/*.py", "requirements.txt",
    ]  # fmt: skip
    for path in sorted({p for pattern in patterns for p in ROOT.glob(pattern) if p.is_file()}):
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    return digest.hexdigest()


def _write(path: Path, text: str, mode: int) -> None:
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def _asked(command: str, config: Path) -> subprocess.CompletedProcess[str]:
    """A command of the front door, its words captured."""
    arguments = [str(PYTHON), "-m", "pyros.front", command]
    if config.exists():
        arguments += ["--config", str(config)]
    return subprocess.run(arguments, check=False, capture_output=True, text=True)


def _try(command: list[str]) -> int:
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def _run(command: list[str], failed: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise CannotInstall(f"{failed}: {words[-1] if words else f'exit code {done.returncode}'}")


def _output(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotInstall((done.stderr or done.stdout).strip().splitlines()[-1])
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
