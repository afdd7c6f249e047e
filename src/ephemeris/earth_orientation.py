"""How the Earth is turned: UT1, polar motion and leap seconds, from the tables of the package astropy-iers-data.

Nothing is ever downloaded. Past the end of the table its last values are held: the error grows by about a
millisecond a day (0.015″ of hour angle); `earth_orientation_last_day` tells when a newer package is due.

Source: IERS Bulletin A, file finals2000A.all (format: its readme.finals2000A), and Leap_Second.dat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import astropy_iers_data
import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

MJD_OF_1970 = 40587.0
ARCSEC_RAD = np.pi / 648_000.0

_LINE_BYTES = 188
_COLUMNS = {"mjd": (7, 15), "x_arcsec": (18, 27), "y_arcsec": (37, 46), "ut1_utc_s": (58, 68)}  # Bulletin A
_FINAL_COLUMNS = {"x_arcsec": (134, 144), "y_arcsec": (144, 154), "ut1_utc_s": (154, 165)}  # Bulletin B, preferred


@dataclass(frozen=True)
class EarthOrientation:
    """The tables, by unix time in seconds. UT1 is kept against TAI, which has no leap to interpolate across."""

    unix_s: FloatArray
    ut1_tai_s: FloatArray
    x_rad: FloatArray
    y_rad: FloatArray
    leap_unix_s: FloatArray
    tai_utc_s: FloatArray

    def tai_minus_utc_s(self, unix_s: ArrayLike) -> Any:
        """TAI - UTC in seconds; the first value of the table (10 s) for dates before 1972."""
        index = np.searchsorted(self.leap_unix_s, unix_s, side="right") - 1
        return self.tai_utc_s[np.maximum(index, 0)]

    def ut1_minus_utc_s(self, unix_s: ArrayLike) -> Any:
        """UT1 - UTC in seconds, held constant beyond both ends of the table."""
        inside = np.clip(np.asarray(unix_s, dtype=np.float64), self.unix_s[0], self.unix_s[-1])
        ut1_tai_s: Any = np.interp(inside, self.unix_s, self.ut1_tai_s)
        return ut1_tai_s + self.tai_minus_utc_s(inside)

    def pole_rad(self, unix_s: ArrayLike) -> tuple[Any, Any]:
        """Coordinates (x, y) of the pole in radians."""
        moments = np.asarray(unix_s, dtype=np.float64)
        return np.interp(moments, self.unix_s, self.x_rad), np.interp(moments, self.unix_s, self.y_rad)


@cache
def tables() -> EarthOrientation:
    """The packaged tables, read once (about 30 ms).

    Raises RuntimeError when the installed astropy-iers-data is not in the format expected.
    """
    leap_mjd, tai_utc_s = _leap_seconds(Path(astropy_iers_data.IERS_LEAP_SECOND_FILE))
    columns = _finals(Path(astropy_iers_data.IERS_A_FILE))
    leaps = tai_utc_s[np.searchsorted(leap_mjd, columns["mjd"], side="right") - 1]
    return EarthOrientation(
        unix_s=(columns["mjd"] - MJD_OF_1970) * 86400.0,
        ut1_tai_s=columns["ut1_utc_s"] - leaps,
        x_rad=columns["x_arcsec"] * ARCSEC_RAD,
        y_rad=columns["y_arcsec"] * ARCSEC_RAD,
        leap_unix_s=(leap_mjd - MJD_OF_1970) * 86400.0,
        tai_utc_s=tai_utc_s,
    )


def earth_orientation_last_day() -> date:
    """The last day for which the installed tables predict UT1 (about a year ahead when they are new)."""
    return date(1970, 1, 1) + timedelta(seconds=float(tables().unix_s[-1]))


def _finals(path: Path) -> dict[str, FloatArray]:
    raw = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    if raw.size % _LINE_BYTES or raw.size == 0:
        raise RuntimeError(f"{path}: not the fixed-width table expected; install another astropy-iers-data")
    lines = raw.reshape(-1, _LINE_BYTES)
    known = _filled(lines, *_COLUMNS["ut1_utc_s"])
    lines = lines[: int(known.sum())]  # the days at the end have a date only
    if not known[: len(lines)].all():
        raise RuntimeError(f"{path}: UT1 is missing inside the table; install another astropy-iers-data")
    try:
        columns = {name: _numbers(lines, *place) for name, place in _COLUMNS.items()}
        final = _filled(lines, *_FINAL_COLUMNS["ut1_utc_s"])
        for name, place in _FINAL_COLUMNS.items():
            columns[name][final] = _numbers(lines[final], *place)
    except ValueError as error:
        raise RuntimeError(f"{path}: {error}; install another astropy-iers-data") from error
    return columns


def _filled(lines: NDArray[np.uint8], first: int, last: int) -> NDArray[np.bool_]:
    return np.asarray(np.any(lines[:, first:last] != ord(" "), axis=1))


def _numbers(lines: NDArray[np.uint8], first: int, last: int) -> FloatArray:
    return np.ascontiguousarray(lines[:, first:last]).view(f"S{last - first}")[:, 0].astype(np.float64)


def _leap_seconds(path: Path) -> tuple[FloatArray, FloatArray]:
    rows = [line.split() for line in path.read_text("ascii").splitlines() if line.strip() and not line.startswith("#")]
    if not rows:
        raise RuntimeError(f"{path}: no leap second in the table; install another astropy-iers-data")
    return np.array([float(row[0]) for row in rows]), np.array([float(row[-1]) for row in rows])
