"""The calibration frames of a night: one system request, observed by the same path as everything else."""

from __future__ import annotations

import math
from datetime import date

from django.db import transaction

from apps.devices.models import Camera, Telescope
from apps.majordome import twilight
from apps.majordome.candidates import request_name
from apps.routine_manager import composing, services
from apps.routine_manager.composing import PlanDraft, SequenceDraft
from apps.routine_manager.models import FrameType, Plan, Request, Sequence
from apps.user_manager.models import ScientificProgram
from pyros import current

BIASES_DARKS, FLATS = "biases and darks", "twilight flats"
PROGRAM = "Calibration"
BIAS_FRAMES, DARK_FRAMES, FLAT_FRAMES = 9, 5, 5
DARK_EXPOSURE_S = 60.0
PLANNED_FLAT_EXPOSURE_S = 2.0
"""What the night is planned with; the real one follows from the sky when the flats begin."""
PRIORITY = 50


def ensure_request(telescope: Telescope, night: date) -> Request:
    """The night's calibration request, made and submitted when it is not there yet."""
    name = request_name(telescope, night)
    with transaction.atomic():
        found = Request.objects.filter(kind=Request.Kind.CALIBRATION, name=name).first()
        if found is not None:
            return found
        request = Request.objects.create(
            kind=Request.Kind.CALIBRATION,
            name=name,
            program=ScientificProgram.objects.get(name=PROGRAM),
            priority=PRIORITY,
            created_at=current.clock().now(),
        )
        cameras = list(Camera.objects.filter(on_telescope=telescope, wanted=True))
        closed = {
            camera.name: [
                PlanDraft(exposure_s=0.0, images=BIAS_FRAMES, frame_type=FrameType.BIAS),
                PlanDraft(exposure_s=DARK_EXPOSURE_S, images=DARK_FRAMES, frame_type=FrameType.DARK),
            ]
            for camera in cameras
        }
        flats = {
            camera.name: [
                PlanDraft(
                    exposure_s=PLANNED_FLAT_EXPOSURE_S,
                    images=FLAT_FRAMES,
                    filter_name=filter_name,
                    frame_type=FrameType.FLAT,
                )
                for filter_name in composing.filters_of(camera)
            ]
            for camera in cameras
        }
        for sequence_name, albums in ((BIASES_DARKS, closed), (FLATS, flats)):
            composing.add_sequence(
                request=request, draft=SequenceDraft(name=sequence_name, albums=albums, telescope=telescope)
            )
        services.submit(request=request, night=night)
    return request


def expose_flats_for(sequence: Sequence, sun_altitude_deg: float) -> None:
    """Set the exposures of a sequence's flats from the brightness of the sky as it is now."""
    flats = Plan.objects.filter(album__sequence=sequence, frame_type=FrameType.FLAT)
    for plan in flats.select_related("album__camera__on_telescope", "filter"):
        camera = plan.album.camera
        pixel = twilight.Pixel(
            aperture_cm2=math.pi * (camera.on_telescope.aperture_m * 50) ** 2,
            scale_arcsec=camera.pixel_scale_arcsec,
            gain_e_adu=camera.gain_e_adu,
            width_nm=plan.filter.width_nm if plan.filter else 300.0,
        )
        plan.exposure_s = twilight.flat_exposure_s(sun_altitude_deg, pixel)
        plan.save(update_fields=["exposure_s"])
