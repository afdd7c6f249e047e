"""Compiled kernels where they were compiled ahead, the same functions in plain Python elsewhere.

numba compiles on first call, which takes tens of seconds: far too long for a control path. Kernels are therefore
compiled only by `python -m nightplan --compile` (at install), which leaves numba's on-disk cache and a stamp beside
it. At run time the kernels are loaded from that cache only where the stamp fits sources, versions and processor;
otherwise the plain functions run: slower by a factor of about 50, the same answers.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_KERNELS = Path(__file__).parent / "kernels"
_STAMP = _KERNELS / "__pycache__" / "compiled.json"
_MODULES = ("tour", "moves", "search", "relax")


class _Mode:
    """What this process was told and found out: the one thing that this module remembers."""

    wanted: bool | None = None
    usable: bool | None = None


def jit(function: F) -> F:
    """Compile a kernel where `usable()`, leave it as it is elsewhere."""
    if not usable():
        return function
    numba = importlib.import_module("numba")
    compiled: F = numba.njit(cache=True, error_model="numpy")(function)
    return compiled


def usable() -> bool:
    """Whether compiled kernels of exactly these sources, for this machine, lie in the cache."""
    if _Mode.wanted is not None:
        return _Mode.wanted
    if _Mode.usable is None:
        try:
            _Mode.usable = json.loads(_STAMP.read_text("utf-8")) == _fingerprint()
        except (OSError, ValueError, ImportError):
            _Mode.usable = False
    return _Mode.usable


def compile_ahead() -> None:
    """Compile every kernel into the cache and stamp it; nothing to do where that was done.

    Raises: ImportError where numba is not installed, OSError where the folder cannot be written.
    """
    if usable():
        return
    cache = _KERNELS / "__pycache__"
    cache.mkdir(exist_ok=True)
    # the stamp first: who starts meanwhile must not trust half a cache
    for old in (_STAMP, *cache.glob("*.nbi"), *cache.glob("*.nbc")):
        old.unlink(missing_ok=True)
    importlib.import_module("numba")
    _Mode.wanted = True
    try:
        _reload()
        importlib.import_module("nightplan.planner").exercise()
    finally:
        _Mode.wanted = None
    temporary = _STAMP.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        json.dump(_fingerprint(), handle)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(_STAMP)
    _Mode.usable = True


def use_plain(plain: bool) -> None:
    """Choose plain Python (True) or what `usable()` says (False) for this process; for tests and comparisons."""
    _Mode.wanted = False if plain else None
    _reload()


def _reload() -> None:
    for name in _MODULES:
        module = f"nightplan.kernels.{name}"
        importlib.reload(sys.modules[module]) if module in sys.modules else importlib.import_module(module)


def _fingerprint() -> dict[str, str]:
    """What a compiled kernel depends on: sources (numba looks at their time and size), versions, processor."""
    sources = hashlib.sha256()
    for name in (*(f"kernels/{m}.py" for m in _MODULES), "arrays.py"):
        path = _KERNELS.parent / name
        stat = path.stat()
        sources.update(f"{path} {stat.st_mtime_ns} {stat.st_size}".encode())
        sources.update(path.read_bytes())
    binding = importlib.import_module("llvmlite.binding")
    return {
        "sources": sources.hexdigest(),
        "python": sys.version,
        "numba": importlib.metadata.version("numba"),
        "llvmlite": importlib.metadata.version("llvmlite"),
        "numpy": importlib.metadata.version("numpy"),
        "processor": f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}",
    }
