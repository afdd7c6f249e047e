"""Sequences to execute, and the simulated cameras that execute them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date

from django.db import close_old_connections, connection

from apps.devices import links
from apps.devices.models import Camera, Device, Telescope
from apps.observation_manager import album, runs
from apps.observation_manager.models import AlbumRun, Image, Run
from apps.routine_manager import composing, services
from apps.routine_manager.composing import PlanDraft, SequenceDraft
from apps.routine_manager.models import Request, Sequence, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.user_manager.models import ScientificProgram
from devicelink.grammar import Request as WireRequest
from devicelink.grammar import Value, format_request
from pyros import current
from pyros.clock import Clock
from simulators.tests.support import Running, observatory

NIGHT = date(2026, 11, 20)
CAMERAS = ("vis1", "vis2")


def submitted(
    albums: dict[str, list[PlanDraft]],
    *,
    program: str = "SP-1",
    kind: str = "ROUTINE",
    name: str = "M33",
    pointed: bool = True,
) -> Sequence:
    """A submitted sequence at M33 (SIMBAD: 23.4621, +30.6602), its time reserved."""
    paying = ScientificProgram.objects.get(name=program)
    request = Request.objects.create(
        name=name, kind=kind, program=paying, priority=50, created_at=current.clock().now()
    )
    where = {"ra_deg": 23.4621, "dec_deg": 30.6602} if pointed else {}
    draft = SequenceDraft(name="one", albums=albums, target_name=name, **where)
    sequence = composing.add_sequence(request=request, draft=draft)
    services.submit(request=request, night=NIGHT)
    sequence.refresh_from_db()
    return sequence


def armed(albums: dict[str, list[PlanDraft]], **kwargs) -> Sequence:
    """A sequence that the majordome is about to begin."""
    sequence = submitted(albums, **kwargs)
    SEQUENCE.move(sequence, SequenceState.EXPECTED)
    return sequence


def begun(albums: dict[str, list[PlanDraft]], *, on_target: bool = True, **kwargs) -> Run:
    """A run on the telescope, tracking its target."""
    run = runs.start_run(sequence=armed(albums, **kwargs), telescope=Telescope.objects.get())
    if on_target:
        runs.on_target(run=run)
    return run


def stored_frame(album_run: AlbumRun, number: int = 1, exposure_s: float = 60.0, **fields) -> Image:
    """The row of a frame that was taken, without its file."""
    plan = album_run.album.plans.get(order=1)
    return Image.objects.create(
        **{
            "album_run": album_run, "plan": plan, "camera": album_run.album.camera, "number": number, "state": "STORED",
            "frame_type": plan.frame_type, "filter": plan.filter, "exposure_s": exposure_s, **fields,
        }
    )  # fmt: skip


@contextmanager
def simulated(clock: Clock, *more: str, **changes: object) -> Iterator[Running]:
    """The simulated observatory as far as the cameras need it, and the devices' rows pointed at it."""
    only = ("mount", "dome", "plc", "focuser", "sky", "control", *CAMERAS, *more)
    with observatory(clock, only=only, **changes) as running:
        for name, simulator in (("gft", "mount"), ("roof", "dome"), *((c, c) for c in (*CAMERAS, *more))):
            if simulator in running.ports:
                Device.objects.filter(name=name).update(host="127.0.0.1", port=running.ports[simulator])
        Camera.objects.update(width_px=512, height_px=512, pixel_scale_arcsec=3.0469, readout_s=2.0, gain_e_adu=2.5)
        try:
            yield running
        finally:
            links.close_all()


def fault(running: Running, **arguments: Value) -> None:
    """Let a simulated device fail (kinds: simulators/README.md)."""
    with socket.create_connection(("127.0.0.1", running.ports["control"]), timeout=10) as line:
        line.sendall((format_request(WireRequest(1, "FAULT", None, arguments)) + "\n").encode())
        answer = line.makefile("rb").readline().decode()
    assert " OK" in answer, answer


def execute(album_run: AlbumRun, owner: str = "worker:1", stored: Callable[[Image], None] = lambda _: None) -> str:
    """What a worker does."""
    return album.execute(album_run.pk, owner=owner, stored=stored)


def in_threads(*jobs: Callable[[], object]) -> list[object]:
    """Run jobs at the same time, each with a database connection of its own; their answers in order."""
    together = threading.Barrier(len(jobs))

    def one(job: Callable[[], object]) -> object:
        try:
            together.wait(10)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        answers = [future.result(60) for future in [pool.submit(one, job) for job in jobs]]
    close_old_connections()
    return answers
