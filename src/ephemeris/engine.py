"""When targets may be observed: one engine for the form, the scheduler and the alert."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter

import numpy as np
from numpy.typing import ArrayLike

from .crossings import IntArray
from .earth_orientation import FloatArray
from .limits import RANGES, Limits, Mask
from .moments import DAY_S, Moment, SameMoment, unix_seconds, utc_datetime
from .periods import Intervals, Periods, remaining
from .site import Site
from .sky import LONGEST_SPAN_S, Sky
from .tracks import Tracks

_HOUR_RAD = np.pi / 12.0
_FIELDS = attrgetter(*(name for name, _, _ in RANGES))


def visibility(
    site: Site, ra_deg: float, dec_deg: float, start: SameMoment, end: SameMoment, limits: Limits
) -> list[tuple[SameMoment, SameMoment]]:
    """The intervals, rising and disjoint, in which one ICRS target satisfies all limits.

    `start` and `end` are both unix seconds or both aware datetimes, and so are the answers. The window may be of
    any length. Raises ValueError for a direction, a window or a date that is none.
    """
    found = visibility_many(site, [ra_deg], [dec_deg], start, end, limits)[0]
    if isinstance(start, datetime):
        return [(utc_datetime(a), utc_datetime(b)) for a, b in found]
    return found


def visibility_many(
    site: Site,
    ra_deg: ArrayLike,
    dec_deg: ArrayLike,
    start: Moment,
    end: Moment,
    limits: Limits | Sequence[Limits],
    sky: Sky | None = None,
) -> Intervals:
    """`visibility` of many targets at once; `limits` for all, or one for each.

    `sky` is a `Sky` of the same site whose span is start..end, when the caller has it already. Intervals are in
    unix seconds. Raises ValueError, naming what is wrong.
    """
    ra, dec = _directions(ra_deg, dec_deg)
    start_s, end_s = unix_seconds(start), unix_seconds(end)
    if end_s <= start_s:
        raise ValueError(f"end is {end_s - start_s:g} s after start: give an end later than the start")
    table = _LimitTable(limits, len(ra))
    if not len(ra):
        return remaining(0, start_s, end_s, [])
    skies = _spans(site, start_s, end_s) if sky is None else [_checked(sky, site, start_s, end_s)]
    forbidden = [periods for part in skies for periods in _forbidden(part, ra, dec, table)]
    return remaining(len(ra), start_s, end_s, forbidden)


def _directions(ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[FloatArray, FloatArray]:
    ra, dec = np.asarray(ra_deg, dtype=np.float64), np.asarray(dec_deg, dtype=np.float64)
    if ra.ndim != 1 or ra.shape != dec.shape:
        raise ValueError(f"ra_deg has shape {ra.shape} and dec_deg {dec.shape}: give two lists of one length")
    wrong = ~((ra >= -360.0) & (ra <= 360.0))
    if wrong.any():
        raise ValueError(f"ra_deg is {ra[wrong][0]}: give degrees from 0 to 360")
    wrong = ~(np.abs(dec) <= 90.0)
    if wrong.any():
        raise ValueError(f"dec_deg is {dec[wrong][0]}: give degrees from -90 to 90")
    return np.radians(ra), np.radians(dec)


def _spans(site: Site, start_s: float, end_s: float) -> Iterator[Sky]:
    """A long window cut into days; periods that touch at a cut are one again in the sweep."""
    count = 1 if end_s - start_s <= LONGEST_SPAN_S else int(np.ceil((end_s - start_s) / DAY_S))
    edges = np.linspace(start_s, end_s, count + 1)
    for a, b in itertools.pairwise(edges.tolist()):
        yield Sky(site, a, b)


def _checked(sky: Sky, site: Site, start_s: float, end_s: float) -> Sky:
    if sky.site != site or (sky.start_s, sky.end_s) != (start_s, end_s):
        raise ValueError("sky is of another site or span: make Sky(site, start, end) of the window asked")
    return sky


class _LimitTable:
    """The limits of all targets as columns (targets,), NaN where not asked."""

    def __init__(self, limits: Limits | Sequence[Limits], targets: int) -> None:
        each = [limits] if isinstance(limits, Limits) else limits
        if not isinstance(limits, Limits) and len(each) != targets:
            raise ValueError(f"limits has {len(each)} entries for {targets} targets: give one for all or one for each")
        rows = np.array([_FIELDS(one) for one in each], dtype=np.float64).reshape(-1, len(RANGES))  # None is NaN here
        columns = np.broadcast_to(rows.T, (len(RANGES), targets))
        self._columns: dict[str, FloatArray] = {name: columns[i] for i, (name, _, _) in enumerate(RANGES)}
        masks = [one.horizon_mask for one in each]
        self.masks = masks * targets if isinstance(limits, Limits) else masks

    def __getitem__(self, field: str) -> FloatArray:
        return self._columns[field]

    def any(self, field: str) -> bool:
        """Whether one target at least has this limit."""
        return not bool(np.isnan(self._columns[field]).all())

    def groups(self, field: str) -> Iterator[tuple[float, IntArray]]:
        """Each value of a limit with the targets that have it."""
        values, number = np.unique(self._columns[field], return_inverse=True)
        for index, value in enumerate(values):
            if not np.isnan(value):
                yield float(value), np.nonzero(number == index)[0]

    def mask_groups(self) -> Iterator[tuple[Mask, IntArray]]:
        """Each horizon mask with the targets that have it."""
        for mask in dict.fromkeys(self.masks):
            if mask:
                yield mask, np.nonzero([one == mask for one in self.masks])[0]


def _forbidden(sky: Sky, ra: FloatArray, dec: FloatArray, limits: _LimitTable) -> Iterator[Periods]:
    """All that keeps the targets from being visible under one sky."""
    count = len(ra)
    tracks = Tracks(sky, ra, dec)
    lowest = np.fmax(np.radians(limits["horizon_deg"]), np.arcsin(1.0 / limits["airmass_max"]))
    yield tracks.too_low(lowest, limits["ha_min_h"] * _HOUR_RAD, limits["ha_max_h"] * _HOUR_RAD)
    if limits.any("zenith_hole_deg"):
        yield tracks.too_high(np.radians(90.0 - limits["zenith_hole_deg"]))
    for altitude_deg, rows in limits.groups("sun_alt_deg"):
        yield _placed(sky.sun_above(altitude_deg), rows, count)
    if limits.any("moon_phase_max") or limits.any("moon_dist_deg"):
        yield from _moonlit(sky, tracks, limits)
    for mask, rows in limits.mask_groups():
        yield _placed(Tracks(sky, ra[rows], dec[rows]).behind_mask(mask), rows, count)


def _moonlit(sky: Sky, tracks: Tracks, limits: _LimitTable) -> Iterator[Periods]:
    """What the Moon forbids: nothing while it is down."""
    up = sky.moon_above()
    if not up.pairs():
        return
    for fraction, rows in limits.groups("moon_phase_max"):
        yield _placed(sky.moon_brighter_than(fraction).within(up), rows, len(tracks))
    if limits.any("moon_dist_deg"):
        yield tracks.near_moon(np.radians(np.nan_to_num(limits["moon_dist_deg"]))).within(up)


def _placed(periods: Periods, rows: IntArray, count: int) -> Periods:
    """Periods of some targets among all (one row serves them all); the others have none."""
    if len(rows) == count:
        return Periods(np.broadcast_to(periods.start, (count, periods.start.shape[1])), periods.stop)
    width = periods.start.shape[1]
    start, stop = np.zeros((count, width)), np.zeros((count, width))
    start[rows], stop[rows] = periods.start, periods.stop
    return Periods(start, stop)
