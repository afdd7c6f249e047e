"""The active run and the waiting alert, as the automaton wants to see them."""

from __future__ import annotations

from datetime import datetime

from apps.alert_manager.models import AlertRequest, AlertState
from apps.devices.models import Telescope
from apps.majordome.automaton import RunView
from apps.observation_manager.models import Run, RunState
from apps.observation_manager.runs import frame_types
from apps.routine_manager.models import FrameType, Request, Sequence, SequenceState

_CLOSED_FRAMES = {FrameType.BIAS, FrameType.DARK}


def active_run(telescope: Telescope, now: datetime) -> tuple[Run, RunView] | None:
    """The telescope's active run, if there is one."""
    run = Run.objects.filter(telescope=telescope, state=RunState.ACTIVE).select_related("sequence__request").first()
    if run is None:
        return None
    sequence = run.sequence
    lasted_s = (now - run.started_at).total_seconds()
    return run, RunView(
        run_id=run.pk,
        sequence_id=sequence.pk,
        epoch=run.epoch,
        needs_sky=not frame_types(sequence) <= _CLOSED_FRAMES,
        needs_slew=sequence.ra_deg is not None,
        is_alert=sequence.request.kind == Request.Kind.ALERT,
        on_target=run.on_target_at is not None,
        albums_over=not run.album_runs.filter(state=RunState.ACTIVE).exists(),
        overdue_s=max(0.0, lasted_s - sequence.duration_s),
    )


def waiting_alert(now: datetime) -> int | None:
    """The newest alert sequence that is to be observed at once and is still worth it."""
    return (
        Sequence.objects.filter(state=SequenceState.EXPECTED, request__kind=Request.Kind.ALERT)
        .exclude(window_end__lt=now)
        .order_by("-id")
        .values_list("pk", flat=True)
        .first()
    )


def must_stop(run: Run) -> bool:
    """Whether an alert's run must not go on: retracted, or no burst after all."""
    return (
        run.sequence.request.kind == Request.Kind.ALERT
        and Request.objects.filter(
            pk=run.sequence.request_id, alertrequest__alert__state__in=[AlertState.RETRACTED, AlertState.NOT_A_BURST]
        ).exists()
    )


def same_burst(run: Run, sequence_id: int) -> bool:
    """Whether a sequence observes the burst that a run observes."""
    bursts = dict(
        AlertRequest.objects.filter(sequences__in=[run.sequence_id, sequence_id]).values_list("sequences", "alert")
    )
    return run.sequence_id in bursts and bursts[run.sequence_id] == bursts.get(sequence_id)
