"""A whole guardian turned by hand: ticks with a pretended Sun, stations, roof and mount."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from guardian import Mount, OperatingMode, Policy, Reading, Source, Switches
from guardian.remembering import Memory
from guardian.requests import Request
from guardian.status import GuardianStatus
from guardian.tests.sheet import GOOD
from guardian.tick import Inputs, Outputs, tick

EPOCH_UNIX_S = 1_795_219_200.0  # 2026-11-21T00:00:00Z
OPEN = Switches(open=True, closed=False)
CLOSED = Switches(open=False, closed=True)
BETWEEN = Switches(open=False, closed=False)


def asking(mode: OperatingMode = OperatingMode.AUTOMATIC, **more: object) -> Request:
    return Request(mode, EPOCH_UNIX_S + 36_000.0, **more)  # type: ignore[arg-type]


class Turning:
    """Monotonic time starts at 0; the date is EPOCH_UNIX_S plus time plus `date_step_s`."""

    def __init__(self, policy: Policy | None = None, memory: Memory | None = None) -> None:
        self.policy = policy or Policy.from_dict({}, (Source("A"), Source("B")))
        self.memory = memory or Memory.initial(0.0, EPOCH_UNIX_S)
        self.sun: Callable[[float], float] = lambda unix_s: -30.0
        self.switches: Switches | None = OPEN
        self.mount = Mount.NONE
        self.request: Request | None = asking()
        self.date_step_s = 0.0
        self.plc_contact_s: float | None = None
        self.plc_answers = True
        self.events: list[Mapping[str, object]] = []
        self.out: Outputs | None = None

    @property
    def status(self) -> GuardianStatus:
        assert self.out is not None
        return self.out.status

    def turn(self, now_s: float, readings: Sequence[Reading] = ()) -> Outputs:
        if self.plc_answers:
            self.plc_contact_s = now_s
        self.memory, self.out = tick(
            self.policy,
            self.memory,
            Inputs(
                now_s=now_s,
                now_unix_s=EPOCH_UNIX_S + now_s + self.date_step_s,
                sun_altitude_deg=self.sun,
                readings=readings,
                plc_contact_s=self.plc_contact_s,
                switches=self.switches,
                mount=self.mount,
                request=self.request,
            ),
        )
        self.events.extend(self.out.events)
        return self.out

    def good(self, now_s: float, **values: float) -> Outputs:
        """A turn with good samples of all sources; `values` change those of the first."""
        names = [source.name for source in self.policy.sources]
        readings = [
            Reading(name, quantity, value, "", now_s)
            for name in names
            for quantity, value in {**GOOD, **(values if name == names[0] else {})}.items()
        ]
        return self.turn(now_s, readings)

    def good_until(self, end_s: float, start_s: float = 0.0) -> Outputs:
        now_s = start_s
        while now_s + 5.0 <= end_s:
            self.good(now_s)
            now_s += 5.0
        return self.good(end_s)

    def kinds(self) -> list[str]:
        return [str(event["kind"]) for event in self.events]
