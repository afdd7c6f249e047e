"""Light curves from files: OGIP FITS (binned or event lists, gzipped or not) and text.

FITS: the extension with HDUCLAS1 = LIGHTCURVE, else the first with TIME and RATE or COUNTS; else an event list
(TIME, and PHA or PI with EBOUNDS). The trigger is TRIGTIME (of the extension or the primary header).
OGIP 93-003: TIMEPIXR says where in its bin TIME is, 0.5 unless given.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from .configuration import Configuration
from .errors import InputRefused
from .lightcurve import LightCurve, from_columns, width_of
from .text_curves import read_text

Array = NDArray[np.float64]
EVENT_BIN_S = 0.064
MAX_BINS = 500_000
GZIP, FITS_BEGIN = b"\x1f\x8b", b"SIMPLE"
TRIGGER_KEYWORDS = ("TRIGTIME", "TRIGGERT", "T0")
CHANNEL_COLUMNS = ("PHA", "PI", "CHANNEL")


def read_light_curve(path: str | Path, configuration: Configuration | None = None) -> LightCurve:
    """Read a light curve; times count from the trigger where it is known.

    Raises InputRefused naming file, field and remedy.
    """
    chosen = configuration or Configuration()
    try:
        head = _head(Path(path))
        curve = _from_fits(Path(path), chosen) if head == FITS_BEGIN else read_text(Path(path))
    except InputRefused as refusal:
        raise InputRefused(f"{path}: {refusal}") from refusal
    except (OSError, EOFError) as error:
        raise InputRefused(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if head != FITS_BEGIN and chosen.trigger_time_s is not None:
        return curve.shifted(chosen.trigger_time_s, "trigger")
    return curve


def _head(path: Path) -> bytes:
    import gzip

    with path.open("rb") as file:
        head = file.read(len(FITS_BEGIN))
    if head[:2] == GZIP:
        with gzip.open(path) as unpacked:
            head = unpacked.read(len(FITS_BEGIN))
    if not head:
        raise InputRefused("the file is empty")
    return head


def _from_fits(path: Path, chosen: Configuration) -> LightCurve:
    with opened(path) as hdus:
        tables = [hdu for hdu in hdus[1:] if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
        binned = [hdu for hdu in tables if {"RATE", "COUNTS"} & _names(hdu) and "TIME" in _names(hdu)]
        declared = [hdu for hdu in binned if str(hdu.header.get("HDUCLAS1", "")).strip().upper() == "LIGHTCURVE"]
        events = [hdu for hdu in tables if "TIME" in _names(hdu) and (hdu.name == "EVENTS" or "PHA" in _names(hdu))]
        bounds = _channel_bounds(tables)
        primary = hdus[0].header
        if binned:
            return _binned((declared or binned)[0], primary, bounds, chosen)
        if events:
            return _events(events[0], primary, bounds, _good_times(tables), chosen)
        listed = "; ".join(f"{hdu.name or '?'}: {', '.join(hdu.columns.names)}" for hdu in tables) or "no table at all"
        raise InputRefused(f"no light curve: a table with TIME and RATE, COUNTS or events is needed (it has {listed})")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[fits.HDUList]:
    """The FITS file, its harmless warnings unsaid. Raises InputRefused for one that is broken or cut off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        warnings.filterwarnings("error", message=".*truncated.*", category=AstropyWarning)
        try:
            with fits.open(path, memmap=False, lazy_load_hdus=False) as hdus:
                yield hdus
        except (
            OSError,
            EOFError,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AstropyWarning,
            fits.VerifyError,
        ) as error:
            if isinstance(error, InputRefused):
                raise
            raise InputRefused(f"cannot be read as FITS: {error}") from error


def _names(hdu: Any) -> set[str]:
    return {str(name).upper() for name in hdu.columns.names}


def _channel_bounds(tables: list[Any]) -> dict[int, tuple[float, float]]:
    """Channel to (low, high) keV from EBOUNDS; empty where there is none."""
    for hdu in tables:
        if {"E_MIN", "E_MAX"} <= _names(hdu):
            low, high = (np.asarray(hdu.data[name], dtype=float) for name in ("E_MIN", "E_MAX"))
            channel = hdu.data["CHANNEL"] if "CHANNEL" in _names(hdu) else np.arange(len(low))
            return {int(c): (float(a), float(b)) for c, a, b in zip(channel, low, high, strict=True)}
    return {}


def _good_times(tables: list[Any]) -> Array | None:
    for hdu in tables:
        if {"START", "STOP"} <= _names(hdu) and len(hdu.data):
            return np.column_stack([np.asarray(hdu.data[name], dtype=float) for name in ("START", "STOP")])
    return None


def _zero(table: Any, primary: Any, chosen: Configuration) -> tuple[float, str]:
    """What times count from, in the file's time, and its name."""
    if chosen.trigger_time_s is not None:
        return chosen.trigger_time_s, "trigger"
    for header in (table, primary):
        for keyword in TRIGGER_KEYWORDS:
            value = header.get(keyword)
            if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
                return float(value), "trigger"
    return 0.0, "TIME column"


def _is_net(header: Any) -> bool | None:
    """OGIP HDUCLAS2 NET or TOTAL, or BACKAPP; None where neither says. Mask-weighted (BAT) curves are net."""
    declared = {"NET": True, "TOTAL": False}.get(str(header.get("HDUCLAS2", "")).strip().upper())
    if declared is not None:
        return declared
    return True if header.get("BACKAPP") is True else None


def _binned(hdu: Any, primary: Any, bounds: dict[int, tuple[float, float]], chosen: Configuration) -> LightCurve:
    names, data, header = _names(hdu), hdu.data, hdu.header
    time = np.asarray(data["TIME"], dtype=float)
    zero, zero_name = _zero(header, primary, chosen)
    value = _width(data, names, header, time)
    offset = float(header.get("TIMEZERO", 0.0) or 0.0)
    time = time + (float(offset) if offset and abs(float(np.nanmedian(time))) < 0.5 * abs(offset) else 0.0)
    start = time - zero - float(header.get("TIMEPIXR", 0.5)) * value
    rate, error, poisson = _rates(data, names, value, bounds, chosen)
    return from_columns(start, value, rate, error, zero=zero_name, is_net=_is_net(header), is_poisson=poisson)


def _width(data: Any, names: set[str], header: Any, time: Array) -> Array:
    for column in ("TIMEDEL", "XAX_E", "EXPOSURE"):
        if column in names:
            return np.asarray(data[column], dtype=float) * (2.0 if column == "XAX_E" else 1.0)
    given = header.get("TIMEDEL")
    width = float(given) if isinstance(given, int | float) and given > 0 else width_of(time[np.isfinite(time)])
    return np.full(len(time), width)


def _rates(
    data: Any, names: set[str], width: Array, bounds: dict[int, tuple[float, float]], chosen: Configuration
) -> tuple[Array, Array, bool]:
    """Rate and error, channels summed, and whether the error is the square root of counts."""
    if "RATE" in names:
        rate = _summed(np.asarray(data["RATE"], dtype=float), bounds, chosen, squares=False)
        if "ERROR" not in names:
            raise InputRefused("column ERROR is missing: a RATE has no use without its error")
        return rate, np.sqrt(_summed(np.asarray(data["ERROR"], dtype=float), bounds, chosen, squares=True)), False
    counts = _summed(np.asarray(data["COUNTS"], dtype=float), bounds, chosen, squares=False)
    if "ERROR" in names:
        error = np.sqrt(_summed(np.asarray(data["ERROR"], dtype=float), bounds, chosen, squares=True))
        return counts / width, error / width, False
    return counts / width, np.sqrt(np.maximum(counts, 1.0)) / width, True


def _summed(column: Array, bounds: dict[int, tuple[float, float]], chosen: Configuration, *, squares: bool) -> Array:
    values = column**2 if squares else column
    if values.ndim == 1:
        return values
    kept = np.ones(values.shape[1], dtype=bool)
    if chosen.energy_kev is not None:
        inside = _inside(bounds, chosen.energy_kev)
        kept = np.array([channel in inside for channel in sorted(bounds)], dtype=bool)
        if len(kept) != values.shape[1] or not kept.any():
            raise InputRefused(f"energy_kev: {list(chosen.energy_kev)} holds no channel of the file (see its EBOUNDS)")
    return np.asarray(values[:, kept].sum(axis=1))


def _inside(bounds: dict[int, tuple[float, float]], energy_kev: tuple[float, float]) -> set[int]:
    return {channel for channel, (low, high) in bounds.items() if low >= energy_kev[0] and high <= energy_kev[1]}


def _events(
    hdu: Any, primary: Any, bounds: dict[int, tuple[float, float]], good_times: Array | None, chosen: Configuration
) -> LightCurve:
    """Bin an event list. Bins that are not wholly within a good time interval are left out."""
    zero, zero_name = _zero(hdu.header, primary, chosen)
    time = np.asarray(hdu.data["TIME"], dtype=float) - zero
    if chosen.energy_kev is not None:
        column = next((name for name in CHANNEL_COLUMNS if name in _names(hdu)), None)
        if column is None or not bounds:
            raise InputRefused("energy_kev: the file has no channel column with EBOUNDS; leave energy_kev out")
        time = time[np.isin(np.asarray(hdu.data[column]), list(_inside(bounds, chosen.energy_kev)))]
    time = np.sort(time[np.isfinite(time)])
    if len(time) < 2:
        raise InputRefused(f"{len(time)} events are too few")
    width = chosen.bin_s or EVENT_BIN_S
    first = int(np.floor(time[0] / width))
    count = int(np.floor(time[-1] / width)) - first + 1
    if count > MAX_BINS:
        raise InputRefused(f"bin_s: {width} makes {count} bins; give a wider one")
    edges: Array = np.asarray((first + np.arange(count + 1)) * width, dtype=float)
    counts = np.histogram(time, bins=edges)[0].astype(float)
    whole = np.zeros(count, dtype=bool)
    whole[1:-1] = True  # the first and last bin are cut by the ends of the list
    if good_times is not None:
        within = [(edges[:-1] >= a - zero - 1e-6) & (edges[1:] <= b - zero + 1e-6) for a, b in good_times]
        whole &= np.logical_or.reduce(within)
    start, counts = edges[:-1][whole], counts[whole]
    return from_columns(
        start, np.full(len(start), width), counts / width, np.sqrt(np.maximum(counts, 1.0)) / width,
        zero=zero_name, is_net=False, is_poisson=True,
    )  # fmt: skip
