"""Following the journal by id.

A look costs one indexed `max(id)`, some 20 µs, so that looking every 10 ms needs no doorbell. Identifiers
are given at insert and seen at commit: on a server with several writers a lower one may appear after a
higher one, or never (rolled back). What is missing is therefore remembered and looked for again a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.db import close_old_connections, connection, transaction
from django.db.models import Max

from pyros.journal.models import Entry, Position
from pyros.journal.writing import entry_id

POLL_S = 0.01
_LATE_COMMIT_S = 5.0
_BATCH = 500


def last_id() -> int:
    """The highest id written so far; 0 in an empty journal."""
    return Entry.objects.aggregate(last=Max("id"))["last"] or 0


class Follower:
    """Reads what was appended since the last look.

    `name` makes it durable: it starts where `keep_position` last left it (in the caller's transaction);
    without a name it starts at `after_id`, by default at the journal's end.
    """

    def __init__(self, name: str | None = None, *, after_id: int | None = None, verbs: tuple[str, ...] = ()) -> None:
        self._name = name
        self._verbs = verbs
        self._missing: dict[int, float] = {}
        if name is not None:
            position, _ = Position.objects.get_or_create(follower=name, defaults={"last_id": after_id or 0})
            self.position = position.last_id
            self._missing = dict.fromkeys(position.missing, time.monotonic() + _LATE_COMMIT_S)
        else:
            self.position = last_id() if after_id is None else after_id

    def look(self) -> list[Entry]:
        """New entries in the order of their ids, at once (an empty list when there are none)."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT MAX(id) FROM journal_entry")
            newest = cursor.fetchone()[0] or 0
        found = self._late_ones()
        if newest > self.position:
            fresh = list(Entry.objects.filter(id__gt=self.position).order_by("id")[:_BATCH])
            self._remember_gaps(fresh)
            if fresh:
                self.position = fresh[-1].pk
            found += fresh
        return [entry for entry in found if not self._verbs or entry.verb in self._verbs]

    def wait(self, timeout_real_s: float) -> list[Entry]:
        """New entries, waiting for some at most `timeout_real_s` (real seconds: it waits for programs)."""
        end = time.monotonic() + timeout_real_s
        while not (entries := self.look()):
            left = end - time.monotonic()
            if left <= 0:
                return []
            time.sleep(min(POLL_S, left))
        return entries

    def keep_position(self) -> None:
        """Store the position, behind all that `look` or `wait` gave last; call it inside the transaction of what
        was done with those entries."""
        if self._name is None:
            raise ValueError("this follower has no name, so its position can't be kept")
        Position.objects.filter(follower=self._name).update(last_id=self.position, missing=sorted(self._missing))

    def forever(self, stop: Callable[[], bool]) -> Iterator[Entry]:
        """Entries one by one until `stop()` is true; log lines of the loop's body carry the entry's id."""
        while not stop():
            for entry in self.wait(0.25):
                entry_id.set(entry.pk)
                yield entry
            entry_id.set(None)
            if not transaction.get_connection().in_atomic_block:
                close_old_connections()

    def _late_ones(self) -> list[Entry]:
        if not self._missing:
            return []
        late = list(Entry.objects.filter(id__in=list(self._missing)).order_by("id"))
        now = time.monotonic()
        for entry in late:
            del self._missing[entry.pk]
        self._missing = {pk: until for pk, until in self._missing.items() if until > now}
        return late

    def _remember_gaps(self, fresh: list[Entry]) -> None:
        expected = self.position + 1
        until = time.monotonic() + _LATE_COMMIT_S
        for entry in fresh:
            for missing in range(expected, min(entry.pk, expected + _BATCH)):
                self._missing[missing] = until
            expected = entry.pk + 1
