"""What the graph of a trace consists of, and what its nodes are called.

| node    | named by                     |
|---------|------------------------------|
| listing | platform, listing            |
| lot     | producer, gtin, lot          |
| product | gtin                         |
| producer, holder, entity | credit code |
| holding | producer, gtin, lot, holder: units of a lot at somebody |

A producer is asked after for what it made, a holder for what it was sent, an entity for either and for what it sells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self
from urllib.parse import unquote

from suyuan.domain.alerts.subject import node_name
from suyuan.domain.identifiers.gtin import gtin_form
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.records import LotKey

_FORMS: Mapping[str, tuple[Callable[[str], str | None], ...]] = {
    "listing": (code_form, number_form),
    "lot": (code_form, gtin_form, text_form),
    "product": (gtin_form,),
    "producer": (code_form,),
    "holder": (code_form,),
    "entity": (code_form,),
    "holding": (code_form, gtin_form, text_form, code_form),
}
NODE_KINDS = tuple(_FORMS)
PARTIES = frozenset({"producer", "holder", "entity"})
"""kinds of nodes that are named by a credit code"""


class NodeKey(NamedTuple):
    """What names a node."""

    kind: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return node_name(self.kind, self.parts)

    @classmethod
    def of_lot(cls, lot: LotKey) -> Self:
        """The node of a lot."""
        return cls("lot", tuple(lot))

    @property
    def lot(self) -> LotKey:
        """Of a lot's node, or of a holding."""
        return LotKey(*self.parts[:3])

    @property
    def code(self) -> str:
        """Whose division and name a node has: the maker's, the holder's, or its own."""
        return self.parts[3] if self.kind == "holding" else self.parts[0]

    @classmethod
    def parse(cls, text: str) -> Self:
        """`kind:part/part`, in whatever form the parts are written. Raises SuyuanError for what names no node."""
        kind, _, rest = text.partition(":")
        forms = _FORMS.get(kind)
        parts = [unquote(part) for part in rest.split("/")]
        if forms is None or len(parts) != len(forms):
            kinds = ", ".join(f"{name}:{'/'.join('…' * len(each))}" for name, each in _FORMS.items())
            raise SuyuanError(f"{text!r} names no node: {kinds}", ErrorKind.USAGE)
        normal = tuple(form(part) or "" for form, part in zip(forms, parts, strict=True))
        if not all(normal):
            raise SuyuanError(f"{text!r} names no node: a part of it is empty", ErrorKind.USAGE)
        return cls(kind, normal)
