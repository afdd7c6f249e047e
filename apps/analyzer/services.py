"""Reducing images, making masters, handing products over. Every result is kept, a failure with its name."""

from __future__ import annotations

import functools
import hashlib
import logging
from pathlib import Path

import numpy as np
from django.db import transaction

import reduction
from apps.alert_manager.models import Alert
from apps.analyzer.models import Analysis, Product
from apps.analyzer.states import ANALYSIS
from apps.devices.models import Camera
from apps.observation_manager import files
from apps.observation_manager.models import Image, ImageState, Run
from apps.routine_manager.models import FrameType, Plan, Request, Sequence, SequenceState
from pyros import current
from pyros.addresses import catalogue_address
from pyros.journal.writing import append
from reduction.masters import combine

log = logging.getLogger(__name__)

CIRCLE_MINIMUM_ARCSEC = 60.0
LEAST_FRAMES = 3
WORKER_KILLED = "WORKER_KILLED"
SATURATED_SHARE = 0.8
FINAL = frozenset({SequenceState.COMPLETED, SequenceState.FAILED, SequenceState.CANCELLED, SequenceState.EXPIRED})
"""States after which a sequence takes no more images."""


def reduce_image(image_id: int, *, configuration: str = "default") -> Analysis | None:
    """Calibrate an image and make its preview; for an alert the whole chain to candidates. Harmless to repeat.

    Returns None when another worker has it, or it is a calibration frame, which is only previewed in its master.
    """
    image = Image.objects.select_related("plan__album__sequence__request", "camera", "filter").get(pk=image_id)
    if image.state != ImageState.STORED or image.frame_type != FrameType.LIGHT:
        return None
    sequence = image.plan.album.sequence
    alert = Alert.objects.filter(requests=sequence.request_id).first()
    with transaction.atomic():
        row, _ = Analysis.objects.get_or_create(
            kind="reduce", configuration=configuration, image=image,
            defaults={"sequence": sequence, "alert": alert, "created_at": current.clock().now()},
        )  # fmt: skip
        if not ANALYSIS.try_move(row, Analysis.State.RUNNING):
            return None
    circle = _circle(alert) if alert else None
    try:
        path = files.find(image.path)
        masters = _masters(image.camera, image.filter.name if image.filter else "", image.exposure_s)
    except (OSError, reduction.ReductionError) as error:
        return _failed(row, image, error)
    result = reduction.reduce_frame(
        path,
        output_dir=path.parent,  # beside the image: products move with the folder when it loses its suffix
        masters=masters,
        catalogue=_catalogue() if alert else None,
        circle=circle,
        mode="full" if alert else "quick",
    )
    made = {
        "calibrated": result.calibrated_path,
        "preview": result.preview_path,
        "sources": result.sources_path,
        "candidates": result.candidates_path,
    }
    failures = result.failures
    with transaction.atomic():
        for kind, product in made.items():
            if product is not None:
                _keep(kind, product, row, image=image, sequence=sequence, alert=alert)
        done = (
            Analysis.State.FAILED
            if result.preview_path is None and result.calibrated_path is None
            else Analysis.State.DONE
        )
        ANALYSIS.move(
            row,
            done,
            data={
                "image": image.pk,
                "status": str(result.status),
                "alert": alert.pk if alert else None,
                "candidates": len(result.candidates or []),
            },
            ended_at=current.clock().now(),
            result_code=str(result.status).upper(),
            sentence="; ".join(f.message for f in failures)[:400],
            result=result.to_dict(),
        )
        if alert is not None and result.candidates:
            append(f"alert:{alert.pk}", "alert.candidates_found", {"image": image.pk, "count": len(result.candidates)})
    return row


def _failed(row: Analysis, image: Image, error: Exception) -> Analysis:
    """The image or a master is gone from the disk: a named result too, so that nobody tries for ever."""
    with transaction.atomic():
        ANALYSIS.move(
            row,
            Analysis.State.FAILED,
            data={"image": image.pk, "status": "failed"},
            ended_at=current.clock().now(),
            result_code=type(error).__name__,
            sentence=str(error)[:400],
        )
    return row


def make_masters(sequence_id: int) -> list[Product]:
    """Combine the frames of a calibration sequence into masters: one per camera, type, filter and exposure."""
    sequence = Sequence.objects.select_related("request").get(pk=sequence_id)
    made = []
    for plan in (
        Plan.objects.filter(album__sequence=sequence)
        .select_related("album__camera", "filter")
        .order_by("frame_type", "pk")
    ):
        images = list(Image.objects.filter(plan=plan, state=ImageState.STORED).order_by("number"))
        begun = Analysis.objects.filter(kind="master", sequence=sequence, result__plan=plan.pk)
        if len(images) < LEAST_FRAMES or begun.exclude(result_code=WORKER_KILLED).exists():
            continue
        made.append(_make_master(sequence, plan, images))
    return [product for product in made if product is not None]


def _make_master(sequence: Sequence, plan: Plan, images: list[Image]) -> Product | None:
    camera = plan.album.camera
    kind = plan.frame_type.lower()
    row = Analysis.objects.create(
        kind="master", sequence=sequence, created_at=current.clock().now(),
        result={
            "plan": plan.pk, "camera": camera.name, "type": kind,
            "filter": plan.filter.name if plan.filter else "", "exposure_s": plan.exposure_s,
        },
    )  # fmt: skip
    with transaction.atomic():
        ANALYSIS.move(row, Analysis.State.RUNNING)
    bias = _master("bias", camera) if kind != "bias" else None
    dark = _master("dark", camera) if kind == "flat" else None
    try:
        frames = _unsaturated([files.find(image.path) for image in images], camera)
        master = combine(frames, kind, bias=bias, dark=dark)
        path = master.write(_masters_folder())
    except (reduction.ReductionError, OSError) as error:
        with transaction.atomic():
            ANALYSIS.move(row, Analysis.State.FAILED, sentence=str(error)[:400], result_code=type(error).__name__)
        return None
    with transaction.atomic():
        product = _keep(f"master_{kind}", path, row, sequence=sequence)
        ANALYSIS.move(row, Analysis.State.DONE, data={"path": product.path}, ended_at=current.clock().now())
    _read_master.cache_clear()
    return product


class TooFewFrames(reduction.ReductionError):
    """Too few usable frames for a master; take others."""


def _unsaturated(paths: list[Path], camera: Camera) -> list[Path]:
    """The frames whose median is well below saturation: a saturated flat is flat, and flattens nothing.

    Raises:
        TooFewFrames: less than three are left.
    """
    limit_adu = SATURATED_SHARE * camera.saturation_adu
    usable = [path for path in paths if float(np.median(reduction.read_frame(path).data)) < limit_adu]
    if len(usable) < LEAST_FRAMES:
        raise TooFewFrames(
            f"{len(usable)} of {len(paths)} frames have a median below {limit_adu:.0f} ADU, {LEAST_FRAMES} are needed"
        )
    return usable


def exchange_run(run_id: int) -> int:
    """Link what a run produced for the partners: an alert's images and products for FSC, masters for GIC.

    Called when a run ended and again when the last of its images was reduced: only then does its folder lose
    `_active` (a reduction writes beside its image; one that ran during the renaming lost its products once).
    Harmless to repeat: links are replaced.
    """
    run = Run.objects.select_related("sequence__request").get(pk=run_id)
    sequence = run.sequence
    if sequence.state in FINAL and not unreduced_of(sequence):
        files.complete(sequence)
    kind = sequence.request.kind
    linked = 0
    if kind == Request.Kind.ALERT:
        for image in Image.objects.filter(album_run__run__sequence=sequence, state=ImageState.STORED):
            files.link("FSC", image.path)
            linked += 1
        linked += sum(_hand_over(product, "FSC") for product in Product.objects.filter(sequence=sequence))
    elif kind == Request.Kind.CALIBRATION:
        linked += sum(_hand_over(product, "GIC") for product in Product.objects.filter(sequence=sequence))
    if linked:
        with transaction.atomic():
            append(f"run:{run.pk}", "products.linked", {"sequence": sequence.pk, "count": linked})
    return linked


def unreduced_of(sequence: Sequence) -> int:
    """How many stored light frames of a sequence are not reduced yet."""
    over = Analysis.objects.filter(
        kind="reduce", sequence=sequence, state__in=[Analysis.State.DONE, Analysis.State.FAILED]
    )
    lights = Image.objects.filter(plan__album__sequence=sequence, state=ImageState.STORED, frame_type=FrameType.LIGHT)
    return lights.exclude(pk__in=over.values("image_id")).count()


def finished_run_of(image_id: int) -> int | None:
    """The last run of an image's sequence when that is over and its last image was just reduced; else None."""
    sequence = Sequence.objects.get(albums__plans__taken=image_id)
    if sequence.state not in FINAL or unreduced_of(sequence):
        return None
    return last_run_of(sequence.pk)


def last_run_of(sequence_id: int) -> int | None:
    """The last run of a sequence; None when it has had none."""
    return Run.objects.filter(sequence=sequence_id).order_by("-epoch").values_list("pk", flat=True).first()


def unreduced_images(limit: int = 50) -> list[int]:
    """Stored light frames that no analysis was begun for: their kick was lost."""
    return list(
        Image.objects.filter(state=ImageState.STORED, frame_type=FrameType.LIGHT, analyses__isnull=True)
        .order_by("id")
        .values_list("pk", flat=True)[:limit]
    )


def stuck_analyses(older_than: object, limit: int = 50) -> list[int]:
    """Images whose analysis was begun before a date and never ended (its worker was killed): queued again."""
    found = []
    for row in Analysis.objects.filter(kind="reduce", state=Analysis.State.RUNNING, created_at__lt=older_than)[:limit]:
        with transaction.atomic():
            if ANALYSIS.try_move(row, Analysis.State.QUEUED) and row.image_id:
                found.append(row.image_id)
    return found


def stuck_masters(older_than: object) -> list[int]:
    """Calibration sequences of which a master was begun before a date and never ended: it is begun anew."""
    sequences = set()
    for row in Analysis.objects.filter(kind="master", state=Analysis.State.RUNNING, created_at__lt=older_than):
        with transaction.atomic():
            killed = {"result_code": WORKER_KILLED, "sentence": "its worker was killed"}
            if ANALYSIS.try_move(row, Analysis.State.FAILED, **killed) and row.sequence_id:
                sequences.add(row.sequence_id)
    return sorted(sequences)


def _hand_over(product: Product, partner: str) -> int:
    files.link(partner, product.path)
    if partner not in product.linked_to:
        product.linked_to = [*product.linked_to, partner]
        product.save(update_fields=["linked_to"])
    return 1


def _keep(
    kind: str,
    path: Path,
    analysis: Analysis,
    *,
    image: Image | None = None,
    sequence: Sequence | None = None,
    alert: Alert | None = None,
) -> Product:
    content = path.read_bytes()
    product, _ = Product.objects.update_or_create(
        path=_relative(path),
        defaults={
            "kind": kind, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content),
            "made_at": current.clock().now(), "analysis": analysis, "image": image, "sequence": sequence,
            "alert": alert,
        },
    )  # fmt: skip
    return product


def _relative(path: Path) -> str:
    return str(path.relative_to(current.data_folder())).replace(f"{files.ACTIVE}/", "/")


def _masters_folder() -> Path:
    folder = current.data_folder() / files.PRODUCED / "masters"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _circle(alert: Alert) -> reduction.Circle | None:
    if alert.ra_deg is None or alert.dec_deg is None or alert.error_r90_deg is None:
        return None
    return reduction.Circle(alert.ra_deg, alert.dec_deg, max(CIRCLE_MINIMUM_ARCSEC, alert.error_r90_deg * 3600))


def _masters(camera: Camera, filter_name: str, exposure_s: float) -> reduction.Masters:
    return reduction.Masters(
        bias=_master("bias", camera), dark=_master("dark", camera), flat=_master("flat", camera, filter_name)
    )


def _master(kind: str, camera: Camera, filter_name: str | None = None) -> reduction.Master | None:
    """The newest master of a camera (and filter); None when there is none yet."""
    found = Product.objects.filter(kind=f"master_{kind}", analysis__result__camera=camera.name)
    if filter_name is not None:
        found = found.filter(analysis__result__filter=filter_name)
    newest = found.order_by("-id").first()
    return _read_master(newest.path, kind) if newest else None


@functools.lru_cache(maxsize=64)
def _read_master(path: str, kind: str) -> reduction.Master:
    return reduction.Master.read(files.find(path), kind)


@functools.lru_cache(maxsize=1)
def _catalogue() -> reduction.Catalogue | None:
    address = catalogue_address()
    return reduction.ConeSearch(address, current.data_folder() / "catalogue") if address else None
