"""Celery's kicks. The truth is in the database; a task that comes twice finds the lease taken."""

import os
import uuid

from celery import shared_task

from apps.observation_manager import album
from apps.observation_manager.models import Image


@shared_task(acks_late=False)  # early: an album takes longer than a broker may wait, and the lease is the truth
def execute_album(album_run_id: int) -> str:
    """Take the frames of one camera."""
    return album.execute(album_run_id, owner=f"{os.getpid()}:{uuid.uuid4().hex[:8]}", stored=kick_analysis)


def kick_analysis(image: Image) -> None:
    """Start the reduction of an image that was just written; without a broker the sweeper does it later."""
    from pyros.celery import send_kick

    send_kick("apps.analyzer.tasks.reduce_image", image.pk)
