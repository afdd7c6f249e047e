"""One SQLite file, used by many processes and threads at once, and safe across forks.

Writers queue for the lock (`BEGIN IMMEDIATE` with a busy timeout) and never upgrade a read, so that no
one sees “database is locked”. SQLite's connections must not cross a fork: they are closed before one
and opened again on next use, in both processes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator

from embedded_broker.errors import BrokerUnavailable
from embedded_broker.files import BrokerFiles
from embedded_broker.schema import TABLES, VERSION

BUSY_TIMEOUT_S = 20.0
WAL_KEPT_BYTES = 4_000_000

# Errors that mean a mistake in this package, not a state of the file.
_BUGS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.NotSupportedError)


class Database:
    """The broker's database. Cheap to make: the file is opened, and made, on first use.

    Every use raises `BrokerUnavailable` when the file cannot be used.
    """

    def __init__(self, files: BrokerFiles) -> None:
        self.files = files
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file_id: tuple[int, int] | None = None
        _fork_guard.add(self)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for single SELECTs, each of which sees one consistent state."""
        with self._lock, self._explained():
            yield self._ready_connection()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that has the write lock: committed at the end, rolled back by an exception."""
        with self._lock, self._explained():
            connection = self._ready_connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # some errors of SQLite have rolled back already
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except _BUGS:
            raise
        except sqlite3.DatabaseError as error:
            self.close()
            raise BrokerUnavailable(f"broker file {self.files.database}: {error}") from error

    def _ready_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        elif self._file_id != self._identify():
            self.close()
            # Whoever declared queues in the old file must declare them again: only a reconnection does.
            raise BrokerUnavailable(f"broker file {self.files.database} was removed or replaced: reconnect")
        return self._connection

    def _identify(self) -> tuple[int, int] | None:
        try:
            status = self.files.database.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def _open(self) -> sqlite3.Connection:
        self.files.make_run_dir()
        with _locked(self.files.creation_lock):
            try:
                os.close(os.open(self.files.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            except OSError as error:
                raise BrokerUnavailable(f"broker file {self.files.database}: {error.strerror}") from error
            connection = sqlite3.connect(
                self.files.database, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, self.files)
            except BaseException:
                connection.close()
                raise
        self._file_id = self._identify()
        return connection

    # Fork handling, called by the hooks below.

    def _before_fork(self) -> None:
        self._lock.acquire()
        self.close()

    def _after_fork_in_parent(self) -> None:
        self._lock.release()

    def _after_fork_in_child(self) -> None:
        self._lock = threading.RLock()


def _prepare(connection: sqlite3.Connection, files: BrokerFiles) -> None:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise BrokerUnavailable(
            f"broker file {files.database} has format {version}, this program writes {VERSION}: "
            "use the program that made it, or remove the file"
        )
    if version == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    # NORMAL survives any death of a process; a power cut may lose the last messages, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")


@contextlib.contextmanager
def _locked(path: os.PathLike[str]) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _ForkGuard:
    """Closes all databases of this process around a fork. SQLite keeps state per process, so this does too."""

    def __init__(self) -> None:
        self._databases: weakref.WeakSet[Database] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._stopped: list[Database] = []
        os.register_at_fork(before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child)

    def add(self, database: Database) -> None:
        with self._lock:
            self._databases.add(database)

    def _before(self) -> None:
        self._lock.acquire()
        self._stopped.extend(self._databases)
        for database in self._stopped:
            database._before_fork()

    def _in_parent(self) -> None:
        for database in self._stopped:
            database._after_fork_in_parent()
        self._stopped.clear()
        self._lock.release()

    def _in_child(self) -> None:
        for database in self._stopped:
            database._after_fork_in_child()
        self._stopped.clear()
        self._lock = threading.RLock()


_fork_guard = _ForkGuard()
