"""Files that the analyses made."""

from __future__ import annotations

from pathlib import Path

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from apps.analyzer.models import Product
from apps.observation_manager.selectors import may_download
from apps.observation_manager.serving import locate, serve

OPEN_KINDS = frozenset({"preview"})
"""Products that everybody who is logged in may see; others are for those who may have the frames."""


@login_required
async def product_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A product by its id."""
    path, sha256 = await sync_to_async(_product)(request, pk)
    return serve(request, path, sha256)


def _product(request: HttpRequest, pk: int) -> tuple[Path, str]:
    row = get_object_or_404(Product.objects.select_related("sequence__request__program"), pk=pk)
    parent = row.sequence.request if row.sequence else None
    if row.kind not in OPEN_KINDS and parent is not None and not may_download(request.user, parent):
        raise PermissionDenied("this product belongs to a program that you take no part in")
    return locate(row.path), row.sha256
