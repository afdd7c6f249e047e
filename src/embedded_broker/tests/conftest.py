"""Fixtures of the broker conformance test: a broker, the test application on it, workers in subprocesses."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
from celery import Celery

from embedded_broker import broker_url
from embedded_broker.tests.witness import Witness
from embedded_broker.tests.worker_app import make_app

RABBITMQ = ("127.0.0.1", 5672)
STOP_S = 30.0
PATIENCE_S = 5.0


class Site:
    """One broker with the test application on it, and its workers."""

    def __init__(self, kind: str, folder: Path, **settings: Any) -> None:
        self.kind = kind
        self.folder = folder
        self.database = folder / "broker.sqlite3"
        self.prefix = f"pyros-test-{uuid.uuid4().hex[:8]}"
        self.witness = Witness(folder / "witness.sock")
        self.settings: dict[str, Any] = {
            "broker": broker_url(self.database) if kind == "embedded" else "amqp://guest:guest@127.0.0.1:5672//",
            "prefix": self.prefix,
            "witness": str(self.witness.path),
        } | settings
        self.app: Celery = make_app(self.settings)
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def queue(self) -> str:
        return f"{self.prefix}.work"

    def start(self, name: str = "w1", *, pool: str = "prefork", concurrency: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker, in a process group of its own, and wait until it is ready."""
        log = (self.folder / f"{name}.log").open("ab")
        worker = subprocess.Popen(
            [
                *[sys.executable, "-m", "embedded_broker.tests.worker_app", json.dumps(self.settings)],
                *["worker", "-P", pool, "-c", str(concurrency), "-n", f"{name}@test", "-l", "INFO"],
                *["--without-gossip", "--without-mingle", "--without-heartbeat"],
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.workers.append(worker)
        try:
            self.witness.wait_for(event="ready", pid=worker.pid)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{(self.folder / f'{name}.log').read_text()}") from None
        return worker

    def stop(self, worker: subprocess.Popen[bytes]) -> None:
        """Stop a worker as a service manager does: ask first.

        Asked amid very short tasks, Celery's prefork pool may wait 30 s for its idle children (billiard's
        `_ensure_messages_consumed`), whatever the broker.
        """
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill_group(worker)

    def kill_group(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker with all its children at once."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(STOP_S)

    def send(self, task: str, *args: Any, **options: Any) -> Any:
        """Publish a task."""
        return self.app.send_task(task, args, **options)

    def waiting(self) -> int:
        """How many messages wait in the queue."""
        with self.app.connection_for_read() as connection:
            return int(connection.default_channel.queue_declare(self.queue, passive=True).message_count)

    def close(self) -> None:
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(STOP_S)
        if self.kind == "rabbitmq":
            with self.app.connection_for_write() as connection:
                channel = connection.default_channel
                channel.queue_delete(self.queue)
                for suffix in ("", ".control.pidbox", ".events"):
                    channel.exchange_delete(f"{self.prefix}{suffix}")
                channel.exchange_delete(f"reply.{self.prefix}.control.pidbox")
        self.app.close()
        kombu.pools.reset()
        self.witness.close()


def rabbitmq_answers() -> bool:
    try:
        socket.create_connection(RABBITMQ, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.service("rabbitmq"))])
def kind(request: pytest.FixtureRequest) -> str:
    """Every conformance test runs on both brokers."""
    if request.param == "rabbitmq" and not rabbitmq_answers():
        pytest.skip("RabbitMQ does not answer on 127.0.0.1:5672")
    return str(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: sockets in it must fit into 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="eb-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def site(kind: str, folder: Path) -> Iterator[Site]:
    made = Site(kind, folder)
    yield made
    made.close()


@pytest.fixture
def embedded_site(folder: Path) -> Iterator[Site]:
    made = Site("embedded", folder)
    yield made
    made.close()
