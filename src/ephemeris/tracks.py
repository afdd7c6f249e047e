"""The daily tracks of many targets over one span: when each crosses an altitude, an hour angle, a wall.

sin(altitude) = sin φ sin δ + cos φ cos δ cos H with H = ERA + longitude − α. Over a span of a day the apparent
α and δ drift by a few tenths of an arcsecond, linearly; H is therefore linear in time and each crossing is one
arccos, taken twice so that δ and diurnal aberration belong to the moment of the crossing.
"""

from __future__ import annotations

from typing import Any

import erfa
import numpy as np

from .crossings import IntArray, bracketed_roots, cubic_roots, negative_runs
from .earth_orientation import FloatArray
from .limits import Mask
from .moments import earth_rotation_angle_rad
from .periods import Periods
from .sky import EARTH_RATE_RAD_S, STEP_S, Sky

_TWO_PI = 2.0 * np.pi
_LEAST_RANGE = 1e-12  # cos φ cos δ at a pole: the altitude stands still
_CORNER_S = 0.03  # a wall of the horizon mask is sampled this far on both sides


class Tracks:
    """Targets given by ICRS `ra_rad`, `dec_rad` (each (targets,)) under a `Sky`."""

    def __init__(self, sky: Sky, ra_rad: FloatArray, dec_rad: FloatArray) -> None:
        self.sky = sky
        at_start, at_end = sky.ends
        ra_start, dec_start = erfa.atciqz(ra_rad, dec_rad, at_start)
        ra_end, dec_end = erfa.atciqz(ra_rad, dec_rad, at_end)
        span_s = sky.end_s - sky.start_s
        self._directions = erfa.s2c(ra_start, dec_start), erfa.s2c(ra_end, dec_end)
        ra_drift = (ra_end - ra_start + np.pi) % _TWO_PI - np.pi
        self.dec = 0.5 * (dec_start + dec_end)[:, None]
        self.dec_rate = ((dec_end - dec_start) / span_s)[:, None]
        self.rate = (EARTH_RATE_RAD_S - ra_drift / span_s)[:, None]
        self.sin_lat, self.cos_lat = np.sin(sky.latitude_rad), np.cos(sky.latitude_rad)
        turned = earth_rotation_angle_rad(sky.middle_s) + sky.longitude_rad
        hour_angle = (turned - (ra_start + 0.5 * ra_drift) + np.pi) % _TWO_PI - np.pi
        # Upper transits, so many that every lower transit whose day touches the span has one on either side.
        days = _TWO_PI / self.rate
        cycles = 1 if 0.5 * span_s < 0.5 * days.min() else 2
        self.transits = sky.middle_s - hour_angle[:, None] / self.rate + days * np.arange(-cycles, cycles + 1)

    def __len__(self) -> int:
        return len(self.dec)

    def _half_arc(self, sine: FloatArray, times: FloatArray, side: float, first: FloatArray | None = None) -> Any:
        """Hour angle (0..π) at which sin(altitude) is `sine`, with δ at `times`; `side` +1 setting, -1 rising."""
        dec = self.dec + self.dec_rate * (times - self.sky.middle_s)
        sin_dec, cos_dec = np.sin(dec), np.cos(dec)
        if first is not None:
            # Diurnal aberration moves the target east: sin(altitude) shrinks by the part of it towards the east.
            sine = sine * (1.0 - side * self.sky.diurnal_aberration_rad * cos_dec * np.sin(first))
        span = np.maximum(self.cos_lat * cos_dec, _LEAST_RANGE)
        return np.arccos(np.clip((sine - self.sin_lat * sin_dec) / span, -1.0, 1.0))

    def _arc(self, sine: FloatArray, transits: FloatArray, side: float) -> Any:
        first = self._half_arc(sine, transits, side)
        return self._half_arc(sine, transits + side * first / self.rate, side, first)

    def too_low(self, altitude_rad: FloatArray, ha_min_rad: FloatArray, ha_max_rad: FloatArray) -> Periods:
        """When each target is below its altitude or outside its hour angles (NaN: none); arguments (targets,).

        Both kinds of periods lie around the lower transit, so that they are one.
        """
        sine = np.sin(altitude_rad)[:, None]
        before, after = self.transits[:, :-1], self.transits[:, 1:]
        sets = np.minimum(self._arc(sine, before, 1.0), self._drifted(ha_max_rad[:, None], np.pi))
        rises = np.maximum(-self._arc(sine, after, -1.0), self._drifted(ha_min_rad[:, None], -np.pi))
        return Periods(before + sets / self.rate, after + rises / self.rate)

    def _drifted(self, hour_angle: FloatArray, otherwise: float) -> Any:
        """An hour angle as observed, about the pole of the ground, in the terms of this class; NaN is `otherwise`.

        Diurnal aberration moves a target east by a third of an arcsecond, polar motion turns it by about as much
        times tan δ (the terms of erfa.atioq).
        """
        sky, sine, cosine = self.sky, np.sin(hour_angle), np.cos(hour_angle)
        cos_dec = np.maximum(np.cos(self.dec), 1e-4)
        wobble = np.sin(self.dec) * (sky.pole_y_rad * cosine - sky.pole_x_rad * sine)
        shift = (sky.diurnal_aberration_rad * cosine - wobble) / cos_dec + sky.meridian_shift_rad
        return np.where(np.abs(hour_angle) < np.pi, hour_angle + shift, otherwise)  # ±12 h is no limit

    def too_high(self, altitude_rad: FloatArray) -> Periods:
        """When each target is above an altitude (the zenith hole); NaN where there is none."""
        none = np.isnan(altitude_rad)[:, None]
        sine = np.sin(np.where(none, np.pi / 2, altitude_rad[:, None]))
        first = self._half_arc(sine, self.transits, 1.0)
        before = np.where(none, 0.0, self._half_arc(sine, self.transits, -1.0, first))
        after = np.where(none, 0.0, self._half_arc(sine, self.transits, 1.0, first))
        return Periods(self.transits - before / self.rate, self.transits + after / self.rate)

    def near_moon(self, distance_rad: FloatArray) -> Periods:
        """When each target is nearer to the Moon than its distance (targets,), whether the Moon is up or not."""
        times, moon = self.sky.moon_samples
        limit = np.cos(distance_rad)[:, None]
        start, end = self._directions
        part = (times - times[0]) / (times[-1] - times[0])
        # Diurnal aberration v turns both directions: cos s grows by (a·v + b·v)(1 − cos s), here at the limit.
        diurnal = self.sky.diurnal_samples
        spread = 1.0 - limit
        base, pull = start @ moon.T, spread * (start @ diurnal.T + np.sum(moon * diurnal, axis=1))
        excess = limit - (base + (end - start) @ moon.T * part + pull)

        def refine(rows: IntArray, columns: IntArray) -> FloatArray:
            return times[0] + cubic_roots(excess, rows, columns) * (times[1] - times[0])  # type: ignore[no-any-return]

        return negative_runs(times, excess < 0.0, refine)

    def behind_mask(self, mask: Mask) -> Periods:
        """When each target is below a horizon given as points (azimuth_deg, altitude_deg)."""
        azimuths, altitudes = np.radians(np.array(mask)).T
        azimuths = np.concatenate([[azimuths[-1] - _TWO_PI], azimuths, [azimuths[0] + _TWO_PI]])
        altitudes = np.concatenate([[altitudes[-1]], altitudes, [altitudes[0]]])

        def excess(times: FloatArray, rows: Any) -> FloatArray:
            altitude, azimuth = self._horizontal(times, rows)
            return altitude - np.interp(azimuth, azimuths, altitudes)  # type: ignore[no-any-return]

        times = self._mask_times(np.unique(azimuths[1:-1]) - self.sky.north_shift_rad)
        values = excess(times, np.arange(len(self))[:, None])

        def refine(rows: IntArray, columns: IntArray) -> FloatArray:
            return bracketed_roots(
                lambda t, which: excess(t, rows[which]),
                times[rows, columns], times[rows, columns + 1], values[rows, columns], values[rows, columns + 1],
            )  # fmt: skip

        return negative_runs(times, values < 0.0, refine)

    def _mask_times(self, azimuths: FloatArray) -> FloatArray:
        """Sampling times (targets, …): evenly, and on both sides of each passage over a corner of the mask.

        The azimuth is a where R cos(H + ψ) = tan δ cos φ sin a, R and ψ from sin φ sin a and cos a.
        """
        across, along = self.sin_lat * np.sin(azimuths), np.cos(azimuths)
        radius = np.maximum(np.hypot(across, along), _LEAST_RANGE)
        with np.errstate(over="ignore"):
            ratio = np.tan(self.dec) * self.cos_lat * np.sin(azimuths) / radius
        arc = np.arccos(np.clip(ratio, -1.0, 1.0))
        angles = np.concatenate([arc, -arc], axis=1) - np.tile(np.arctan2(along, across), 2)
        passages = self.transits[:, :, None] + (angles / self.rate)[:, None, :]
        passages = passages.reshape(len(self), -1)
        even = np.linspace(self.sky.start_s, self.sky.end_s, int((self.sky.end_s - self.sky.start_s) / STEP_S) + 2)
        times = np.concatenate(
            [np.broadcast_to(even, (len(self), even.size)), passages - _CORNER_S, passages + _CORNER_S], axis=1
        )
        return np.sort(np.clip(times, self.sky.start_s, self.sky.end_s), axis=1)

    def _horizontal(self, times: FloatArray, rows: Any) -> tuple[FloatArray, FloatArray]:
        """Altitude and azimuth (0..2π), radians."""
        flat = np.ravel(rows)
        shape = np.shape(rows)

        def of(values: FloatArray) -> FloatArray:
            return np.asarray(values[flat, 0].reshape(shape))

        elapsed = times - self.sky.middle_s
        dec = of(self.dec) + of(self.dec_rate) * elapsed
        hour_angle = (times - of(self.transits)) * of(self.rate)
        sin_dec, cos_dec, cos_ha = np.sin(dec), np.cos(dec), np.cos(hour_angle)
        up = self.sin_lat * sin_dec + self.cos_lat * cos_dec * cos_ha
        north = self.cos_lat * sin_dec - self.sin_lat * cos_dec * cos_ha
        east = -cos_dec * np.sin(hour_angle) + self.sky.diurnal_aberration_rad
        return np.arctan2(up, np.hypot(north, east)), (np.arctan2(east, north) + self.sky.north_shift_rad) % _TWO_PI
