"""One line shared by many: the bridge in front of a real server, the server's TCP port being the line."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from devicelink.backoff import Backoff
from devicelink.bridge import Bridge
from devicelink.tests.peer import Served, Telescope, Wire, until
from devicelink.transports import TcpTransport


def connect(port: int) -> Wire:
    """The bridge listens as soon as its line is open."""

    def listening() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listening, "the bridge listens")
    return Wire(port)


@pytest.fixture
def port(served: Served, telescope: Telescope) -> Iterator[int]:
    async def start() -> tuple[Bridge, int]:
        bridge = Bridge(TcpTransport("127.0.0.1", telescope.port), Backoff(0.01, 0.02))
        return bridge, await bridge.start()

    bridge, port = served.run(start())
    yield port
    served.run(bridge.stop())


def test_clients_may_use_the_same_ids_and_each_gets_its_own_answers(port: int) -> None:
    with connect(port) as one, connect(port) as two:
        one.send("1 TRACK on=1")
        two.send("1 TRACK on=0")
        assert one.line() == "1 OK on=1"
        assert two.line() == "1 OK on=0"


def test_a_repeated_id_is_one_command_on_the_line_too(telescope: Telescope, port: int) -> None:
    with connect(port) as wire:
        for _ in range(2):
            wire.send("7 PARK epoch=1")
            assert wire.line() == "7 OK"
    assert telescope.carried_out == ["PARK"]


def test_an_abort_by_id_means_the_callers_own_id(telescope: Telescope, port: int) -> None:
    with connect(port) as other, connect(port) as wire:
        other.send("1 PING", "2 PING", "3 PING")  # so that the ids on the line differ from the callers'
        other.lines(3)
        wire.send("1 GOTO ra=1 dec=2 epoch=1")
        assert wire.line() == "1 ACK eta=12.5"
        other.send("4 ABORT id=1")  # his own 1, a PING that ended long ago
        assert other.line() == "4 OK"
        assert telescope.motions == ("GOTO",)
        wire.send("2 ABORT id=1")
        assert sorted(wire.lines(2)) == ['1 ERR E_ABORTED "aborted"', "2 OK"]


def test_events_go_to_those_who_subscribed(served: Served, telescope: Telescope, port: int) -> None:
    with connect(port) as one, connect(port) as two:
        one.send("1 SUBSCRIBE")
        one.line()
        served.run(telescope.emit("ALARM", "RAIN"))
        assert one.line() == "* ALARM RAIN"
        two.send("1 TRACK on=1")
        assert two.line() == "1 OK on=1"


def test_nonsense_stops_at_the_bridge_and_bye_ends_one_client_alone(port: int) -> None:
    with connect(port) as one, connect(port) as two:
        one.send("1 nonsense")
        assert one.line().startswith("1 ERR E_SYNTAX")
        one.send("2 BYE")
        assert one.line() == "2 OK"
        assert one.ended()
        two.send("1 TRACK on=1")
        assert two.line() == "1 OK on=1"


def test_a_broken_line_disconnects_the_clients_and_comes_back(served: Served, telescope: Telescope, port: int) -> None:
    with connect(port) as wire:
        wire.send("1 TRACK on=1")
        wire.line()
        served.call(telescope.drop_clients)
        assert wire.ended()
    with connect(port) as wire:
        wire.send("1 TRACK on=1")
        assert wire.line() == "1 OK on=1"
