"""Sun and Moon over one span of time, made once and asked often.

Everything that does not depend on the target is computed here: the directions of Sun and Moon as Chebyshev
series in the observer's own axes, the orientation of the Earth, the apparent-place parameters at both ends.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import erfa
import numpy as np
from numpy.polynomial import chebyshev

from .bodies import illuminated_fraction, light_time_corrected
from .crossings import negative_runs_of
from .earth_orientation import FloatArray, tables
from .moments import Moment, earth_rotation_angle_rad, tt_jd, unix_seconds
from .periods import Periods
from .site import Site

LONGEST_SPAN_S = 25 * 3600.0
EARTH_RATE_RAD_S = 7.292_115_146_706_979e-5  # IAU 2000: 2π × 1.00273781191135448 / 86400
STEP_S = 600.0
MOON_STEP_S = 900.0

_AU_M = 149_597_870_700.0
_LIGHT_AU_D = 173.144_632_674_240_3  # speed of light
_NODES = 9


class Sky:
    """The sky without its targets, above a site, from `start` to `end` (at most 25 hours).

    Building it takes about a millisecond; give it to `visibility_many` when many target lists are asked for one
    night. Raises ValueError for a span that is empty, longer, or outside 1972..2100.
    """

    def __init__(self, site: Site, start: Moment, end: Moment) -> None:
        self.site = site
        self.start_s, self.end_s = unix_seconds(start), unix_seconds(end)
        if not 0.0 < self.end_s - self.start_s <= LONGEST_SPAN_S:
            raise ValueError(f"end is {self.end_s - self.start_s:g} s after start: give a span of up to 25 hours")
        self.middle_s = 0.5 * (self.start_s + self.end_s)
        self._half_s = 0.5 * (self.end_s - self.start_s)
        self._place_observer()
        self._fit_bodies()
        self._runs: dict[tuple[str, float], Periods] = {}

    def _place_observer(self) -> None:
        """The observer in axes east, north, up that turn with the Earth; polar motion enters here."""
        longitude, latitude = np.radians(self.site.longitude_deg), np.radians(self.site.latitude_deg)
        sin_lon, cos_lon, sin_lat, cos_lat = np.sin(longitude), np.cos(longitude), np.sin(latitude), np.cos(latitude)
        east_north_up = np.array(
            [
                [-sin_lon, cos_lon, 0.0],
                [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
                [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
            ]
        )
        pole_x, pole_y = tables().pole_rad(self.middle_s)
        self.pole_x_rad = float(pole_x * cos_lon - pole_y * sin_lon)
        self.pole_y_rad = float(pole_x * sin_lon + pole_y * cos_lon)
        """The pole in the axes of the observer's meridian, as in erfa.apco."""
        wobble = erfa.pom00(pole_x, pole_y, erfa.sp00(*tt_jd(self.middle_s)))
        self.to_local = east_north_up @ wobble
        """From the terrestrial intermediate frame to east, north, up."""
        up = self.to_local[2]
        self.latitude_rad = float(np.arcsin(up[2]))
        shift = np.arctan2(up[1], up[0]) - longitude
        # At a pole every meridian passes through the zenith: the observer's own is kept.
        at_pole = abs(self.site.latitude_deg) > 89.9
        self.meridian_shift_rad = 0.0 if at_pole else float(np.arctan2(np.sin(shift), np.cos(shift)))
        self.longitude_rad = float(longitude) + self.meridian_shift_rad
        pole = self.to_local[:, 2]
        self.north_shift_rad = 0.0 if at_pole else float(np.arctan2(pole[0], pole[1]))
        """Azimuth of the pole about which the sky turns, from north on the ground."""
        position_m = wobble.T @ erfa.gd2gc(1, longitude, latitude, self.site.elevation_m)
        self._observer_au = self.to_local @ (position_m / _AU_M)
        spin = np.array([-position_m[1], position_m[0], 0.0]) * EARTH_RATE_RAD_S
        self._diurnal = self.to_local @ spin / 299_792_458.0
        self.diurnal_aberration_rad = float(self._diurnal[0])

    def _fit_bodies(self) -> None:
        x = chebyshev.chebpts1(_NODES)
        unix_s = self.middle_s + self._half_s * x
        tt = tt_jd(unix_s)
        sun_to_earth, earth = erfa.epv00(*tt)
        moon = erfa.moon98(*tt)
        vectors = np.stack([-sun_to_earth["p"], moon["p"], moon["v"] + earth["v"], earth["v"] / _LIGHT_AU_D], axis=1)
        intermediate = np.einsum("tij,tbj->tbi", erfa.c2i00b(*tt), vectors)
        self._series = chebyshev.chebfit(x, intermediate.reshape(_NODES, 12), _NODES - 1)

    @cached_property
    def ends(self) -> tuple[Any, Any]:
        """Geocentric apparent-place parameters (erfa.apci) at start and end."""
        tt = tt_jd(np.array([self.start_s, self.end_s]))
        sun_to_earth, earth = erfa.epv00(*tt)
        astrom = erfa.apci(*tt, earth, sun_to_earth["p"], *erfa.xys00b(*tt))
        return astrom[0], astrom[1]

    def _bodies(self, unix_s: FloatArray) -> FloatArray:
        """Sun, Moon, velocity of the Moon, velocity of the Earth: (4, 3, times), celestial intermediate axes."""
        values = chebyshev.chebval((unix_s - self.middle_s) / self._half_s, self._series)
        return np.asarray(values, dtype=np.float64).reshape(4, 3, -1)

    def _turned(self, vectors: FloatArray, unix_s: FloatArray) -> FloatArray:
        """(…, 3, times) from celestial intermediate axes to east, north, up."""
        angle = earth_rotation_angle_rad(unix_s)
        cosine, sine = np.cos(angle), np.sin(angle)
        x, y, z = vectors[..., 0, :], vectors[..., 1, :], vectors[..., 2, :]
        rotated = np.stack([cosine * x + sine * y, cosine * y - sine * x, z], axis=-2)
        return np.asarray(self.to_local @ rotated)

    def _apparent(self, unix_s: FloatArray, body: int) -> FloatArray:
        """Apparent topocentric direction of Sun (0) or Moon (1): (times, 3), east, north, up."""
        local = np.swapaxes(self._turned(self._bodies(unix_s), unix_s), -1, -2)
        vector = local[body] - self._observer_au
        if body == 1:
            vector = light_time_corrected(vector, local[2])
        direction = vector / np.linalg.norm(vector, axis=-1, keepdims=True)
        velocity = local[3] + self._diurnal
        return erfa.ab(direction, velocity, 1.0, np.sqrt(1.0 - np.sum(velocity**2, axis=-1)))  # type: ignore[no-any-return]

    def sun_direction(self, unix_s: FloatArray) -> FloatArray:
        """Unit vectors (times, 3) to the Sun: east, north, up."""
        return self._apparent(unix_s, 0)

    def moon_direction(self, unix_s: FloatArray) -> FloatArray:
        """Unit vectors (times, 3) to the Moon: east, north, up."""
        return self._apparent(unix_s, 1)

    def moon_distance_au(self, unix_s: FloatArray) -> FloatArray:
        """Topocentric distance of the Moon."""
        local = self._turned(self._bodies(unix_s)[1], unix_s).T
        return np.linalg.norm(local - self._observer_au, axis=-1)  # type: ignore[no-any-return]

    def illumination(self, unix_s: FloatArray) -> FloatArray:
        """Illuminated fraction of the Moon, 0..1."""
        sun, moon, _, _ = self._bodies(unix_s)
        return illuminated_fraction(moon.T, sun.T)  # type: ignore[no-any-return]

    def sun_above(self, altitude_deg: float) -> Periods:
        """When the Sun's centre is above an altitude (one row)."""
        return self._cached(
            "sun", altitude_deg, lambda t: np.sin(np.radians(altitude_deg)) - self.sun_direction(t)[:, 2], STEP_S
        )

    def moon_above(self, altitude_deg: float = 0.0) -> Periods:
        """When the Moon's centre is above an altitude (one row)."""
        return self._cached(
            "moon", altitude_deg, lambda t: np.sin(np.radians(altitude_deg)) - self.moon_direction(t)[:, 2], STEP_S
        )

    def moon_brighter_than(self, fraction: float) -> Periods:
        """When the Moon is lit by more than a fraction (one row), above the horizon or not."""
        return self._cached("phase", fraction, lambda t: fraction - self.illumination(t), 7200.0)

    def _cached(self, what: str, value: float, curve: Any, step_s: float) -> Periods:
        key = (what, float(value))
        if key not in self._runs:
            self._runs[key] = negative_runs_of(curve, self.start_s, self.end_s, step_s)
        return self._runs[key]

    @cached_property
    def moon_samples(self) -> tuple[FloatArray, FloatArray]:
        """(times, apparent topocentric unit vectors (times, 3) in celestial intermediate axes), evenly spaced.

        The vectors carry the Moon's parallax and the annual aberration but not the diurnal one: they are
        compared with geocentric apparent places of targets.
        """
        count = max(4, int(np.ceil(2.0 * self._half_s / MOON_STEP_S)) + 1)
        times = np.linspace(self.start_s, self.end_s, count)
        _, moon, moon_velocity, velocity = np.swapaxes(self._bodies(times), -1, -2)
        vector = light_time_corrected(moon - self.from_local(self._observer_au, times), moon_velocity)
        direction = vector / np.linalg.norm(vector, axis=-1, keepdims=True)
        return times, erfa.ab(direction, velocity, 1.0, np.sqrt(1.0 - np.sum(velocity**2, axis=-1)))

    @cached_property
    def diurnal_samples(self) -> FloatArray:
        """The observer's diurnal velocity over c at the times of `moon_samples`: (times, 3)."""
        return self.from_local(self._diurnal, self.moon_samples[0])

    def from_local(self, vector: FloatArray, unix_s: FloatArray) -> FloatArray:
        """A vector fixed to the ground, (3,), in celestial intermediate axes at many times: (times, 3)."""
        x, y, z = self.to_local.T @ vector
        angle = earth_rotation_angle_rad(unix_s)
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.stack([cosine * x - sine * y, cosine * y + sine * x, np.full_like(angle, z)], axis=-1)
