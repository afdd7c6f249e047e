"""The link over a serial line: a pty pair with a device at its far end."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable, Iterator

import pytest

from devicelink.backoff import Backoff
from devicelink.errors import LinkLost
from devicelink.link import DeviceLink, LinkState
from devicelink.tests.peer import WITHIN_S, until
from devicelink.transports import SerialTransport, TransportError
from pyros.clock import RealClock


class FarEnd:
    """A device on the other side of a pty: answers each request line by `answer`."""

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._answer = answer
        self._unplugged = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        held = b""
        while not self._unplugged.is_set():
            if not select.select([self.master], [], [], 0.02)[0]:
                continue
            held += os.read(self.master, 4096)
            *lines, held = held.split(b"\n")
            for line in lines:
                os.write(self.master, self._answer(line.decode()))

    def unplug(self) -> None:
        if self._unplugged.is_set():
            return
        self._unplugged.set()
        self._thread.join(WITHIN_S)
        os.close(self._slave)
        os.close(self.master)


def answer(line: str) -> bytes:
    number, verb = line.split(" ")[:2]
    said = {"HELLO": "OK kind=weather name=W1", "STATUS": "OK rain=0 wind_mps=3.5"}.get(verb, "OK")
    return f"{number} {said}\r\n".encode()


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    far_end = FarEnd(answer)
    yield far_end
    far_end.unplug()


def test_the_same_link_works_over_a_serial_line(far_end: FarEnd) -> None:
    transport = SerialTransport(far_end.path, 115200)
    with DeviceLink("", 0, RealClock(), "W1", kind="weather", transport=transport) as link:
        link.wait_up(WITHIN_S)
        assert link.request("STATUS") == {"rain": 0, "wind_mps": 3.5}
        assert "at 115200 baud" in link.reason


def test_a_pulled_serial_cable_is_a_lost_link(far_end: FarEnd) -> None:
    transport = SerialTransport(far_end.path)
    with DeviceLink("", 0, RealClock(), "W1", transport=transport, backoff=Backoff(0.01, 0.01)) as link:
        link.wait_up(WITHIN_S)
        far_end.unplug()
        until(lambda: link.state is LinkState.LOST, "the loss")
        with pytest.raises(LinkLost):
            link.request("STATUS")


def test_a_serial_device_that_is_not_there_is_told_by_its_name() -> None:
    with pytest.raises(TransportError, match="cannot open /dev/nowhere at 9600 baud"):
        SerialTransport("/dev/nowhere").open()


def test_a_read_does_not_wait_for_bytes_that_do_not_come(far_end: FarEnd) -> None:
    transport = SerialTransport(far_end.path)
    transport.open()
    try:
        assert transport.read() == b""
    finally:
        transport.close()
