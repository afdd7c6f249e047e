"""Spectra and responses in OGIP FITS (OGIP 92-007 for PHA, CAL/GEN/92-002 for RMF, ARF and RSP).

`FILE{N}` means row N of a type II spectrum or matrix N of a file with several (counting from 1, as in XSPEC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputRefused
from .reading import opened

Array = NDArray[np.float64]
_NUMBERED = re.compile(r"^(?P<path>.*)\{(?P<number>\d+)\}$")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Counts by channel, shapes (n,). `sigma` is None where they are Poisson's."""

    file: str
    channel: NDArray[np.intp]
    counts: Array
    sigma: Array | None
    quality: NDArray[np.intp]
    exposure_s: float
    scale: Array
    """BACKSCAL times AREASCAL: what relates a background's counts to the source's."""
    area: Array
    """AREASCAL."""
    detector: str
    start_s: float | None
    stop_s: float | None
    trigger_s: float | None
    good_s: float | None
    """Sum of the good time intervals, None without."""


@dataclass(frozen=True, eq=False)
class Response:
    """Effective area by energy (rows, m) and channel (columns, n), cm²."""

    file: str
    energy_low_kev: Array
    energy_high_kev: Array
    matrix: Array
    channel: NDArray[np.intp]
    channel_low_kev: Array
    channel_high_kev: Array


def read_spectrum(name: str | Path) -> Spectrum:
    """Read a PHA file (type I, or a row of type II). Raises InputRefused naming file and field."""
    path, number = _split(str(name))
    try:
        with opened(path) as hdus:
            table = _table(hdus, ("SPECTRUM",), {"CHANNEL"}, "a SPECTRUM extension with CHANNEL and COUNTS or RATE")
            if not {"COUNTS", "RATE"} & _names(table):
                raise InputRefused("no SPECTRUM: a table with CHANNEL and COUNTS or RATE is needed")
            return _spectrum(str(name), table, hdus, number)
    except InputRefused as refusal:
        raise InputRefused(f"{name}: {refusal}") from refusal


def read_response(name: str | Path, moment_s: float | None = None) -> Response:
    """Read an RSP file. Of several matrices: the one asked by number, else the one valid at `moment_s`, else the first.

    Raises InputRefused naming file and field.
    """
    path, number = _split(str(name))
    try:
        with opened(path) as hdus:
            bounds = _table(hdus, ("EBOUNDS",), {"E_MIN", "E_MAX"}, "an EBOUNDS extension")
            matrices = [hdu for hdu in hdus[1:] if {"ENERG_LO", "F_CHAN", "MATRIX"} <= _names(hdu)]
            if not matrices:
                raise InputRefused(
                    "no response: a table with ENERG_LO, ENERG_HI, N_GRP, F_CHAN, N_CHAN, MATRIX is needed"
                )
            return _response(str(name), _chosen(matrices, number, moment_s), bounds)
    except InputRefused as refusal:
        raise InputRefused(f"{name}: {refusal}") from refusal


def _split(name: str) -> tuple[Path, int | None]:
    found = _NUMBERED.match(name)
    return (Path(found["path"]), int(found["number"])) if found else (Path(name), None)


def _names(hdu: Any) -> set[str]:
    return {str(name).upper() for name in hdu.columns.names} if hasattr(hdu, "columns") and hdu.columns else set()


def _table(hdus: Any, extensions: tuple[str, ...], columns: set[str], needed: str) -> Any:
    tables = [hdu for hdu in hdus[1:] if columns <= _names(hdu)]
    named = [hdu for hdu in tables if hdu.name in extensions or hdu.header.get("HDUCLAS1") in extensions]
    if not (named or tables):
        raise InputRefused(f"{needed} is needed; it has {', '.join(hdu.name or '?' for hdu in hdus[1:]) or 'no table'}")
    return (named or tables)[0]


def _spectrum(name: str, table: Any, hdus: Any, number: int | None) -> Spectrum:
    columns, header, data = _names(table), table.header, table.data
    row = _row(data, columns, number)

    def column(key: str) -> Array | None:
        if key not in columns:
            value = header.get(key)
            return np.array(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
        return np.asarray(data[key] if row is None else data[key][row], dtype=float)

    channel = column("CHANNEL")
    assert channel is not None
    shape = channel.shape
    exposure = column("EXPOSURE")
    if exposure is None or not float(exposure.flat[0]) > 0:
        raise InputRefused(f"EXPOSURE: {exposure} is not above zero")
    exposure_s = float(exposure.flat[0])
    unit = 1.0 if "COUNTS" in columns else exposure_s
    counts = column("COUNTS" if "COUNTS" in columns else "RATE")
    if counts is None or counts.shape != shape:
        raise InputRefused("column COUNTS or RATE is missing")
    sigma = column("STAT_ERR")
    if header.get("POISSERR") is True or sigma is None or sigma.shape != shape:
        if "COUNTS" not in columns and header.get("POISSERR") is not True:
            raise InputRefused("column STAT_ERR is missing: a RATE has no use without its error")
        sigma = None
    if sigma is not None and _is_poisson(np.asarray(counts * unit), sigma * unit):
        sigma = None
    area = np.broadcast_to(_or_one(column("AREASCAL")), shape)
    back = np.broadcast_to(_or_one(column("BACKSCAL")), shape)
    quality = column("QUALITY")
    start, stop = column("TSTART"), column("TSTOP")
    good = next((hdu for hdu in hdus[1:] if {"START", "STOP"} <= _names(hdu) and len(hdu.data)), None)
    trigger = header.get("TRIGTIME", hdus[0].header.get("TRIGTIME"))
    words = (header.get(key, hdus[0].header.get(key, "")) for key in ("TELESCOP", "INSTRUME", "DETNAM"))
    found = Spectrum(
        name, channel.astype(np.intp), np.asarray(counts * unit), None if sigma is None else sigma * unit,
        np.broadcast_to(np.zeros(1) if quality is None else quality, shape).astype(np.intp), exposure_s,
        np.asarray(area * back), np.asarray(area), " ".join(str(word).strip() for word in words if str(word).strip()),
        _scalar(start), _scalar(stop), float(trigger) if isinstance(trigger, int | float) else None,
        float((good.data["STOP"] - good.data["START"]).sum()) if good is not None and row is None else None,
    )  # fmt: skip
    if not np.isfinite(found.counts).all() or (found.scale <= 0).any():
        raise InputRefused("COUNTS or RATE must be finite, BACKSCAL and AREASCAL above zero")
    return found


def _row(data: Any, columns: set[str], number: int | None) -> int | None:
    """The row of a type II file; None for type I."""
    if data["CHANNEL"].ndim == 1:
        if number not in (None, 1):
            raise InputRefused(f"row {number} was asked, but the file holds one spectrum")
        return None
    if number is None and len(data) > 1:
        raise InputRefused(f"the file holds {len(data)} spectra: ask for one as FILE{{1}} to FILE{{{len(data)}}}")
    row = (number or 1) - 1
    if not 0 <= row < len(data):
        raise InputRefused(f"row {number} was asked, but the file holds {len(data)} spectra")
    return row


def _is_poisson(counts: Array, sigma: Array) -> bool:
    """Whole counts whose errors are their square roots are Poisson's, whatever the header leaves unsaid."""
    whole = np.abs(counts - np.round(counts)) < 1e-2
    root = np.abs(sigma**2 - counts) < 0.02 * counts + 1e-6
    return bool((whole & (root | (counts < 1))).all() and counts.max(initial=0.0) >= 1)


def _or_one(value: Array | None) -> Array:
    return np.ones(1) if value is None or not value.any() else value


def _scalar(value: Array | None) -> float | None:
    return None if value is None or value.size != 1 or not np.isfinite(value).all() else float(value.flat[0])


def _chosen(matrices: list[Any], number: int | None, moment_s: float | None) -> Any:
    if number is not None:
        if not 1 <= number <= len(matrices):
            raise InputRefused(f"matrix {number} was asked, but the file holds {len(matrices)}")
        return matrices[number - 1]
    if moment_s is None:
        return matrices[0]
    begins = [hdu.header.get("TSTART") for hdu in matrices]
    valid = [hdu for hdu, begin in zip(matrices, begins, strict=True) if begin is not None and begin <= moment_s]
    return valid[-1] if valid else matrices[0]


def _response(name: str, table: Any, bounds: Any) -> Response:
    channel = np.asarray(bounds.data["CHANNEL"], dtype=np.intp)
    low, high = (np.asarray(table.data[key], dtype=float) for key in ("ENERG_LO", "ENERG_HI"))
    if not ((low < high).all() and (high > 0).all()):
        raise InputRefused("ENERG_LO must be below ENERG_HI, in keV above zero")
    first = _first_channel(table, int(channel[0]))
    matrix = np.zeros((len(low), len(channel)))
    groups = np.asarray(table.data["N_GRP"], dtype=int)
    begins, lengths, values = (table.data[key] for key in ("F_CHAN", "N_CHAN", "MATRIX"))
    for row in range(len(low)):
        start_of, length_of = np.atleast_1d(begins[row]), np.atleast_1d(lengths[row])
        numbers, at = np.atleast_1d(np.asarray(values[row], dtype=float)), 0
        for group in range(groups[row]):
            begin, length = int(start_of[group]) - first, int(length_of[group])
            if begin < 0 or begin + length > len(channel) or at + length > len(numbers):
                raise InputRefused(
                    f"MATRIX, row {row + 1}: channels {begin + first} and {length} on are outside EBOUNDS"
                )
            matrix[row, begin : begin + length] += numbers[at : at + length]
            at += length
    if not np.isfinite(matrix).all() or matrix.max(initial=0.0) <= 0:
        raise InputRefused("MATRIX: no effective area above zero")
    # an energy bin that begins at zero has no logarithm
    low = np.maximum(low, 1e-3 * high)
    edges = (np.asarray(bounds.data[key], dtype=float) for key in ("E_MIN", "E_MAX"))
    return Response(name, low, high, matrix, channel, *edges)


def _first_channel(table: Any, of_bounds: int) -> int:
    """F_CHAN counts from TLMIN of its column (1 when the keyword is missing, by the standard; most files: EBOUNDS')."""
    index = [str(name).upper() for name in table.columns.names].index("F_CHAN") + 1
    given = table.header.get(f"TLMIN{index}")
    return int(given) if given is not None else of_bounds
