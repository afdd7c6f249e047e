"""Our ends against the real thing: Comet, as broker and as subscriber."""

from __future__ import annotations

import asyncio
from pathlib import Path

from notices.tests.vtp_peers import (
    CLOCK,
    THEM,
    Listener,
    comet,
    comet_broker,
    free_port,
    ivorn,
    listening,
    needs_comet,
    subscribed,
    until,
    wakeup,
)  # fmt: skip
from notices.vtp import Broker, send

pytestmark = needs_comet


def test_comet_s_events_reach_us_and_we_come_back_after_its_restart(tmp_path: Path) -> None:
    receive_port, broadcast_port = free_port(), free_port()

    async def scene() -> None:
        listener = Listener()
        async with subscribed(broadcast_port, listener) as subscriber:
            with comet_broker(tmp_path / "db", receive_port, broadcast_port):
                await listening(receive_port)
                await until(lambda: subscriber.health.connected, "we are connected")
                await until(lambda: subscriber.health.last_packet_monotonic_s is not None, "Comet has spoken")
                for number in range(1, 16):  # more than the ten that Comet lets stand without an ack
                    assert (await send("127.0.0.1", receive_port, wakeup(number))).accepted
                again = await send("127.0.0.1", receive_port, wakeup(1))
                assert not again.accepted
                assert "Previously seen" in again.result
                await until(lambda: len(listener.events) == 15, "all events are there")
            await until(lambda: not subscriber.health.connected, "the loss is noticed")
            with comet_broker(tmp_path / "db", receive_port, broadcast_port):
                await listening(receive_port)
                await until(lambda: subscriber.health.connected, "we are connected again")
                await until(lambda: subscriber.health.failures == 0, "Comet has spoken again")
                assert (await send("127.0.0.1", receive_port, wakeup(20))).accepted
                await until(lambda: len(listener.events) == 16, "the event after the restart is there")
            assert subscriber.health.received == 16
            assert subscriber.health.garbage == 0

    asyncio.run(scene())


def test_comet_finds_nothing_amiss_with_what_we_compose(tmp_path: Path) -> None:
    # Comet checks against the official schema of VOEvent 2.0 before it acknowledges.
    from datetime import UTC, datetime

    from notices.compose import retraction

    receive_port, broadcast_port = free_port(), free_port()
    moment = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)

    async def scene() -> None:
        with comet_broker(tmp_path / "db", receive_port, broadcast_port):
            await listening(receive_port)
            full = retraction("sb26112098", moment, trigger_time_utc=moment, position=(1.0, 2.0, 0.1))
            for raw in (wakeup(99), retraction("sb26112099", moment), full):
                receipt = await send("127.0.0.1", receive_port, raw)
                assert receipt.accepted, receipt.result

    asyncio.run(scene())


def test_comet_subscribes_to_our_broker_and_acknowledges(tmp_path: Path) -> None:
    subscriber_ivorn = "ivo://test.local/comet"

    async def scene() -> None:
        async with Broker(THEM, CLOCK) as broker:
            remote = f"--remote=127.0.0.1:{broker.broadcast_port}"
            with comet(tmp_path / "db", f"--local-ivo={subscriber_ivorn}", remote, "-v"):
                await until(lambda: subscriber_ivorn in broker._acknowledged, "Comet has said its name")
                broker.publish(wakeup(1))
                await until(lambda: broker.acknowledged_by(ivorn(1)) == {subscriber_ivorn}, "Comet has acknowledged")

    asyncio.run(scene())
