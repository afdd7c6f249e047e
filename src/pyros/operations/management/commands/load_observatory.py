"""`manage.py load_observatory NAME`: write an observatory's rows from fixtures/NAME.toml."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pyros.operations import observatory


class Command(BaseCommand):
    help = "Load an observatory from fixtures/NAME.toml; rows that are there already are left as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="e.g. san_pedro_martir")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            observatory.load(options["name"])
        except observatory.FixtureError as error:
            raise CommandError(str(error)) from error
