"""Who may move a device, and what happens to the motion that runs: two small rules as objects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from devicelink.errors import CommandFailure
from devicelink.grammar import ErrorCode, Value

Outcome = Mapping[str, Value]


class Ownership:
    """The highest epoch seen owns the device, lower ones are refused. A higher one takes it and aborts nothing."""

    def __init__(self) -> None:
        self.epoch: int | None = None

    def admit(self, epoch: int) -> None:
        """Let a run with this epoch command; raises `CommandFailure` E_OWNER (older) or E_RANGE (negative)."""
        if epoch < 0:
            raise CommandFailure(ErrorCode.E_RANGE, f"epoch is {epoch}: give 0 or more")
        if self.epoch is not None and epoch < self.epoch:
            raise CommandFailure(ErrorCode.E_OWNER, f"epoch {epoch} is over: run {self.epoch} owns the device")
        self.epoch = epoch


class MotionSlot:
    """One motion at a time. An abort cancels it and waits until it has stopped; a motion that arrives meanwhile
    starts after it, so that `ABORT` and `GOTO` in one packet do what they say, in that order."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Outcome], str] = {}
        self._stopping: set[asyncio.Task[Outcome]] = set()

    @property
    def running(self) -> tuple[str, ...]:
        """The verbs of the motions that run or wait to start, without those being aborted."""
        return tuple(self._running.values())

    def start(
        self, verb: str, work: Callable[[], Coroutine[Any, Any, Outcome]], *, preempts: bool = False
    ) -> asyncio.Task[Outcome]:
        """Begin a motion; raises `CommandFailure` E_BUSY when one is running and this verb does not preempt it."""
        if self._running and not preempts:
            raise CommandFailure(ErrorCode.E_BUSY, f"{', '.join(self.running)} is running: ABORT it or wait")
        self.cancel(tuple(self._running))
        before = frozenset(self._stopping)
        task = asyncio.get_running_loop().create_task(_after(before, work))
        self._running[task] = verb
        task.add_done_callback(self._forget)
        return task

    def cancel(self, tasks: Iterable[asyncio.Task[Outcome]] | None = None) -> frozenset[asyncio.Task[Outcome]]:
        """Begin to abort the given motions (all by default); returns every motion that is stopping now."""
        for task in tuple(self._running) if tasks is None else tuple(tasks):
            if self._running.pop(task, None) is not None:
                self._stopping.add(task)
                task.cancel()
        return frozenset(self._stopping)

    async def abort(self, tasks: Iterable[asyncio.Task[Outcome]] | None = None, *, timeout_real_s: float) -> None:
        """Abort the given motions (all by default) and wait until they have stopped. None running is no error.

        Raises `CommandFailure` E_HARDWARE when one does not stop in time.
        """
        stopping = self.cancel(tasks)
        if not stopping:
            return
        _, moving = await asyncio.wait(stopping, timeout=timeout_real_s)
        if moving:
            raise CommandFailure(ErrorCode.E_HARDWARE, f"the motion did not stop within {timeout_real_s:.1f} s")

    def _forget(self, task: asyncio.Task[Outcome]) -> None:
        self._running.pop(task, None)
        self._stopping.discard(task)


async def _after(before: frozenset[asyncio.Task[Outcome]], work: Callable[[], Coroutine[Any, Any, Outcome]]) -> Outcome:
    if before:
        await asyncio.wait(before)
    return await work()
