"""What other processes take the guardian's word for: unknown is unsafe (design §3.4, behaviours C2)."""

from __future__ import annotations

from apps.devices import safety
from apps.devices.tests.support import Guardian
from guardian.vocabulary import Safety
from pyros.clock import ManualClock


def test_a_fresh_verdict_is_believed(guardian: Guardian) -> None:
    seen = safety.view()
    assert (seen.safe, seen.open_allowed, seen.shutter) == (True, True, "OPEN")


def test_no_status_at_all_is_unsafe(guardian: Guardian) -> None:
    guardian.is_silent()
    seen = safety.view()
    assert (seen.safe, seen.open_allowed, seen.shutter, seen.status) == (False, False, "UNKNOWN", None)
    assert "running?" in seen.sentence


def test_a_verdict_older_than_ten_seconds_is_unsafe(guardian: Guardian, clock: ManualClock) -> None:
    clock.advance(10.0)
    assert safety.view().safe
    clock.advance(0.5)
    seen = safety.view()
    assert not seen.safe and not seen.open_allowed and seen.sentence == "the guardian's status is 10 s old"


def test_a_step_of_the_date_makes_no_verdict_old_or_young(guardian: Guardian, clock: ManualClock) -> None:
    """Behaviours C5."""
    clock.step_date(3600.0)
    assert safety.view().safe
    clock.advance(11.0)
    clock.step_date(-7200.0)
    assert not safety.view().safe


def test_the_last_word_of_a_stopped_guardian_is_not_believed(guardian: Guardian) -> None:
    guardian.says(running=False)
    assert not safety.view().open_allowed


def test_a_torn_status_is_unsafe(guardian: Guardian) -> None:
    safety.status_path().write_text('{"safety": "SAFE", ', encoding="utf-8")
    assert not safety.view().safe


def test_an_unsafe_verdict_tells_its_reasons(guardian: Guardian) -> None:
    guardian.says(Safety.UNSAFE, "humidity 92 % > 85 %")
    seen = safety.view()
    assert (seen.safe, seen.open_allowed, seen.sentence) == (False, False, "humidity 92 % > 85 %")
