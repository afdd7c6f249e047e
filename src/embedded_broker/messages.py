"""The life of a message: published, claimed by an owner, then acknowledged, given back, or dead.

Every function works inside the caller's transaction. A claim and a settlement name the owner and the
delivery number, so that a late acknowledgement never touches a later delivery of the same message.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_COLUMNS = "id, queue, priority, payload, published_at"
_READY = "owner IS NULL AND (expires_at IS NULL OR expires_at > :now)"


@dataclass(frozen=True)
class Delivery:
    """A message in the hands of this process."""

    id: int
    number: int
    queue: str
    priority: int
    payload: str

    @property
    def tag(self) -> str:
        """The delivery tag: which message, and the how-many-th delivery of it."""
        return f"{self.id}.{self.number}"

    @property
    def redelivered(self) -> bool:
        """Whether it was delivered before."""
        return self.number > 1


def publish(db: sqlite3.Connection, queue: str, payload: str, priority: int, ttl_s: float | None, now_s: float) -> None:
    """Put a message into a queue, which is made when it is not there, so that nothing is lost.

    It expires after its own time to live or the queue's, whichever is shorter.
    """
    db.execute("INSERT OR IGNORE INTO queue VALUES (?, NULL, 0, NULL, NULL, ?)", (queue, now_s))
    db.execute(
        "INSERT INTO message (queue, priority, payload, published_at, expires_at)"
        " SELECT name, :priority, :payload, :now,"
        "  :now + CASE WHEN :ttl IS NULL OR message_ttl_s < :ttl THEN message_ttl_s ELSE :ttl END"
        " FROM queue WHERE name = :queue",
        {"queue": queue, "priority": priority, "payload": payload, "now": now_s, "ttl": ttl_s},
    )


def has_ready(db: sqlite3.Connection, queue: str) -> bool:
    """Whether a queue seems to have something to claim; needs no write lock."""
    return (
        db.execute("SELECT 1 FROM message WHERE queue = ? AND owner IS NULL LIMIT 1", (queue,)).fetchone() is not None
    )


def claim(db: sqlite3.Connection, queue: str, owner_id: str, limit: int, now_s: float) -> list[Delivery]:
    """Take up to `limit` messages, highest priority first, then oldest; they stay ours until settled."""
    rows = db.execute(
        "UPDATE message SET owner = :owner, deliveries = deliveries + 1 WHERE id IN ("
        f" SELECT id FROM message WHERE queue = :queue AND {_READY} ORDER BY priority DESC, id LIMIT :limit)"
        " RETURNING id, deliveries, queue, priority, payload",
        {"owner": owner_id, "queue": queue, "limit": limit, "now": now_s},
    ).fetchall()
    return _in_order(rows)


def take(db: sqlite3.Connection, queue: str, limit: int, now_s: float) -> list[Delivery]:
    """Like `claim` for a consumer that does not acknowledge: what is taken is gone."""
    rows = db.execute(
        "DELETE FROM message WHERE id IN ("
        f" SELECT id FROM message WHERE queue = :queue AND {_READY} ORDER BY priority DESC, id LIMIT :limit)"
        " RETURNING id, deliveries + 1, queue, priority, payload",
        {"queue": queue, "limit": limit, "now": now_s},
    ).fetchall()
    return _in_order(rows)


def _in_order(rows: list[tuple[int, int, str, int, str]]) -> list[Delivery]:
    # RETURNING promises no order.
    return sorted((Delivery(*row) for row in rows), key=lambda delivery: (-delivery.priority, delivery.id))


def acknowledge(db: sqlite3.Connection, tag: str, owner_id: str) -> bool:
    """Remove a message that is done; False when this delivery of it was no longer ours."""
    return db.execute(f"DELETE FROM message WHERE {_THIS_DELIVERY}", _delivery(tag, owner_id)).rowcount == 1


def give_back(db: sqlite3.Connection, tag: str, owner_id: str) -> str | None:
    """Make a message ready again that came to no harm; returns its queue, None when it was not ours."""
    row = db.execute(
        f"UPDATE message SET owner = NULL WHERE {_THIS_DELIVERY} RETURNING queue", _delivery(tag, owner_id)
    ).fetchone()
    return row[0] if row else None


def fail(db: sqlite3.Connection, tag: str, owner_id: str, most_failures: int, now_s: float) -> str | None:
    """Make a message ready again whose work failed, or dead if it has failed too often.

    Returns its queue when it is ready, else None.
    """
    return next(iter(_fail_where(db, _THIS_DELIVERY, _delivery(tag, owner_id), most_failures, now_s)), None)


def fail_all_of(db: sqlite3.Connection, owner_id: str, most_failures: int, now_s: float) -> list[str]:
    """`fail` everything that an owner held; returns the queues that have something ready."""
    return _fail_where(db, "owner = :owner", {"owner": owner_id}, most_failures, now_s)


def reject(db: sqlite3.Connection, tag: str, owner_id: str, now_s: float) -> bool:
    """Make a message dead that its consumer does not want again; False when it was not ours."""
    return _bury(db, _THIS_DELIVERY, _delivery(tag, owner_id), "rejected by its consumer", now_s) == 1


def purge(db: sqlite3.Connection, queue: str) -> int:
    """Remove the ready messages of a queue; returns how many."""
    return db.execute("DELETE FROM message WHERE queue = ? AND owner IS NULL", (queue,)).rowcount


def ready_count(db: sqlite3.Connection, queue: str) -> int:
    """How many messages wait in a queue."""
    return int(db.execute("SELECT count(*) FROM message WHERE queue = ? AND owner IS NULL", (queue,)).fetchone()[0])


_THIS_DELIVERY = "id = :id AND deliveries = :number AND owner = :owner"


def _delivery(tag: str, owner_id: str) -> dict[str, object]:
    message_id, _, number = tag.partition(".")
    return {"id": int(message_id), "number": int(number), "owner": owner_id}


def _fail_where(
    db: sqlite3.Connection, where: str, arguments: dict[str, object], most_failures: int, now_s: float
) -> list[str]:
    limit = arguments | {"most": most_failures}
    _bury(db, f"{where} AND failures + 1 >= :most", limit, f"failed {most_failures} times; the limit is reached", now_s)
    rows = db.execute(
        f"UPDATE message SET owner = NULL, failures = failures + 1 WHERE {where} RETURNING queue", arguments
    ).fetchall()
    return sorted({row[0] for row in rows})


def _bury(db: sqlite3.Connection, where: str, arguments: dict[str, object], reason: str, now_s: float) -> int:
    db.execute(
        f"INSERT INTO dead ({_COLUMNS}, died_at, failures, reason)"
        f" SELECT {_COLUMNS}, :died_at, failures + 1, :reason FROM message WHERE {where}",
        arguments | {"died_at": now_s, "reason": reason},
    )
    return db.execute(f"DELETE FROM message WHERE {where}", arguments).rowcount
