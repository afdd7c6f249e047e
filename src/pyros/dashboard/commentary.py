"""Journal entries in plain words: a table from verb to sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pyros.journal.models import Entry

SENTENCES: dict[str, str] = {
    "night.begun": "The night of {night} is prepared.",
    "night.step": "{step}: {why}.",
    "night.ended": "The night of {night} is over.",
    "notice.received": "A notice came in: {mission} {type}.",
    "notice.refused": "A message was not understood: {sentence}",
    "alert.decided": "Alert: {sentence}",
    "alert.request_built": "Observations of the burst are ordered by the strategy “{strategy}”.",
    "alert.candidates_found": "{count} candidate(s) found in an image of the burst.",
    "alert.retracted": "The alert was retracted.",
    "schedule.made": "A schedule was made ({cause}): {planned} planned, {rejected} not.",
    "run.started": "Observing begins (run {epoch}).",
    "run.slew_ordered": "The telescope slews to {ra_deg:.3f}°, {dec_deg:+.3f}°.",
    "run.on_target": "The telescope is on its target.",
    "run.ended": "Run {epoch} ended: {state} {reason}",
    "roof.open_ordered": "The roof was told to open.",
    "roof.close_ordered": "The roof was told to close.",
    "gonogo.polled": "Go/no-go before {before}: {go}.",
    "guardian.verdict": "The guardian's verdict: {safety}.",
    "alarm.raised": "Alarm: {sentence}",
    "alarm.cleared": "Alarm over: {code}.",
    "control.mode_set": "{who} set the mode to {mode}.",
    "control.paused": "{who} paused observing: {reason}",
    "control.resumed": "{who} resumed observing.",
    "control.stopped": "{who} ordered stop and close: {reason}",
    "control.stop_lifted": "{who} lifted the emergency stop.",
}
"""The verbs worth telling; all others are for the journal's own page."""


@dataclass(frozen=True)
class Told:
    """One sentence with its time (observatory's clock)."""

    id: int
    time: datetime
    sentence: str
    verb: str


def tell(entry: Entry) -> str:
    """An entry in words; verb and subject where there is no sentence for it. What its data lack is left out."""
    form = SENTENCES.get(entry.verb)
    if form is None:
        return f"{entry.verb} {entry.subject}"
    try:
        text = form.format_map(defaultdict(str, {**entry.data, "who": entry.who}))
    except (ValueError, TypeError):  # a number that is missing or no number
        return f"{entry.verb} {entry.subject}"
    return " ".join(text.split())


def story(limit: int = 12) -> list[Told]:
    """The newest things worth telling, the newest first."""
    return told(Entry.objects.filter(verb__in=list(SENTENCES)).order_by("-id")[:limit])


def told(entries: Iterable[Entry]) -> list[Told]:
    """Entries in words."""
    return [Told(entry.pk, entry.time, tell(entry), entry.verb) for entry in entries]
