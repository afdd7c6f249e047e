"""The small pure rules: heartbeat, back-off."""

from __future__ import annotations

import random

from devicelink.backoff import Backoff
from devicelink.heartbeat import Heartbeat, Pulse


def test_back_off_doubles_from_one_second_to_sixty_and_stays() -> None:
    backoff = Backoff(jitter=0.0)
    assert [backoff.next_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next_s() == 1


def test_back_off_has_a_jitter_of_a_fifth() -> None:
    backoff = Backoff(longest_s=1.0, chance=random.Random(1))
    pauses = [backoff.next_s() for _ in range(500)]
    assert 0.8 <= min(pauses) < 0.82
    assert 1.18 < max(pauses) <= 1.2


def test_a_silent_line_is_pinged_and_then_lost_within_two_seconds() -> None:
    heart = Heartbeat(ping_after_s=0.6, answer_within_s=1.2)
    heart.heard(100.0)
    assert heart.feel(100.5)[0] is Pulse.GOOD
    assert heart.feel(100.6)[0] is Pulse.PING_DUE
    heart.pinged(100.6)
    assert heart.feel(101.7)[0] is Pulse.GOOD
    assert heart.feel(101.81)[0] is Pulse.LOST


def test_any_byte_after_the_ping_is_a_sign_of_life() -> None:
    heart = Heartbeat(0.6, 1.2)
    heart.heard(100.0)
    heart.pinged(100.6)
    heart.heard(101.0)
    assert heart.feel(101.5)[0] is Pulse.GOOD


def test_a_program_that_was_held_up_itself_pings_before_it_judges() -> None:
    heart = Heartbeat(0.6, 1.2)
    heart.heard(100.0)
    assert heart.feel(500.0)[0] is Pulse.PING_DUE  # this machine slept for 400 s: no proof against the peer
