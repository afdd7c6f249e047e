"""A night under way, made by the real services: schedule, runs, images, a burst, an alarm, telemetry, safety."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction
from PIL import Image as Picture

from apps.alert_manager import services as alerts
from apps.analyzer.models import Analysis, Product
from apps.devices import safety
from apps.devices.models import Camera, Device, DeviceState, Telescope
from apps.majordome.control import control_of
from apps.majordome.models import GoNoGo
from apps.majordome.night import ensure
from apps.monitoring import alarms
from apps.monitoring.models import SafetyRecord, Severity
from apps.monitoring.telemetry import Measured, TelemetryWriter
from apps.observation_manager import runs
from apps.observation_manager.models import AlbumRun, Image, ImageState, RunState
from apps.observation_manager.states import IMAGE
from apps.routine_manager.models import Plan, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.scheduler.models import Schedule
from apps.scheduler.services import make_schedule
from guardian import status as guardian_status
from guardian.readings import Reading
from guardian.verdict import Reason
from guardian.vocabulary import Enclosure, NightPhase, OperatingMode, Safety, ShutterStatus
from notices.compose import svom_wakeup
from pyros import current
from pyros.journal.writing import append
from pyros.operations import demo, observatory

NIGHT = date(2026, 11, 20)


def load() -> None:
    """The observatory and the demonstration's requests."""
    observatory.load("san_pedro_martir")
    demo.submit_demo_requests(NIGHT)


def fill(folder: Path) -> None:
    """Everything; files go into `folder`."""
    load()
    telescope = Telescope.objects.get(name="gft")
    night = ensure(telescope)
    night.step, night.phase = "OBSERVING", "NIGHT"
    night.save()
    control_of(telescope)
    now = current.clock().now()
    Device.objects.update(
        state=DeviceState.READY, status_at=now, status={"temperature_c": -60.1, "activity": "IDLE", "humidity": None}
    )
    Camera.objects.filter(name="nir").update(state=DeviceState.DISABLED, state_reason="no answer within 2 s")
    assert night.night_start and night.night_end
    schedule = make_schedule(
        node=telescope.site.node,
        night=night.date,
        night_start=night.night_start,
        night_end=night.night_end,
        cause="the roof is open",
        time_limit_s=0.1,
    )
    _observe(schedule, telescope, now, folder)
    poll = [
        ["safety", True, "all clear"],
        ["mount", True, "answers"],
        ["cameras", False, "a blocking camera is not ready"],
    ]
    GoNoGo.objects.create(night=night, time=now, before="slew", go=False, checks=poll)
    alarms.raise_alarm("device.lost", "device:9", Severity.CRITICAL, "nir is lost: no answer within 2 s")
    SafetyRecord.objects.create(time=now, safety="SAFE", desired_enclosure="OPEN_ALLOWED", reasons=[])
    raw = svom_wakeup("sb26112001", 60.0, 31.0, 0.1, now - timedelta(seconds=40), now - timedelta(seconds=8))
    alerts.receive(raw, via="vtp:127.0.0.1:8099")
    alerts.receive(b"this is no notice", via="file")
    _telemetry(now)
    _guardian()


def _observe(schedule: Schedule, telescope: Telescope, now: datetime, folder: Path) -> None:
    rows = list(schedule.rows.filter(planned=True).select_related("sequence__request").order_by("starts_at")[:2])
    for place, row in enumerate(rows):
        sequence = row.sequence
        sequence.refresh_from_db()
        SEQUENCE.move(sequence, SequenceState.EXPECTED)
        run = runs.start_run(sequence=sequence, telescope=telescope)
        runs.on_target(run=run)
        for album_run in AlbumRun.objects.filter(run=run).select_related("album__camera"):
            for plan in Plan.objects.filter(album=album_run.album).select_related("filter"):
                for number in range(1, 3):
                    _image(album_run, plan, number, now, folder)
        if place == 0:
            for album_run in AlbumRun.objects.filter(run=run):
                runs.finish_album(album_run, RunState.COMPLETED)
            runs.end_run(run=run)


def _image(album_run: AlbumRun, plan: Plan, number: int, now: datetime, folder: Path) -> None:
    camera = album_run.album.camera
    image = Image.objects.create(
        album_run=album_run,
        plan=plan,
        camera=camera,
        number=number,
        frame_type="LIGHT",
        filter=plan.filter,
        exposure_s=plan.exposure_s,
    )
    with transaction.atomic():
        append(f"image:{image.pk}", "image.exposing", {"camera": camera.name})
    if number == 2 and camera.name == "nir":
        IMAGE.move(image, ImageState.FAILED, reason="no answer")
        return
    path = f"PRODUCED_DATA/{image.pk:06d}.fits"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(b"SIMPLE  = frame " + str(image.pk).encode())
    IMAGE.move(image, ImageState.STORED, path=path, sha256=f"{image.pk:064d}", size_bytes=33_600_000, date_obs=now)
    preview = f"PRODUCED_DATA/{image.pk:06d}.png"
    picture = Picture.effect_noise((160, 160), 30)
    picture.save(folder / preview)
    analysis = Analysis.objects.create(
        kind="reduce", state="DONE", image=image, created_at=now, sequence=plan.album.sequence
    )
    for kind, name in (("preview", preview), ("calibrated", path.replace(".fits", "_cal.fits"))):
        Product.objects.create(
            kind=kind,
            path=name,
            sha256=f"{image.pk:064x}",
            size_bytes=1000,
            made_at=now,
            analysis=analysis,
            image=image,
            sequence=plan.album.sequence,
        )


def _telemetry(now: datetime) -> None:
    end_s = now.timestamp()
    TelemetryWriter().write(
        Measured(
            source, quantity, unit, end_s - back * 60, base + 3 * ((back * 7919 + len(source)) % 11) / 11 + back / 60
        )
        for source in ("weather1", "plc")
        for quantity, unit, base in (
            ("wind_mps", "m/s", 6.0),
            ("humidity_percent", "%", 60.0),
            ("temperature_c", "°C", 4.0),
        )
        for back in range(300)
    )


def _guardian() -> None:
    clock = current.clock()
    now_s = clock.monotonic()
    readings = (
        Reading("weather1", "wind_mps", 6.2, "m/s", now_s),
        Reading("weather2", "wind_mps", 16.1, "m/s", now_s),
        Reading("plc", "rain", 0.0, "", now_s),
        Reading("weather1", "humidity_percent", 61.0, "%", now_s),
    )
    status = guardian_status.GuardianStatus(
        safety=Safety.SAFE,
        reasons=(),
        warnings=(
            Reason(
                "wind",
                "weather2: wind_mps is 16.1 m/s (closes at or above 15, clears at 12)",
                "weather2",
                Safety.UNSAFE,
                "wind_mps",
            ),
        ),
        since_monotonic_s=now_s,
        holdoff_until_monotonic_s=None,
        holdoff_until_unix_s=None,
        closes_tonight=0,
        phase=NightPhase.NIGHT,
        sun_altitude_deg=-35.2,
        mode=OperatingMode.AUTOMATIC,
        desired=Enclosure.OPEN_ALLOWED,
        explanation="safe, dark and automatic",
        shutter=ShutterStatus.OPEN,
        open_switch=True,
        closed_switch=False,
        mount="TRACKING",
        readings=readings,
        overrides=(),
        alarms=(),
        heartbeat_counter=12,
        written_unix_s=clock.unix_s(),
        written_monotonic_s=now_s,
        pid=1,
        running=True,
    )
    path = safety.status_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(guardian_status.to_document(status)))
