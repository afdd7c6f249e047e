"""A device's own look at another one: its STATUS, asked over the wire when needed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from devicelink.grammar import GrammarError, Reply, ReplyKind, Request, Value, format_request, parse_answer

log = logging.getLogger(__name__)


class PeerSilent(Exception):
    """The peer did not answer: not there, cut off, or hanging. Asking again later may help."""


class Peer:
    """Asks one device for its STATUS over one connection, which is made when needed and again after any trouble.

    `patience_real_s` is real time: it waits for a program, however fast the clock runs.
    """

    def __init__(self, host: str, port: int, patience_real_s: float = 1.0) -> None:
        self.host, self.port = host, port
        self._patience_real_s = patience_real_s
        self._lock = asyncio.Lock()
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._last_id = 0

    async def ask(self, verb: str) -> Mapping[str, Value]:
        """The values of the peer's OK. Raises `PeerSilent`."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._patience_real_s):
                    return await self._exchange(verb)
            except (OSError, TimeoutError, GrammarError, EOFError) as error:
                await self._hang_up()
                raise PeerSilent(f"{self.host}:{self.port}: {type(error).__name__}: {error}") from error
            except asyncio.CancelledError:
                await self._hang_up()
                raise

    async def close(self) -> None:
        """Hang up."""
        async with self._lock:
            await self._hang_up()

    async def _exchange(self, verb: str) -> Mapping[str, Value]:
        if self._line is None:
            self._line = await asyncio.open_connection(self.host, self.port)
        reader, writer = self._line
        self._last_id += 1
        writer.write(format_request(Request(self._last_id, verb)).encode("ascii") + b"\n")
        while True:
            line = await reader.readline()
            if not line.endswith(b"\n"):
                raise EOFError("connection closed")
            answer = parse_answer(line.decode("ascii", "replace"))
            if isinstance(answer, Reply) and answer.id == self._last_id and answer.is_final:
                if answer.kind is ReplyKind.ERR:
                    raise EOFError(f"{verb} refused: {answer.text}")
                return answer.values

    async def _hang_up(self) -> None:
        if self._line is not None:
            _, writer = self._line
            self._line = None
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
