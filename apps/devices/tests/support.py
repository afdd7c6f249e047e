"""The guardian's word, written as the guardian writes it, for tests of those who listen to it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from apps.devices.safety import status_path
from guardian import status
from guardian.status import GuardianStatus
from guardian.verdict import Reason
from guardian.vocabulary import Enclosure, NightPhase, OperatingMode, Safety, ShutterStatus
from pyros.clock import Clock


class Guardian:
    """Says what the test lets it say; silent until then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def says(
        self,
        safety: Safety = Safety.SAFE,
        sentence: str = "",
        *,
        mode: OperatingMode = OperatingMode.AUTOMATIC,
        shutter: ShutterStatus = ShutterStatus.OPEN,
        running: bool = True,
    ) -> None:
        """Write a status with this verdict."""
        good = safety is Safety.SAFE
        told = GuardianStatus(
            safety=safety,
            reasons=() if good else (Reason("HUMIDITY", sentence, "weather1", safety, "humidity"),),
            warnings=(),
            since_monotonic_s=0.0,
            holdoff_until_monotonic_s=None,
            holdoff_until_unix_s=None,
            closes_tonight=0,
            phase=NightPhase.NIGHT,
            sun_altitude_deg=-40.0,
            mode=mode,
            desired=Enclosure.OPEN_ALLOWED if good else Enclosure.CLOSE,
            explanation="all is well" if good else sentence,
            shutter=shutter,
            open_switch=True,
            closed_switch=False,
            mount="PARKED",
            readings=(),
            overrides=(),
            alarms=(),
            heartbeat_counter=1,
            written_unix_s=self._clock.unix_s(),
            written_monotonic_s=self._clock.monotonic(),
            pid=1,
            running=running,
        )
        status_path().parent.mkdir(parents=True, exist_ok=True)
        status_path().write_text(json.dumps(status.to_document(told)), encoding="utf-8")

    def is_silent(self) -> None:
        """As if it had never run."""
        status_path().unlink(missing_ok=True)


@pytest.fixture
def guardian(clock: Clock) -> Iterator[Guardian]:
    """A guardian that says SAFE now; a test may let it say something else."""
    speaker = Guardian(clock)
    speaker.says()
    yield speaker
    speaker.is_silent()
