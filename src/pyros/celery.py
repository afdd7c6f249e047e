"""The Celery application. A message is only a kick: the truth about running work is in the database."""

import logging
import os
from typing import Any
from urllib.parse import quote

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pyros.settings")

from celery import Celery, bootsteps, signals
from kombu import Queue
from kombu.exceptions import OperationalError

import embedded_broker
from pyros import config as configuration
from pyros import current, logs
from pyros.process import HEARTBEAT_REAL_S

log = logging.getLogger(__name__)

QUEUES = ("control", "observation", "analysis", "exchange")


def queue_name(queue: str) -> str:
    """The name of one of our queues on the broker."""
    return current.config().broker.queue_prefix + queue


def broker_url() -> str:
    """The broker's address, from `pyros.toml` and `secrets.toml`."""
    table = current.config().broker
    if table.kind == "embedded":
        embedded_broker.register()
        return f"embedded:///{current.data_folder() / 'broker.sqlite3'}"
    password = configuration.load_secrets(configuration.locate()).broker_password
    user, secret = quote(table.user, safe=""), quote(password, safe="")
    return f"amqp://{user}:{secret}@{table.host}:{table.port}/{quote(table.virtual_host, safe='')}"


app = Celery("pyros")
app.conf.update(
    broker_url=broker_url(),
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_queues=[Queue(queue_name(name)) for name in QUEUES],
    task_default_queue=queue_name("control"),
    task_routes={
        "apps.observation_manager.tasks.*": {"queue": queue_name("observation")},
        "apps.analyzer.tasks.exchange_*": {"queue": queue_name("exchange")},
        "apps.analyzer.tasks.*": {"queue": queue_name("analysis")},
        "apps.scheduler.tasks.*": {"queue": queue_name("control")},
    },
    task_publish_retry=False,  # who kicks goes on at once without the broker and kicks again later
    worker_hijack_root_logger=False,
    timezone="UTC",
)
app.autodiscover_tasks(
    ["apps.observation_manager", "apps.analyzer", "apps.scheduler", "apps.monitoring", "apps.alert_manager"]
)


def send_kick(task: str, *arguments: object) -> bool:
    """Ask a worker to do something that the database already knows of; False when the broker is away.

    Nothing is lost then: whoever sweeps the database kicks again.
    """
    try:
        app.send_task(task, args=arguments)
    except OperationalError as error:
        log.warning("the broker is away, %s%s will be kicked again: %s", task, arguments, error)
        return False
    return True


class Heartbeat(bootsteps.StartStopStep):
    """Touches the worker's heartbeat from its own event loop: a loop that hangs must look dead."""

    requires = {"celery.worker.components:Timer"}

    def start(self, worker: Any) -> None:
        """Begin to beat."""
        path = current.run_folder() / "heartbeats" / current.process_name()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        worker.timer.call_repeatedly(HEARTBEAT_REAL_S, path.touch)


app.steps["worker"].add(Heartbeat)


@signals.celeryd_init.connect
def _name_worker(sender: str = "", **_: object) -> None:
    """`observation@host` is `worker-observation` in journal, logs and heartbeats."""
    current.set_process_name(f"worker-{sender.split('@')[0]}")


@signals.setup_logging.connect
def _our_logs(**_: object) -> None:
    table = current.config().log
    logs.set_up(
        current.data_folder() / "logs", table.level, keep_files=table.keep_files, file_size_mb=table.file_size_mb
    )
