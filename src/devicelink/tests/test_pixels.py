from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Mapping

import pytest

from devicelink.errors import TransferFailed
from devicelink.grammar import Value
from devicelink.pixels import fetch_pixels
from devicelink.server import DeviceServer
from devicelink.tests.peer import WITHIN_S, Served
from pyros.clock import RealClock


def offered(served: Served, server: DeviceServer, data: bytes) -> Mapping[str, Value]:
    async def offer() -> Mapping[str, Value]:
        return server.offer(data)

    return served.run(offer())


@pytest.fixture
def camera(served: Served) -> DeviceServer:
    return served.serve(lambda: DeviceServer("C1", "camera", RealClock()))


def test_pixels_arrive_as_they_were_offered_once_and_again(served: Served, camera: DeviceServer) -> None:
    data = bytes(range(256)) * 20_000  # 5 MB: many packets
    offer = offered(served, camera, data)
    assert (offer["size"], offer["sha256"]) == (5_120_000, hashlib.sha256(data).hexdigest())
    for _ in range(2):
        assert fetch_pixels("127.0.0.1", offer, RealClock()) == data


def test_the_image_before_the_newest_can_still_be_fetched_and_older_ones_not(
    served: Served, camera: DeviceServer
) -> None:
    offers = [offered(served, camera, bytes([number]) * 100) for number in range(3)]
    assert fetch_pixels("127.0.0.1", offers[2], RealClock()) == b"\x02" * 100
    assert fetch_pixels("127.0.0.1", offers[1], RealClock()) == b"\x01" * 100
    with pytest.raises(TransferFailed, match="end after 0 of 100 bytes"):
        fetch_pixels("127.0.0.1", offers[0], RealClock())


def test_an_empty_block_is_a_block(served: Served, camera: DeviceServer) -> None:
    assert fetch_pixels("127.0.0.1", offered(served, camera, b""), RealClock()) == b""


def test_changed_pixels_are_refused(served: Served, camera: DeviceServer) -> None:
    offer = {**offered(served, camera, b"abcd"), "sha256": hashlib.sha256(b"abce").hexdigest()}
    with pytest.raises(TransferFailed, match="SHA-256"):
        fetch_pixels("127.0.0.1", offer, RealClock())


def test_an_incomplete_offer_is_refused() -> None:
    with pytest.raises(TransferFailed, match="sha256"):
        fetch_pixels("127.0.0.1", {"token": "x", "port": 1, "size": 1}, RealClock())


def test_a_transfer_that_breaks_off_is_told_with_what_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def half() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"x" * 40)

        thread = threading.Thread(target=half, daemon=True)
        thread.start()
        offer = {"token": "t", "port": listener.getsockname()[1], "size": 100, "sha256": "0" * 64}
        with pytest.raises(TransferFailed, match="end after 40 of 100 bytes"):
            fetch_pixels("127.0.0.1", offer, RealClock())
        thread.join(WITHIN_S)


def test_the_pixel_port_listens_on_loopback_only(served: Served, camera: DeviceServer) -> None:
    port = offered(served, camera, b"x")["port"]
    with pytest.raises(ConnectionRefusedError):  # 127.0.0.2 is this machine too, but not the address asked for
        socket.create_connection(("127.0.0.2", int(port)), timeout=WITHIN_S)
