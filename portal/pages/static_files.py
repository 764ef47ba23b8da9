"""Style sheets, scripts and files of others, as browsers fetch them.

Each address holds a sum of all files, so that scripts find each other by relative addresses and no browser keeps an old
one: /static/3f9a01c2/suyuan.css. What is not in the folder does not exist; there is no list of what is.
"""

from __future__ import annotations

import gzip
import mimetypes
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_LEAST_PACKED = 1_000


class StaticFiles:
    """The files of a folder, read once."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder

    @cached_property
    def _files(self) -> dict[str, bytes]:
        return dict(_read(self._folder, ""))

    @cached_property
    def version(self) -> str:
        """A sum of all names and contents."""
        whole = sha256()
        for name, content in sorted(self._files.items()):
            whole.update(f"{name} {sha256(content).hexdigest()}\n".encode())
        return whole.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where browsers fetch the file. Raises KeyError for one that is not there."""
        self._files[name]
        return f"/static/{self.version}/{name}"

    def answer(self, request: Request, version: str, name: str) -> Response:
        """The file: for ever where its address has the present sum, else to be asked for again; 304 where the browser
        has it, 404 where there is none.
        """
        content = self._files.get(name)
        if content is None:
            return Response(status_code=404)
        headers = {
            "ETag": f'W/"{sha256(content).hexdigest()[:16]}"',
            "Cache-Control": FOR_EVER if version == self.version else "no-cache",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        if len(content) >= _LEAST_PACKED and "gzip" in request.headers.get("Accept-Encoding", ""):
            content, headers["Content-Encoding"] = self._packed(name), "gzip"
        return Response(content, headers=headers, media_type=_type(name))

    def _packed(self, name: str) -> bytes:
        if name not in self._gzipped:
            self._gzipped[name] = gzip.compress(self._files[name], mtime=0)
        return self._gzipped[name]

    @cached_property
    def _gzipped(self) -> dict[str, bytes]:
        return {}


def _read(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _type(name: str) -> str:
    ending = name[name.rfind(".") :]
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


STATIC = StaticFiles(files(__package__).joinpath("static"))
"""those of the portal"""
