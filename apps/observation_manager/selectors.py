"""Reading images and runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from apps.devices.models import Telescope
from apps.observation_manager.models import AlbumRun, Image, ImageState, Run, RunState
from apps.routine_manager.models import Plan, Request
from apps.user_manager.permissions import Ability, may
from pyros import current


def images(*, camera: str = "", state: str = "", sequence: str = "", frame_type: str = "") -> QuerySet[Image]:
    """Images, the newest first, narrowed by what a person chose, with all that a gallery shows."""
    rows = (
        Image.objects.select_related("camera", "filter", "plan__album__sequence__request")
        .prefetch_related("products")
        .order_by("-id")
    )
    if camera:
        rows = rows.filter(camera__name=camera)
    if state:
        rows = rows.filter(state=state)
    if frame_type:
        rows = rows.filter(frame_type=frame_type)
    if sequence.isdecimal():
        rows = rows.filter(plan__album__sequence=int(sequence))
    return rows


def may_download(user: Any, request: Request) -> bool:
    """Whether a user may have the frames of a request: one's own program's, calibrations', or all for experts."""
    if may(user, Ability.SEE_ALL_REQUESTS) or request.kind == Request.Kind.CALIBRATION or request.owner_id == user.pk:
        return True
    program = request.program
    return program.principal_investigator_id == user.pk or program.members.filter(pk=user.pk).exists()


@dataclass(frozen=True)
class AlbumProgress:
    """How far one camera is."""

    camera: str
    state: str
    done: int
    planned: int
    exposing: bool


@dataclass(frozen=True)
class RunProgress:
    """How far a run is, and when it should end."""

    run: Run
    albums: list[AlbumProgress]
    expected_end: datetime
    overdue: bool

    @property
    def done(self) -> int:
        """Frames stored, of all cameras."""
        return sum(album.done for album in self.albums)

    @property
    def planned(self) -> int:
        """Frames planned, of all cameras."""
        return sum(album.planned for album in self.albums)


def current_run(telescope: Telescope) -> RunProgress | None:
    """The telescope's active run with its progress; None when it observes nothing."""
    run = Run.objects.filter(telescope=telescope, state=RunState.ACTIVE).select_related("sequence__request").first()
    if run is None:
        return None
    album_runs = list(AlbumRun.objects.filter(run=run).select_related("album__camera").order_by("album__camera__name"))
    planned: Mapping[int, int] = dict(
        Plan.objects.filter(album__in=[a.album_id for a in album_runs])
        .values_list("album")
        .annotate(total=Sum("images"))
    )
    taken: dict[int, dict[str, Any]] = {
        row["plan__album"]: dict(row)
        for row in Image.objects.filter(plan__album__in=[a.album_id for a in album_runs])
        .order_by()
        .values("plan__album")
        .annotate(
            done=Count("pk", filter=Q(state=ImageState.STORED)),
            open=Count("pk", filter=Q(state=ImageState.EXPOSING, album_run__run=run)),
        )
    }
    albums = [
        AlbumProgress(
            a.album.camera.name, a.state, taken.get(a.album_id, {}).get("done", 0), planned.get(a.album_id, 0),
            taken.get(a.album_id, {}).get("open", 0) > 0,
        )
        for a in album_runs
    ]  # fmt: skip
    begin = run.on_target_at or run.started_at
    expected_end = begin + timedelta(seconds=run.sequence.duration_s)
    return RunProgress(run, albums, expected_end, current.clock().now() > expected_end)


def runs_between(start: datetime, end: datetime) -> QuerySet[Run]:
    """The runs that touch a span of time."""
    return (
        Run.objects.filter(started_at__lt=end)
        .filter(Q(ended_at__gt=start) | Q(ended_at__isnull=True, started_at__gte=start - timedelta(days=1)))
        .select_related("sequence__request__program", "telescope")
        .order_by("started_at")
    )
