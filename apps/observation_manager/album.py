"""Executing an album: one path for every camera, visible or infrared, light frames and calibrations.

A worker holds the lease of its album run while it works. Every frame gets its row before the shutter opens and
ends in exactly one of stored, aborted, failed. Whatever is stored already is not taken again, so that another
worker can go on where one was killed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction

from apps.devices import links
from apps.devices.models import Camera as CameraRow
from apps.observation_manager import files, fits, runs
from apps.observation_manager.models import AlbumRun, Image, ImageState, Run, RunState
from apps.observation_manager.states import IMAGE
from apps.routine_manager.models import Plan
from devicelink.errors import Aborted, CommandTimeout, DeviceError
from devicelink.interfaces.camera import Camera, CameraActivity, ExposureResult
from devicelink.interfaces.camera import FrameType as DeviceFrameType
from pyros import current
from pyros.clock import Deadline, patience
from pyros.journal.writing import append
from pyros.statetable import TransitionRefused

log = logging.getLogger(__name__)

READOUT_MARGIN_S = 30.0
"""A frame is given up when it is not there this long after exposure and nominal read-out (behaviours B2)."""
MOVE_DEADLINE_S = 180.0
"""How long an album waits for the telescope to be on target."""
ATTEMPTS = 3
"""How often one frame is tried before the album fails."""
ABORT_SETTLES_REAL_S = 1.0
POLL_REAL_S = 0.01
RENEW_REAL_S = 1.0

StoredHook = Callable[[Image], None]


class LeaseLost(Exception):
    """The run is over or another worker has the album: stop at once, touch nothing."""


@dataclass
class AlbumWorker:
    """Executes one album run.

    Args:
        owner: names this worker in the lease, unique for each execution.
        stored: called after each stored image, outside any transaction (kicks its analysis).
    """

    album_run: AlbumRun
    owner: str
    stored: StoredHook
    _renewed_s: float = field(default=float("-inf"), init=False)

    def execute(self) -> str:
        """Take what is missing; returns what the album came to, or why this worker had no part in it."""
        if not runs.claim(self.album_run, self.owner):
            return "not claimed"
        camera_row = self.album_run.album.camera
        try:
            camera: Camera = links.connected(camera_row)
            self._reconcile(camera)
            self._wait_for_target()
            for plan_id, number in runs.missing_frames(self.album_run.album):
                self._frame(camera, camera_row, Plan.objects.select_related("filter").get(pk=plan_id), number)
            runs.finish_album(self.album_run, RunState.COMPLETED)
        except (LeaseLost, TransitionRefused) as reason:
            return f"stopped: {reason}"
        except files.DiskFull as error:
            return self._fail(str(error))
        except DeviceError as error:
            return self._fail(str(error))
        return "completed"

    def _fail(self, reason: str) -> str:
        try:
            runs.finish_album(self.album_run, RunState.FAILED, reason)
        except TransitionRefused as refused:
            return f"stopped: {refused}"
        log.warning("album %s failed: %s", self.album_run, reason)
        return f"failed: {reason}"

    def _reconcile(self, camera: Camera) -> None:
        """What a killed worker or an interrupted run left on the camera ends now; so does its row."""
        self._silence(camera)
        for image in Image.objects.filter(album_run=self.album_run, state=ImageState.EXPOSING):
            with transaction.atomic():
                IMAGE.try_move(image, ImageState.ABORTED, reason="its worker was killed")

    def _silence(self, camera: Camera) -> None:
        """An exposure that outlived its worker or its line is given up: nobody could fetch it."""
        if camera.state().activity is not CameraActivity.IDLE:
            camera.abort_exposure()

    def _wait_for_target(self) -> None:
        clock = current.clock()
        deadline = Deadline.after(clock, patience(clock, MOVE_DEADLINE_S, 30.0), "telescope on target")
        while True:
            run = Run.objects.values("state", "on_target_at").get(pk=self.album_run.run_id)
            if run["state"] != RunState.ACTIVE:
                raise LeaseLost("the run is over")
            if run["on_target_at"] is not None:
                return
            self._renew_when_due()
            if deadline.passed:
                raise CommandTimeout("telescope", f"not on target within {MOVE_DEADLINE_S:.0f} s")
            clock.sleep(POLL_REAL_S * clock.speed)

    def _renew(self) -> None:
        if not runs.renew(self.album_run, self.owner):
            raise LeaseLost("the lease was lost or the run is over")
        self._renewed_s = time.monotonic()

    def _renew_when_due(self) -> None:
        """In loops: a lease is a write, and a hundred a second would stand in the way of a burst's decision."""
        if time.monotonic() - self._renewed_s >= RENEW_REAL_S:
            self._renew()

    def _frame(self, camera: Camera, row: CameraRow, plan: Plan, number: int) -> None:
        for attempt in range(
            1 + Image.objects.filter(album_run=self.album_run, plan=plan, number=number).count(), ATTEMPTS + 1
        ):
            files.check_space(current.data_folder())
            self._renew()
            image = self._begin(row, plan, number, attempt)
            try:
                if attempt > 1:
                    camera = links.connected(row, 30.0)
                    self._silence(camera)
                self._store(camera, row, image, self._expose(camera, row, plan))
            except Aborted:
                self._close(image, ImageState.ABORTED, "the exposure was aborted")
                self._after_abort()
                continue
            except DeviceError as error:
                # also pixels that did not arrive whole: the next attempt may bring them
                self._close(image, ImageState.FAILED, str(error))
                self._renew()
                continue
            except (OSError, ValueError) as error:
                self._close(image, ImageState.FAILED, f"it could not be written: {error}")
                self._renew()
                continue
            return
        raise CommandTimeout(row.name, f"frame {number} of {plan} was not taken in {ATTEMPTS} attempts")

    def _after_abort(self) -> None:
        """An abort nearly always means that the run is about to end: its end is waited for before another try.

        Once a worker was so fast that it began the frame anew between the abort and the end of its run, and the
        burst's first infrared frame found the camera busy.
        """
        clock = current.clock()
        deadline = Deadline.after(clock, patience(clock, 0.0, ABORT_SETTLES_REAL_S), "end of the run")
        while not deadline.passed:
            self._renew()
            clock.sleep(POLL_REAL_S * clock.speed)

    def _begin(self, row: CameraRow, plan: Plan, number: int, attempt: int) -> Image:
        with transaction.atomic():
            image = Image.objects.create(
                album_run=self.album_run,
                plan=plan,
                camera=row,
                number=number,
                attempt=attempt,
                frame_type=plan.frame_type,
                filter=plan.filter,
                exposure_s=plan.exposure_s,
            )
            append(
                f"image:{image.pk}",
                "image.exposing",
                {
                    "camera": row.name,
                    "run": self.album_run.run_id,
                    "plan": plan.pk,
                    "number": number,
                    "attempt": attempt,
                    "frame_type": plan.frame_type,
                    "exposure_s": plan.exposure_s,
                },
            )
        return image

    def _expose(self, camera: Camera, row: CameraRow, plan: Plan) -> ExposureResult:
        clock = current.clock()
        operation = camera.start_exposure(
            plan.exposure_s,
            DeviceFrameType(plan.frame_type),
            epoch=self.album_run.run.epoch,
            filter_name=plan.filter.name if plan.filter else None,
        )
        limit_s = plan.exposure_s + row.readout_s + READOUT_MARGIN_S
        deadline = Deadline.after(clock, patience(clock, limit_s, 10.0), "exposure")
        while not operation.done:
            self._renew_when_due()
            if deadline.passed:
                camera.abort_exposure()
                raise CommandTimeout(row.name, f"no frame {READOUT_MARGIN_S:.0f} s after exposure and read-out")
            clock.sleep(POLL_REAL_S * clock.speed)
        return operation.wait(1.0)

    def _store(self, camera: Camera, row: CameraRow, image: Image, result: ExposureResult) -> None:
        raw = camera.image(result)
        path = files.image_path(image)
        written = fits.write(files.writing_path(path), raw, fits.cards(image, row, result))
        with transaction.atomic():
            IMAGE.move(
                image,
                ImageState.STORED,
                data={
                    "path": path,
                    "camera": row.name,
                    "size_bytes": written.size_bytes,
                    "sha256": written.sha256,
                    "run": self.album_run.run_id,
                    "date_obs": result.date_obs.isoformat(),
                },
                stored_key=f"{image.album_run_id}:{image.plan_id}:{image.number}",
                path=path,
                sha256=written.sha256,
                size_bytes=written.size_bytes,
                date_obs=result.date_obs,
            )
        self.stored(image)

    def _close(self, image: Image, state: ImageState, reason: str) -> None:
        with transaction.atomic():
            IMAGE.try_move(image, state, reason=reason[:300])


def execute(album_run_id: int, *, owner: str, stored: StoredHook) -> str:
    """Execute an album run by its id; harmless to repeat or to do twice at the same time."""
    album_run = AlbumRun.objects.select_related("album__camera", "album__sequence__request", "run").get(pk=album_run_id)
    return AlbumWorker(album_run, owner, stored).execute()
