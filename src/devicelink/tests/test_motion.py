"""One motion at a time, and the answers that a handler cannot spoil."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from devicelink.errors import CommandFailure
from devicelink.grammar import ErrorCode, Value
from devicelink.motion import MotionSlot
from devicelink.server import Call
from devicelink.tests.peer import Served, Telescope, Wire, until


def test_a_motion_that_does_not_stop_is_told_as_a_hardware_failure() -> None:
    async def runaway() -> Mapping[str, Value]:
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue
        return {}

    async def scene() -> ErrorCode:
        slot = MotionSlot()
        task = slot.start("GOTO", runaway)
        await asyncio.sleep(0)
        with pytest.raises(CommandFailure) as caught:
            await slot.abort(timeout_real_s=0.02)
        task.cancel()
        await task
        return caught.value.code

    assert asyncio.run(scene()) is ErrorCode.E_HARDWARE


def test_a_motion_that_waits_for_an_abort_can_be_aborted_itself() -> None:
    began: list[str] = []

    async def slow_to_stop() -> Mapping[str, Value]:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)  # the motor runs down
        return {}

    async def next_one() -> Mapping[str, Value]:
        began.append("next")
        return {}

    async def scene() -> None:
        slot = MotionSlot()
        slot.start("GOTO", slow_to_stop)
        await asyncio.sleep(0)
        slot.cancel()
        waiting = slot.start("GOTO", next_one)
        await slot.abort(timeout_real_s=5.0)
        assert waiting.cancelled()

    asyncio.run(scene())
    assert began == []


def test_an_answer_that_cannot_be_written_is_an_internal_error(served: Served, telescope: Telescope) -> None:
    async def careless(call: Call) -> Any:
        return {"temperature_c": None}

    telescope.on("CARELESS", careless, keys={})
    with Wire(telescope.port) as wire:
        wire.send("1 CARELESS")
        assert wire.line().startswith('1 ERR E_INTERNAL "the answer cannot be written: value is None')


def test_a_client_that_never_reads_is_dropped_and_others_are_served(served: Served, telescope: Telescope) -> None:
    with socket.create_connection(("127.0.0.1", telescope.port)) as deaf:
        deaf.setblocking(False)
        asked = 0

        def flood() -> bool:
            nonlocal asked
            try:
                deaf.send("".join(f"{asked + number} STATUS\n" for number in range(1, 500)).encode())
                asked += 500
            except BlockingIOError:
                pass
            except ConnectionError:
                return True
            return False

        until(flood, "the deaf client is dropped")
    with Wire(telescope.port) as wire:
        wire.send("1 PING")
        assert wire.line().startswith("1 OK")


def test_a_verb_that_is_built_in_cannot_be_replaced(telescope: Telescope) -> None:
    async def mine(call: Call) -> Mapping[str, Value]:
        return {}

    with pytest.raises(ValueError, match="STATUS is built in"):
        telescope.on("STATUS", mine, keys={})
    with pytest.raises(TypeError, match="cannot travel"):
        telescope.on("X", mine, keys={"when": dict})


def test_handlers_of_stop_and_abort_have_their_say(served: Served, telescope: Telescope) -> None:
    async def after(call: Call) -> Mapping[str, Value]:
        return {"moving": len(telescope.motions)}

    telescope.on("ABORT", after, keys={})
    telescope.on("STOP", after, keys={})
    with Wire(telescope.port) as wire:
        wire.send("1 GOTO ra=1 dec=2 epoch=1")
        wire.line()
        wire.send("2 STOP")  # a device's own STOP: the motion goes on until the device ends it
        assert wire.line() == "2 OK moving=1"
        wire.send("3 ABORT")
        assert wire.lines(2) == ['1 ERR E_ABORTED "aborted"', "3 OK moving=0"]
