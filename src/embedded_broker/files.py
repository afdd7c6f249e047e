"""Where the broker keeps its things: one database file, and beside it a folder of locks and sockets."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from embedded_broker.errors import BadBrokerAddress, BrokerUnavailable

EXAMPLE = "embedded:////var/lib/pyros/broker.sqlite3"


@dataclass(frozen=True)
class BrokerFiles:
    """The paths of one broker. `run_dir` lives as long as processes do; the database lives longer."""

    database: Path

    @classmethod
    def at(cls, path: str | Path | None) -> BrokerFiles:
        """The broker whose database is `path`, an absolute path; raises `BadBrokerAddress`."""
        if not path or not Path(path).is_absolute():
            raise BadBrokerAddress(f"broker file is {str(path or '')!r}: give an absolute path, e.g. {EXAMPLE}")
        return cls(Path(path))

    @property
    def run_dir(self) -> Path:
        """Folder of the lock files and doorbells of the processes that run now."""
        return self.database.with_name(self.database.name + ".run")

    @property
    def creation_lock(self) -> Path:
        """Locked while the database is made, so that two first users do not make it twice."""
        return self.run_dir / "creation.lock"

    def owner_lock(self, owner_id: str) -> Path:
        """The lock file that one process holds while it lives."""
        return self.run_dir / f"{owner_id}.owner"

    def doorbells_of(self, owner_id: str) -> list[Path]:
        """The doorbell sockets that one process has made."""
        return list(self.run_dir.glob(f"{owner_id}.*.sock"))

    def make_run_dir(self) -> None:
        """Make the folder, private to this user; raises `BrokerUnavailable` when its parent is absent."""
        try:
            self.run_dir.mkdir(mode=0o700, exist_ok=True)
        except FileNotFoundError:
            raise BrokerUnavailable(
                f"folder {self.database.parent} of the broker file does not exist: make it, or change the address"
            ) from None
        except OSError as error:
            raise BrokerUnavailable(f"cannot make {self.run_dir}: {error.strerror}") from error
        if stat.S_IMODE(self.run_dir.stat().st_mode) & 0o077:
            self.run_dir.chmod(0o700)
