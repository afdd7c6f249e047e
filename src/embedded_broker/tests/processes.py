"""Other processes for the tests: real forks and real kills."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TIMEOUT_S = 30.0

HOLDER = """
import json, os, sys
from embedded_broker.broker import Broker
from embedded_broker.files import BrokerFiles
from embedded_broker.topology import QueueTraits
broker = Broker(BrokerFiles.at(sys.argv[1]))
broker.declare_queue("own", QueueTraits(exclusive=True))
broker.add_consumer("tag", "work", "nobody.sock")
claimed = [delivery.tag for delivery, _ in broker.claim([("work", False)], 1)]
orphan = 0
if "orphan" in sys.argv:
    orphan = os.fork()
    if not orphan:
        os.close(1)
        os.read(0, 1)
        os._exit(0)
print(json.dumps({"claimed": claimed, "orphan": orphan, "owner": broker.owner.id}), flush=True)
os.read(0, 1)
"""
"""Claims one message and holds it until its standard input ends, or until it is killed."""

WRITER = """
import sys
from embedded_broker.broker import Broker
from embedded_broker.files import BrokerFiles
broker = Broker(BrokerFiles.at(sys.argv[1]))
name, count = sys.argv[2], int(sys.argv[3])
done = 0
print("ready", flush=True)
sys.stdin.read(1)
for number in range(count):
    broker.publish(["work"], f"{name}-{number}")
    for delivery, _ in broker.claim([("work", False)], 1):
        done += broker.acknowledge(delivery.tag)
print(done, flush=True)
"""
"""Publishes and consumes as fast as it can; tells how many messages it has done."""


def process_exists(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Other:
    """A Python process that runs a script and tells things by lines on its standard output."""

    def __init__(self, script: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def tells(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line[:1] in "{[0123456789" else line.strip()

    def go(self) -> None:
        """End the wait for its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL to this process alone, not to its children."""
        self.process.kill()
        self.process.wait(TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):  # all of the group have ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(TIMEOUT_S)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
