"""Our broker, our subscriber, our author, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notices import NoticeRefused
from notices.tests.vtp_peers import CLOCK, THEM, US, Listener, ivorn, subscribed, until, wakeup
from notices.vtp import (
    Broker,
    FrameError,
    Subscriber,
    VtpError,
    encode_frame,
    read_frame,
    read_message,
    send,
    send_blocking,
)  # fmt: skip
from notices.vtp.messages import TransportMessage, compose, iamalive
from pyros.clock import DeadlineExceeded, SharedClock


def test_an_event_goes_from_author_to_subscriber_and_is_acknowledged() -> None:
    async def scene() -> None:
        listener = Listener()
        async with Broker(THEM, CLOCK) as broker, subscribed(broker.broadcast_port, listener) as subscriber:
            await until(lambda: broker.subscribers == 1, "the subscriber is connected")
            receipt = await send("127.0.0.1", broker.receive_port, wakeup(1))
            assert (receipt.accepted, receipt.broker_ivorn) == (True, THEM)
            await until(lambda: broker.acknowledged_by(ivorn(1)) == {US}, "the event is acknowledged")
            assert listener.events == [wakeup(1)]
            assert (subscriber.health.connected, subscriber.health.received) == (True, 1)
            assert subscriber.health.last_packet_monotonic_s is not None

    asyncio.run(scene())


def test_a_second_submission_is_refused_and_not_broadcast() -> None:
    async def scene() -> None:
        listener = Listener()
        async with Broker(THEM, CLOCK) as broker, subscribed(broker.broadcast_port, listener):
            await until(lambda: broker.subscribers == 1, "the subscriber is connected")
            assert (await send("127.0.0.1", broker.receive_port, wakeup(1))).accepted
            again = await send("127.0.0.1", broker.receive_port, wakeup(1))
            assert (again.accepted, again.result) == (False, "Event rejected: Previously seen by this broker")
            await send("127.0.0.1", broker.receive_port, wakeup(2))
            await until(lambda: len(listener.events) == 2, "both events are there")
            assert listener.events == [wakeup(1), wakeup(2)]

    asyncio.run(scene())


def test_what_was_published_while_the_subscriber_was_away_is_delivered_when_it_returns() -> None:
    async def scene() -> None:
        before, after = Listener(), Listener()
        async with Broker(THEM, CLOCK) as broker:
            async with subscribed(broker.broadcast_port, before):
                await until(lambda: broker.subscribers == 1, "the subscriber is connected")
                broker.publish(wakeup(1))
                await until(lambda: broker.acknowledged_by(ivorn(1)) == {US}, "the first is acknowledged")
            await until(lambda: broker.subscribers == 0, "the subscriber is gone")
            for number in (2, 3, 4):
                broker.publish(wakeup(number))
            async with subscribed(broker.broadcast_port, after):
                await until(lambda: len(after.events) == 3, "the missed events are there")
        assert before.events == [wakeup(1)]
        assert after.events == [wakeup(2), wakeup(3), wakeup(4)]

    asyncio.run(scene())


def test_a_new_subscriber_is_not_flooded_with_the_past() -> None:
    async def scene() -> None:
        listener = Listener()
        async with Broker(THEM, CLOCK) as broker:
            broker.publish(wakeup(1))
            async with subscribed(broker.broadcast_port, listener):
                await until(lambda: US in broker._acknowledged, "the subscriber has said its name")
                broker.publish(wakeup(2))
                await until(lambda: bool(listener.events), "an event is there")
        assert listener.events == [wakeup(2)]

    asyncio.run(scene())


def test_an_event_that_could_not_be_stored_is_not_acknowledged_and_comes_again() -> None:
    async def scene() -> None:
        listener = Listener(failures=2)
        async with Broker(THEM, CLOCK) as broker, subscribed(broker.broadcast_port, listener) as subscriber:
            await until(lambda: US in broker._acknowledged, "the subscriber has said its name")
            broker.publish(wakeup(1))
            await until(lambda: broker.acknowledged_by(ivorn(1)) == {US}, "the event is acknowledged")
            assert (listener.calls, listener.events) == (3, [wakeup(1)])
            assert subscriber.health.received == 1
            assert "database is away" in subscriber.health.last_error

    asyncio.run(scene())


def test_the_subscriber_comes_back_after_a_restart_of_the_broker() -> None:
    async def scene() -> None:
        listener = Listener()
        broker = Broker(THEM, CLOCK)
        await broker.start()
        async with subscribed(broker.broadcast_port, listener) as subscriber:
            await until(lambda: US in broker._acknowledged, "the subscriber is known")
            await broker.stop()
            await until(lambda: not subscriber.health.connected, "the loss is noticed")
            broker.publish(wakeup(1))
            await broker.start()
            await until(lambda: listener.events == [wakeup(1)], "the event is there")
        await broker.stop()

    asyncio.run(scene())


def test_the_subscriber_tries_until_a_broker_is_there() -> None:
    async def scene() -> None:
        listener = Listener()
        late = Broker(THEM, CLOCK)
        await late.start()
        await late.stop()  # its ports are free again, and known
        async with subscribed(late.broadcast_port, listener) as subscriber:
            await until(lambda: subscriber.health.failures >= 2, "two attempts failed")
            assert subscriber.health.last_error
            await late.start()
            await until(lambda: late.subscribers == 1, "it is connected")
            await until(lambda: subscriber.health.failures == 0, "the failures are forgotten")
        await late.stop()

    asyncio.run(scene())


def test_a_silent_broker_is_dropped() -> None:
    async def scene() -> None:
        connections = 0

        async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silence, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with subscribed(port, Listener(), silence_s=0.1) as subscriber:
            await until(lambda: connections == 2, "it connected a second time")
            assert "word from the broker" in subscriber.health.last_error
        server.close()

    asyncio.run(scene())


def test_iamalive_is_echoed_with_both_names() -> None:
    async def scene() -> None:
        answers: list[bytes] = []

        async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(encode_frame(compose(iamalive(THEM), CLOCK.now())))
            answers.append(await read_frame(reader))
            writer.close()

        server = await asyncio.start_server(broker, "127.0.0.1", 0)
        async with subscribed(server.sockets[0].getsockname()[1], Listener()):
            await until(lambda: bool(answers), "there is an answer")
        server.close()
        assert read_message(answers[0]) == TransportMessage("iamalive", THEM, US)

    asyncio.run(scene())


def test_a_subscriber_that_does_not_answer_iamalive_is_dropped() -> None:
    async def scene() -> None:
        async with Broker(THEM, CLOCK, alive_interval_s=0.02) as broker:
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.broadcast_port)
            async with asyncio.timeout(20):
                packets = [read_message(await read_frame(reader)) for _ in range(3)]
                assert await reader.read() == b""
            assert [packet.role for packet in packets if isinstance(packet, TransportMessage)] == [
                "authenticate", "iamalive", "iamalive",
            ]  # fmt: skip
            writer.close()

    asyncio.run(scene())


GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    (11).to_bytes(4, "little") + b"<VOEvent/>\n",
    b"\0\0\0\0",
    b"\0\0\0\x05<a></",
    encode_frame(b"not XML at all"),
    encode_frame(b"<!DOCTYPE a [<!ENTITY b 'c'>]><VOEvent/>"),
    encode_frame(b"<html/>"),
    b"\0",
    b"",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=[repr(item[:12]) for item in GARBAGE])
def test_garbage_on_either_port_never_kills_the_broker(garbage: bytes) -> None:
    async def scene() -> None:
        async with Broker(THEM, CLOCK) as broker:
            for port in (broker.receive_port, broker.broadcast_port):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(garbage)
                with contextlib.suppress(OSError):
                    await writer.drain()
                writer.close()
            assert (await send("127.0.0.1", broker.receive_port, wakeup(1))).accepted

    asyncio.run(scene())


@pytest.mark.parametrize("garbage", GARBAGE, ids=[repr(item[:12]) for item in GARBAGE])
def test_garbage_from_a_broker_never_kills_the_subscriber(garbage: bytes) -> None:
    async def scene() -> None:
        listener = Listener()

        async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if not listener.calls:
                listener.calls = 1
                writer.write(garbage)
                writer.close()
                return
            writer.write(encode_frame(wakeup(1)))
            await reader.read()
            writer.close()

        server = await asyncio.start_server(broker, "127.0.0.1", 0)
        async with subscribed(server.sockets[0].getsockname()[1], listener):
            await until(lambda: listener.events == [wakeup(1)], "the event after the garbage is there")
        server.close()

    asyncio.run(scene())


def test_an_event_without_name_is_refused_by_the_broker() -> None:
    async def scene() -> None:
        async with Broker(THEM, CLOCK) as broker:
            receipt = await send("127.0.0.1", broker.receive_port, b'<VOEvent role="test" version="2.0"/>')
            assert (receipt.accepted, receipt.result) == (False, "Event rejected: it has no ivorn")
            with pytest.raises(NoticeRefused):
                broker.publish(b"<html/>")

    asyncio.run(scene())


def test_an_author_learns_that_the_broker_hung_up_or_is_silent_or_is_not_there() -> None:
    async def scene() -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        for manner, error in ((hang_up, (VtpError, OSError)), (say_nothing, DeadlineExceeded)):
            server = await asyncio.start_server(manner, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(error):
                await send("127.0.0.1", port, wakeup(1), timeout_s=0.2)
            server.close()
        with pytest.raises(OSError, match=r"."):
            await send("127.0.0.1", port, wakeup(1))

    asyncio.run(scene())


def test_code_without_an_event_loop_can_submit_too() -> None:
    async def scene() -> None:
        async with Broker(THEM, CLOCK) as broker:
            receipt = await asyncio.to_thread(send_blocking, "127.0.0.1", broker.receive_port, wakeup(1))
            assert receipt.accepted

    asyncio.run(scene())


@pytest.mark.parametrize("size", [0, 4 * 1024 * 1024 + 1])
def test_frames_have_a_size_limit(size: int) -> None:
    with pytest.raises(FrameError):
        encode_frame(b"x" * size)


@given(st.binary(min_size=1, max_size=200), st.binary(max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_frame_is_read_back_whole_whatever_follows_it(message: bytes, rest: bytes) -> None:
    async def scene() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(encode_frame(message) + rest)
        reader.feed_eof()
        assert await read_frame(reader) == message
        assert await reader.read() == rest

    asyncio.run(scene())


def test_at_three_hundred_times_speed_nobody_is_taken_for_dead(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = SharedClock.create(tmp_path / "clock", datetime(2026, 11, 20, 20, tzinfo=UTC), 300.0)
        listener = Listener()
        async with Broker(THEM, clock) as broker:
            subscriber = Subscriber("127.0.0.1", broker.broadcast_port, US, listener, clock)
            task = asyncio.create_task(subscriber.run())
            await until(lambda: US in broker._acknowledged, "the subscriber has said its name")
            start = clock.monotonic()
            # 240 observatory seconds: three iamalives at the least, twice the silence that drops a broker
            await until(lambda: clock.monotonic() > start + 240, "the time has passed")
            assert (broker.subscribers, subscriber.health.connected, subscriber.health.failures) == (1, True, 0)
            assert subscriber.health.last_packet_monotonic_s is not None
            assert subscriber.health.last_packet_monotonic_s > start + 60
            broker.publish(wakeup(1))
            await until(lambda: broker.acknowledged_by(ivorn(1)) == {US}, "an event still goes through")
            task.cancel()
            await asyncio.wait({task})

    asyncio.run(scene())
