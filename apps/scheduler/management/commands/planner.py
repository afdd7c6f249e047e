"""`manage.py planner`: the resident planner of a node."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.devices.models import Node
from apps.scheduler import planner
from pyros.process import Process


class Command(BaseCommand):
    help = "Make a schedule whenever something that matters happened."

    def handle(self, *args: Any, **options: Any) -> None:
        node = Node.objects.order_by("id").first()
        if node is None:
            raise CommandError("there is no node yet: run `manage.py load_observatory san_pedro_martir`")
        with Process("planner") as process:
            planner.run(process, node)
