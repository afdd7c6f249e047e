"""Making requests: plain descriptions in, rows out. Routine requests, alerts and calibrations all come here."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.devices.models import Camera, Filter, Telescope
from apps.routine_manager.durations import PlanTime, sequence_duration_s
from apps.routine_manager.models import Album, FrameType, Plan, Request, Sequence
from pyros.journal.writing import append


@dataclass(frozen=True)
class PlanDraft:
    """One filter, one exposure time, a number of images."""

    exposure_s: float
    images: int = 1
    filter_name: str | None = None
    frame_type: str = FrameType.LIGHT
    dither_arcsec: float = 0.0


@dataclass(frozen=True)
class SequenceDraft:
    """A pointing and what each camera (by name) does there. No coordinates: a calibration."""

    name: str
    albums: Mapping[str, Rows[PlanDraft]]
    ra_deg: float | None = None
    dec_deg: float | None = None
    target_name: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    airmass_max: float = 2.0
    moon_distance_min_deg: float = 30.0
    mandatory: bool = False
    priority_offset: int = 0
    telescope: Telescope | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


class Uncomposable(Exception):
    """The description names what is not there (camera, filter); mend it and try again."""


def add_sequence(*, request: Request, draft: SequenceDraft) -> Sequence:
    """Write a sequence with its albums and plans, in state DRAFT, its duration computed.

    Raises:
        Uncomposable: an unknown camera or filter, or a filter that the camera's wheel does not hold.
    """
    with transaction.atomic():
        cameras = {c.name: c for c in Camera.objects.filter(name__in=draft.albums)}
        sequence = Sequence.objects.create(
            request=request,
            name=draft.name,
            target_name=draft.target_name,
            ra_deg=draft.ra_deg,
            dec_deg=draft.dec_deg,
            window_start=draft.window_start,
            window_end=draft.window_end,
            airmass_max=draft.airmass_max,
            moon_distance_min_deg=draft.moon_distance_min_deg,
            mandatory=draft.mandatory,
            priority_offset=draft.priority_offset,
            telescope=draft.telescope,
        )
        times: dict[str, list[PlanTime]] = {}
        for camera_name, plans in draft.albums.items():
            if camera_name not in cameras:
                raise Uncomposable(f"there is no camera {camera_name}; there are {', '.join(_camera_names())}")
            camera = cameras[camera_name]
            album = Album.objects.create(sequence=sequence, camera=camera)
            times[camera_name] = [_plan(album, camera, order, plan) for order, plan in enumerate(plans, start=1)]
        sequence.duration_s = sequence_duration_s(times)
        sequence.save(update_fields=["duration_s"])
        append(
            f"sequence:{sequence.pk}", "sequence.drafted", {"request": request.pk, "duration_s": sequence.duration_s}
        )
    return sequence


def filters_of(camera: Camera) -> dict[str, Filter]:
    """The filters that a camera can reach, by name: those of its own wheel and of the telescope's."""
    return {f.name: f for f in Filter.objects.filter(slots__wheel__on_camera=camera)} | {
        f.name: f for f in Filter.objects.filter(slots__wheel__on_telescope=camera.on_telescope)
    }


def _plan(album: Album, camera: Camera, order: int, draft: PlanDraft) -> PlanTime:
    filter_row = None
    if draft.filter_name is not None:
        within_reach = filters_of(camera)
        if draft.filter_name not in within_reach:
            raise Uncomposable(f"{camera} has no filter {draft.filter_name}; it has {', '.join(within_reach)}")
        filter_row = within_reach[draft.filter_name]
    Plan.objects.create(
        album=album,
        order=order,
        frame_type=draft.frame_type,
        filter=filter_row,
        exposure_s=draft.exposure_s,
        images=draft.images,
        dither_arcsec=draft.dither_arcsec,
    )
    return PlanTime(draft.exposure_s, draft.images, camera.readout_s, draft.filter_name, draft.dither_arcsec > 0)


def _camera_names() -> list[str]:
    return list(Camera.objects.values_list("name", flat=True))
