"""Light curves as text: columns of numbers, with or without a line of names.

Without names: time, rate, error (three columns), time and counts (two), or time and its half width, rate, error (four,
as in QDP files with SERR). Separators: blanks, commas or semicolons. Lines that begin with #, ! or % are comments.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputRefused
from .lightcurve import LightCurve, from_columns, width_of

Array = NDArray[np.float64]
COMMENTS = ("#", "!", "%")
MISSING = {"nan", "no", "null", "none", "indef"}
NAMES = {
    "time": ("time", "time_s", "t", "t_s", "time_start", "tstart", "start_s"),
    "half_width": ("time_err", "terr", "half_width", "half_width_s", "xax_e"),
    "width": ("timedel", "width", "width_s", "bin_s", "dt"),
    "rate": ("rate", "flux", "rate_cps", "count_rate"),
    "counts": ("counts", "count", "cts"),
    "error": ("error", "err", "rate_error", "rate_err", "sigma", "stat_err", "error_cps"),
}
UNNAMED = {2: ("time", "counts"), 3: ("time", "rate", "error"), 4: ("time", "half_width", "rate", "error")}
BEGINS_BIN = ("time_start", "tstart", "start_s")
_SEPARATOR = re.compile(r"[\s,;]+")


def read_text(path: Path) -> LightCurve:
    """Read a text light curve; its times count from the trigger. Raises InputRefused naming the line."""
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputRefused("neither FITS nor text") from error
    return parse_text(text)


def parse_text(text: str) -> LightCurve:
    """The same from a string."""
    names: tuple[str, ...] | None = None
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare:
            continue
        if bare.startswith(COMMENTS):
            names = names or (_named(bare.lstrip("#!% ")) if not rows else None)
            continue
        words = [word for word in _SEPARATOR.split(bare) if word]
        row = [_value(word) for word in words]
        if None in row:
            if rows or names or (found := _named(bare)) is None:
                if not rows and re.match(r"(?i)read\s+[st]?err", bare):  # a QDP command
                    continue
                raise InputRefused(f"line {number}: {bare[:40]!r} is not numbers")
            names = found
            continue
        rows.append([value for value in row if value is not None])
        if len(rows[-1]) != len(rows[0]):
            raise InputRefused(f"line {number}: {len(rows[-1])} columns, {len(rows[0])} before")
    if not rows:
        raise InputRefused("no light curve: the file has no line of numbers")
    return _curve(np.array(rows), names)


def _value(word: str) -> float | None:
    if word.lower() in MISSING:
        return float("nan")
    try:
        return float(word)
    except ValueError:
        return None


def _named(line: str) -> tuple[str, ...] | None:
    """The columns' names when the line is one that names a time and a rate or counts."""
    words = [re.sub(r"[(\[].*", "", word).lower() for word in _SEPARATOR.split(line) if word]
    known = {spelling: name for name, spellings in NAMES.items() for spelling in spellings}
    found = {known.get(word) for word in words}
    if "time" not in found or not found & {"rate", "counts"}:
        return None
    return tuple(words)


def _curve(table: Array, names: tuple[str, ...] | None) -> LightCurve:
    count = table.shape[1]
    if names is not None and len(names) != count:
        raise InputRefused(f"{count} columns, but {len(names)} names: {', '.join(names)}")
    if names is None and count not in UNNAMED:
        raise InputRefused(f"{count} columns without names: give a first line such as 'time rate error'")
    words = names or UNNAMED[count]
    columns = {}
    for name, spellings in NAMES.items():
        where = [i for i, word in enumerate(words) if word in spellings or word == name]
        if where:
            columns[name] = table[:, where[0]]
    time = columns["time"]
    width = columns.get("width", 2.0 * columns["half_width"] if "half_width" in columns else None)
    width = np.full(len(time), width_of(time[np.isfinite(time)])) if width is None else width
    start = time if any(word in BEGINS_BIN for word in words) else time - 0.5 * width
    if "rate" in columns:
        if "error" not in columns:
            raise InputRefused("column error is missing: a rate has no use without its error")
        return from_columns(start, width, columns["rate"], columns["error"], zero="trigger", is_net=None)
    counts = columns["counts"]
    poisson = "error" not in columns
    error = np.sqrt(np.maximum(counts, 1.0)) if poisson else columns["error"]
    is_net = False if poisson else None
    return from_columns(
        start, width, counts / width, error / width, zero="trigger", is_net=is_net, is_poisson=poisson
    )  # fmt: skip
