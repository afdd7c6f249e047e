"""Deadlines in observatory seconds for things that asyncio waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from pyros.clock import Clock, Deadline

_T = TypeVar("_T")
_LONGEST_NAP_S = 0.25  # real; so that a change of the clock's speed is noticed


async def within(clock: Clock, duration_s: float, what: str, work: Coroutine[Any, Any, _T]) -> _T:
    """The result of `work`; cancels it and raises `DeadlineExceeded` after `duration_s` observatory seconds.

    For another program give `patience(clock, s)` as the duration.
    """
    deadline = Deadline.after(clock, duration_s, what)
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            nap_s = deadline.remaining_s / clock.speed if clock.speed > 0 else _LONGEST_NAP_S
            await asyncio.wait({task}, timeout=min(max(nap_s, 0.001), _LONGEST_NAP_S))
            if not task.done():
                deadline.check()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
