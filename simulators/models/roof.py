"""A roll-off roof: a motor, a position, and two limit switches that are true to the position."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RoofMotion(StrEnum):
    NONE = "NONE"
    OPENING = "OPENING"
    CLOSING = "CLOSING"


@dataclass(frozen=True)
class RoofState:
    """What the roof's switches and encoder show. Both switches are never made at once."""

    fraction_open: float
    motion: RoofMotion
    open_switch: bool
    closed_switch: bool


class RoofMotor:
    """The roof's mechanism. Times are seconds on one monotonic scale, given by the caller.

    It may be told to open or close at any moment, also on its way. A jam holds it where it is: the motor pulls, the
    position stays, no switch is made. An inhibit (the PLC's interlock) is for the shells to honour; closing is never
    inhibited.
    """

    SWITCH_MARGIN = 0.002
    """Fraction of the travel within which a limit switch is made."""

    def __init__(self, travel_s: float = 60.0, fraction_open: float = 0.0) -> None:
        if travel_s <= 0:
            raise ValueError(f"roof travel_s is {travel_s}: give a positive number of seconds")
        self.travel_s = travel_s
        self.inhibit: str | None = None
        self._fraction = fraction_open
        self._at_s = 0.0
        self._direction = 0
        self._jam_at: float | None = None

    def drive(self, direction: int, moment_s: float) -> None:
        """Run the motor: +1 opens, −1 closes, 0 stops it where it is."""
        self._settle(moment_s)
        self._direction = direction

    def jam(self, moment_s: float, at_fraction: float | None = None) -> None:
        """Let the roof stick: here and now, or when it next passes `at_fraction`."""
        self._settle(moment_s)
        self._jam_at = self._fraction if at_fraction is None else at_fraction

    def release(self, moment_s: float) -> None:
        """End a jam; a motor that was still pulling goes on."""
        self._settle(moment_s)
        self._jam_at = None

    def remaining_s(self, direction: int, moment_s: float) -> float:
        """Seconds that the rest of the way takes when nothing sticks."""
        fraction = self._position(moment_s)
        return (1.0 - fraction if direction > 0 else fraction) * self.travel_s

    def state(self, moment_s: float) -> RoofState:
        """The state at a moment."""
        self._settle(moment_s)
        open_switch = self._fraction >= 1.0 - self.SWITCH_MARGIN
        closed_switch = self._fraction <= self.SWITCH_MARGIN
        arrived = (self._direction > 0 and open_switch) or (self._direction < 0 and closed_switch)
        if arrived:
            self._direction = 0
        motion = {1: RoofMotion.OPENING, -1: RoofMotion.CLOSING, 0: RoofMotion.NONE}[self._direction]
        return RoofState(self._fraction, motion, open_switch, closed_switch)

    def _settle(self, moment_s: float) -> None:
        self._fraction, self._at_s = self._position(moment_s), moment_s

    def _position(self, moment_s: float) -> float:
        start = self._fraction
        moved = start + self._direction * max(0.0, moment_s - self._at_s) / self.travel_s
        moved = min(1.0, max(0.0, moved))
        if self._jam_at is not None and min(start, moved) <= self._jam_at <= max(start, moved):
            return self._jam_at
        return moved
