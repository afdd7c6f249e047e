"""Submit an event to a broker, from within this process (starting a program for each costs a quarter second)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from notices.notice import NoticeRefused
from notices.vtp.frames import FrameError, close_writer, no_delay, read_frame, write_frame
from notices.vtp.messages import TransportMessage, VtpError, read_message
from notices.vtp.waiting import within
from pyros.clock import Clock, RealClock


@dataclass(frozen=True)
class Receipt:
    """The broker's answer. A refusal is an answer too (“Previously seen by this broker”)."""

    accepted: bool
    result: str = ""
    broker_ivorn: str = ""


async def send(host: str, port: int, raw: bytes, timeout_s: float = 10.0, clock: Clock | None = None) -> Receipt:
    """Submit one VOEvent and wait for ack or nak; `timeout_s` is real time unless a clock is given.

    `VtpError` when the broker hangs up or answers nonsense, `OSError` when it is not there, `DeadlineExceeded`
    (a `TimeoutError`) when it does not answer in time: whether it has the event is then unknown; send again.
    """
    return await within(clock or RealClock(), timeout_s, f"VTP broker {host}:{port}", _submit(host, port, raw))


def send_blocking(host: str, port: int, raw: bytes, timeout_s: float = 10.0) -> Receipt:
    """`send` for code without an event loop."""
    return asyncio.run(send(host, port, raw, timeout_s))


async def _submit(host: str, port: int, raw: bytes) -> Receipt:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        no_delay(writer)
        await write_frame(writer, raw)
        answer = read_message(await read_frame(reader))
    except asyncio.IncompleteReadError as error:
        raise VtpError(f"the broker at {host}:{port} closed the connection without an answer") from error
    except (FrameError, NoticeRefused) as error:
        raise VtpError(f"the broker at {host}:{port} answered nonsense: {error}") from error
    finally:
        await close_writer(writer)
    if not isinstance(answer, TransportMessage) or answer.role not in {"ack", "nak"}:
        raise VtpError(f"the broker at {host}:{port} answered neither ack nor nak")
    return Receipt(answer.role == "ack", answer.result, answer.response)
