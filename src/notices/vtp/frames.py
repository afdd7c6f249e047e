"""The frame of VTP: a 4-byte big-endian length, then so many bytes."""

from __future__ import annotations

import asyncio
import socket

MAXIMUM_FRAME_BYTES = 4 * 1024 * 1024
_LENGTH_BYTES = 4


class FrameError(ValueError):
    """What came is no frame of ours (an HTTP request, a little-endian length, too much). The stream is lost."""


def encode_frame(message: bytes) -> bytes:
    """Length and message, to be written at once. `FrameError` when it is empty or over 4 MiB."""
    if not 0 < len(message) <= MAXIMUM_FRAME_BYTES:
        raise FrameError(f"a message of {len(message)} bytes; between 1 and {MAXIMUM_FRAME_BYTES} can be sent")
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


async def read_frame(reader: asyncio.StreamReader, maximum_bytes: int = MAXIMUM_FRAME_BYTES) -> bytes:
    """One message. `asyncio.IncompleteReadError` at the end of the stream, `FrameError` for an impossible length."""
    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
    if not 0 < length <= maximum_bytes:
        raise FrameError(f"a frame of {length} bytes was announced; at most {maximum_bytes} are taken")
    return await reader.readexactly(length)


async def write_frame(writer: asyncio.StreamWriter, message: bytes) -> None:
    """Send one message in one write. `OSError` when the peer is gone."""
    writer.write(encode_frame(message))
    await writer.drain()


def no_delay(writer: asyncio.StreamWriter) -> None:
    """Send small messages at once (TCP_NODELAY)."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def close_writer(writer: asyncio.StreamWriter) -> None:
    """Close, whatever state the peer left the connection in."""
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:  # the peer was faster; closed is what was wanted
        return
