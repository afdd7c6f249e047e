"""The monitor's process: devices, telemetry, the guardian's record, lost kicks, disk."""

from __future__ import annotations

import logging
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import close_old_connections

from apps.analyzer import services as analyzer
from apps.devices import links
from apps.devices.models import Device
from apps.devices.safety import events_path
from apps.monitoring import alarms, guardian_record
from apps.monitoring.models import Severity
from apps.monitoring.telemetry import Measured, TelemetryWriter
from apps.monitoring.watching import DeviceWatch
from pyros import current
from pyros.celery import send_kick
from pyros.process import Process

log = logging.getLogger(__name__)

POLL_S = 5.0
"""Every device is asked this often, observatory seconds, but never more often than POLL_REAL_S allows."""
POLL_REAL_S = 0.5
RECORD_REAL_S = 0.1
SWEEP_REAL_S = 5.0
STUCK_REAL_S = 60.0
DISK_WARNING_BYTES = 5_000_000_000
WATCHED_KINDS = {"telescope", "camera", "dome", "plc", "weatherstation", "focuser"}


def run(process: Process) -> None:
    """Until asked to stop. A failure in one part does not stop the others: each has its own try at the next turn."""
    watches = [DeviceWatch(d) for d in Device.objects.filter(wanted=True) if type(d).kind in WATCHED_KINDS]
    telemetry = TelemetryWriter()
    clock = current.clock()
    next_poll = next_sweep = 0.0
    with ThreadPoolExecutor(max(1, len(watches)), thread_name_prefix="watch") as pool:
        while not process.stopping:
            now = time.monotonic()
            if now >= next_poll:
                next_poll = now + max(POLL_REAL_S, POLL_S / clock.speed)
                batches = pool.map(_look, watches)
                telemetry.write([value for batch in batches for value in batch])
            guardian_record.take_in(events_path(), clock)
            if now >= next_sweep:
                next_sweep = now + SWEEP_REAL_S
                sweep()
            process.beat()
            process.nap(RECORD_REAL_S)
    links.close_all()


def _look(watch: DeviceWatch) -> list[Measured]:
    try:
        return watch.look()
    finally:
        close_old_connections()


def sweep() -> None:
    """Kick again what was lost, and look at the disk."""
    for image_id in analyzer.unreduced_images():
        send_kick("apps.analyzer.tasks.reduce_image", image_id)
    clock = current.clock()
    stuck_since = clock.now() - timedelta(seconds=STUCK_REAL_S * max(1.0, clock.speed))
    for image_id in analyzer.stuck_analyses(stuck_since):
        send_kick("apps.analyzer.tasks.reduce_image", image_id)
    for sequence_id in analyzer.stuck_masters(stuck_since):
        send_kick("apps.analyzer.tasks.make_masters", sequence_id)
    free = shutil.disk_usage(current.data_folder()).free
    if free < DISK_WARNING_BYTES:
        alarms.raise_alarm(
            "disk.low", "", Severity.WARNING, f"{free / 1e9:.1f} GB are left on the disk of the data folder"
        )
    else:
        alarms.clear_alarm("disk.low", "")
