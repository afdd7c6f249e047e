"""Pixels travel by a second port, never inline: `TOKEN\\n` in, the raw bytes out, end of connection.

The token, the size and the SHA-256 come with the final `OK` of the exposure.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import socket
import time
from collections import OrderedDict
from collections.abc import Mapping

from devicelink.errors import TransferFailed
from devicelink.grammar import Value
from pyros.clock import Clock, patience

KEPT_OFFERS = 2
"""Images kept for fetching: the newest and the one before, which may still be on its way."""
_REQUEST_LIMIT = 128


class PixelServer:
    """Hands out byte blocks by token. Listens from the first offer on."""

    def __init__(self) -> None:
        self.port = 0
        self._host = "127.0.0.1"
        self._wanted_port = 0
        self._offers: OrderedDict[str, bytes] = OrderedDict()
        self._starting: asyncio.Task[asyncio.Server] | None = None

    def configure(self, host: str, port: int) -> None:
        """Where to listen; port 0 takes a free one."""
        self._host, self._wanted_port = host, port

    def offer(self, data: bytes) -> Mapping[str, Value]:
        """Keep a block for fetching, in place of the oldest; gives the keys `token port size sha256`."""
        if self._starting is None:
            self._listen()
        token = secrets.token_hex(8)
        self._offers[token] = data
        while len(self._offers) > KEPT_OFFERS:
            self._offers.popitem(last=False)
        # A token or hash of digits alone is a text too: the grammar quotes it.
        return {"token": token, "port": self.port, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    async def stop(self) -> None:
        """Close the port; what was offered is gone."""
        self._offers.clear()
        if self._starting is not None:
            server = await self._starting
            self._starting = None
            server.close()
            await server.wait_closed()

    def _listen(self) -> None:
        # Bound here, not in the task, so that the port is known to the first offer.
        listener = socket.create_server((self._host, self._wanted_port))
        self.port = listener.getsockname()[1]
        self._starting = asyncio.get_running_loop().create_task(asyncio.start_server(self._serve, sock=listener))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10.0):
                token = (await reader.readline())[:_REQUEST_LIMIT].strip().decode("ascii", "replace")
            writer.write(self._offers.get(token, b""))
            async with asyncio.timeout(60.0):
                await writer.drain()
        except (TimeoutError, ValueError, ConnectionError):
            writer.transport.abort()  # a client that went away, stalled or sent no line; it will see a short transfer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def fetch_pixels(
    host: str, offer: Mapping[str, Value], clock: Clock, *, timeout_s: float = 30.0, device: str = "camera"
) -> bytes:
    """Fetch what an exposure offered (`token port size sha256`), and check size and SHA-256.

    Blocks at most `timeout_s` (with patience under a fast clock). Raises `TransferFailed`.
    """
    try:
        token, port, size, digest = str(offer["token"]), int(offer["port"]), int(offer["size"]), str(offer["sha256"])
    except (KeyError, ValueError) as error:
        raise TransferFailed(device, f"the offer of pixels is incomplete: {error}") from None
    limit_real_s = patience(clock, timeout_s) / clock.speed
    give_up = time.monotonic() + limit_real_s
    block, received = memoryview(bytearray(size)), 0
    try:
        with socket.create_connection((host, port), timeout=limit_real_s) as line:
            line.sendall(token.encode("ascii") + b"\n")
            while received < size:
                line.settimeout(max(0.001, give_up - time.monotonic()))
                count = line.recv_into(block[received:])
                if count == 0:
                    raise TransferFailed(device, f"pixels end after {received} of {size} bytes")
                received += count
    except OSError as error:
        raise TransferFailed(device, f"pixels not received ({received} of {size} bytes): {error}") from error
    if (found := hashlib.sha256(block).hexdigest()) != digest:
        raise TransferFailed(device, f"pixels have SHA-256 {found[:12]}…, the camera announced {digest[:12]}…")
    return bytes(block)
