"""How fast the message brokers are: from publishing a task to its start, and back after SIGKILL.

    python benchmarks/broker.py [--json FILE] [--tasks N]

A real Celery worker (prefork, two processes) runs tasks that are published one at a time, at an even pace.
The time back is from SIGKILL of a worker's whole process group until its task starts in another worker
that is already running. RabbitMQ is measured in the same run where it answers on 127.0.0.1:5672.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from embedded_broker.tests.conftest import Site, rabbitmq_answers

PACE_S = 0.01
KILLS = 5


def measure(kind: str, tasks: int) -> dict[str, Any]:
    """The figures of one broker, in milliseconds and tasks a second."""
    latencies_ms = _with_site(kind, lambda site: _latencies_ms(site, tasks))
    return {
        "broker": kind,
        "tasks": tasks,
        "p50_ms": round(statistics.median(latencies_ms), 2),
        "p99_ms": round(statistics.quantiles(latencies_ms, n=100)[98], 2),
        "burst_tasks_per_s": round(_with_site(kind, _burst_per_s)),
        "back_after_kill_ms": sorted(round(_with_site(kind, _back_after_kill_ms)) for _ in range(KILLS)),
    }


def _with_site(kind: str, run: Any) -> Any:
    folder = Path(tempfile.mkdtemp(prefix="eb-"))
    site = Site(kind, folder)
    try:
        return run(site)
    finally:
        site.close()
        shutil.rmtree(folder)


def _latencies_ms(site: Site, tasks: int) -> list[float]:
    site.start(concurrency=2)
    site.send("note", "warm-up")
    site.witness.wait_for(name="warm-up")
    published: dict[str, float] = {}
    for number in range(tasks):
        published[f"n{number}"] = time.monotonic()
        site.send("note", f"n{number}")
        time.sleep(PACE_S)
    events = site.witness.wait_for(tasks + 1, event="done")
    return [1000 * (e["heard_at"] - published[e["name"]]) for e in events if e["name"] in published]


def _burst_per_s(site: Site) -> float:
    for number in range(500):
        site.send("note", f"n{number}")
    site.start(concurrency=2)
    events = site.witness.wait_for(500, event="done")
    return 499 / float(events[-1]["heard_at"] - events[0]["heard_at"])


def _back_after_kill_ms(site: Site) -> float:
    doomed = site.start("doomed")
    site.send("first_time_forever", "album")
    site.witness.wait_for(event="start")
    site.start("other")
    killed_at = time.monotonic()
    site.kill_group(doomed)
    _, again = site.witness.wait_for(2, event="start")
    return float(1000 * (again["heard_at"] - killed_at))


def main() -> None:
    """Print the table; with --json write it too."""
    parser = argparse.ArgumentParser(
        description="Latency of the message brokers.", epilog="example: python benchmarks/broker.py --json broker.json"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--tasks", type=int, default=500, metavar="N", help="tasks to time (500)")
    options = parser.parse_args()
    results = [measure(kind, options.tasks) for kind in ["embedded", *(["rabbitmq"] if rabbitmq_answers() else [])]]
    print(f"{'broker':<10} {'p50 ms':>8} {'p99 ms':>8} {'burst/s':>8}   back after kill -9, ms")
    for r in results:
        back = " ".join(str(value) for value in r["back_after_kill_ms"])
        print(f"{r['broker']:<10} {r['p50_ms']:>8} {r['p99_ms']:>8} {r['burst_tasks_per_s']:>8}   {back}")
    if options.json:
        temporary = options.json.with_suffix(".tmp")
        temporary.write_text(json.dumps(results, indent=1) + "\n")
        temporary.replace(options.json)


if __name__ == "__main__":
    main()
