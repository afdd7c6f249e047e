"""The disk layout: `_active`, complete names, links that survive the folder's renaming (behaviours A18, C7)."""

from __future__ import annotations

import shutil

import pytest

from apps.observation_manager import files
from apps.observation_manager.tests.support import begun, stored_frame
from apps.routine_manager.composing import PlanDraft
from pyros import current

pytestmark = pytest.mark.usefixtures("observatory")


@pytest.fixture(autouse=True)
def empty_disk():
    """Each test begins with an empty layout."""
    for name in (files.PRODUCED, files.EXCHANGE, files.DOWNLOAD):
        shutil.rmtree(current.data_folder() / name, ignore_errors=True)
    files.make_folders(current.data_folder())


@pytest.fixture
def image(observatory):
    run = begun({"vis1": [PlanDraft(exposure_s=60, images=4, filter_name="r")]}, name="M33 (west)/field")
    return stored_frame(run.album_runs.get())


def test_the_layout_is_made_and_made_again_without_harm() -> None:
    files.make_folders(current.data_folder())
    made = {str(p.relative_to(current.data_folder())) for p in current.data_folder().rglob("*") if p.is_dir()}
    exchange = {f"EXTERNAL_ENTITIES/{partner}/{way}" for partner in ("FSC", "GIC") for way in ("TO", "FROM")}
    assert {"PRODUCED_DATA", "DOWNLOAD", *exchange} <= made


def test_an_image_is_named_by_camera_filter_epoch_plan_and_number(image) -> None:
    sequence = image.plan.album.sequence
    assert files.image_path(image) == (
        f"PRODUCED_DATA/{sequence.request_id:06d}_M33-west-field/{sequence.pk:06d}_one/vis1_r_000001_01_0001.fits"
    )


def test_a_sequence_under_way_is_written_into_the_active_folder_and_found_there(image) -> None:
    path = files.image_path(image)
    place = files.writing_path(path)
    assert place.parent.name.endswith("_one_active")
    with pytest.raises(FileNotFoundError):
        files.find(path)
    place.write_bytes(b"frame")
    assert files.find(path) == place


def test_a_completed_sequence_loses_the_suffix_and_its_files_are_found_by_the_same_path(image) -> None:
    path = files.image_path(image)
    files.writing_path(path).write_bytes(b"frame")
    files.complete(image.plan.album.sequence)
    assert files.find(path) == current.data_folder() / path
    files.complete(image.plan.album.sequence)
    assert files.find(path).read_bytes() == b"frame"


def test_what_a_second_run_adds_joins_the_completed_folder(image) -> None:
    path = files.image_path(image)
    files.writing_path(path).write_bytes(b"first")
    files.complete(image.plan.album.sequence)
    later = path.replace("0001.fits", "0002.fits")
    files.writing_path(later).write_bytes(b"second")
    assert files.find(path).read_bytes() == b"first", "both folders are looked at meanwhile"
    files.complete(image.plan.album.sequence)
    folder = (current.data_folder() / path).parent
    assert sorted(p.name for p in folder.iterdir()) == ["vis1_r_000001_01_0001.fits", "vis1_r_000001_01_0002.fits"]
    assert not folder.with_name(folder.name + "_active").exists()


def test_a_link_is_a_link_and_made_anew_after_completion_it_leads_to_the_file_again(image) -> None:
    path = files.image_path(image)
    files.writing_path(path).write_bytes(b"frame")
    name = files.link("FSC", path)
    link = current.data_folder() / "EXTERNAL_ENTITIES" / "FSC" / "TO" / name
    assert link.is_symlink() and link.read_bytes() == b"frame"
    files.complete(image.plan.album.sequence)
    assert not link.exists(), "the old link led into the active folder"
    assert files.link("FSC", path) == name
    assert link.read_bytes() == b"frame" and not link.with_name(name + ".tmp").exists()
    assert not link.readlink().is_absolute(), "the data folder may be moved"


def test_nothing_is_linked_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match="neither in its folder nor in the active one"):
        files.link("FSC", "PRODUCED_DATA/none/none.fits")


def test_a_nearly_full_disk_refuses_another_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behaviours A18: below 1 GB no new exposure."""
    left = shutil._ntuple_diskusage(100_000_000_000, 99_100_000_000, 900_000_000)
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: left)
    with pytest.raises(files.DiskFull, match=r"0\.90 GB free in .*, less than 1 GB"):
        files.check_space(current.data_folder())
