"""The live stream, over the real journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from unittest.mock import patch

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import AsyncClient

from apps.user_manager.models import User
from pyros.clock import ManualClock
from pyros.dashboard import live
from pyros.journal.models import Entry
from pyros.journal.writing import append

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

DEADLINE_S = 20.0


def _append(*verbs: str) -> list[int]:
    with transaction.atomic():
        return [append("alert:1", verb, {"secret": "stays in the pages"}).pk for verb in verbs]


async def _until(stream: AsyncIterator[bytes], beginning: bytes) -> bytes:
    async with asyncio.timeout(DEADLINE_S):
        async for piece in stream:
            if piece.startswith(beginning):
                return piece
    raise AssertionError(f"the stream ended before {beginning!r}")


def _run(scenario) -> None:
    asyncio.run(scenario())


def test_a_client_is_given_what_is_appended_after_it_came() -> None:
    _append("alert.created")

    async def scenario() -> None:
        stream = live.stream(None)
        assert await anext(stream) == b"retry: 2000\n\n"
        next_one = asyncio.create_task(_until(stream, b"id: "))
        async with asyncio.timeout(DEADLINE_S):
            while live.broadcast().clients == 0:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)  # the client has looked for what it missed; what follows comes by the broadcast
        (number,) = await sync_to_async(_append)("alert.decided")
        text = (await next_one).decode()
        assert text.startswith(f"id: {number}\nevent: entry\ndata: ")
        assert json.loads(text.split("data: ")[1])["verb"] == "alert.decided"
        assert "secret" not in text
        await stream.aclose()  # type: ignore[attr-defined]
        assert live.broadcast().clients == 0

    _run(scenario)


def test_a_client_that_comes_back_is_given_what_it_missed_once_and_in_order() -> None:
    first, second, third = _append("run.started", "run.on_target", "run.ended")

    async def scenario() -> None:
        stream = live.stream(first)
        assert (await _until(stream, b"id: ")).startswith(f"id: {second}\n".encode())
        assert (await _until(stream, b"id: ")).startswith(f"id: {third}\n".encode())
        await stream.aclose()  # type: ignore[attr-defined]

    _run(scenario)


def test_a_client_that_missed_too_much_is_told_to_read_its_page_anew() -> None:
    numbers = _append(*["image.stored"] * 6)

    async def scenario() -> None:
        with patch.object(live, "MOST_MISSED", 3):
            stream = live.stream(0)
            assert await _until(stream, b"event: reset")
            await stream.aclose()  # type: ignore[attr-defined]

    assert numbers
    _run(scenario)


def test_silence_is_kept_alive() -> None:
    async def scenario() -> None:
        with patch.object(live, "KEEP_ALIVE_REAL_S", 0.05):
            stream = live.stream(None)
            assert await _until(stream, b": still here")
            await stream.aclose()  # type: ignore[attr-defined]

    _run(scenario)


def test_a_client_that_does_not_keep_up_is_let_go_and_the_others_are_not() -> None:
    async def scenario() -> None:
        broadcast = live.Broadcast()
        async with broadcast.subscription() as slow, broadcast.subscription() as quick:
            with patch.object(live, "QUEUE_LENGTH", 2):
                for number in range(3):
                    broadcast._hand_out((number, b"x"))
                    quick.get_nowait()
            assert [slow.get_nowait() for _ in range(3)] == [(0, b"x"), (1, b"x"), None]
            assert broadcast.clients == 1

    _run(scenario)


def test_only_those_who_are_logged_in_may_listen() -> None:
    async def scenario() -> None:
        client = AsyncClient()
        assert (await client.get("/live/")).status_code == 401
        user = await sync_to_async(User.objects.create_user)("ada", "ada@example.org", "not-used-here")
        await client.aforce_login(user)
        answer = await client.get("/live/", headers={"Last-Event-ID": "nonsense"})
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/event-stream"
        assert answer["Cache-Control"] == "no-cache"

    _run(scenario)


def test_a_message_names_the_entry_and_nothing_of_its_data(clock: ManualClock) -> None:
    entry = Entry(pk=7, verb="alert.decided", subject="alert:1", time=clock.now(), data={"sentence": "private"})
    assert live.message(entry) == (
        7,
        b'id: 7\nevent: entry\ndata: {"id": 7, "verb": "alert.decided", "subject": "alert:1", '
        b'"time": "2026-11-21T05:00:00.000Z"}\n\n',
    )
