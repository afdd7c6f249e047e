"""Real chains of notices, as they were sent, played at their own times (alerts.md, scenarios 1, 3 and 5).

The samples lie beside the checkout (`../shared/data`) and are not shipped: without them these tests are skipped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.alert_manager import services
from apps.alert_manager.models import Alert, AlertRequest, AlertState, Decision
from apps.devices.tests.support import Guardian
from apps.routine_manager.models import Sequence
from pyros import current
from pyros.clock import ManualClock
from pyros.config import ROOT
from pyros.operations.observatory import semester_of

SAMPLES = ROOT.parent / "shared" / "data" / "notices" / "svom"
pytestmark = [
    pytest.mark.usefixtures("observatory"),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the real notices are not there: {SAMPLES}"),
]


def sample(name: str) -> bytes:
    return next(Path(SAMPLES).glob(f"*__{name}.xml")).read_bytes()


def play(guardian: Guardian, *chain: tuple[str, str]) -> list[services.Received]:
    """Receive each sample at its own time."""
    done = []
    for at, name in chain:
        clock = ManualClock(datetime.fromisoformat(at).replace(tzinfo=UTC))
        with current.use_clock(clock):
            semester_of(clock.now().date())
            type(guardian)(clock).says()
            done.append(services.receive(sample(name), via="replay"))
    return done


def test_the_svom_chain_of_sb26051101_is_one_burst_with_one_request(guardian: Guardian) -> None:
    """Scenario 1: GRM (error −1, 22° off), wake-up, slewing, MXT 2.54′ away; T0 stays 06:13:30."""
    chain = play(
        guardian,
        ("2026-05-11T06:13:57", "grm_353"),
        ("2026-05-11T06:14:19", "eclairs_319"),
        ("2026-05-11T06:18:19", "eclairs_320"),
        ("2026-05-11T06:19:48", "mxt_52"),
    )
    alert = Alert.objects.get()
    assert alert.name == "sb26051101" and {d.alert for d in chain} == {alert}
    codes = [d.decision.code for d in chain if d.decision]
    assert codes[0] == "RECORD_ONLY", "GRM's error is −1: unknown, never perfect"
    assert (alert.ra_deg, alert.dec_deg) == pytest.approx((197.9145, -33.8120), abs=1e-3)
    assert alert.error_r90_deg == pytest.approx(0.0108, abs=1e-3)
    assert alert.trigger_time is not None
    assert alert.trigger_time.replace(microsecond=0) == datetime(2026, 5, 11, 6, 13, 30, tzinfo=UTC)
    assert AlertRequest.objects.count() <= 1, "2.54′ is inside the field: never a new request"
    assert Decision.objects.count() == 4


def test_a_grm_trigger_that_is_retracted_with_an_eclairs_position_is_never_pointed_at(guardian: Guardian) -> None:
    """Scenario 3 (sb26043009): the retraction carries a position and cites notices that were never sent."""
    try:
        chain = play(guardian, ("2026-04-30T23:24:53", "grm_341"), ("2026-04-30T23:38:20", "grm_342"))
    except StopIteration:
        pytest.skip("these two samples are not in the folder")
    alert = Alert.objects.get()
    assert alert.state == AlertState.RETRACTED and {d.alert for d in chain} == {alert}
    assert Sequence.objects.count() == 0


def test_the_orphan_retraction_of_sb26020303_is_a_tombstone(guardian: Guardian) -> None:
    """Scenario 5."""
    try:
        (done,) = play(guardian, ("2026-02-03T12:00:00", "grm_287"))
    except StopIteration:
        pytest.skip("this sample is not in the folder")
    assert done.alert is not None and done.alert.state == AlertState.RETRACTED
    assert AlertRequest.objects.count() == 0
