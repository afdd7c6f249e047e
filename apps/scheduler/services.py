"""Making schedules: gather, plan, store with reasons, and move the sequences' states accordingly."""

from __future__ import annotations

import logging
import time
from datetime import date, datetime

from django.db import transaction

import nightplan
from apps.devices.models import Node, Telescope
from apps.routine_manager import services as requests
from apps.routine_manager.models import Sequence, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.scheduler.instance import Pointing, Span, document, planning_id, waiting_sequences
from apps.scheduler.models import Schedule, ScheduleRow
from pyros import current
from pyros.journal.writing import append

log = logging.getLogger(__name__)


def make_schedule(
    *,
    node: Node,
    night: date,
    night_start: datetime,
    night_end: datetime,
    cause: str,
    time_limit_s: float = 0.5,
    pointings: dict[int, Pointing] | None = None,
    busy_until: dict[int, datetime] | None = None,
) -> Schedule:
    """Plan what is left of a night. The planning runs outside the transaction; a sequence that changed state
    meanwhile keeps its new state (compare-and-set).

    Args:
        time_limit_s: real seconds that the search may take.
    """
    now = current.clock().now()
    span = Span(night_start, night_end, now)
    sequences = waiting_sequences()
    begun = time.monotonic()
    instance = nightplan.Instance.from_json(document(node, sequences, span, pointings=pointings, busy_until=busy_until))
    plan = nightplan.plan(instance, time_limit_s=time_limit_s)
    planning_ms = (time.monotonic() - begun) * 1000
    by_id = {planning_id(s): s for s in sequences}
    telescopes = {t.name: t for t in Telescope.objects.filter(site__node=node)}
    with transaction.atomic():
        schedule = Schedule.objects.create(
            node=node,
            night=night,
            made_at=now,
            cause=cause[:200],
            starts_at=max(now, night_start),
            ends_at=night_end,
            value=plan.value,
            bound=plan.bound,
        )
        rows = []
        for seen in plan.observations:
            sequence = by_id[seen.sequence]
            start = span.at(seen.start_s)
            rows.append(
                ScheduleRow(
                    schedule=schedule,
                    sequence=sequence,
                    planned=True,
                    telescope=telescopes[seen.telescope],
                    starts_at=start,
                    ends_at=span.at(seen.start_s + sequence.duration_s),
                    reason=seen.reason[:400],
                )
            )
        rows += [
            ScheduleRow(
                schedule=schedule, sequence=by_id[r.sequence], planned=False, code=r.code, reason=r.reason[:400]
            )
            for r in plan.rejected
        ]
        ScheduleRow.objects.bulk_create(rows)
        _move_states(rows)
        append(
            f"schedule:{schedule.pk}",
            "schedule.made",
            {
                "cause": cause,
                "planned": len(plan.observations),
                "rejected": len(plan.rejected),
                "value": plan.value,
                "bound": plan.bound,
                "planning_ms": round(planning_ms, 1),
            },
        )
    return schedule


def _move_states(rows: list[ScheduleRow]) -> None:
    for row in rows:
        wanted = SequenceState.PLANNED if row.planned else SequenceState.TO_BE_PLANNED
        if row.sequence.state != wanted and row.sequence.state != SequenceState.EXPECTED:
            SEQUENCE.try_move(
                row.sequence, wanted, only_from=frozenset({SequenceState.TO_BE_PLANNED, SequenceState.PLANNED})
            )
            requests.refresh_state(row.sequence.request)


def latest(node: Node, night: date) -> Schedule | None:
    """The newest schedule of a night."""
    return Schedule.objects.filter(node=node, night=night).order_by("-id").first()


def archive(*, node: Node, night: date) -> Schedule | None:
    """Mark the last schedule of a night as its archive, and let go of what can't be observed any more."""
    with transaction.atomic():
        schedule = latest(node, night)
        if schedule is not None and not schedule.is_final:
            Schedule.objects.filter(pk=schedule.pk).update(is_final=True)
            append(f"schedule:{schedule.pk}", "schedule.archived", {"night": night.isoformat()})
        now = current.clock().now()
        for sequence in Sequence.objects.filter(
            window_end__lt=now,
            state__in=[SequenceState.TO_BE_PLANNED, SequenceState.PLANNED, SequenceState.EXPECTED],
        ):
            requests.expire(sequence=sequence, reason="its last window is over")
    return schedule
