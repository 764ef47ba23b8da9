"""A file within a form, taken as it comes: nothing of it is held, in memory or in a temporary file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import unquote

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from suyuan.portal.problems import Problem

MOST_FIELD_BYTES = 64 << 10
"""of what stands before the file"""


class UploadForm:
    """The fields before the first file of a form, and the file. `await UploadForm.begin(request)`."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self._name, self._header = "", (bytearray(), bytearray())
        self._value = bytearray()
        self._pieces: list[bytes] = []
        self._in_file = self._over = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part,
                "on_header_field": lambda data, begin, end: self._header[0].extend(data[begin:end]),
                "on_header_value": lambda data, begin, end: self._header[1].extend(data[begin:end]),
                "on_header_end": self._on_header,
                "on_part_data": self._on_data,
                "on_part_end": self._on_end,
                "on_end": self._on_over,
            },
        )

    @classmethod
    async def begin(cls, request: Request) -> UploadForm:
        """Reads until the file begins. Raises Problem."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Problem("unsupported-media-type")
        form = cls(boundary)
        form._stream = request.stream()
        size = 0
        while form.filename is None:
            chunk = await anext(form._stream, b"")
            size += len(chunk)
            if chunk:
                form._write(chunk)
            if form.filename is None and (not chunk or size > MOST_FIELD_BYTES):
                raise Problem("bad-request", "there is no file in the form")
        return form

    _stream: AsyncIterator[bytes]

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file, as it comes. Raises Problem where it breaks off."""
        while True:
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
            chunk = await anext(self._stream, b"")
            if not chunk:
                break
            self._write(chunk)
        if not self._over:
            raise Problem("bad-request", "the form broke off")

    def _write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise Problem("bad-request", "the form cannot be read") from None

    def _on_part(self) -> None:
        self._name, self._header, self._value = "", (bytearray(), bytearray()), bytearray()
        self._in_file = False

    def _on_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if name.lower() != b"content-disposition":
            return
        _, options = parse_options_header(value)
        self._name = options.get(b"name", b"").decode(errors="replace")
        if (filename := options.get(b"filename")) is not None and self.filename is None:
            self.filename = unquote(filename.decode(errors="replace"))
            self._in_file = True

    def _on_data(self, data: bytes, begin: int, end: int) -> None:
        if self._in_file:
            self._pieces.append(bytes(data[begin:end]))
        elif len(self._value) < MOST_FIELD_BYTES:
            self._value.extend(data[begin:end])

    def _on_end(self) -> None:
        if not self._in_file and self._name:
            self.fields[self._name] = self._value.decode(errors="replace")
        self._in_file = False

    def _on_over(self) -> None:
        self._over = True
