"""Exchanges, queues, bindings and consumers: what is declared, and what dies with whom."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class QueueTraits:
    """What a queue was declared with, in AMQP's words."""

    exclusive: bool = False
    auto_delete: bool = False
    message_ttl_s: float | None = None
    expires_after_s: float | None = None


def declare_exchange(db: sqlite3.Connection, name: str, type_: str) -> str:
    """Declare an exchange; returns the type that it has, which is an earlier declaration's if there was one."""
    db.execute("INSERT OR IGNORE INTO exchange (name, type) VALUES (?, ?)", (name, type_))
    return str(db.execute("SELECT type FROM exchange WHERE name = ?", (name,)).fetchone()[0])


def exchange_type(db: sqlite3.Connection, name: str) -> str | None:
    """direct, topic or fanout; None when no such exchange is declared."""
    row = db.execute("SELECT type FROM exchange WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def delete_exchange(db: sqlite3.Connection, name: str) -> None:
    """Forget an exchange and its bindings; its queues stay."""
    db.execute("DELETE FROM binding WHERE exchange = ?", (name,))
    db.execute("DELETE FROM exchange WHERE name = ?", (name,))


def declare_queue(db: sqlite3.Connection, name: str, traits: QueueTraits, owner_id: str, now_s: float) -> None:
    """Make a queue if it is not there. An exclusive queue of another owner is taken over, emptied.

    AMQP would refuse the second (RESOURCE_LOCKED). Here a worker that starts again under its name may
    find the queue of its killed predecessor still locked by an orphan, and must not wait for that.
    """
    holder = db.execute("SELECT exclusive_owner FROM queue WHERE name = ?", (name,)).fetchone()
    if holder is not None and traits.exclusive and holder[0] != owner_id:
        db.execute("DELETE FROM message WHERE queue = ?", (name,))
        db.execute("DELETE FROM consumer WHERE queue = ?", (name,))
    db.execute(
        "INSERT INTO queue (name, exclusive_owner, auto_delete, message_ttl_s, expires_after_s, used_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET"
        " exclusive_owner = coalesce(excluded.exclusive_owner, exclusive_owner), used_at = excluded.used_at",
        (
            name,
            owner_id if traits.exclusive else None,
            traits.auto_delete,
            traits.message_ttl_s,
            traits.expires_after_s,
            now_s,
        ),
    )


def queue_exists(db: sqlite3.Connection, name: str) -> bool:
    """Whether the queue is declared."""
    return db.execute("SELECT 1 FROM queue WHERE name = ?", (name,)).fetchone() is not None


def delete_queues(db: sqlite3.Connection, names: list[str]) -> None:
    """Forget queues with their messages, held ones too, their bindings and consumers."""
    for name in names:
        db.execute("DELETE FROM message WHERE queue = ?", (name,))
        db.execute("DELETE FROM binding WHERE queue = ?", (name,))
        db.execute("DELETE FROM consumer WHERE queue = ?", (name,))
        db.execute("DELETE FROM queue WHERE name = ?", (name,))


def bind(db: sqlite3.Connection, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
    """Let an exchange feed a queue."""
    db.execute("INSERT OR IGNORE INTO binding VALUES (?, ?, ?, ?)", (exchange, routing_key, pattern, queue))


def unbind(db: sqlite3.Connection, exchange: str, routing_key: str, queue: str) -> None:
    """Take a binding back."""
    db.execute(
        "DELETE FROM binding WHERE exchange = ? AND routing_key = ? AND queue = ?", (exchange, routing_key, queue)
    )


def bindings(db: sqlite3.Connection, exchange: str) -> list[tuple[str, str, str]]:
    """(routing key, pattern, queue) of each queue that an exchange feeds."""
    return db.execute("SELECT routing_key, pattern, queue FROM binding WHERE exchange = ?", (exchange,)).fetchall()


def all_bindings(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """(queue, exchange, routing key) of every binding."""
    return db.execute("SELECT queue, exchange, routing_key FROM binding").fetchall()


def add_consumer(db: sqlite3.Connection, tag: str, queue: str, owner_id: str, doorbell: str) -> None:
    """From now on ring this doorbell when the queue gets a message."""
    db.execute("INSERT OR REPLACE INTO consumer VALUES (?, ?, ?, ?)", (tag, owner_id, queue, doorbell))


def remove_consumers(db: sqlite3.Connection, where: str, arguments: tuple[object, ...], now_s: float) -> None:
    """Remove the consumers that match an SQL condition, and the auto-delete queues that lose their last one."""
    queues = [row[0] for row in db.execute(f"SELECT DISTINCT queue FROM consumer WHERE {where}", arguments)]
    db.execute(f"DELETE FROM consumer WHERE {where}", arguments)
    for name in queues:
        db.execute("UPDATE queue SET used_at = ? WHERE name = ?", (now_s, name))
        orphaned = db.execute(
            "SELECT 1 FROM queue WHERE name = ? AND auto_delete"
            " AND NOT EXISTS (SELECT 1 FROM consumer WHERE queue = queue.name)",
            (name,),
        ).fetchone()
        if orphaned:
            delete_queues(db, [name])


def consumer_count(db: sqlite3.Connection, queue: str) -> int:
    """How many consumers a queue has."""
    return int(db.execute("SELECT count(*) FROM consumer WHERE queue = ?", (queue,)).fetchone()[0])


def doorbells(db: sqlite3.Connection, queue: str) -> list[str]:
    """Whom to ring for a message in this queue."""
    return [row[0] for row in db.execute("SELECT DISTINCT doorbell FROM consumer WHERE queue = ?", (queue,))]


def all_doorbells(db: sqlite3.Connection) -> list[str]:
    """Every consumer's doorbell."""
    return [row[0] for row in db.execute("SELECT DISTINCT doorbell FROM consumer")]
