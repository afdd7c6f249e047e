"""Which processes there are, how they are started, and in which order."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pyros.config import ROOT, Config

OBSERVATION_THREADS = 6
"""Albums at a time: three cameras, and room for those of a run that is being interrupted."""


@dataclass(frozen=True)
class ProcessSpec:
    """One process. Started in the table's order, stopped in the opposite one.

    `heartbeat_real_s`: a heartbeat older than this is a hung process (0: none is expected).
    """

    name: str
    argv: tuple[str, ...]
    heartbeat_real_s: float = 20.0
    stop_real_s: float = 10.0


def processes(config: Config, config_path: Path, data_folder: Path) -> list[ProcessSpec]:
    """The processes of design §5, the simulators among them when the devices are simulated."""
    run = data_folder / "run"

    def manage(name: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, str(ROOT / "manage.py"), *(arguments or (name,)), "--config", str(config_path))

    def worker(queues: str, *pool: str) -> tuple[str, ...]:
        return (
            sys.executable, "-m", "celery", "-A", "pyros.celery", "worker",
            "-Q", config.broker.queue_prefix + queues, "-n", f"{queues}@%h",
            "--loglevel", config.log.level, "--without-gossip", "--without-mingle", *pool,
        )  # fmt: skip

    web_options = ["--reload"] if config.development.enabled else []
    table = [
        ProcessSpec("guardian", (sys.executable, "-m", "guardian", "--config", str(run / "guardian.json")), 0),
        ProcessSpec("monitor", manage("monitor")),
        ProcessSpec("planner", manage("planner"), 60.0),
        ProcessSpec("worker-observation", worker("observation", "--pool", "threads", "-c", str(OBSERVATION_THREADS))),
        ProcessSpec("worker-analysis", worker("analysis", "--pool", "threads", "-c", "1")),
        ProcessSpec("worker-exchange", worker("exchange", "--pool", "threads", "-c", "1")),
        ProcessSpec("worker-control", worker("control", "--pool", "threads", "-c", "1")),
        ProcessSpec("listener", manage("listener")),
        ProcessSpec("majordome", manage("majordome")),
        ProcessSpec(
            "web",
            (
                sys.executable, "-m", "gunicorn", "pyros.asgi:application",
                "--worker-class", "uvicorn_worker.UvicornWorker",
                "--workers", "1", "--bind", f"{config.web.host}:{config.web.port}", "--graceful-timeout", "3",
                "--log-level", "warning", *web_options,
            ),
            0,
        ),
    ]  # fmt: skip
    if config.devices.simulated:
        simulators = (sys.executable, "-m", "simulators", "--config", str(run / "simulators.json"))
        table.insert(0, ProcessSpec("simulators", simulators, 0))
    return table
