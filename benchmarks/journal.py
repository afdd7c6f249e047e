"""How fast the journal is as a bus: from appending in one process to having it in another.

    python benchmarks/journal.py [--json FILE] [--seconds 60] [--rate 50]

Four processes append, each entry in a transaction of its own with a change of a row beside it; one follower reads.
First at a steady rate (latency), then as fast as they can (throughput, and how many times a writer was told
“database is locked”, which must be never). Real speed, real files, in a temporary folder. In the same run
RabbitMQ is measured, publish to consume, durable messages, publisher confirms, where it answers on 127.0.0.1:5672.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing as mp
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

WRITERS = 4
STEADY_S = 20.0
GOAL_P50_MS, GOAL_P99_MS = 12.0, 40.0


def prepare(folder: Path) -> None:
    """A database with the journal and a row for each writer."""
    from django.core.management import call_command

    (folder / "data").mkdir()
    (folder / "pyros.toml").write_text('[observatory]\ndata_folder = "data"\n')
    _django(folder)
    call_command("migrate", verbosity=0, interactive=False)
    from pyros.journal.models import Position

    for number in range(WRITERS):
        Position.objects.create(follower=f"writer {number}")


def _django(folder: Path) -> None:
    os.environ["PYROS_CONFIG"] = str(folder / "pyros.toml")
    os.environ["DJANGO_SETTINGS_MODULE"] = "pyros.settings"
    import django

    django.setup()


def write(folder: Path, number: int, rate_hz: float, begin_s: float, seconds: float, answer: Connection) -> None:
    """Append at a rate (0: as fast as possible); answers (entries, locked, transaction times in ms)."""
    _django(folder)
    from django.db import OperationalError, transaction
    from django.db.models import F

    from pyros.journal.models import Position
    from pyros.journal.writing import append

    def one(place: int) -> None:
        with transaction.atomic():
            Position.objects.filter(follower=f"writer {number}").update(last_id=F("last_id") + 1)
            append(
                f"image:{place}",
                "image.stored",
                {"exposure_s": 60.0, "path": "PRODUCED_DATA/2026-11-20/x.fits"},
                who=f"writer {number}",
            )

    answer.send(_paced(one, OperationalError, rate_hz, begin_s + number / WRITERS / (rate_hz or 1), seconds, "locked"))


def _paced(
    one: Callable[[int], None], refused: type[Exception], rate_hz: float, begin_s: float, seconds: float, word: str
) -> tuple[int, int, list[float]]:
    done = failed = 0
    took_ms: list[float] = []
    time.sleep(max(0.0, begin_s - time.monotonic()))
    while (now_s := time.monotonic()) < begin_s + seconds:
        if rate_hz and (early_s := begin_s + (done + failed) / rate_hz - now_s) > 0:
            time.sleep(early_s)
            now_s = time.monotonic()
        try:
            one(done)
            done += 1
        except refused as error:
            if word not in str(error):
                raise
            failed += 1
        took_ms.append(1000 * (time.monotonic() - now_s))
    return done, failed, took_ms


def measure(folder: Path, rate_hz: float, seconds: float) -> dict[str, Any]:
    """Run the writers, follow them here; latencies are from `append` (inside the transaction) to `look`."""
    from pyros.journal.following import Follower

    context = mp.get_context("spawn")
    begin_s = time.monotonic() + 6.0
    pipes, writers = [], []
    for number in range(WRITERS):
        ours, theirs = context.Pipe(duplex=False)
        writer = context.Process(target=write, args=(folder, number, rate_hz, begin_s, seconds, theirs), daemon=True)
        writer.start()
        theirs.close()  # so that the end of a writer that failed is seen
        pipes.append(ours)
        writers.append(writer)
    follower = Follower()
    latencies_ms: list[float] = []
    seen = 0
    while not all(pipe.poll() for pipe in pipes):
        for entry in follower.wait(0.25):
            latencies_ms.append((time.monotonic_ns() - entry.monotonic_ns) / 1e6)
            seen += 1
        if any(writer.exitcode not in (None, 0) for writer in writers):
            raise RuntimeError("a writer failed, see above")
    done, locked, took = zip(*(pipe.recv() for pipe in pipes), strict=True)
    for writer in writers:
        writer.join()
    while rest := follower.wait(0.5):
        seen += len(rest)
    transactions_ms = [ms for times in took for ms in times]
    return {
        "writers": WRITERS,
        "asked_per_s": rate_hz * WRITERS or None,
        "seconds": seconds,
        "appended": sum(done),
        "followed": seen,
        "per_s": round(sum(done) / seconds, 1),
        "locked": sum(locked),
        "latency_ms": _spread(latencies_ms),
        "transaction_ms": _spread(transactions_ms),
    }


def _spread(values_ms: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values_ms, n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "max": round(max(values_ms), 2)}


# The peer ---------------------------------------------------------------------------------------------------------


def rabbitmq_answers() -> bool:
    """Whether a RabbitMQ listens on this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", 5672)) == 0


def _kombu() -> Any:
    return importlib.import_module("kombu")  # untyped; needed only where there is a RabbitMQ


def publish(queue: str, number: int, rate_hz: float, begin_s: float, seconds: float, answer: Connection) -> None:
    """Publish durable messages, each confirmed."""
    with _kombu().Connection("amqp://guest:guest@127.0.0.1//", transport_options={"confirm_publish": True}) as broker:
        producer = broker.Producer()

        def one(place: int) -> None:
            producer.publish(
                {"sent_ns": time.monotonic_ns(), "subject": f"image:{place}"}, routing_key=queue, delivery_mode=2
            )

        answer.send(_paced(one, ConnectionError, rate_hz, begin_s + number / WRITERS / (rate_hz or 1), seconds, ""))


def measure_rabbitmq(rate_hz: float, seconds: float) -> dict[str, Any]:
    """The same through a durable queue of RabbitMQ."""
    context = mp.get_context("spawn")
    name = f"pyros-bench-journal-{os.getpid()}"
    latencies_ms: list[float] = []
    with _kombu().Connection("amqp://guest:guest@127.0.0.1//") as broker:
        queue = _kombu().Queue(name, durable=True)(broker.default_channel)
        queue.declare()
        try:
            begin_s = time.monotonic() + 4.0
            pipes, writers = [], []
            for number in range(WRITERS):
                ours, theirs = context.Pipe(duplex=False)
                writer = context.Process(
                    target=publish, args=(name, number, rate_hz, begin_s, seconds, theirs), daemon=True
                )
                writer.start()
                theirs.close()  # so that the end of a writer that failed is seen
                pipes.append(ours)
                writers.append(writer)

            def take(body: dict[str, Any], message: Any) -> None:
                latencies_ms.append((time.monotonic_ns() - body["sent_ns"]) / 1e6)
                message.ack()

            with broker.Consumer(queue, callbacks=[take]):
                while not all(pipe.poll() for pipe in pipes):
                    _drain(broker)
                done = [pipe.recv()[0] for pipe in pipes]
                for writer in writers:
                    writer.join()
                end = time.monotonic() + 10
                while len(latencies_ms) < sum(done) and time.monotonic() < end:
                    _drain(broker)
        finally:
            queue.delete()
    return {
        "writers": WRITERS, "asked_per_s": rate_hz * WRITERS, "seconds": seconds, "appended": sum(done),
        "followed": len(latencies_ms), "latency_ms": _spread(latencies_ms),
    }  # fmt: skip


def _drain(broker: Any) -> None:
    try:
        broker.drain_events(timeout=0.25)
    except TimeoutError:
        return


def main() -> int:
    """Print the table; with --json write it too. 1 when an entry was lost or a writer was told “locked”."""
    parser = argparse.ArgumentParser(
        description="Latency and throughput of the journal.",
        epilog="example: python benchmarks/journal.py --seconds 60",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="length of the run at full speed (60)")
    parser.add_argument(
        "--rate", type=float, default=50.0, metavar="HZ", help="steady entries a second of each writer (50)"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pyros-journal-"))
    steady_s = min(STEADY_S, options.seconds)
    try:
        prepare(folder)
        steady = measure(folder, options.rate, steady_s)
        full = measure(folder, 0.0, options.seconds)
    finally:
        shutil.rmtree(folder)
    rabbit = measure_rabbitmq(options.rate, steady_s) if rabbitmq_answers() else None
    print(f"{WRITERS} writers, each append in a transaction with a row change; from append to the follower, ms")
    print(f"{'':<22} {'entries/s':>10} {'p50':>8} {'p99':>8} {'max':>8} {'locked':>8}")
    rows = [("journal, steady", steady), ("journal, full speed", full)] + (
        [("RabbitMQ, steady", rabbit)] if rabbit else []
    )
    for name, row in rows:
        spread = row["latency_ms"]
        rate = row["appended"] / row["seconds"]
        figures = f"{rate:>10.0f} {spread['p50']:>8.1f} {spread['p99']:>8.1f} {spread['max']:>8.1f}"
        print(f"{name:<22} {figures} {row.get('locked', '-'):>8}")
    if rabbit is None:
        print("RabbitMQ does not answer on 127.0.0.1:5672: not measured")
    within = steady["latency_ms"]["p50"] <= GOAL_P50_MS and steady["latency_ms"]["p99"] <= GOAL_P99_MS
    print(
        f"goal at a steady rate (p50 ≤ {GOAL_P50_MS:g} ms, p99 ≤ {GOAL_P99_MS:g} ms): {'held' if within else 'MISSED'}"
    )
    lost = [name for name, row in rows if row["appended"] != row["followed"]]
    locked = steady["locked"] + full["locked"]
    if options.json:
        temporary = options.json.with_suffix(".tmp")
        temporary.write_text(
            json.dumps({"steady": steady, "full_speed": full, "rabbitmq": rabbit, "goal_held": within}, indent=1) + "\n"
        )
        temporary.replace(options.json)
    if lost or locked:
        print(f"entries lost: {lost or 'none'}; “database is locked”: {locked}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
