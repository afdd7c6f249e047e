"""`manage.py majordome`: the night automaton of one telescope."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.devices.models import Telescope
from apps.majordome.process import Majordome
from pyros.process import Process


class Command(BaseCommand):
    help = "Run the nights of one telescope."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--telescope", help="its name; the first one when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Telescope.objects.select_related("site__node").order_by("id")
        if options["telescope"]:
            found = found.filter(name=options["telescope"])
        telescope = found.first()
        if telescope is None:
            raise CommandError(
                "there is no such telescope: run `manage.py load_observatory san_pedro_martir`, or see the admin"
            )
        with Process("majordome") as process:
            Majordome(telescope).run(process)
