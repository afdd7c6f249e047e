"""The disk layout: where images go, under which names, and the exchange folders.

    PRODUCED_DATA/REQUEST/SEQUENCE[_active]/CAMERA_FILTER_NNNN.fits     (`.tmp` until whole)
    EXTERNAL_ENTITIES/{FSC,GIC}/{TO,FROM}/                              (links, not copies)
    DOWNLOAD/

A sequence's folder bears `_active` until the sequence is done. Image rows keep the path without the suffix, and
`find` knows both, so that a crash between renaming and anything else loses nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from apps.observation_manager.models import Image
from apps.routine_manager.models import Sequence
from pyros import current

PRODUCED, EXCHANGE, DOWNLOAD = "PRODUCED_DATA", "EXTERNAL_ENTITIES", "DOWNLOAD"
PARTNERS = ("FSC", "GIC")
ACTIVE = "_active"
MINIMUM_FREE_BYTES = 1_000_000_000
"""No exposure begins with less than this left on the disk (behaviours A18)."""


class DiskFull(Exception):
    """Too little space for another frame; make room."""


def make_folders(data_folder: Path) -> None:
    """Create the layout; harmless to repeat."""
    for name in (PRODUCED, DOWNLOAD, *(f"{EXCHANGE}/{p}/{way}" for p in PARTNERS for way in ("TO", "FROM"))):
        (data_folder / name).mkdir(parents=True, exist_ok=True)


def sequence_folder(sequence: Sequence) -> str:
    """A sequence's folder relative to the data folder, without the suffix."""
    request = sequence.request
    return f"{PRODUCED}/{request.pk:06d}_{_safe(request.name)}/{sequence.pk:06d}_{_safe(sequence.name)}"


def image_path(image: Image) -> str:
    """The path that an image is given, relative to the data folder."""
    sequence = image.plan.album.sequence
    what = image.filter.name if image.filter else image.frame_type.lower()
    epoch = image.album_run.run.epoch
    name = f"{image.camera.name}_{_safe(what)}_{epoch:06d}_{image.plan.order:02d}_{image.number:04d}.fits"
    return f"{sequence_folder(sequence)}/{name}"


def writing_path(relative: str) -> Path:
    """Where a file of a sequence that is under way is written: the folder with `_active`, created."""
    folder, name = os.path.split(relative)
    active = current.data_folder() / f"{folder}{ACTIVE}"
    active.mkdir(parents=True, exist_ok=True)
    return active / name


def find(relative: str) -> Path:
    """Where a stored file is now, whether its sequence is still under way or done.

    Raises:
        FileNotFoundError: it is in neither place.
    """
    folder, name = os.path.split(relative)
    for candidate in (current.data_folder() / relative, current.data_folder() / f"{folder}{ACTIVE}" / name):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{relative} is neither in its folder nor in the active one")


def complete(sequence: Sequence) -> None:
    """The sequence is done: its folder loses the suffix (files that a former run left there are joined)."""
    folder = current.data_folder() / sequence_folder(sequence)
    active = folder.with_name(folder.name + ACTIVE)
    if not active.exists():
        return
    if not folder.exists():
        active.rename(folder)
        return
    for file in active.iterdir():
        file.replace(folder / file.name)
    active.rmdir()


def check_space(data_folder: Path) -> None:
    """Refuse to go on without room for more frames.

    Raises:
        DiskFull: naming what is left.
    """
    free = shutil.disk_usage(data_folder).free
    if free < MINIMUM_FREE_BYTES:
        raise DiskFull(f"{free / 1e9:.2f} GB free in {data_folder}, less than {MINIMUM_FREE_BYTES / 1e9:g} GB")


def link(partner: str, relative: str) -> str:
    """Put a link to a file into a partner's TO folder; returns the link's name. Harmless to repeat."""
    target = find(relative)
    folder = current.data_folder() / EXCHANGE / partner / "TO"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / relative.replace("/", "__")
    temporary = place.with_suffix(place.suffix + ".tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(target, folder))
    temporary.replace(place)
    return place.name


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text).strip("-.")[:40] or "unnamed"
