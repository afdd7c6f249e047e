"""Celery's kicks of the analyzer."""

from celery import shared_task

from apps.analyzer import services


@shared_task
def reduce_image(image_id: int) -> None:
    """Calibrate, preview and, for an alert, look for candidates."""
    services.reduce_image(image_id)


@shared_task
def make_masters(sequence_id: int, run_id: int) -> None:
    """Combine calibration frames, then link the masters."""
    services.make_masters(sequence_id)
    services.exchange_run(run_id)


@shared_task
def exchange_run(run_id: int) -> None:
    """Link a run's products for the partners."""
    services.exchange_run(run_id)
