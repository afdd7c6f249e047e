"""For people and monitoring: what waits, what is held, what is dead."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from embedded_broker.broker import Broker
from embedded_broker.database import Database
from embedded_broker.errors import BrokerUnavailable
from embedded_broker.files import BrokerFiles


@dataclass(frozen=True)
class DeadMessage:
    """A message that no one gets any more: it failed at the limit, or its consumer rejected it."""

    id: int
    queue: str
    reason: str
    failures: int
    published_at: datetime
    died_at: datetime
    headers: dict[str, Any]
    """The message's headers; Celery's have `task`, `id`, `argsrepr`, `kwargsrepr`."""


@dataclass(frozen=True)
class QueueStatus:
    """One queue now."""

    name: str
    ready: int
    held: int
    consumers: int


def queue_status(path: str | Path) -> list[QueueStatus]:
    """All queues of the broker file, by name; raises `BrokerUnavailable`."""
    with _database(path) as database, database.read() as db:
        rows = db.execute(
            "SELECT name,"
            " (SELECT count(*) FROM message WHERE queue = q.name AND owner IS NULL),"
            " (SELECT count(*) FROM message WHERE queue = q.name AND owner IS NOT NULL),"
            " (SELECT count(*) FROM consumer WHERE queue = q.name)"
            " FROM queue AS q ORDER BY name"
        ).fetchall()
    return [QueueStatus(*row) for row in rows]


def dead_messages(path: str | Path, queue: str | None = None) -> list[DeadMessage]:
    """The dead messages, of one queue or of all, oldest death first; raises `BrokerUnavailable`."""
    with _database(path) as database, database.read() as db:
        rows = db.execute(
            "SELECT id, queue, reason, failures, published_at, died_at, payload FROM dead"
            " WHERE :queue IS NULL OR queue = :queue ORDER BY died_at, id",
            {"queue": queue},
        ).fetchall()
    return [
        DeadMessage(
            id_,
            name,
            reason,
            failures,
            datetime.fromtimestamp(published_at, UTC),
            datetime.fromtimestamp(died_at, UTC),
            json.loads(payload)["headers"],
        )
        for id_, name, reason, failures, published_at, died_at, payload in rows
    ]


def requeue_dead(path: str | Path, message_id: int) -> None:
    """Put a dead message back into its queue, its failures forgotten; raises `KeyError` when there is none."""
    with _database(path) as database:
        Broker(database.files).requeue_dead(message_id)


def discard_dead(path: str | Path, message_id: int) -> None:
    """Remove a dead message for good; raises `KeyError` when there is none."""
    with _database(path) as database, database.write() as db:
        if not db.execute("DELETE FROM dead WHERE id = ?", (message_id,)).rowcount:
            raise KeyError(f"no dead message {message_id} in {path}")


@contextlib.contextmanager
def _database(path: str | Path) -> Iterator[Database]:
    files = BrokerFiles.at(path)
    if not files.database.exists():
        raise BrokerUnavailable(f"there is no broker file {path}: it is made when a worker or a publisher first runs")
    with contextlib.closing(Database(files)) as database:
        yield database
