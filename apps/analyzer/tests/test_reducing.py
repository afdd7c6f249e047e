"""Frames of the simulated camera reduced to products, masters made, products handed over (design §6)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from astropy.io import fits

import reduction
from apps.alert_manager.models import Alert, AlertRequest, Strategy
from apps.analyzer import services
from apps.analyzer.models import Analysis, Product
from apps.devices import links
from apps.devices.models import Device, Telescope
from apps.observation_manager import files, runs
from apps.observation_manager.models import Image, Run
from apps.observation_manager.tests.support import begun, execute, simulated, stored_frame
from apps.routine_manager import composing
from apps.routine_manager.composing import PlanDraft, SequenceDraft
from apps.routine_manager.models import Plan, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.user_manager.models import ScientificProgram
from pyros import current
from pyros.clock import SharedClock
from pyros.journal.models import Entry
from simulators.tests.support import Running, content

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FIELD = (70.0, 25.0)
"""High at San Pedro Mártir at that time (as in the simulators' own tests)."""
ONE = {"vis1": [PlanDraft(exposure_s=20, images=1, filter_name="r")]}
BIASES = {"vis1": [PlanDraft(0.0, 3, frame_type="BIAS"), PlanDraft(5.0, 3, frame_type="DARK")]}
WAIT_S = 4000.0


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    shared = SharedClock.create(tmp_path / "clock", NIGHT, 200.0)
    with current.use_clock(shared):
        yield shared


@pytest.fixture(autouse=True)
def empty_disk() -> None:
    for name in (files.PRODUCED, files.EXCHANGE):
        shutil.rmtree(current.data_folder() / name, ignore_errors=True)
    services._read_master.cache_clear()


@pytest.fixture
def sky(observatory, clock: SharedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The simulated sky above an open roof; its cone search is the catalogue."""
    devices = content()["devices"]
    devices["plc"]["heartbeat_loss_s"] = 1e6
    with simulated(clock, "catalogue", devices=devices) as running:
        Device.objects.filter(name="plc").update(host="127.0.0.1", port=running.ports["plc"])
        links.connected(Device.objects.get(name="plc")).heartbeat()
        links.connected(Device.objects.get(name="roof")).open_shutter(epoch=0).wait(WAIT_S)
        mount = links.connected(Telescope.objects.get())
        mount.unpark(epoch=0).wait(WAIT_S)
        mount.slew_to_coordinates(*FIELD, epoch=0).wait(WAIT_S)
        cone_search = reduction.ConeSearch(f"http://127.0.0.1:{running.ports['catalogue']}/scs", tmp_path / "catalogue")
        monkeypatch.setattr(services, "_catalogue", lambda: cone_search)
        yield running


def alert_run() -> Run:
    """A run that observes a burst at the field's centre, error radius 0.05°."""
    now = current.clock().now()
    alert = Alert.objects.create(
        name="sb26112101", trigger_time=now - timedelta(seconds=60), ra_deg=FIELD[0], dec_deg=FIELD[1],
        error_r90_deg=0.05, created_at=now,
    )  # fmt: skip
    request = AlertRequest.objects.create(
        kind="ALERT", name=alert.name, program=ScientificProgram.objects.get(name="GRB"), priority=100, created_at=now,
        alert=alert, strategy_used=Strategy.objects.first(),
    )  # fmt: skip
    draft = SequenceDraft(name="step 1", albums=ONE, ra_deg=FIELD[0], dec_deg=FIELD[1])
    sequence = composing.add_sequence(request=request, draft=draft)
    SEQUENCE.move(sequence, SequenceState.TO_BE_PLANNED)
    SEQUENCE.move(sequence, SequenceState.EXPECTED)
    run = runs.start_run(sequence=sequence, telescope=Telescope.objects.get())
    runs.on_target(run=run)
    return run


def taken(run: Run) -> Image:
    """Execute the run's album and end the run; its last image."""
    assert execute(run.album_runs.get()) == "completed"
    runs.end_run(run=run)
    return Image.objects.latest("pk")


def test_a_routine_frame_is_calibrated_and_previewed_quickly(sky: Running) -> None:
    image = taken(begun(ONE))
    row = services.reduce_image(image.pk)
    assert row is not None and row.state == Analysis.State.DONE and row.alert is None
    kinds = {p.kind: files.find(p.path) for p in Product.objects.all()}
    assert set(kinds) == {"calibrated", "preview"}
    assert kinds["preview"].read_bytes().startswith(b"\x89PNG")
    assert fits.getdata(kinds["calibrated"]).shape == (512, 512)
    product = Product.objects.get(kind="preview")
    assert (product.image, product.size_bytes) == (image, kinds["preview"].stat().st_size)


def test_a_reduction_that_is_asked_for_again_changes_nothing(sky: Running) -> None:
    image = taken(begun(ONE))
    first = services.reduce_image(image.pk)
    assert services.reduce_image(image.pk) is None
    assert Analysis.objects.get() == first and Product.objects.count() == 2
    assert services.unreduced_images() == []


def test_an_alert_s_frame_goes_the_whole_chain_to_a_solved_field(sky: Running) -> None:
    """Truth: the mount points at 70°, 25° within its pointing error of some arcseconds; 26′ field of 512 px."""
    image = taken(alert_run())
    row = services.reduce_image(image.pk)
    assert row is not None and row.state == Analysis.State.DONE and row.alert is not None
    assert {"calibrated", "preview", "sources"} <= set(Product.objects.values_list("kind", flat=True))
    calibrated = fits.getheader(files.find(Product.objects.get(kind="calibrated").path))
    assert calibrated["CTYPE1"].startswith("RA---TAN")
    assert (calibrated["CRVAL1"], calibrated["CRVAL2"]) == pytest.approx(FIELD, abs=0.3)
    told = Entry.objects.get(verb="analysis.done")
    assert told.data["alert"] == row.alert.pk


def test_an_alert_s_images_and_products_are_linked_for_the_fsc_and_survive_the_renaming(sky: Running) -> None:
    run = alert_run()
    image = taken(run)
    services.exchange_run(run.pk)
    links_to = current.data_folder() / "EXTERNAL_ENTITIES" / "FSC" / "TO"
    assert len(list(links_to.iterdir())) == 1, "the raw frame is handed over at once"
    services.reduce_image(image.pk)
    assert services.finished_run_of(image.pk) == run.pk
    services.exchange_run(run.pk)
    assert len(list(links_to.iterdir())) == 1 + Product.objects.count() and Product.objects.count() >= 3
    assert all(link.is_symlink() and link.exists() for link in links_to.iterdir())
    assert not any("_active" in str(link.readlink()) for link in links_to.iterdir())
    assert all(p.linked_to == ["FSC"] for p in Product.objects.all())
    before = sorted(links_to.iterdir())
    services.exchange_run(run.pk)
    assert sorted(links_to.iterdir()) == before


def test_masters_are_made_once_handed_to_the_gic_and_used(sky: Running) -> None:
    run = begun(BIASES, kind="CALIBRATION", program="Calibration", name="Calibration", pointed=False)
    taken(run)
    made = services.make_masters(run.sequence_id)
    assert [p.kind for p in made] == ["master_bias", "master_dark"]
    assert services.make_masters(run.sequence_id) == [], "harmless to repeat"
    assert services.exchange_run(run.pk) == 2
    links_to = current.data_folder() / "EXTERNAL_ENTITIES" / "GIC" / "TO"
    assert len(list(links_to.iterdir())) == 2 and all(link.exists() for link in links_to.iterdir())
    frame = taken(begun(ONE))
    row = services.reduce_image(frame.pk)
    assert row is not None and row.state == Analysis.State.DONE
    assert set(row.result["applied"]) >= {"bias", "dark"}


def test_too_few_frames_make_no_master(sky: Running) -> None:
    two = {"vis1": [PlanDraft(0.0, 2, frame_type="BIAS")]}
    run = begun(two, kind="CALIBRATION", program="Calibration", pointed=False)
    taken(run)
    assert services.make_masters(run.sequence_id) == [] and not Analysis.objects.exists()


def test_a_master_whose_worker_was_killed_is_begun_anew(sky: Running, clock: SharedClock) -> None:
    two = {"vis1": [PlanDraft(0.0, 3, frame_type="BIAS")]}
    run = begun(two, kind="CALIBRATION", program="Calibration", pointed=False)
    taken(run)
    plan = Plan.objects.get(album__sequence=run.sequence)
    killed = Analysis.objects.create(
        kind="master", sequence=run.sequence, state="RUNNING", created_at=clock.now(), result={"plan": plan.pk}
    )
    assert services.make_masters(run.sequence_id) == [], "another worker seems to be at it"
    assert services.stuck_masters(clock.now() + timedelta(minutes=1)) == [run.sequence_id]
    killed.refresh_from_db()
    assert (killed.state, killed.result_code) == ("FAILED", "WORKER_KILLED")
    assert [product.kind for product in services.make_masters(run.sequence_id)] == ["master_bias"]


# Frames that are no good, without a camera ------------------------------------------------------------------


def written(content_of: bytes | None) -> Image:
    """A stored image whose file holds something else."""
    image = stored_frame(begun(ONE).album_runs.get(), exposure_s=20)
    path = files.image_path(image)
    if content_of is not None:
        files.writing_path(path).write_bytes(content_of)
    Image.objects.filter(pk=image.pk).update(path=path)
    return image


@pytest.mark.parametrize(
    "content_of",
    [b"", b"SIMPLE  =                    T", b"not fits at all" * 1000, None],
    ids=["empty", "cut", "rubbish", "gone"],
)
def test_a_frame_that_can_t_be_read_is_a_named_result(observatory, content_of: bytes | None) -> None:
    row = services.reduce_image(written(content_of).pk)
    assert row is not None and row.state == Analysis.State.FAILED
    assert row.sentence and row.ended_at is not None and Product.objects.count() == 0
    assert services.unreduced_images() == [], "it is not tried for ever"


@pytest.mark.parametrize("state", ["EXPOSING", "ABORTED", "FAILED"])
def test_what_was_not_stored_is_not_reduced(observatory, state: str) -> None:
    image = stored_frame(begun(ONE).album_runs.get(), state=state)
    assert services.reduce_image(image.pk) is None and not Analysis.objects.exists()


def test_lost_kicks_and_killed_workers_are_found_by_the_sweep(observatory) -> None:
    image = written(b"")
    assert services.unreduced_images() == [image.pk]
    Analysis.objects.create(kind="reduce", state="RUNNING", image=image, created_at=current.clock().now())
    later = current.clock().now() + timedelta(days=1)
    assert services.stuck_analyses(later - timedelta(days=2)) == []
    assert services.stuck_analyses(later) == [image.pk]
    row = services.reduce_image(image.pk)
    assert row is not None and row.state == Analysis.State.FAILED


