"""The live stream: the journal's entries as server-sent events.

One task a process looks at the journal and hands what is new to every client's bounded queue, so that a hundred
open pages cost one small query each tenth of a second and no thread or connection each. A client that does not keep
up is let go; its browser comes back with `Last-Event-ID` and is given what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from pyros.clock import iso
from pyros.journal.following import Follower, last_id
from pyros.journal.models import Entry

log = logging.getLogger(__name__)

POLL_REAL_S = 0.1
RETRY_REAL_S = 1.0
KEEP_ALIVE_REAL_S = 15.0
QUEUE_LENGTH = 1000
"""Entries that a client may be behind; the journal of a night at 300 times real speed stays far below."""
MOST_MISSED = 1000
"""Entries given again after a lost connection; a client that missed more is told to read its page anew."""

Message = tuple[int, bytes]
T = TypeVar("T")


def message(entry: Entry) -> Message:
    """An entry as a server-sent event: its id, and verb, subject and time. Its data stay in the pages."""
    data = json.dumps({"id": entry.pk, "verb": entry.verb, "subject": entry.subject, "time": iso(entry.time)})
    return entry.pk, f"id: {entry.pk}\nevent: entry\ndata: {data}\n\n".encode()


class Broadcast:
    """Follows the journal for all clients of one event loop; runs only while there are clients."""

    def __init__(self) -> None:
        self._clients: set[asyncio.Queue[Message | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._executor: ThreadPoolExecutor | None = None

    @property
    def clients(self) -> int:
        """How many clients listen."""
        return len(self._clients)

    @contextlib.asynccontextmanager
    async def subscription(self) -> AsyncIterator[asyncio.Queue[Message | None]]:
        """A queue that is given every new entry's message; None in it means: let go, it was too slow."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue(QUEUE_LENGTH + 1)
        self._clients.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._follow())
        try:
            yield queue
        finally:
            self._clients.discard(queue)
            if not self._clients and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _follow(self) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="live") as executor:
            follower: Follower | None = None
            try:
                while True:
                    try:
                        if follower is None:
                            follower = await in_thread(Follower, executor)
                        for entry in await in_thread(follower.look, executor):
                            self._hand_out(message(entry))
                    except DatabaseError as error:
                        log.warning("the live stream can't read the journal, trying again: %s", error)
                        await asyncio.sleep(RETRY_REAL_S)
                    await asyncio.sleep(POLL_REAL_S)
            finally:
                executor.submit(close_old_connections)

    def _hand_out(self, item: Message) -> None:
        for queue in list(self._clients):
            if queue.qsize() >= QUEUE_LENGTH:
                self._clients.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(item)


async def in_thread(work: Callable[[], T], executor: ThreadPoolExecutor) -> T:
    """Database work in the broadcast's own thread, with its own connection."""
    return await asyncio.get_running_loop().run_in_executor(executor, work)


_broadcasts: dict[int, Broadcast] = {}


def broadcast() -> Broadcast:
    """The broadcast of the running event loop (a process serves with one; tests have one each)."""
    key = id(asyncio.get_running_loop())
    if key not in _broadcasts:
        _broadcasts.clear()
        _broadcasts[key] = Broadcast()
    return _broadcasts[key]


async def stream(after_id: int | None) -> AsyncIterator[bytes]:
    """The bytes of one client's stream, beginning after an entry's id (None: with what comes next)."""
    yield b"retry: 2000\n\n"
    async with broadcast().subscription() as queue:
        sent = after_id if after_id is not None else await sync_to_async(last_id)()
        missed = await sync_to_async(_missed)(sent)
        await sync_to_async(close_old_connections)()
        if len(missed) > MOST_MISSED:
            yield b"event: reset\ndata: {}\n\n"
            missed = missed[-1:]
        for number, content in missed:
            sent = max(sent, number)
            yield content
        already = {number for number, _ in missed}
        quiet_since = time.monotonic()
        while True:
            try:
                item = await asyncio.wait_for(queue.get(), KEEP_ALIVE_REAL_S - (time.monotonic() - quiet_since))
            except TimeoutError:
                quiet_since = time.monotonic()
                yield b": still here\n\n"
                continue
            if item is None:
                return
            if item[0] in already:
                continue
            quiet_since = time.monotonic()
            yield item[1]


def _missed(after_id: int) -> list[Message]:
    return [message(entry) for entry in Entry.objects.filter(id__gt=after_id).order_by("id")[: MOST_MISSED + 1]]


@require_GET
async def live(request: HttpRequest) -> HttpResponseBase:
    """The stream of one browser; 401 for those who are not logged in."""
    user: Any = await request.auser()
    if not user.is_authenticated:
        return HttpResponse("Log in to follow the night live.\n", status=401, content_type="text/plain")
    last = request.headers.get("Last-Event-ID", "")
    await sync_to_async(close_old_connections)()
    response = StreamingHttpResponse(stream(int(last) if last.isdecimal() else None), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"  # a proxy must not hold events back
    return response
