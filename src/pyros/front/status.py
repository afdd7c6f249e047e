"""`status`: what really runs, by the kernel's word, not by memory."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pyros import current
from pyros.clock import real_unix_s
from pyros.watcher.supervising import living, read_status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json` for scripts."""
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    """Print a line a process; exit 0 when all run, 1 when some are down, 3 when PyROS does not run."""
    document = survey()
    if options.json:
        print(json.dumps(document, indent=1))
    elif not document["processes"]:
        print("PyROS does not run.")
    else:
        print("PyROS runs." if document["running"] else "The SystemWatcher is gone; what it left:")
        for row in document["processes"]:
            beat = row["heartbeat_age_s"]
            heart = "" if beat is None else f"heartbeat {beat:.0f} s ago"
            restarts = f"{row['restarts']} restarts" if row["restarts"] else ""
            print(
                f"  {row['name']:20} {row['state']:9} {row['pid'] or '':>7} "
                f"{'  '.join(filter(None, [heart, restarts, row['reason']]))}"
            )
    if not document["processes"]:
        return 3
    return 0 if document["running"] and all(row["state"] == "RUNNING" for row in document["processes"]) else 1


def survey() -> dict[str, Any]:
    """The watcher's last word, each process checked with the kernel."""
    folder = current.data_folder()
    status = read_status(folder)
    rows = []
    for row in status.get("processes", []):
        alive = living(row)
        beat = folder / "run" / "heartbeats" / row["name"]
        age_s = max(0.0, real_unix_s() - beat.stat().st_mtime) if alive and beat.exists() else None
        state = row["state"] if alive or row["state"] in {"WAITING", "DISABLED"} else "DOWN"
        rows.append({**row, "state": state, "pid": row["pid"] if alive else None, "heartbeat_age_s": age_s})
    return {
        "running": living(status),
        "watcher_pid": status.get("pid"),
        "processes": rows if any(r["pid"] for r in rows) or living(status) else [],
    }
