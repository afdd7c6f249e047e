"""Giving back what dead processes held, and keeping house."""

from __future__ import annotations

import contextlib
import sqlite3

from embedded_broker import messages, topology
from embedded_broker.database import Database
from embedded_broker.files import BrokerFiles
from embedded_broker.ownership import Owner, forget_files, seized

UPKEEP_PERIOD_S = 60.0
MOST_DEAD_KEPT = 10_000
_VACUUM_PAGES = 1000
_STRAY_FILE_S = 60.0


def other_owners(db: sqlite3.Connection, own_id: str) -> list[Owner]:
    """The processes that the database knows, without this one."""
    return [Owner(*row) for row in db.execute("SELECT id, pid, boot_id FROM owner WHERE id != ?", (own_id,))]


def recover_if_gone(database: Database, owner: Owner, most_failures: int, now_s: float) -> list[str] | None:
    """If an owner is gone, give back what it held and forget it.

    Returns the queues that have something ready through this, None when the owner lives.
    """
    with seized(database.files, owner) as gone:
        if not gone:
            return None
        with database.write() as db:
            exclusive = db.execute("SELECT name FROM queue WHERE exclusive_owner = ?", (owner.id,)).fetchall()
            topology.delete_queues(db, [row[0] for row in exclusive])
            ready = messages.fail_all_of(db, owner.id, most_failures, now_s)
            topology.remove_consumers(db, "owner = ?", (owner.id,), now_s)
            db.execute("DELETE FROM owner WHERE id = ?", (owner.id,))
        forget_files(database.files, owner.id)
        return ready


def keep_house(database: Database, now_s: float) -> bool:
    """Remove what has expired, return free pages, remove stray files. One process a minute does it.

    Returns whether it was this one's turn.
    """
    with database.write() as db:
        turn = db.execute(
            # A time in the future means that the date was set back.
            "UPDATE upkeep SET last_at = :now WHERE last_at <= :now - :period OR last_at > :now",
            {"now": now_s, "period": UPKEEP_PERIOD_S},
        ).rowcount
        if not turn:
            return False
        db.execute("DELETE FROM message WHERE owner IS NULL AND expires_at <= ?", (now_s,))
        expired = db.execute(
            "SELECT name FROM queue WHERE used_at + expires_after_s <= ?"
            " AND NOT EXISTS (SELECT 1 FROM consumer WHERE queue = queue.name)",
            (now_s,),
        ).fetchall()
        topology.delete_queues(db, [row[0] for row in expired])
        db.execute(
            "DELETE FROM dead WHERE id IN (SELECT id FROM dead ORDER BY died_at DESC, id DESC LIMIT -1 OFFSET ?)",
            (MOST_DEAD_KEPT,),
        )
        known = {row[0] for row in db.execute("SELECT id FROM owner")}
    with database.read() as db:
        # As scripts: `execute` makes one step only, which frees one page only.
        db.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES}); PRAGMA wal_checkpoint(PASSIVE)")
    _remove_stray_files(database.files, known, now_s)
    return True


def _remove_stray_files(files: BrokerFiles, known: set[str], now_s: float) -> None:
    """Remove locks and sockets of processes that died before, or without, being known to the database."""
    for lock in files.run_dir.glob("*.owner"):
        if lock.stem not in known:
            with seized(files, Owner(lock.stem, pid=0, boot_id="")) as gone:
                if gone:
                    forget_files(files, lock.stem)
    for socket in files.run_dir.glob("*.sock"):
        if not files.owner_lock(socket.name.split(".")[0]).exists():
            socket.unlink(missing_ok=True)
    for unfinished in files.run_dir.glob("*.tmp"):
        with contextlib.suppress(FileNotFoundError):  # finished meanwhile
            if unfinished.stat().st_mtime < now_s - _STRAY_FILE_S:
                unfinished.unlink()
