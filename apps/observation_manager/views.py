"""Images: the newest with their previews, one in detail, its file."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from apps.devices.models import Camera
from apps.observation_manager import selectors
from apps.observation_manager.models import Image, ImageState
from apps.observation_manager.serving import locate, serve
from apps.routine_manager.models import FrameType

PAGE_SIZE = 48


@login_required
def images(request: HttpRequest) -> HttpResponse:
    """The newest images, narrowed by camera, state, kind and sequence."""
    chosen = {name: request.GET.get(name, "") for name in ("camera", "state", "frame_type", "sequence")}
    page = Paginator(selectors.images(**chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "images": page.object_list,
        "chosen": chosen,
        "cameras": Camera.objects.order_by("name").values_list("name", flat=True),
        "states": ImageState.choices,
        "frame_types": FrameType.choices,
        "is_filtered": any(chosen.values()),
    }
    return render(request, "observation_manager/images.html", context)


@login_required
def image(request: HttpRequest, pk: int) -> HttpResponse:
    """One image with its preview, facts, analyses and products."""
    rows = Image.objects.select_related("camera", "filter", "plan__album__sequence__request__program", "album_run__run")
    row = get_object_or_404(rows, pk=pk)
    parent = row.plan.album.sequence.request
    products = list(row.products.order_by("id"))
    context = {
        "image": row,
        "request_row": parent,
        "products": products,
        "preview": next((p for p in products if p.kind == "preview"), None),
        "analyses": row.analyses.order_by("-id"),
        "may_download": selectors.may_download(request.user, parent),
    }
    return render(request, "observation_manager/image.html", context)


@login_required
async def image_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The frame as FITS, for those who may have it."""
    path, sha256 = await sync_to_async(_frame)(request, pk)
    return serve(request, path, sha256)


def _frame(request: HttpRequest, pk: int):  # type: ignore[no-untyped-def]
    row = get_object_or_404(Image.objects.select_related("plan__album__sequence__request__program"), pk=pk)
    if not selectors.may_download(request.user, row.plan.album.sequence.request):
        raise PermissionDenied("these frames belong to a program that you take no part in")
    return locate(row.path if row.state == ImageState.STORED else ""), row.sha256
