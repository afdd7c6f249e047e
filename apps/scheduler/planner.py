"""The planner: one process a node that makes a schedule whenever something that matters happened.

It follows the journal; causes that come together make one schedule. It plans only between the majordome's
first request of a night and the night's end.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date, datetime

import nightplan
from apps.devices.models import Node
from apps.scheduler import services
from apps.scheduler.instance import Pointing
from pyros.journal.following import Follower
from pyros.journal.models import Entry
from pyros.process import Process

log = logging.getLogger(__name__)

CAUSES = {
    "night.schedule_wanted": "the majordome asked",
    "sequence.to_be_planned": "a sequence waits to be planned",
    "sequence.cancelled": "a sequence was cancelled",
    "sequence.expired": "a sequence expired",
    "sequence.failed": "a sequence failed",
    "sequence.interrupted": "a sequence was interrupted",
    "run.ended": "a run ended",
}
GATHER_REAL_S = 0.15
"""Causes that come within this time make one schedule."""


@dataclass
class NightSpan:
    """The night that is being planned, as the majordome told it."""

    night: date
    start: datetime
    end: datetime
    pointings: dict[int, Pointing] = field(default_factory=dict)
    busy_until: dict[int, datetime] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Remember where a telescope points and until when it is busy."""
        data = entry.data
        if entry.verb == "run.started" and data.get("ra_deg") is not None:
            self.pointings[data["telescope"]] = Pointing(data["ra_deg"], data["dec_deg"])
            self.busy_until[data["telescope"]] = datetime.fromisoformat(data["expected_end"])
        elif entry.verb == "run.ended":
            self.busy_until.pop(data["telescope"], None)


def run(process: Process, node: Node) -> None:
    """Follow the journal until asked to stop."""
    nightplan.exercise()  # load the compiled kernels before they are needed
    follower = Follower("planner")
    span = _resume(follower)
    while not process.stopping:
        entries = follower.wait(0.25)
        if entries:
            process.nap(GATHER_REAL_S)
            entries += follower.look()
        causes = []
        for entry in entries:
            if entry.verb == "night.schedule_wanted":
                span = _span(entry)
            elif entry.verb == "night.ended":
                span = None
            if span is not None:
                span.note(entry)
            if entry.verb in CAUSES and entry.who != process.name:  # a schedule's own changes ask for no schedule
                causes.append(CAUSES[entry.verb])
        if causes and span is not None:
            services.make_schedule(
                node=node,
                night=span.night,
                night_start=span.start,
                night_end=span.end,
                cause="; ".join(dict.fromkeys(causes)),
                pointings=span.pointings,
                busy_until=span.busy_until,
            )
        if entries:
            follower.keep_position()
        process.beat()


def _span(entry: Entry) -> NightSpan:
    data = entry.data
    return NightSpan(
        date.fromisoformat(data["night"]), datetime.fromisoformat(data["start"]), datetime.fromisoformat(data["end"])
    )


def _resume(follower: Follower) -> NightSpan | None:
    """After a restart: the night that was being planned, if it is not over, from the journal itself."""
    asked = Entry.objects.filter(verb="night.schedule_wanted", id__lte=follower.position).order_by("-id").first()
    if asked is None or Entry.objects.filter(verb="night.ended", id__gt=asked.pk, id__lte=follower.position).exists():
        return None
    span = _span(asked)
    for entry in Entry.objects.filter(
        verb__in=["run.started", "run.ended"], id__gt=asked.pk, id__lte=follower.position
    ).order_by("id"):
        span.note(entry)
    return span
