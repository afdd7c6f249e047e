"""The sky server: where new sources are set, for all cameras to see."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from devicelink.server import Call, CommandFailure, ErrorCode, Value
from simulators.devices.base import SimulatedDevice
from simulators.devices.weather import iso_of
from simulators.sky.transients import Transient
from simulators.world import World

MOST_TRANSIENTS = 25
"""As many as fit on one line of the grammar."""


class SkyServer(SimulatedDevice):
    """SET puts a transient on the sky, RESET takes one or all away; STATUS lists them as JSON in `transients`.

    SET name=GRB261120A ra=83.6 dec=22.0 t0=2026-11-20T20:28:39Z mag_100s=15 slope=-1.1
    """

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name, "sky", world)
        self._transients = {transient.name: transient for transient in world.transients}
        optional = {"t0": str, "mag_100s": float, "slope": float, "beta": float}
        self.on("SET", self._set, keys={"name": str, "ra": float, "dec": float}, optional=optional)
        self.on("RESET", self._reset, keys={}, optional={"name": str})

    def reading(self) -> Mapping[str, Value]:
        return {"count": len(self._transients), "transients": written(tuple(self._transients.values()))}

    async def _set(self, call: Call) -> Mapping[str, Value]:
        name = call.text("name")
        if name not in self._transients and len(self._transients) >= MOST_TRANSIENTS:
            raise CommandFailure(ErrorCode.E_LIMIT, f"{MOST_TRANSIENTS} transients are set: RESET some first")
        try:
            t0_unix_s = (
                datetime.fromisoformat(call.text("t0")).timestamp() if "t0" in call.arguments else self.clock.unix_s()
            )
            transient = Transient(
                name,
                call.number("ra"),
                call.number("dec"),
                t0_unix_s,
                call.number("mag_100s", 15.0),
                call.number("slope", -1.1),
                call.number("beta", 0.75),
            )
        except ValueError as error:
            raise CommandFailure(ErrorCode.E_RANGE, str(error)) from None
        self._transients[name] = transient
        return {"name": name, "t0": iso_of(transient.t0_unix_s)}

    async def _reset(self, call: Call) -> Mapping[str, Value]:
        if "name" not in call.arguments:
            self._transients.clear()
        elif self._transients.pop(call.text("name"), None) is None:
            raise CommandFailure(ErrorCode.E_RANGE, f"transient {call.text('name')} is not set")
        return {"count": len(self._transients)}


def written(transients: Sequence[Transient]) -> str:
    """Transients as a JSON text for one STATUS value."""
    return json.dumps(
        [[t.name, t.ra_deg, t.dec_deg, t.t0_unix_s, t.mag_100s, t.slope, t.beta] for t in transients],
        separators=(",", ":"),
    )


def read(text: str) -> tuple[Transient, ...]:
    """The transients of a STATUS value. Raises `ValueError` when it is not one."""
    try:
        return tuple(
            Transient(str(name), *(float(number) for number in numbers)) for name, *numbers in json.loads(text)
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"transients are not readable: {error}") from error
