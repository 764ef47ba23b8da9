"""Files to be published: received to the disk, published behind the answer, reported on."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import Path as InPath
from fastapi import Query, Response
from fastapi.responses import FileResponse

from suyuan.portal.api.publish import known_encoding, known_kind
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import Problem
from suyuan.portal.publishing.rights import right_of, usual_kind
from suyuan.portal.uploads.form import UploadForm
from suyuan.portal.uploads.state import Upload, read_state

router = GuardedRouter(prefix="/api/v1", tags=["publishing"])

MOST_BYTES = 2 << 30
UploadId = Annotated[str, InPath(max_length=64)]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    }
}


@router.post("/uploads", action="publish", status_code=202, max_body_size=MOST_BYTES, openapi_extra=_BODY)
async def upload(
    who: Who,
    name: Annotated[str, Query(max_length=400, description="of the file; a form says it itself")] = "upload",
    kind: Annotated[str | None, Query(max_length=40, description="default: as name, header or rows say")] = None,
    encoding: Annotated[str | None, Query(max_length=40, description="default: as the bytes say")] = None,
) -> Response:
    """Send a file of up to 2 GiB: what `suyuan publish` reads, as the body or in a form. It is published behind the
    answer; the address in `Location` says how far it is.
    """
    made = await receive(who, name, kind, encoding)
    headers = {"Location": f"/api/v1/uploads/{made.id}"}
    return Response(msgspec.json.encode(made.told()), 202, headers, "application/json")


@router.get("/uploads", action="publish.read")
async def uploads(who: Who) -> Response:
    """Your own, the newest first."""
    found = [each.told() for each in await of_owner(who)]
    return Response(msgspec.json.encode({"rows": found, "next": None}), media_type="application/json")


@router.get("/uploads/{upload}", action="publish.read")
async def one(who: Who, upload: UploadId) -> Response:
    """How far it is: what was accepted, duplicate and rejected, how the first rows were understood, what was wrong
    first.
    """
    _, found = find(who, upload)
    return Response(msgspec.json.encode(found.told()), media_type="application/json")


@router.get("/uploads/{upload}/errors.csv", action="publish.read")
async def errors(who: Who, upload: UploadId) -> Response:
    """The rows that were rejected, as they stood, each with the reason: mend them and send the file as it is. Objects
    are an object a line; of several headers it is a zip file.
    """
    folder, found = find(who, upload)
    files = [folder / name for name in found.errors]
    if not files:
        raise Problem("not-found", "nothing of it was rejected" if found.ended else "it is not published yet")
    if len(files) > 1:
        return Response(_zipped(files), media_type="application/zip", headers=_as("errors.zip"))
    with files[0].open("rb") as file:
        is_table = file.read(3) == b"\xef\xbb\xbf"
    kind, name = ("text/csv; charset=utf-8", "errors.csv") if is_table else ("application/x-ndjson", "errors.jsonl")
    return FileResponse(files[0], media_type=kind, headers=_as(name))


async def receive(who: Context, name: str, kind: str | None, encoding: str | None) -> Upload:
    """What a request brings, as its body or in a form. Raises Problem."""
    chunks: AsyncIterator[bytes] = who.request.stream()
    if who.request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data":
        form = await UploadForm.begin(who.request)
        chunks, name = form.chunks(), form.filename or name
        kind, encoding = form.fields.get("kind") or kind, form.fields.get("encoding") or encoding
    known_encoding(encoding)
    length = who.request.headers.get("content-length", "")
    return await who.portal.uploads.receive(
        who.principal.id,
        right_of(who.principal),
        name,
        chunks,
        size=int(length) if length.isdecimal() else None,
        kind=known_kind(kind) or usual_kind(who.principal),
        encoding=encoding,
    )


async def of_owner(who: Context) -> list[Upload]:
    """Those of whoever asks, the newest first."""
    return await asyncio.to_thread(who.portal.uploads.store.of, who.principal.id)


def find(who: Context, name: str) -> tuple[Path, Upload]:
    """Folder and state of one of whoever asks. Raises Problem."""
    folder = who.portal.uploads.store.find(who.principal.id, name)
    found = None if folder is None else read_state(folder)
    if folder is None or found is None:
        raise Problem("not-found")
    return folder, found


def _zipped(files: list[Path]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return written.getvalue()


def _as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
