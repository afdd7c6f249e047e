"""Runs, epochs, leases and what they settle (design §3.3, behaviours C1 and C6)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.devices.models import Telescope
from apps.observation_manager import runs
from apps.observation_manager.models import AlbumRun, Image, Run, RunState, TelescopeEpoch
from apps.observation_manager.runs import Interruption, TelescopeBusy
from apps.observation_manager.tests.support import armed, begun, stored_frame, submitted
from apps.routine_manager import ledger
from apps.routine_manager.composing import PlanDraft
from apps.routine_manager.models import AlbumState, Request, Sequence, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.user_manager.models import Allocation
from pyros.journal.models import Entry
from pyros.statetable import TransitionRefused

pytestmark = pytest.mark.usefixtures("observatory")

ONE_CAMERA = {"vis1": [PlanDraft(exposure_s=60, images=4, filter_name="r")]}
"""261 s: 5 s acquisition and 4 × (60 s + 4 s readout)."""
TWO_CAMERAS = {**ONE_CAMERA, "vis2": [PlanDraft(exposure_s=60, images=2, filter_name="z")]}
WEATHER = Interruption("weather", "humidity 92 % > 85 %")


def lines(sequence: Sequence) -> list[tuple[str, float, float]]:
    return [(e.kind, round(e.effect_s, 2), round(e.lost_s, 2)) for e in sequence.ledger_entries.order_by("id")]


def finish(run: Run, state: str = RunState.COMPLETED) -> None:
    for album_run in run.album_runs.filter(state=RunState.ACTIVE):
        runs.finish_album(album_run, state)


def test_a_run_takes_the_next_epoch_and_its_albums_execute() -> None:
    run = begun(TWO_CAMERAS)
    assert (run.epoch, run.state) == (1, RunState.ACTIVE)
    assert run.sequence.state == SequenceState.EXECUTING
    assert {a.state for a in run.sequence.albums.all()} == {AlbumState.EXECUTING}
    assert run.album_runs.count() == 2
    entry = Entry.objects.get(verb="run.started")
    assert (entry.data["epoch"], entry.data["ra_deg"], entry.data["kind"]) == (1, 23.4621, "ROUTINE")


def test_epochs_only_grow_also_for_runs_that_come_to_nothing() -> None:
    telescope = Telescope.objects.get()
    epochs = []
    for place in range(3):
        run = runs.start_run(sequence=armed(ONE_CAMERA, name=f"target {place}"), telescope=telescope)
        epochs.append(run.epoch)
        runs.end_run(run=run, interruption=WEATHER)
    assert epochs == [1, 2, 3] and TelescopeEpoch.objects.get().epoch == 3


def test_a_telescope_does_one_thing_at_a_time() -> None:
    begun(ONE_CAMERA)
    other = armed(ONE_CAMERA, name="M77")
    with pytest.raises(TelescopeBusy, match="executes run 1"):
        runs.start_run(sequence=other, telescope=Telescope.objects.get())
    other.refresh_from_db()
    assert other.state == SequenceState.EXPECTED and TelescopeEpoch.objects.get().epoch == 1


def test_an_interrupting_run_ends_the_other_in_the_same_transaction() -> None:
    first = begun(ONE_CAMERA)
    second = runs.start_run(
        sequence=armed(ONE_CAMERA, name="M77"), telescope=first.telescope, interrupting=Interruption("alert", "a burst")
    )
    first.refresh_from_db()
    assert (first.state, first.reason, second.epoch) == (RunState.INTERRUPTED, "a burst", 2)
    assert lines(first.sequence)[-1][0] == "LOSS_ALERT"


def test_only_an_armed_sequence_is_begun() -> None:
    with pytest.raises(TransitionRefused, match="it can't become EXECUTING"):
        runs.start_run(sequence=submitted(ONE_CAMERA), telescope=Telescope.objects.get())
    assert Run.objects.count() == 0 and not TelescopeEpoch.objects.exclude(epoch=0).exists()


def test_the_database_itself_refuses_a_second_active_run() -> None:
    run = begun(ONE_CAMERA)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(
            sequence=run.sequence, telescope=run.telescope, active_on=run.telescope, epoch=99, started_at=run.started_at
        )


def test_being_on_target_is_told_once() -> None:
    run = begun(ONE_CAMERA)
    runs.on_target(run=run)
    assert Entry.objects.filter(verb="run.on_target").count() == 1


def test_a_run_is_completed_by_its_albums_and_charged() -> None:
    run = begun(ONE_CAMERA)
    for number in range(1, 5):
        stored_frame(run.album_runs.get(), number)
    finish(run)
    assert runs.end_run(run=run) == RunState.COMPLETED
    sequence = Sequence.objects.get(pk=run.sequence_id)
    assert sequence.state == SequenceState.COMPLETED and Request.objects.get().state == "COMPLETED"
    assert lines(sequence) == [("RESERVE", -261.0, 0.0), ("RELEASE", 261.0, 0.0), ("CHARGE", -261.0, 0.0)]


def test_ending_a_run_again_changes_nothing() -> None:
    run = begun(ONE_CAMERA)
    runs.end_run(run=run, interruption=WEATHER)
    told, account = Entry.objects.count(), lines(run.sequence)
    assert runs.end_run(run=run) == RunState.INTERRUPTED
    assert runs.end_run(run=run, interruption=Interruption("fault", "again")) == RunState.INTERRUPTED
    assert Entry.objects.count() == told and lines(run.sequence) == account


def test_a_run_whose_albums_execute_does_not_end_without_a_reason() -> None:
    run = begun(ONE_CAMERA)
    with pytest.raises(ValueError, match="give an interruption to end it now"):
        runs.end_run(run=run)
    run.refresh_from_db()
    assert run.state == RunState.ACTIVE


def test_an_interrupted_run_charges_the_stored_frames_and_keeps_the_rest_reserved() -> None:
    """2 of 4 frames: half of 261 s is charged, half stays reserved for the rest, half was lost by weather."""
    run = begun(ONE_CAMERA)
    allocation = Allocation.objects.get(program__name="SP-1")
    stored_frame(run.album_runs.get(), 1)
    stored_frame(run.album_runs.get(), 2)
    assert runs.end_run(run=run, interruption=WEATHER) == RunState.INTERRUPTED
    sequence = Sequence.objects.get(pk=run.sequence_id)
    assert lines(sequence) == [
        ("RESERVE", -261.0, 0.0), ("RELEASE", 261.0, 0.0), ("RESERVE", -130.5, 0.0), ("CHARGE", -130.5, 0.0),
        ("LOSS_WEATHER", 0.0, 130.5),
    ]  # fmt: skip
    assert sequence.reserved_s == 130.5 and sequence.state_reason == "humidity 92 % > 85 %"
    assert ledger.balance_s(allocation) == pytest.approx(allocation.quota_s - 261.0)


def test_frames_that_failed_cost_nothing() -> None:
    run = begun(ONE_CAMERA)
    stored_frame(run.album_runs.get(), 1, state="FAILED")
    runs.end_run(run=run, interruption=WEATHER)
    assert lines(run.sequence)[-1] == ("LOSS_WEATHER", 0.0, 261.0)
    assert "CHARGE" not in {kind for kind, _, _ in lines(run.sequence)}


def test_the_rest_of_an_interrupted_sequence_is_taken_by_its_next_run() -> None:
    run = begun(ONE_CAMERA)
    stored_frame(run.album_runs.get(), 1)
    stored_frame(run.album_runs.get(), 2)
    runs.end_run(run=run, interruption=WEATHER)
    sequence = Sequence.objects.get(pk=run.sequence_id)
    SEQUENCE.move(sequence, SequenceState.TO_BE_PLANNED)
    SEQUENCE.move(sequence, SequenceState.EXPECTED)
    second = runs.start_run(sequence=sequence, telescope=run.telescope)
    album = second.album_runs.get().album
    assert [number for _, number in runs.missing_frames(album)] == [3, 4]
    stored_frame(second.album_runs.get(), 3)
    stored_frame(second.album_runs.get(), 4)
    finish(second)
    runs.end_run(run=second)
    assert sum(effect for _, effect, _ in lines(sequence)) == pytest.approx(-261.0), "all of it is paid"


def test_a_camera_that_is_done_is_not_begun_again() -> None:
    run = begun(TWO_CAMERAS)
    vis2 = run.album_runs.get(album__camera__name="vis2")
    runs.finish_album(vis2, RunState.COMPLETED)
    runs.end_run(run=run, interruption=WEATHER)
    sequence = Sequence.objects.get(pk=run.sequence_id)
    SEQUENCE.move(sequence, SequenceState.TO_BE_PLANNED)
    SEQUENCE.move(sequence, SequenceState.EXPECTED)
    second = runs.start_run(sequence=sequence, telescope=run.telescope)
    assert [a.album.camera.name for a in second.album_runs.all()] == ["vis1"]


def test_a_blocking_camera_that_fails_fails_the_sequence_as_lost_by_a_fault() -> None:
    run = begun(TWO_CAMERAS)
    runs.finish_album(run.album_runs.get(album__camera__name="vis1"), RunState.FAILED, "vis1: no frame")
    runs.finish_album(run.album_runs.get(album__camera__name="vis2"), RunState.COMPLETED)
    assert runs.end_run(run=run) == RunState.FAILED
    assert lines(run.sequence)[-1] == ("LOSS_FAULT", 0.0, 261.0)
    assert Sequence.objects.get().reserved_s == 0.0


def test_a_camera_that_does_not_block_costs_nothing_when_it_fails() -> None:
    """Behaviours B2: the plan goes on with the remaining channels."""
    run = begun({**ONE_CAMERA, "nir": [PlanDraft(exposure_s=60, images=2, filter_name="J")]})
    runs.finish_album(run.album_runs.get(album__camera__name="nir"), RunState.FAILED, "nir: no frame")
    runs.finish_album(run.album_runs.get(album__camera__name="vis1"), RunState.COMPLETED)
    assert runs.end_run(run=run) == RunState.COMPLETED


# Leases --------------------------------------------------------------------------------------------------------


def test_of_two_workers_one_claims_an_album() -> None:
    album_run = begun(ONE_CAMERA).album_runs.get()
    assert [runs.claim(album_run, "a"), runs.claim(album_run, "b"), runs.claim(album_run, "a")] == [True, False, False]
    album_run.refresh_from_db()
    assert (album_run.owner, album_run.attempts) == ("a", 1)


def test_a_lease_that_ran_out_is_claimed_by_another_and_lost_to_the_first() -> None:
    album_run = begun(ONE_CAMERA).album_runs.get()
    assert runs.claim(album_run, "killed")
    AlbumRun.objects.update(lease_until_s=0.0)  # its worker is silent
    assert runs.claim(album_run, "next")
    assert (runs.renew(album_run, "killed"), runs.renew(album_run, "next")) == (False, True)
    assert AlbumRun.objects.get().attempts == 2


def test_a_run_that_ended_takes_its_leases_with_it() -> None:
    run = begun(ONE_CAMERA)
    album_run = run.album_runs.get()
    assert runs.claim(album_run, "worker")
    runs.end_run(run=run, interruption=WEATHER)
    AlbumRun.objects.update(lease_until_s=0.0)
    assert (runs.renew(album_run, "worker"), runs.claim(album_run, "other")) == (False, False)
    with pytest.raises(TransitionRefused):
        runs.finish_album(AlbumRun.objects.get(), RunState.COMPLETED)


def test_an_exposure_that_nobody_attends_any_more_is_closed_once() -> None:
    run = begun(ONE_CAMERA)
    image = stored_frame(run.album_runs.get(), 1, state="EXPOSING")
    assert runs.orphaned_images(run.telescope) == 0, "its run is active: the next worker reconciles it"
    runs.end_run(run=run, interruption=WEATHER)
    assert (runs.orphaned_images(run.telescope), runs.orphaned_images(run.telescope)) == (1, 0)
    image.refresh_from_db()
    assert (image.state, image.reason) == ("ABORTED", "its worker was gone")


def test_a_calibration_of_biases_and_darks_needs_no_sky() -> None:
    closed = submitted(
        {"vis1": [PlanDraft(0.0, 3, frame_type="BIAS"), PlanDraft(60.0, 2, frame_type="DARK")]},
        kind="CALIBRATION", program="Calibration", pointed=False,
    )  # fmt: skip
    assert runs.frame_types(closed) == {"BIAS", "DARK"}
    assert runs.frame_types(submitted(ONE_CAMERA)) == {"LIGHT"}


def test_no_image_row_was_made_without_a_shutter() -> None:
    begun(ONE_CAMERA)
    assert Image.objects.count() == 0
