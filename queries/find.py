"""Search from any identifier: what a text may be, who uses it, and what is known of them. Three queries at most."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.neighbours import neighbours
from suyuan.domain.identifiers.readings import (
    LONGEST,
    SHORTEST_NAME,
    Reading,
    forms,
    prefixes,
    readings,
)
from suyuan.domain.keys import split_key
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.found import (
    SHOWN,
    Found,
    FoundAlert,
    FoundAlerts,
    FoundListing,
    FoundListings,
    Hit,
    Hits,
    Near,
    UsedAs,
)
from suyuan.queries.rows import Row, Tables
from suyuan.queries.sql.found import ALERT_FIELDS, CHAIN_FIELDS, Wanted, chains_of, found
from suyuan.queries.sql.identifiers import MOST_WORDS, alike, uses
from suyuan.schemas.kinds import BUSINESS_KEYS

SUBJECTS = ("entity", "product")
RECORDS = ("recall", "penalty", "inspection", "complaint", "licence", "certificate", "shipment")
"""kinds, those first that matter most"""
_VERDICTS = ("contradicted", "broken", "partial", "complete", "removed")
_NEAR = 5
_ALERT_NAMES = (*ALERT_FIELDS[:-2], "listings", "raised_at")


def find(tables: Tables, scope: Scope, text: str) -> Found:
    """What is found by a text. Raises SuyuanError for one that is too long, OutsideScope for who may see nothing."""
    if len(text) > LONGEST:
        raise SuyuanError(f"a text of {len(text):,} characters is no identifier: at most {LONGEST}", ErrorKind.USAGE)
    read_as, kept_as = readings(text), forms(text)
    rows = uses(tables, scope, kept_as, prefixes(text))
    exact = [row for row in rows if row["how"] == "exact"]
    near = _near(row for row in rows if row["how"] == "begins")
    words = () if exact else _words(read_as)
    if not exact:
        meant = [each for reading in read_as for each in neighbours(reading)]
        around = () if near else prefixes(text)
        rows = alike(tables, scope, meant, around, words)
        near += _near((row for row in rows if row["how"] in {"mistyped", "nearest"}), kept_as)
    of_kind = {row["kind"]: row for row in rows if row["how"] == "name"} or {
        row["kind"]: row for row in exact if not row["field"]
    }
    wanted = _wanted(of_kind, read_as, kept_as if exact else (), words)
    known = found(tables, scope, wanted)
    if wanted.named:
        _complete(tables, scope, known)
    hits = _hits(of_kind, known)
    listings = _listings(of_kind.get("listing"), known, kept_as, words)
    return Found(
        text=text,
        readings=list(read_as),
        matched="identifier" if exact or (listings.count and not words) else "name" if of_kind else None,
        uses=_uses(exact),
        subjects=[hits[kind] for kind in SUBJECTS if kind in hits],
        listings=listings,
        lots=hits.get("lot", Hits("lot", 0, [])),
        records=[hits[kind] for kind in _ordered(hits) if kind not in {*SUBJECTS, "lot"}],
        alerts=_alerts(known),
        near=near[:_NEAR],
    )


def _words(read_as: Sequence[Reading]) -> tuple[str, ...]:
    """Of a text that may be a name."""
    name = next((reading.value for reading in read_as if reading.read_as == "name"), "")
    return tuple(word for word in name.split() if len(word) >= SHORTEST_NAME)[:MOST_WORDS]


def _near(rows: Iterable[Row], kept_as: Sequence[str] = ()) -> list[Near]:
    """Each identifier once: what was mistyped first, then by how many characters it has in common with the text."""
    kinds: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        kinds[row["how"], row["identifier"]].add(row["kind"])
    mistyped = {identifier for how, identifier in kinds if how == "mistyped"}

    def order(found: tuple[str, str]) -> tuple[bool, int, str]:
        how, identifier = found
        return how == "nearest", -max((_shared(identifier, form) for form in kept_as), default=0), identifier

    return [
        Near(identifier, sorted(kinds[how, identifier]), how)  # type: ignore[arg-type]
        for how, identifier in sorted(kinds, key=order)
        if how != "nearest" or identifier not in mistyped
    ]


def _shared(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _wanted(
    of_kind: dict[str, Row], read_as: Sequence[Reading], kept_as: Sequence[str], words: Sequence[str]
) -> Wanted:
    records = {kind: [tuple(split_key(key)) for key in row["first"]] for kind, row in of_kind.items()}
    platform = next((reading.value for reading in read_as if reading.read_as == "credit_code"), None)
    listings = records.pop("listing", None) is not None
    return Wanted(kept_as, words, listings, platform, bool(kept_as), records)


def _complete(tables: Tables, scope: Scope, known: Sequence[Row]) -> None:
    """The chains that are shown, which are named so far, with all that is told of them."""
    chains = sorted((row for row in known if row["what"] == "chain"), key=lambda row: _gravity(row["label"]))
    shown = [tuple(key) for row in chains for key in row["values"]][:SHOWN]
    whole = chains_of(tables, scope, shown) if shown else {}
    for row in chains:  # one that came to another verdict meanwhile is told by its new one at the next question
        row["values"] = [whole[tuple(key)] for key in row["values"] if tuple(key) in whole]


def _hits(of_kind: dict[str, Row], known: Sequence[Row]) -> dict[str, Hits]:
    facts = {}
    for row in known:
        if row["what"] in BUSINESS_KEYS:
            said = {name: value for name, value in row["values"] if value}
            key = tuple(said.get(name, "") for name in BUSINESS_KEYS[row["what"]])
            facts[row["what"], key] = (row["label"], row["n"], said)
    hits = {}
    for kind, row in of_kind.items():
        if kind == "listing":
            continue
        first = []
        for subject in row["first"]:
            key = tuple(split_key(subject))
            evidence, occurred_at, said = facts.get((kind, key), (None, None, {}))
            named = {name: value for name, value in zip(BUSINESS_KEYS[kind], key, strict=True) if value}
            others = {name: value for name, value in said.items() if name not in named}
            first.append(Hit(kind, named, evidence, occurred_at, others))
        hits[kind] = Hits(kind, row["n"], first)
    return hits


def _ordered(hits: dict[str, Hits]) -> list[str]:
    """Kinds, those that are not known here last."""
    return sorted(hits, key=lambda kind: (RECORDS.index(kind) if kind in RECORDS else len(RECORDS), kind))


def _listings(row: Row | None, known: Sequence[Row], kept_as: Sequence[str], words: Sequence[str]) -> FoundListings:
    chains = {each["label"]: each for each in known if each["what"] == "chain"}
    verdicts = {verdict: chains[verdict]["n"] for verdict in sorted(chains, key=_gravity)}
    first = [
        _listing(verdict, dict(zip(CHAIN_FIELDS, values, strict=True)), kept_as, words)
        for verdict in verdicts
        for values in chains[verdict]["values"]
    ][:SHOWN]
    shown = {(listing.platform_code, listing.listing_id) for listing in first}
    # those whose chain may not be seen, or is not there yet
    unseen = [key for subject in row["first"] if (key := tuple(split_key(subject))) not in shown] if row else []
    count = max(row["n"] if row else 0, sum(verdicts.values()))
    if count > sum(verdicts.values()):
        first += [FoundListing(platform, listing) for platform, listing in unseen]
    return FoundListings(count, verdicts, first[:SHOWN])


def _listing(verdict: str, said: dict[str, str], kept_as: Sequence[str], words: Sequence[str]) -> FoundListing:
    if words:
        title = unicodedata.normalize("NFKC", said["title"]).lower()
        current = all(unicodedata.normalize("NFKC", word).lower() in title for word in words)
    else:
        current = not set(said.values()).isdisjoint(kept_as)
    named = {name: said[name] or None for name in ("status", "title", "seller_code", "producer_code", "gtin", "lot")}
    return FoundListing(said["platform_code"], said["listing_id"], verdict, **named, current=current)


def _gravity(verdict: str) -> int:
    return _VERDICTS.index(verdict) if verdict in _VERDICTS else len(_VERDICTS)


def _alerts(known: Sequence[Row]) -> FoundAlerts:
    of_state = {row["label"]: row for row in known if row["what"] == "alert"}
    first = [
        _alert(dict(zip(_ALERT_NAMES, values[2:], strict=True)))
        for state in sorted(of_state, key=lambda state: (state != "raised", state))
        for values in of_state[state]["values"]
    ]
    raised = of_state["raised"]["n"] if "raised" in of_state else 0
    return FoundAlerts(sum(row["n"] for row in of_state.values()), raised, first[:SHOWN])


def _alert(said: dict[str, str]) -> FoundAlert:
    of_listing = {name: said[name] or None for name in ("platform_code", "listing_id")}
    numbers = {name: int(said[name]) for name in ("listings", "raised_at")}
    return FoundAlert(**{**said, **of_listing, **numbers})  # type: ignore[arg-type]


def _uses(exact: Sequence[Row]) -> list[UsedAs]:
    used = [UsedAs(row["identifier"], row["kind"], row["field"], row["n"]) for row in exact if row["field"]]
    return sorted(used, key=lambda each: (each.kind, each.field, each.identifier))
