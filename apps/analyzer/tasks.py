"""Celery's kicks of the analyzer."""

from typing import Any

from celery import shared_task, signals

import reduction
from apps.analyzer import services


@signals.worker_ready.connect
def _warm(sender: Any = None, **_: object) -> None:
    """Pay the imports before the first image, not with it."""
    if str(getattr(sender, "hostname", "")).startswith("analysis"):
        reduction.warm()


@shared_task
def reduce_image(image_id: int) -> None:
    """Calibrate, preview and, for an alert, look for candidates; hand over when it was the last of its sequence."""
    services.reduce_image(image_id)
    run_id = services.finished_run_of(image_id)
    if run_id is not None:
        exchange_run.delay(run_id)


@shared_task
def make_masters(sequence_id: int) -> None:
    """Combine calibration frames, then link the masters."""
    services.make_masters(sequence_id)
    run_id = services.last_run_of(sequence_id)
    if run_id is not None:
        services.exchange_run(run_id)


@shared_task
def exchange_run(run_id: int) -> None:
    """Link a run's products for the partners."""
    services.exchange_run(run_id)
