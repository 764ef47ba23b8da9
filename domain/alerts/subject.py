"""What an alert is about, and what names it.

| a rule is about | subject, a node of traces  | what a listing must say  |
|-----------------|----------------------------|--------------------------|
| listing         | `listing:PLATFORM/LISTING` |                          |
| lot             | `lot:PRODUCER/GTIN/LOT`    | producer, GTIN and lot   |
| product         | `product:GTIN`             | GTIN                     |
| producer        | `producer:CODE`            | producer                 |
| seller          | `entity:CODE`              | seller                   |

A listing that does not say it is the subject itself. Parts are in normal form, with `%` and `/` percent-encoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from suyuan.domain.keys import SEPARATOR

if TYPE_CHECKING:
    from suyuan.domain.rules.rule import About

LISTING = "listing"
_CODES = str.maketrans({"%": "%25", "/": "%2F"})
_NODES: Mapping[str, str] = {
    "listing": "listing",
    "lot": "lot",
    "product": "product",
    "producer": "producer",
    "seller": "entity",
}
_KINDS = {node: kind for kind, node in _NODES.items()}
ABOUT: Mapping[str, tuple[str, ...]] = {
    "listing": ("platform_code", "listing_id"),
    "lot": ("producer_code", "gtin", "lot"),
    "product": ("gtin",),
    "producer": ("producer_code",),
    "seller": ("seller_code",),
}
"""what a rule is about → columns of a chain that name the subject"""


def subject(about: About, **values: str | None) -> str:
    """The subject of a rule at a listing, as it is called in traces. `values`: of the columns of ABOUT."""
    said = all(values[name] for name in ABOUT[about])
    kind = about if said else LISTING
    named = tuple(values[name] or "" for name in ABOUT[kind])
    return _shared(kind, named) if kind != LISTING else node_name(_NODES[kind], named)


@lru_cache(maxsize=1 << 14)
def _shared(kind: str, named: tuple[str, ...]) -> str:
    """One that many listings have in common."""
    return node_name(_NODES[kind], named)


def kind_of(node: str) -> str:
    """The kind of the subject that is called so."""
    kind = node[: node.index(":")]
    return _KINDS[kind]


def node_name(kind: str, parts: Iterable[str]) -> str:
    """`kind:part/part`."""
    return f"{kind}:{'/'.join(part.translate(_CODES) for part in parts)}"


def finding_id(rule: str, platform_code: str, listing_id: str) -> str:
    """32 hex digits that name a rule at a listing."""
    return _digest(f"{rule}{SEPARATOR}{platform_code}{SEPARATOR}{listing_id}")


@lru_cache(maxsize=1 << 16)
def alert_id_about(rule: str, node: str, bureau: str) -> str:
    """What names the alert of a rule about a subject that is not one listing, at a bureau: 32 hex digits, `-` and the
    bureau's division. That of a listing has the id of its finding: it keeps it when another bureau takes it over.
    """
    return f"{_digest(f'{rule}{SEPARATOR}{node}')}-{bureau}"


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
