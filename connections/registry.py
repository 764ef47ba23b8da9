"""A Confluent schema registry, as far as publishers and readers of events need one (extra `registry`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from suyuan.connections.addresses import refuse_plaintext
from suyuan.connections.errors import WrongConnection
from suyuan.connections.tls import client_context
from suyuan.connections.urls import address_shown, without_secrets
from suyuan.errors import ErrorKind, SuyuanError

if TYPE_CHECKING:
    import httpx

_SECONDS = 20.0
_MISSING = 404
ANSWER_BYTES = 16 << 20
"""of one version, unpacked"""


class RegistryUnavailable(SuyuanError):
    """The registry does not answer, or not as one does."""

    kind = ErrorKind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class SchemaRegistry:
    """A client of one registry. `url`: https://…, or http:// to this machine, or anywhere with `allow_plaintext`; may
    name user and password.
    """

    url: str = field(repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    allow_plaintext: bool = False

    @property
    def place(self) -> str:
        """The URL without its secrets, for messages."""
        return address_shown(self.url)

    def versions(self, subject: str) -> list[tuple[int, str]]:
        """(id, schema as JSON) of every version of a subject, oldest first; none where there is no such subject.

        Raises RegistryUnavailable, WrongConnection, InsecureConnection.
        """
        path = f"/subjects/{quote(subject, safe='')}/versions"
        with self._client() as client:
            numbers = self._get(client, path)
            versions = [self._get(client, f"{path}/{number}") for number in numbers or ()]
        try:
            return [(int(version["id"]), str(version["schema"])) for version in versions]
        except (KeyError, TypeError, ValueError) as error:
            raise RegistryUnavailable(f"{self.place}: not the answer of a schema registry: {error!r}") from error

    def verify(self) -> None:
        """Raise WrongConnection or InsecureConnection where the description is at fault. Connects to nothing."""
        self._client().close()

    def _client(self) -> httpx.Client:
        try:
            import httpx  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise WrongConnection("url", "a schema registry needs httpx: pip install 'suyuan[registry]'") from None
        try:
            parts = urlsplit(self.url)
            host, _, _ = parts.hostname, parts.port, httpx.URL(self.url)
        except (ValueError, httpx.InvalidURL):  # whose texts quote parts of the URL
            host = None
        if not host or parts.scheme not in {"http", "https"}:
            raise WrongConnection(
                "url", f"{self.place!r} is not http(s)://host:port (in a password, all but letters and digits as %XX)"
            )
        if parts.scheme == "http" and not self.allow_plaintext:
            refuse_plaintext([host], "url")
        if (self.username is None) != (self.password is None):
            raise WrongConnection(
                "username" if self.username is None else "password", "missing, but the other is given"
            )
        return httpx.Client(
            base_url=self.url,
            timeout=_SECONDS,
            auth=(self.username, self.password) if self.username is not None and self.password is not None else None,
            verify=client_context(self.ca_file) if parts.scheme == "https" else True,
            headers={"Accept": "application/vnd.schemaregistry.v1+json"},
        )

    def _get(self, client: httpx.Client, path: str) -> Any:
        """The answer's body; None where the registry has no such thing."""
        import httpx  # noqa: PLC0415 - as above

        try:
            with client.stream("GET", path) as answer:
                if answer.status_code == _MISSING:
                    return None
                answer.raise_for_status()
                return json.loads(_body(answer))
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise RegistryUnavailable(f"{self.place}: {without_secrets(str(error))}") from None


def _body(answer: httpx.Response) -> bytes:
    """Piece by piece: what is packed may be of any size."""
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES:
            raise ValueError(f"an answer of more than {ANSWER_BYTES:,} bytes")
    return bytes(body)
