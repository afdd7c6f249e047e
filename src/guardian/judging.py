"""One sensor against one rule: hysteresis and confirmation, a pure function of the samples."""

from __future__ import annotations

from typing import NamedTuple

from guardian.readings import Reading
from guardian.rules import Rule


class Judgement(NamedTuple):
    """What is remembered of one sensor under one rule."""

    judged_s: float
    """When the last judged sample was taken; a sample is judged once."""
    bad: bool = False
    """Confirmed bad, until a sample clears it."""
    series: int = 0
    """Bad samples in a row."""
    series_since_s: float = 0.0
    last_bad_s: float | None = None
    """When the last sample was taken that counts as bad after confirmation."""


def judge(rule: Rule, before: Judgement | None, reading: Reading) -> Judgement:
    """The judgement after one more sample; a sample judged already changes nothing."""
    taken_s = reading.taken_monotonic_s
    if before is None:
        before = Judgement(judged_s=float("-inf"))
    if taken_s <= before.judged_s:
        return before
    is_bad = rule.is_beyond(reading.value) or (before.bad and not rule.is_clear(reading.value))
    if not is_bad:
        return Judgement(taken_s, last_bad_s=before.last_bad_s)
    series = before.series + 1
    since_s = before.series_since_s if before.series else taken_s
    confirmed = before.bad or (series >= rule.confirm_samples and taken_s - since_s >= rule.confirm_s)
    return Judgement(taken_s, confirmed, series, since_s, taken_s if confirmed else before.last_bad_s)
