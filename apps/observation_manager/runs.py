"""Runs: a sequence's execution on a telescope, with its epoch and the leases of its albums.

Only the majordome starts and ends runs; workers claim album runs. A worker that was killed loses its lease and
another one goes on with the frames that are not stored yet; a run that ended takes its albums with it, whoever
holds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum

from apps.devices.models import Telescope
from apps.observation_manager.models import AlbumRun, Image, ImageState, Run, RunState, TelescopeEpoch
from apps.observation_manager.states import ALBUM_RUN, IMAGE, RUN
from apps.routine_manager import ledger
from apps.routine_manager import services as requests
from apps.routine_manager.models import Album, AlbumState, FrameType, LedgerEntry, Sequence, SequenceState
from apps.routine_manager.states import ALBUM, SEQUENCE, sequence_state
from pyros import current
from pyros.clock import real_unix_s
from pyros.journal.writing import append

LEASE_REAL_S = 5.0
"""How long a worker may be silent before another one takes its album over, real s."""

_LOSS = {
    "weather": LedgerEntry.Kind.LOSS_WEATHER,
    "fault": LedgerEntry.Kind.LOSS_FAULT,
    "alert": LedgerEntry.Kind.LOSS_ALERT,
}


class TelescopeBusy(Exception):
    """The telescope has an active run; interrupt it first."""


@dataclass(frozen=True)
class Interruption:
    """Why a run ends before its time: `cause` is weather, fault, alert, operator or retracted."""

    cause: str
    sentence: str


def start_run(*, sequence: Sequence, telescope: Telescope, interrupting: Interruption | None = None) -> Run:
    """Begin a sequence on a telescope with the next epoch, interrupting what runs there when told to.

    Raises:
        TelescopeBusy: a run is active and `interrupting` was not given.
        TransitionRefused: the sequence is not EXPECTED.
    """
    with transaction.atomic():
        active = Run.objects.filter(telescope=telescope, state=RunState.ACTIVE).first()
        if active is not None:
            if interrupting is None:
                raise TelescopeBusy(f"{telescope} executes {active}")
            end_run(run=active, interruption=interrupting)
        epoch = _next_epoch(telescope)
        now = current.clock().now()
        run = Run.objects.create(
            sequence=sequence, telescope=telescope, active_on=telescope, epoch=epoch, started_at=now
        )
        SEQUENCE.move(sequence, SequenceState.EXECUTING, data={"run": run.pk})
        for album in sequence.albums.exclude(state=AlbumState.COMPLETED):
            ALBUM.move(album, AlbumState.EXECUTING)
            AlbumRun.objects.create(run=run, album=album)
        requests.refresh_state(sequence.request)
        append(
            f"run:{run.pk}",
            "run.started",
            {
                "sequence": sequence.pk,
                "telescope": telescope.pk,
                "epoch": epoch,
                "ra_deg": sequence.ra_deg,
                "dec_deg": sequence.dec_deg,
                "expected_end": (now + timedelta(seconds=sequence.duration_s + telescope.slew_base_s)).isoformat(),
                "kind": sequence.request.kind,
            },
        )
    return run


def on_target(*, run: Run) -> None:
    """The telescope tracks the target: the shutters may open."""
    with transaction.atomic():
        now = current.clock().now()
        if Run.objects.filter(pk=run.pk, state=RunState.ACTIVE, on_target_at__isnull=True).update(on_target_at=now):
            append(f"run:{run.pk}", "run.on_target", {"sequence": run.sequence_id, "epoch": run.epoch})
    run.on_target_at = now


def end_run(*, run: Run, interruption: Interruption | None = None) -> str:
    """End a run by what its albums came to, or before its time; settles states and ledger. Repeating it does nothing.

    Returns the run's final state.
    """
    with transaction.atomic():
        run = Run.objects.select_related("sequence__request", "telescope").get(pk=run.pk)
        if run.state != RunState.ACTIVE:
            return run.state
        if interruption is not None:
            for album_run in run.album_runs.filter(state=RunState.ACTIVE):
                _end_album(album_run, RunState.INTERRUPTED, interruption.sentence)
        sequence = run.sequence
        outcome = sequence_state(sequence.albums.values_list("state", "camera__blocking"))
        if interruption is not None and outcome == SequenceState.EXECUTING:
            outcome = SequenceState.INTERRUPTED
        if outcome == SequenceState.EXECUTING:
            raise ValueError(f"{run} still has albums that execute; give an interruption to end it now")
        reason = interruption.sentence if interruption else ""
        RUN.move(run, RunState[outcome], active_on=None, ended_at=current.clock().now(), reason=reason[:300])
        SEQUENCE.move(sequence, outcome, state_reason=reason[:300])
        _settle(run, sequence, outcome, interruption)
        requests.refresh_state(sequence.request)
        append(
            f"run:{run.pk}",
            "run.ended",
            {
                "sequence": sequence.pk,
                "telescope": run.telescope_id,
                "epoch": run.epoch,
                "state": run.state,
                "reason": reason,
                "cause": interruption.cause if interruption else "",
            },
        )
        return run.state


def claim(album_run: AlbumRun, owner: str) -> bool:
    """Take the lease of an album run; False when another worker holds it or the run is over."""
    now_s = real_unix_s()
    return bool(
        AlbumRun.objects.filter(pk=album_run.pk, state=RunState.ACTIVE, run__state=RunState.ACTIVE)
        .filter(lease_until_s__lt=now_s)
        .update(owner=owner, lease_until_s=now_s + LEASE_REAL_S, attempts=F("attempts") + 1)
    )


def renew(album_run: AlbumRun, owner: str) -> bool:
    """Prolong a lease; False when it was lost or the run is over: the worker must stop at once."""
    return bool(
        AlbumRun.objects.filter(pk=album_run.pk, owner=owner, state=RunState.ACTIVE, run__state=RunState.ACTIVE).update(
            lease_until_s=real_unix_s() + LEASE_REAL_S
        )
    )


def finish_album(album_run: AlbumRun, state: str, reason: str = "") -> None:
    """A worker is through with its album."""
    with transaction.atomic():
        _end_album(album_run, state, reason)


def orphaned_images(telescope: Telescope) -> int:
    """Close the exposures that nobody attends any more (their worker was killed and the run is over)."""
    closed = 0
    for image in Image.objects.filter(
        state=ImageState.EXPOSING, album_run__run__telescope=telescope, album_run__lease_until_s__lt=real_unix_s()
    ).exclude(album_run__state=RunState.ACTIVE):
        with transaction.atomic():
            closed += IMAGE.try_move(image, ImageState.ABORTED, reason="its worker was gone")
    return closed


def missing_frames(album: Album) -> list[tuple[int, int]]:
    """(plan id, number) of the frames of an album that are not stored yet, in the order they are taken."""
    stored = set(Image.objects.filter(plan__album=album, state=ImageState.STORED).values_list("plan_id", "number"))
    return [
        (plan.pk, number)
        for plan in album.plans.order_by("order")
        for number in range(1, plan.images + 1)
        if (plan.pk, number) not in stored
    ]


def _next_epoch(telescope: Telescope) -> int:
    TelescopeEpoch.objects.get_or_create(telescope=telescope)
    TelescopeEpoch.objects.filter(telescope=telescope).update(epoch=F("epoch") + 1)
    return TelescopeEpoch.objects.values_list("epoch", flat=True).get(telescope=telescope)


def _end_album(album_run: AlbumRun, state: str, reason: str) -> None:
    ALBUM_RUN.move(album_run, state, reason=reason[:300])
    ALBUM.move(album_run.album, state)


def _settle(run: Run, sequence: Sequence, outcome: str, interruption: Interruption | None) -> None:
    """Charge the open-shutter time of the best-served camera with its share of overheads; give the rest back."""
    used_s = _used_s(run)
    lost = _LOSS.get(interruption.cause) if interruption else None
    if outcome == SequenceState.FAILED and lost is None:
        lost = LedgerEntry.Kind.LOSS_FAULT
    keep_s = (
        max(0.0, sequence.duration_s - _used_by_all_runs_s(sequence)) if outcome == SequenceState.INTERRUPTED else 0.0
    )
    ledger.settle(sequence=sequence, used_s=used_s, lost=lost, keep_s=keep_s, note=run.reason[:200])


def _used_s(run: Run) -> float:
    planned_s = sequence_exposure_s(run.sequence)
    if planned_s <= 0:
        return 0.0
    stored_s = max(
        (
            row["total"]
            for row in Image.objects.filter(album_run__run=run, state=ImageState.STORED)
            .values("camera")
            .annotate(total=Sum("exposure_s"))
        ),
        default=0.0,
    )
    return run.sequence.duration_s * min(1.0, stored_s / planned_s)


def _used_by_all_runs_s(sequence: Sequence) -> float:
    return sum(_used_s(run) for run in sequence.runs.all())


def sequence_exposure_s(sequence: Sequence) -> float:
    """Open-shutter time of the longest album, s."""
    return max(
        (
            sum(plan.exposure_s * plan.images for plan in album.plans.all())
            for album in sequence.albums.prefetch_related("plans")
        ),
        default=0.0,
    )


def frame_types(sequence: Sequence) -> set[str]:
    """The kinds of frames a sequence takes; bias and dark need no open roof."""
    return {FrameType(t) for t in sequence.albums.values_list("plans__frame_type", flat=True) if t}


def started_between(telescope: Telescope, start: datetime, end: datetime) -> list[Run]:
    """The runs that began in an interval, oldest first."""
    return list(Run.objects.filter(telescope=telescope, started_at__gte=start, started_at__lt=end).order_by("epoch"))
