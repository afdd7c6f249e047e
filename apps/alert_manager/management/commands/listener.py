"""`manage.py listener`: take notices in."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.alert_manager.listener import Listener, parse_brokers
from apps.observation_manager import files
from pyros import current
from pyros.process import Process


class Command(BaseCommand):
    help = "Take alert notices in by every configured way."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            brokers = parse_brokers(current.config().alerts.vtp_brokers)
        except ValueError as error:
            raise CommandError(str(error)) from error
        files.make_folders(current.data_folder())
        with Process("listener") as process:
            asyncio.run(Listener(process, brokers, current.data_folder() / files.EXCHANGE / "FSC" / "FROM").run())
