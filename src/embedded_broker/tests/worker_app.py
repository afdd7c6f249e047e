"""The tiny Celery application of the conformance test; run as a program it is a worker.

`python worker_app.py SETTINGS_JSON worker OPTIONS…`
"""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"
from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import time
from typing import Any

from celery import Celery, signals
from celery.exceptions import Reject
from kombu.entity import Exchange, Queue

import embedded_broker
from embedded_broker.tests.witness import tell


def make_app(settings: dict[str, Any]) -> Celery:
    """`settings`: broker, prefix (of all queue and exchange names) and witness (path)."""
    embedded_broker.register()
    prefix = settings["prefix"]
    app = Celery(prefix, broker=settings["broker"], set_as_current=False)
    app.conf.update(
        task_queues=[Queue(f"{prefix}.work", Exchange(prefix), routing_key="work", max_priority=9, durable=True)],
        task_default_queue=f"{prefix}.work",
        task_default_exchange=prefix,
        task_default_routing_key="work",
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_connection_retry_on_startup=True,
        control_exchange=f"{prefix}.control",
        event_exchange=f"{prefix}.events",
    )
    # Without confirmation RabbitMQ has a message some time after it is published, and perhaps never.
    rabbitmq = settings["broker"].startswith("amqp")
    app.conf.broker_transport_options = {"confirm_publish": True} if rabbitmq else {}

    def say(task: Any, event: str, name: str, **more: Any) -> None:
        redelivered = bool(task.request.delivery_info.get("redelivered"))
        tell(settings["witness"], {"event": event, "name": name, "pid": os.getpid(), "redelivered": redelivered} | more)

    @app.task(bind=True, name="note")
    def note(self: Any, name: str) -> None:
        say(self, "done", name)

    @app.task(bind=True, name="first_time_forever")
    def first_time_forever(self: Any, name: str) -> None:
        """Never ends on the first delivery; the second does."""
        say(self, "start", name, parent=os.getppid())
        if not self.request.delivery_info.get("redelivered"):
            time.sleep(600)
        say(self, "done", name)

    @app.task(bind=True, name="until_file")
    def until_file(self: Any, name: str, path: str) -> None:
        """Ends when the file is there."""
        say(self, "start", name)
        while not os.path.exists(path):  # noqa: PTH110
            time.sleep(0.01)
        say(self, "done", name)

    @app.task(bind=True, name="poison")
    def poison(self: Any, name: str) -> None:
        say(self, "start", name)
        raise Reject(requeue=True)

    @app.task(bind=True, name="chained")
    def chained(self: Any, name: str, left: int) -> None:
        """Publishes from inside a worker."""
        say(self, "done", f"{name}-{left}")
        if left:
            chained.delay(name, left - 1)

    return app


def main() -> None:
    settings = json.loads(sys.argv[1])
    app = make_app(settings)

    @signals.worker_ready.connect(weak=False)
    def ready(sender: Any, **_: Any) -> None:
        tell(settings["witness"], {"event": "ready", "name": sender.hostname, "pid": os.getpid()})

    @signals.worker_shutting_down.connect(weak=False)
    def stopping(**_: Any) -> None:
        tell(settings["witness"], {"event": "stopping", "pid": os.getpid()})

    faulthandler.register(signal.SIGUSR2)
    app.worker_main(sys.argv[2:])


if __name__ == "__main__":
    main()
