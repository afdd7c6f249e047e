"""How fast the device line is, with the device in a process of its own on loopback.

    python benchmarks/devices.py [--json FILE] [--count N]

Round trips of short commands, through the link and through a bare socket (what the link itself costs); a motion's
acknowledgement; from ABORT to the end of the motion; an image of 2048 x 2048; and how long a link takes to notice
that its device was killed (SIGKILL) or hangs with the connection open (SIGSTOP). Limits from docs: a line command
p95 < 10 ms, an acknowledgement < 250 ms, abort to the end of the motion < 500 ms, loss noticed in 2 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devicelink import DeviceLink, LinkLost, fetch_pixels
from devicelink.server import Call, DeviceServer, Value
from pyros.clock import RealClock

WIDTH = 2048
LOSSES = 3


class Box(DeviceServer):
    """A device with a status of the usual size."""

    def __init__(self) -> None:
        super().__init__("T1", "telescope", RealClock())
        self.on("GOTO", self._goto, keys={"ra": float, "dec": float}, motion=True)
        self.on("READ", self._read, keys={})

    def status(self) -> Mapping[str, Value]:
        return {f"value_{number}": 100.0 / (number + 1) for number in range(15)}

    async def _goto(self, call: Call) -> Mapping[str, Value]:
        await call.acknowledge(60.0)
        await asyncio.sleep(60.0)
        return {}

    async def _read(self, call: Call) -> Mapping[str, Value]:
        return self.offer(bytes(WIDTH * WIDTH * 2))


async def serve() -> None:
    print(await Box().start(), flush=True)
    await asyncio.Event().wait()


@contextmanager
def device() -> Iterator[tuple[subprocess.Popen[str], DeviceLink]]:
    """A device in a process, and a link to it."""
    process = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        with DeviceLink("127.0.0.1", int(process.stdout.readline()), RealClock(), "T1") as link:
            link.wait_up(10.0)
            yield process, link
    finally:
        process.kill()
        process.wait()


def times_ms(count: int, work: Callable[[], object]) -> list[float]:
    """How long each of `count` runs took."""
    taken_ms = []
    for _ in range(count):
        begun = time.perf_counter()
        work()
        taken_ms.append(1000.0 * (time.perf_counter() - begun))
    return taken_ms


def row(what: str, taken_ms: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(taken_ms, n=100, method="inclusive")
    return {
        "what": what,
        "count": len(taken_ms),
        "p50_ms": round(cuts[49], 3),
        "p95_ms": round(cuts[94], 3),
        "p99_ms": round(cuts[98], 3),
        "max_ms": round(max(taken_ms), 3),
    }


def bare_socket(link: DeviceLink, count: int) -> list[float]:
    """The same PING without the link: one thread, one socket."""
    host, port = link.transport.address.split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ids = iter(range(1, count + 1))

        def ping() -> None:
            wire.sendall(b"%d PING\n" % next(ids))
            wire.recv(4096)

        return times_ms(count, ping)


def shared(link: DeviceLink, threads: int, count: int) -> list[float]:
    """PING from many threads over one link."""
    taken_ms: list[float] = []
    workers = [
        threading.Thread(target=lambda: taken_ms.extend(times_ms(count // threads, lambda: link.request("PING"))))
        for _ in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return taken_ms


def aborts(link: DeviceLink, count: int) -> tuple[list[float], list[float]]:
    """(submit to acknowledged, ABORT to the end of the motion), in ms."""
    acknowledged_ms, ended_ms = [], []
    for _ in range(count):
        begun = time.perf_counter()
        slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
        slew.wait_acknowledged()
        acknowledged_ms.append(1000.0 * (time.perf_counter() - begun))
        begun = time.perf_counter()
        link.request("ABORT")
        assert slew.done
        ended_ms.append(1000.0 * (time.perf_counter() - begun))
    return acknowledged_ms, ended_ms


def losses(kind: signal.Signals) -> list[float]:
    """From the signal until a pending motion ends with LinkLost."""
    taken_ms = []
    for _ in range(LOSSES):
        with device() as (process, link):
            slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
            slew.wait_acknowledged()
            begun = time.perf_counter()
            process.send_signal(kind)
            try:
                slew.wait(30.0)
            except LinkLost:
                taken_ms.append(1000.0 * (time.perf_counter() - begun))
    return taken_ms


def measure(count: int) -> list[dict[str, Any]]:
    with device() as (_, link):
        link.request("PING")
        rows = [
            row("PING, bare socket", bare_socket(link, count)),
            row("PING, link", times_ms(count, lambda: link.request("PING"))),
            row("STATUS of 19 keys, link", times_ms(count, lambda: link.request("STATUS"))),
            row("PING, link shared by 8 threads", shared(link, 8, count)),
        ]
        acknowledged_ms, ended_ms = aborts(link, count // 10)
        rows += [row("GOTO to ACK", acknowledged_ms), row("ABORT to end of motion", ended_ms)]
        rows.append(
            row(
                "image of 8 MiB, made, hashed, fetched, checked",
                times_ms(20, lambda: fetch_pixels("127.0.0.1", link.request("READ"), RealClock())),
            )
        )
    rows.append(row("SIGKILL to LinkLost", losses(signal.SIGKILL)))
    rows.append(row("SIGSTOP to LinkLost", losses(signal.SIGSTOP)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--count", type=int, default=3000, metavar="N", help="round trips of each kind (3000)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve())
        return
    rows = measure(asked.count)
    print(f"{'':48s} {'count':>6s} {'p50':>9s} {'p95':>9s} {'p99':>9s} {'max':>9s}  ms")
    for found in rows:
        figures = " ".join(f"{found[key]:9.3f}" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
        print(f"{found['what']:48s} {found['count']:6d} {figures}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
