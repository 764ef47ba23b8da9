"""A log's newest checkpoint, asked of its portal: what a witness needs of it."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.audit.witness import Request

PATH = "/public/checkpoint/request"
PATIENCE_SECONDS = 30.0
MOST_BYTES = 1 << 20


def ask_for_checkpoint(url: str, old: int) -> Request:
    """The newest checkpoint of the portal at `url`, with the proof that it goes on from that of `old` entries. What it
    says is not to be believed: it is for `cosign`. Raises SuyuanError, AuditError.
    """
    asked = f"{url.rstrip('/')}{PATH}?old={old}"
    if not asked.startswith(("https://", "http://")):
        raise SuyuanError(f"{url}: an address begins with https:// or http://", ErrorKind.USAGE)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - see above
            said = answer.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(MOST_BYTES)
        raise SuyuanError(f"{asked} answers {error.code}: {said.decode(errors='replace')}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise SuyuanError(f"{asked}: {error}", ErrorKind.UNAVAILABLE) from None
    return Request.parse(said.decode(errors="replace"))
