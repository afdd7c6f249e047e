"""Byte lines under the grammar: TCP and serial behind one small interface.

A transport is opened and closed again and again by one reader; writes come from any thread, one at a time.
"""

from __future__ import annotations

import socket
from typing import Protocol

import serial

OPEN_WITHIN_REAL_S = 2.0
_CHUNK = 65536


class TransportError(Exception):
    """The line cannot be opened or broke. Close it, and open it again after a while."""


class Transport(Protocol):
    """One byte line. Every method but `close` raises `TransportError`."""

    ping_after_s: float
    """Real seconds of silence after which a sign of life is asked for."""
    answer_within_s: float
    """Real seconds the peer has to give it."""

    @property
    def address(self) -> str:
        """Where it leads, for messages."""
        ...

    def open(self) -> None:
        """Open; blocks for at most two real seconds."""
        ...

    def fileno(self) -> int:
        """To wait for bytes with `poll`."""
        ...

    def read(self) -> bytes:
        """What has arrived, empty when nothing has; never blocks. The end of the line is an error."""
        ...

    def write(self, data: bytes) -> None:
        """Send all in one write."""
        ...

    def close(self) -> None:
        """Close; closing a closed line does nothing."""
        ...


class TcpTransport:
    """A TCP connection without Nagle's delay. Loss is seen within 1.8 real seconds of silence."""

    ping_after_s = 0.6
    answer_within_s = 1.2

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._socket: socket.socket | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def open(self) -> None:
        self.close()
        try:
            self._socket = socket.create_connection((self.host, self.port), timeout=OPEN_WITHIN_REAL_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
        except OSError as error:
            self.close()
            raise TransportError(f"cannot connect to {self.address}: {error}") from error

    def fileno(self) -> int:
        return self._opened.fileno()

    def read(self) -> bytes:
        try:
            data = self._opened.recv(_CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise TransportError(f"{self.address}: {error}") from error
        if not data:
            raise TransportError(f"{self.address} closed the connection")
        return data

    def write(self, data: bytes) -> None:
        # A request fits in the socket's buffer many times over. If it does not, the peer has long stopped reading.
        try:
            sent = self._opened.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise TransportError(f"{self.address}: {error}") from error
        if sent != len(data):
            raise TransportError(f"{self.address} does not read what it is sent")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise TransportError(f"{self.address} is not connected")
        return self._socket


class SerialTransport:
    """A serial line (or a pty). Slower than a network, so silence is borne for longer."""

    ping_after_s = 2.0
    answer_within_s = 8.0

    def __init__(self, device: str, baud: int = 9600) -> None:
        self.device, self.baud = device, baud
        self._port: serial.Serial | None = None

    @property
    def address(self) -> str:
        return f"{self.device} at {self.baud} baud"

    def open(self) -> None:
        self.close()
        try:
            self._port = serial.Serial(
                self.device, self.baud, timeout=0, write_timeout=OPEN_WITHIN_REAL_S, exclusive=True
            )
            self._port.reset_input_buffer()  # half a line from before we listened
        except (OSError, ValueError) as error:  # pyserial's own errors are OSErrors
            self.close()
            raise TransportError(f"cannot open {self.address}: {error}") from error

    def fileno(self) -> int:
        return int(self._opened.fileno())

    def read(self) -> bytes:
        port = self._opened
        try:
            # Not read(65536): pyserial would wait for all of it until its timeout.
            return bytes(port.read(port.in_waiting or 1))
        except OSError as error:
            raise TransportError(f"{self.address}: {error}") from error

    def write(self, data: bytes) -> None:
        try:
            sent = self._opened.write(data)
        except OSError as error:
            raise TransportError(f"{self.address}: {error}") from error
        if sent != len(data):
            raise TransportError(f"{self.address} took {sent} of {len(data)} bytes")

    def close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    @property
    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise TransportError(f"{self.device} is not open")
        return self._port
