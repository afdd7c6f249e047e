"""Devices over a line: the command grammar, both its sides, the interfaces of devices, and their drivers."""

from devicelink.errors import (
    Aborted,
    CommandFailure,
    CommandTimeout,
    DeviceError,
    LinkLost,
    ProtocolViolation,
    Refused,
    TransferFailed,
)
from devicelink.grammar import ErrorCode, Event, GrammarError, Reply, ReplyKind, Request, Value
from devicelink.link import DeviceLink, LinkState
from devicelink.pending import Pending
from devicelink.pixels import fetch_pixels
from devicelink.transports import SerialTransport, TcpTransport, Transport, TransportError

__all__ = [
    "Aborted",
    "CommandFailure",
    "CommandTimeout",
    "DeviceError",
    "DeviceLink",
    "ErrorCode",
    "Event",
    "GrammarError",
    "LinkLost",
    "LinkState",
    "Pending",
    "ProtocolViolation",
    "Refused",
    "Reply",
    "ReplyKind",
    "Request",
    "SerialTransport",
    "TcpTransport",
    "TransferFailed",
    "Transport",
    "TransportError",
    "Value",
    "fetch_pixels",
]
