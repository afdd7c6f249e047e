"""Albums on the simulated cameras, over the wire, at many times real speed."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from astropy.io import fits

from apps.devices import links
from apps.observation_manager import album, files, runs
from apps.observation_manager.models import AlbumRun, Image, ImageState, RunState
from apps.observation_manager.runs import Interruption
from apps.observation_manager.tests.support import armed, begun, execute, fault, in_threads, simulated, stored_frame
from apps.routine_manager.composing import PlanDraft
from devicelink.interfaces.camera import FrameType
from pyros import current
from pyros.clock import SharedClock
from pyros.journal.models import Entry
from simulators.tests.support import Running

pytestmark = pytest.mark.django_db(transaction=True)

SPEED = 100.0
NIGHT = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
VIS1 = {"vis1": [PlanDraft(exposure_s=5, images=3, filter_name="r")]}
BOTH = {**VIS1, "vis2": [PlanDraft(exposure_s=5, images=3, filter_name="z")]}
LONG = {"vis1": [PlanDraft(exposure_s=3000, images=1, filter_name="r")]}
WAIT_REAL_S = 20.0


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    """The same for this process and the simulators."""
    shared = SharedClock.create(tmp_path / "clock", NIGHT, SPEED)
    with current.use_clock(shared):
        yield shared


@pytest.fixture
def simulators(observatory, clock: SharedClock) -> Iterator[Running]:
    shutil.rmtree(current.data_folder() / files.PRODUCED, ignore_errors=True)
    with simulated(clock) as running:
        yield running


def states() -> list[str]:
    return list(Image.objects.order_by("id").values_list("state", flat=True))


def until(what: str, so) -> None:
    """Wait for something another thread does."""
    end = time.monotonic() + WAIT_REAL_S
    while not so():
        assert time.monotonic() < end, f"{what}: not within {WAIT_REAL_S:g} s"
        time.sleep(0.005)


def test_an_album_takes_its_frames_and_writes_them_whole(simulators: Running) -> None:
    run = begun(VIS1)
    seen: list[int] = []
    assert execute(run.album_runs.get(), stored=lambda image: seen.append(image.pk)) == "completed"
    images = list(Image.objects.order_by("id"))
    assert states() == ["STORED"] * 3 and seen == [i.pk for i in images]
    for image in images:
        path = files.find(image.path)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == image.sha256
        assert path.stat().st_size == image.size_bytes
    assert not list(current.data_folder().rglob("*.tmp")), "nothing incomplete is left"
    assert runs.end_run(run=run) == RunState.COMPLETED


def test_a_frame_s_header_tells_in_fits_s_words_what_it_is(simulators: Running) -> None:
    run = begun(VIS1)
    execute(run.album_runs.get())
    image = Image.objects.order_by("id").first()
    assert image is not None and image.date_obs is not None
    with fits.open(files.find(image.path)) as content:
        content.verify("exception")
        header = content[0].header
        assert content[0].data.shape == (512, 512) and header["BITPIX"] == 16 and header["BZERO"] == 32768
    wanted = {
        "EXPTIME": 5.0, "IMAGETYP": "LIGHT", "TELESCOP": "gft", "INSTRUME": "vis1", "FILTER": "r", "OBJECT": "M33",
        "RA": 23.4621, "DEC": 30.6602, "RADESYS": "ICRS", "TIMESYS": "UTC", "IMAGEID": image.pk, "EPOCH": run.epoch,
        "SITELAT": 31.044, "SITELONG": -115.464, "SITEELEV": 2800.0,
    }  # fmt: skip
    assert {key: header[key] for key in wanted} == wanted
    assert header["DATE-OBS"] == image.date_obs.isoformat(timespec="milliseconds").removesuffix("+00:00")


def test_both_cameras_expose_at_the_same_time(simulators: Running) -> None:
    """Behaviours B11: neither waits for the other."""
    run = begun(BOTH)
    vis1, vis2 = run.album_runs.order_by("album__camera__name")
    assert in_threads(lambda: execute(vis1, "w:1"), lambda: execute(vis2, "w:2")) == ["completed", "completed"]
    rows = Image.objects.order_by("date_obs")
    spans = {name: [(i.date_obs, i.exposure_s) for i in rows if i.camera.name == name] for name in ("vis1", "vis2")}
    first = {name: span[0][0] for name, span in spans.items()}
    last = {name: span[-1][0] for name, span in spans.items()}
    assert first["vis1"] < last["vis2"] and first["vis2"] < last["vis1"], "their spans overlap"
    assert runs.end_run(run=run) == RunState.COMPLETED


def test_two_workers_on_one_album_take_each_frame_once(simulators: Running) -> None:
    """A Celery message that came twice (design §3.3)."""
    album_run = begun(VIS1).album_runs.get()
    answers = in_threads(lambda: execute(album_run, "w:1"), lambda: execute(album_run, "w:2"))
    assert sorted(answers) == ["completed", "not claimed"]
    assert states() == ["STORED"] * 3


def test_no_shutter_opens_before_the_telescope_is_on_target(simulators: Running) -> None:
    run = begun(VIS1, on_target=False)
    album_run = run.album_runs.get()
    worker = threading.Thread(target=lambda: in_threads(lambda: execute(album_run)), daemon=True)
    worker.start()
    until("the lease", lambda: AlbumRun.objects.get().owner == "worker:1")
    for _ in range(20):
        assert Image.objects.count() == 0
        time.sleep(0.005)
    runs.on_target(run=run)
    worker.join(WAIT_REAL_S)
    assert states() == ["STORED"] * 3


def test_a_new_epoch_aborts_the_exposure_and_the_worker_stops(simulators: Running) -> None:
    """Behaviours D1: a burst; the frame is not read out, its worker touches nothing any more."""
    run = begun(LONG)
    album_run = run.album_runs.get()
    answers: list[object] = []
    worker = threading.Thread(target=lambda: answers.extend(in_threads(lambda: execute(album_run))), daemon=True)
    worker.start()
    camera = album_run.album.camera
    until("the exposure", lambda: states() == ["EXPOSING"] and links.link(camera).state().activity == "EXPOSING")
    other = runs.start_run(
        sequence=armed(VIS1, name="burst"), telescope=run.telescope, interrupting=Interruption("alert", "a burst")
    )
    links.link(camera).abort_exposure()
    worker.join(WAIT_REAL_S)
    assert answers and str(answers[0]).startswith("stopped")
    runs.on_target(run=other)
    assert execute(other.album_runs.get(), "worker:2") == "completed"
    assert sorted(Image.objects.filter(album_run__run=other).values_list("state", flat=True)) == ["STORED"] * 3
    AlbumRun.objects.update(lease_until_s=0.0)
    runs.orphaned_images(run.telescope)
    assert Image.objects.get(album_run__run=run).state == ImageState.ABORTED


def test_a_device_refuses_the_command_of_an_older_epoch(simulators: Running) -> None:
    """Two processes never drive one camera (design §3.3)."""
    run = begun(VIS1)
    newer = links.connected(run.album_runs.get().album.camera)
    newer.start_exposure(1.0, FrameType.LIGHT, epoch=run.epoch + 1, filter_name="r").wait(1000.0)
    assert execute(run.album_runs.get(), "late").startswith("failed: vis1")
    assert states() == ["FAILED"] * 3
    assert "E_OWNER" in Image.objects.latest("pk").reason


def test_a_frame_is_taken_again_after_the_camera_s_line_broke(simulators: Running) -> None:
    """Behaviours B2: the frame failed, the next attempt brings it; stored once."""
    run = begun({"vis1": [PlanDraft(exposure_s=300, images=1, filter_name="r")]})
    album_run = run.album_runs.get()
    answers: list[object] = []
    worker = threading.Thread(target=lambda: answers.extend(in_threads(lambda: execute(album_run))), daemon=True)
    worker.start()
    camera = album_run.album.camera
    until("the exposure", lambda: states() == ["EXPOSING"] and links.link(camera).state().activity == "EXPOSING")
    fault(simulators, device="vis1", kind="drop", for_s=20.0)
    worker.join(WAIT_REAL_S)
    assert answers == ["completed"]
    assert (states().count("STORED"), states().count("EXPOSING")) == (1, 0) and "FAILED" in states()
    assert Image.objects.get(state="STORED").attempt == len(states())


def test_a_frame_that_never_comes_fails_the_album_after_three_attempts(simulators: Running) -> None:
    run = begun(VIS1)
    fault(simulators, device="vis1", kind="refuse", verb="EXPOSE", code="E_HARDWARE", text="shutter")
    answer = execute(run.album_runs.get())
    assert answer == "failed: vis1: frame 1 of 3×5 s r was not taken in 3 attempts"
    assert states() == ["FAILED"] * 3 and AlbumRun.objects.get().state == RunState.FAILED
    assert runs.end_run(run=run) == RunState.FAILED


def test_another_worker_goes_on_where_one_was_killed(simulators: Running) -> None:
    """Behaviours C1: frame 1 stored, frame 2 was exposing; it is aborted, 2 and 3 are taken, 1 is not taken twice."""
    run = begun(VIS1)
    album_run = run.album_runs.get()
    assert runs.claim(album_run, "killed")
    stored_frame(album_run, 1, exposure_s=5, path="there.fits")
    stored_frame(album_run, 2, exposure_s=5, state="EXPOSING")
    AlbumRun.objects.update(lease_until_s=0.0)
    assert execute(album_run, "next") == "completed"
    rows = list(Image.objects.order_by("id").values_list("number", "state", "attempt"))
    assert rows == [(1, "STORED", 1), (2, "ABORTED", 1), (2, "STORED", 2), (3, "STORED", 1)]


def test_an_album_that_was_executed_is_not_executed_again(simulators: Running) -> None:
    album_run = begun(VIS1).album_runs.get()
    execute(album_run)
    assert album.execute(album_run.pk, owner="again", stored=lambda _: None) == "not claimed"
    assert states() == ["STORED"] * 3


def test_a_full_disk_refuses_the_frame_before_the_shutter_opens(
    simulators: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behaviours A18."""
    monkeypatch.setattr(files, "MINIMUM_FREE_BYTES", 1 << 60)
    answer = execute(begun(VIS1).album_runs.get())
    assert answer.startswith("failed: ") and "GB free in" in answer
    assert Image.objects.count() == 0


def test_a_frame_that_can_t_be_written_is_a_failed_frame_and_is_tried_again(
    simulators: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk answers once with an error; nothing incomplete stays under its final name (behaviours C7)."""
    real, fails = album.fits.write, iter([True])

    def write(*args, **kwargs):
        if next(fails, False):
            raise OSError(28, "No space left on device")
        return real(*args, **kwargs)

    monkeypatch.setattr(album.fits, "write", write)
    assert execute(begun(VIS1).album_runs.get()) == "completed"
    assert states() == ["FAILED", "STORED", "STORED", "STORED"]
    assert "No space left" in Image.objects.order_by("id").first().reason  # type: ignore[union-attr]


def test_each_exposure_ends_exactly_once_in_the_journal(simulators: Running) -> None:
    """Behaviours I4."""
    execute(begun(BOTH).album_runs.get(album__camera__name="vis2"))
    begun_at = Entry.objects.filter(verb="image.exposing").count()
    ended = Entry.objects.filter(verb__in=["image.stored", "image.aborted", "image.failed"]).count()
    assert (begun_at, ended) == (3, 3)


def test_biases_and_darks_are_taken_by_the_same_path(simulators: Running) -> None:
    run = begun(
        {"vis1": [PlanDraft(0.0, 2, frame_type="BIAS"), PlanDraft(5.0, 1, frame_type="DARK")]},
        kind="CALIBRATION", program="Calibration", name="Calibration", pointed=False,
    )  # fmt: skip
    assert execute(run.album_runs.get()) == "completed"
    headers = [fits.getheader(files.find(i.path)) for i in Image.objects.order_by("id")]
    assert [h["IMAGETYP"] for h in headers] == ["BIAS", "BIAS", "DARK"]
    assert all("RA" not in h and h["FILTER"] == "" for h in headers)
