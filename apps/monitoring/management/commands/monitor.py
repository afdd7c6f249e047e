"""`manage.py monitor`: watch devices and write telemetry."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.monitoring import monitor
from pyros.process import Process


class Command(BaseCommand):
    help = "Watch devices, write telemetry, take in the guardian's record."

    def handle(self, *args: Any, **options: Any) -> None:
        with Process("monitor") as process:
            monitor.run(process)
