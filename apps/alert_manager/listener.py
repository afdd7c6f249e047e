"""The listener: notices in by every configured way, at least once, each taken in exactly once.

Ways today: VTP brokers (`[alerts] vtp_brokers`) and files dropped into EXTERNAL_ENTITIES/FSC/FROM. A broker's event is
acknowledged only after it is stored; a file is moved away only after it is stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from django.db import close_old_connections

from apps.alert_manager import decision, services, visibility
from apps.alert_manager.models import Alert, AlertState, Decision, DecisionCode
from apps.devices.models import Telescope
from notices import vtp
from pyros import current
from pyros.process import Process

log = logging.getLogger(__name__)

DROP_LOOK_REAL_S = 0.2
REVIEW_LOOK_REAL_S = 0.5
_WAITS = (DecisionCode.WAIT_FOR_RISE, DecisionCode.WAIT_FOR_NIGHT, DecisionCode.WAIT_FOR_WEATHER)


class Listener:
    """All ways in, on one event loop; the database is spoken to from one thread, so that notices keep their order."""

    def __init__(self, process: Process, brokers: list[tuple[str, int]], drop_folder: Path) -> None:
        self._process = process
        self._brokers = brokers
        self._drop_folder = drop_folder
        self._database = ThreadPoolExecutor(1, thread_name_prefix="notices")

    async def run(self) -> None:
        """Listen until the process is asked to stop."""
        await asyncio.get_running_loop().run_in_executor(self._database, warm)
        config = current.config().alerts
        clock = current.clock()
        tasks = [asyncio.create_task(self._watch_drop_folder()), asyncio.create_task(self._review())]
        for host, port in self._brokers:
            subscriber = vtp.Subscriber(host, port, config.local_ivorn, self._taker(f"vtp:{host}:{port}"), clock)
            tasks.append(asyncio.create_task(subscriber.run()))
        try:
            while not self._process.stopping:
                self._process.beat()
                for task in tasks:
                    if task.done():
                        task.result()  # a way in that ended is a bug: let the SystemWatcher restart us, loudly
                await asyncio.sleep(0.1)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._database.shutdown()

    def _taker(self, via: str) -> vtp.OnNotice:
        async def take(raw: bytes) -> None:
            await self._take(raw, via)

        return take

    async def _take(self, raw: bytes, via: str) -> None:
        received_ns = time.monotonic_ns()
        done = await asyncio.get_running_loop().run_in_executor(
            self._database, lambda: services.receive(raw, via=via, received_monotonic_ns=received_ns)
        )
        if done.is_new:
            log.info("notice %s by %s: %s", done.notice.ivorn, via, done.decision or done.notice.refused or "recorded")

    async def _watch_drop_folder(self) -> None:
        taken = self._drop_folder / "taken"
        taken.mkdir(parents=True, exist_ok=True)
        while True:
            for path in sorted(self._drop_folder.glob("*")):
                if path.is_file() and path.suffix in {".xml", ".json"}:
                    await self._take(path.read_bytes(), f"file:{path.name}")
                    path.replace(taken / path.name)
            await asyncio.sleep(DROP_LOOK_REAL_S)

    async def _review(self) -> None:
        """Decide anew about alerts whose time of review has come."""
        while True:
            await asyncio.get_running_loop().run_in_executor(self._database, _review_and_let_go)
            await asyncio.sleep(REVIEW_LOOK_REAL_S)


def warm() -> None:
    """Compute one decision's sky, so that the first burst does not pay for imports and tables."""
    telescope = Telescope.objects.select_related("site").order_by("id").first()
    if telescope is not None:
        limits = decision.Limits(0.2, 3600.0, telescope.minimum_altitude_deg, telescope.sun_cone_deg)
        now = current.clock().now()
        visibility.sky(telescope.site, 0.0, 0.0, now, now + timedelta(days=1), limits)
    close_old_connections()


def review_due() -> None:
    """Review each active alert whose last decision waits and is due."""
    now = current.clock().now()
    for alert in Alert.objects.filter(state=AlertState.ACTIVE, is_test=False):
        last = Decision.objects.filter(alert=alert).order_by("-id").first()
        if last is not None and last.code in _WAITS and last.review_at is not None and last.review_at <= now:
            services.review(alert=alert)


def _review_and_let_go() -> None:
    review_due()
    close_old_connections()


def parse_brokers(addresses: list[str]) -> list[tuple[str, int]]:
    """`host:port` texts as pairs.

    Raises:
        ValueError: naming the entry that is not `host:port`.
    """
    pairs = []
    for address in addresses:
        host, separator, port = address.rpartition(":")
        if not separator or not port.isdigit():
            raise ValueError(f"[alerts] vtp_brokers: {address!r} is not host:port, e.g. 127.0.0.1:8099")
        pairs.append((host, int(port)))
    return pairs
