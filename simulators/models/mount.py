"""An alt-azimuth mount: trapezoidal slews, settling, tracking, parking and limits.

The model knows times and angles only. Where the sky stands at a moment (RA, Dec ↔ altitude, azimuth) is asked of two
functions that the shell gives (`ephemeris`), so that the physics can be tested on a simple sky.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from simulators.models.motion import Trapezoid, shortest_turn_deg

ToAltAz = Callable[[float, float, float], tuple[float, float]]
"""(ra_deg, dec_deg, unix_s) → (altitude_deg, azimuth_deg)."""

ToRaDec = Callable[[float, float, float], tuple[float, float]]
"""(altitude_deg, azimuth_deg, unix_s) → (ra_deg, dec_deg), ICRS."""


class MountRefusal(Exception):
    """The mount will not do it. `code` is the grammar's error code; the text says why and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Activity(StrEnum):
    IDLE = "IDLE"
    SLEWING = "SLEWING"
    TRACKING = "TRACKING"
    PARKING = "PARKING"
    PARKED = "PARKED"


@dataclass(frozen=True)
class MountLimits:
    """What the mechanics can do. The defaults reach any point of the sky within 20 s, as COLIBRÍ does."""

    speed_deg_s: float = 12.0
    acceleration_deg_s2: float = 6.0
    settle_s: float = 1.5
    lowest_altitude_deg: float = 15.0
    park_altitude_deg: float = 5.0
    park_azimuth_deg: float = 0.0


@dataclass(frozen=True)
class MountState:
    """Where the mount points and what it does, at one moment. Angles in degrees, ICRS."""

    ra_deg: float
    dec_deg: float
    altitude_deg: float
    azimuth_deg: float
    activity: Activity
    tracking: bool
    at_target: bool
    target_ra_deg: float | None
    target_dec_deg: float | None

    @property
    def moving(self) -> bool:
        return self.activity in (Activity.SLEWING, Activity.PARKING)


@dataclass(frozen=True)
class _Slew:
    altitude: Trapezoid
    azimuth: Trapezoid
    from_altitude_deg: float
    from_azimuth_deg: float
    start_s: float
    end_s: float  # settled
    then: Activity


class MountModel:
    """The mount's mechanics. Every method takes `unix_s`, the moment at which it happens (never going back)."""

    def __init__(self, to_altaz: ToAltAz, to_radec: ToRaDec, limits: MountLimits = MountLimits()) -> None:
        self.limits = limits
        self._to_altaz, self._to_radec = to_altaz, to_radec
        self._altitude_deg, self._azimuth_deg = limits.park_altitude_deg, limits.park_azimuth_deg
        self._activity = Activity.PARKED
        self._target: tuple[float, float] | None = None
        self._slew: _Slew | None = None

    def goto(self, ra_deg: float, dec_deg: float, unix_s: float) -> float:
        """Start a slew that ends tracking (ra, dec); a running one is replaced. Returns seconds until settled.

        Raises `MountRefusal`: E_STATE while parked or parking, E_LIMIT below the lowest altitude.
        """
        state = self.state(unix_s)
        if state.activity in (Activity.PARKED, Activity.PARKING):
            raise MountRefusal("E_STATE", f"mount is {state.activity}: UNPARK it first")
        self._check_altitude(ra_deg, dec_deg, unix_s)
        # The target moves on during the slew: aim at where it will stand on arrival.
        arrival_s = unix_s
        for _ in range(3):
            altitude_deg, azimuth_deg = self._to_altaz(ra_deg, dec_deg, arrival_s)
            slew = self._plan(altitude_deg, azimuth_deg, unix_s, Activity.TRACKING)
            arrival_s = slew.end_s
        self._slew, self._target, self._activity = slew, (ra_deg, dec_deg), Activity.SLEWING
        return slew.end_s - unix_s

    def offset(self, dra_arcsec: float, ddec_arcsec: float, unix_s: float) -> float:
        """Move the target by an offset on the sky (RA already multiplied by cos Dec). Returns seconds until settled.

        Raises `MountRefusal`: E_STATE when there is no target to offset from.
        """
        if self.state(unix_s).activity is not Activity.TRACKING or self._target is None:
            raise MountRefusal("E_STATE", "mount is not tracking a target: GOTO one first")
        ra_deg, dec_deg = self._target
        dec_new_deg = max(-90.0, min(90.0, dec_deg + ddec_arcsec / 3600.0))
        cosine = max(1e-6, math.cos(math.radians(dec_deg)))
        return self.goto((ra_deg + dra_arcsec / 3600.0 / cosine) % 360.0, dec_new_deg, unix_s)

    def track(self, on: bool, unix_s: float) -> None:
        """Follow the sky from where the mount points, or stand still. E_STATE while parked or moving."""
        state = self.state(unix_s)
        if state.activity not in (Activity.IDLE, Activity.TRACKING):
            raise MountRefusal("E_STATE", f"mount is {state.activity}: tracking can be set when it stands or tracks")
        if on and state.activity is Activity.IDLE:
            if state.altitude_deg < self.limits.lowest_altitude_deg:
                raise MountRefusal("E_LIMIT", f"altitude is {state.altitude_deg:.1f}: {self._limit_text()}")
            self._target, self._activity = (state.ra_deg, state.dec_deg), Activity.TRACKING
        elif not on:
            self._halt(state)

    def park(self, unix_s: float) -> float:
        """Go to the park position; parked already: nothing moves. Returns seconds until parked."""
        if self.state(unix_s).activity is Activity.PARKED:
            return 0.0
        slew = self._plan(self.limits.park_altitude_deg, self.limits.park_azimuth_deg, unix_s, Activity.PARKED)
        self._slew, self._target, self._activity = slew, None, Activity.PARKING
        return slew.end_s - unix_s

    def unpark(self, unix_s: float) -> None:
        """Leave the parked state without moving; not parked: nothing happens."""
        if self.state(unix_s).activity is Activity.PARKED:
            self._activity = Activity.IDLE

    def stop(self, unix_s: float) -> None:
        """Halt any motion where it is. A parked mount stays parked."""
        state = self.state(unix_s)
        if state.activity is not Activity.PARKED:
            self._halt(state)

    def power_cycle(self, unix_s: float) -> None:
        """What is left after the power came back: the axes stand, nothing is tracked, no target is known."""
        self.stop(unix_s)
        self._target = None

    def state(self, unix_s: float) -> MountState:
        """The state at a moment. A tracked target that sinks to the limit stops the mount there (never below)."""
        self._advance(unix_s)
        tracking = self._activity is Activity.TRACKING and self._target is not None
        if tracking and self._target is not None:
            ra_deg, dec_deg = self._target
        else:
            ra_deg, dec_deg = self._to_radec(self._altitude_deg, self._azimuth_deg, unix_s)
        target_ra_deg, target_dec_deg = self._target or (None, None)
        return MountState(
            ra_deg=ra_deg,
            dec_deg=dec_deg,
            altitude_deg=self._altitude_deg,
            azimuth_deg=self._azimuth_deg,
            activity=self._activity,
            tracking=tracking,
            at_target=tracking,
            target_ra_deg=target_ra_deg,
            target_dec_deg=target_dec_deg,
        )

    def _advance(self, unix_s: float) -> None:
        if self._slew is not None:
            elapsed_s = unix_s - self._slew.start_s
            self._altitude_deg = self._slew.from_altitude_deg + self._slew.altitude.travelled(elapsed_s)
            self._azimuth_deg = (self._slew.from_azimuth_deg + self._slew.azimuth.travelled(elapsed_s)) % 360.0
            if unix_s < self._slew.end_s:
                return
            self._activity, self._slew = self._slew.then, None
        if self._activity is Activity.TRACKING and self._target is not None:
            altitude_deg, azimuth_deg = self._to_altaz(*self._target, unix_s)
            if altitude_deg < self.limits.lowest_altitude_deg:
                self._activity = Activity.IDLE
                self._altitude_deg, self._azimuth_deg = self.limits.lowest_altitude_deg, azimuth_deg
            else:
                self._altitude_deg, self._azimuth_deg = altitude_deg, azimuth_deg

    def _plan(self, altitude_deg: float, azimuth_deg: float, unix_s: float, then: Activity) -> _Slew:
        turn_deg = shortest_turn_deg(self._azimuth_deg, azimuth_deg)
        rates = (self.limits.speed_deg_s, self.limits.acceleration_deg_s2)
        altitude, azimuth = Trapezoid(altitude_deg - self._altitude_deg, *rates), Trapezoid(turn_deg, *rates)
        end_s = unix_s + max(altitude.duration_s, azimuth.duration_s) + self.limits.settle_s
        return _Slew(altitude, azimuth, self._altitude_deg, self._azimuth_deg, unix_s, end_s, then)

    def _halt(self, state: MountState) -> None:
        self._altitude_deg, self._azimuth_deg = state.altitude_deg, state.azimuth_deg
        self._slew, self._activity = None, Activity.IDLE

    def _check_altitude(self, ra_deg: float, dec_deg: float, unix_s: float) -> None:
        altitude_deg, _ = self._to_altaz(ra_deg, dec_deg, unix_s)
        if altitude_deg < self.limits.lowest_altitude_deg:
            raise MountRefusal(
                "E_LIMIT", f"target altitude is {altitude_deg:.1f} deg: {self._limit_text()}; wait until it rises"
            )

    def _limit_text(self) -> str:
        return f"the mount points no lower than {self.limits.lowest_altitude_deg:g} deg"
