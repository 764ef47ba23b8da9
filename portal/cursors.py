"""A cursor is a place in a list, signed, so that nobody makes one up."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from suyuan.portal.problems import Problem
from suyuan.queries.paging import Cursor


class Cursors:
    """Signs places; the list that a place is in is part of what is signed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, path: str, place: Cursor) -> str:
        """As it stands in an address."""
        return str(self._of(path).dumps(list(place)))

    def read(self, path: str, text: str) -> Cursor:
        """Raises Problem: bad-cursor."""
        try:
            return tuple(self._of(path).loads(text))
        except BadSignature:
            raise Problem("bad-cursor") from None

    def _of(self, path: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"cursor {path}")
