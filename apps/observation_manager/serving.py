"""Handing files of the data folder to browsers: by a row's own path, in pieces, never more than one piece in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from apps.observation_manager import files
from pyros import current

PIECE_BYTES = 1 << 20
INLINE = {".png": "image/png", ".jpg": "image/jpeg"}
"""What may be shown in a page; everything else is a download."""


def locate(relative: str) -> Path:
    """The file of a row, which must lie in the data folder.

    Raises:
        Http404: the row has no file, it is gone, or it points outside.
    """
    if not relative:
        raise Http404("no file was written")
    try:
        path = files.find(relative).resolve(strict=True)
    except (FileNotFoundError, OSError) as error:
        raise Http404(f"the file is not there (any more): {relative}") from error
    if not path.is_relative_to(current.data_folder().resolve()) or not path.is_file():
        raise Http404("the file is not in the data folder")
    return path


def serve(request: HttpRequest, path: Path, sha256: str) -> HttpResponseBase:
    """The file as an answer: pictures inline, all else as a download; 304 when the browser has it already."""
    content_type = INLINE.get(path.suffix.lower())
    etag = quote_etag(sha256) if sha256 else None
    known: HttpResponseBase | None = get_conditional_response(request, etag=etag) if etag else None
    response = known or StreamingHttpResponse(pieces(path), content_type=content_type or "application/octet-stream")
    if known is None:
        response.headers["Content-Length"] = str(path.stat().st_size)
    if content_type is None:
        response.headers["Content-Disposition"] = f'attachment; filename="{path.name}"'
    if etag:
        response.headers["ETag"] = etag
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=3600" if content_type else "private, no-cache"
    assert isinstance(response, HttpResponse | StreamingHttpResponse)
    return response


async def pieces(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file, piece by piece."""
    handle = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(handle.read, PIECE_BYTES):
            yield piece
    finally:
        await asyncio.to_thread(handle.close)
