"""A spot check as tests have it: made by the product, by a round of a beacon that is known, and its public files."""

from __future__ import annotations

import gzip
from typing import NamedTuple

import msgspec

from suyuan.domain.checks import randomness as chance
from suyuan.domain.checks.bodies import (
    CommitReveal,
    Drand,
    DrandRound,
    Freeze,
    Item,
    Officer,
    Party,
    Plan,
    Randomness,
    Recusal,
    Reveal,
    Reveals,
    Stratum,
    Weight,
    canonical,
    hash_of,
)
from suyuan.domain.checks.draw import Result, draw, selection
from suyuan.domain.checks.frame import Row, lines, summary
from suyuan.domain.checks.publication import Publication

CHECK = "330100-2026-7"
# the first chain of the League of Entropy, and its first round
BEACON = Drand(
    chain="8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
    public_key="868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31",
    period=30,
    genesis=1595431050,
    group_hash="176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a",
    beacon_id="default",
    round=1,
    at=1595431050_000,
)
SIGNATURE = (
    "8d61d9100567de44682506aea1a7a6fa6e5491cd27a0a0ed349ef6910ac5ac20ff7bc3e09d7c046566c9f7f3c6f3b101"
    "04990e7cb424998203d8f7de586fb7fa5f60045417a432684f85093b06ca91c769f0e7ca19268375e659c2a2352b4655"
)
RANDOMNESS = "101297f1ca7dc44ef6088d94ad5fb7ba03455dc33d53ddb412bbc4564ed986ec"
SECRETS = {"university": "a1" * 32, "consumers": "b2" * 32, "platforms": "c3" * 32}
PARTIES = CommitReveal(
    parties=tuple(
        Party(name=name, commitment=chance.commitment(CHECK, name, secret), default=f"{place}d" * 32)
        for place, (name, secret) in enumerate(SECRETS.items())
    ),
    at=BEACON.at,
)
SELLERS = ("913301060000000001", "913301060000000002", "913301060000000003")
OFFICERS = tuple(
    Officer(staff_no=f"A-{number:02}", unit="first", most=9, qualifications=("food",) if number % 2 else ())
    for number in range(1, 9)
)


class Files(NamedTuple):
    """A whole check."""

    plan: Plan
    freeze: Freeze
    randomness: Randomness
    result: Result
    frame: list[bytes]

    @property
    def publication(self):
        acts = {name: getattr(self, name) for name in ("plan", "freeze", "randomness")}
        return Publication(**acts, draw=self.result.draw)

    def write(self, folder):
        (folder / "publication.json").write_bytes(canonical(self.publication))
        (folder / "frame.ndjson.gz").write_bytes(gzip.compress(b"".join(line + b"\n" for line in self.frame), 1))
        (folder / "orders.ndjson").write_bytes(self.result.file)


def plan(**other):
    made = Plan(
        check_id=CHECK,
        title="pastry sold online",
        planned_at=BEACON.at - 3_600_000,
        items=(Item(item_no="F-12", item_class="key"),),
        population="verdict != 'complete'",
        column="seller_division",
        strata=(Stratum(stratum="330106", size=5), Stratum(stratum="330108", size=3, needs=("food",))),
        weights=tuple(Weight(expression=f"sold_30d > {100 * weight}", weight=weight) for weight in range(16, 1, -1)),
        officers=OFFICERS,
        recusals=(Recusal(staff_no="A-01", code=SELLERS[0], reason="relative"),),
        randomness=BEACON,
    )
    return msgspec.structs.replace(made, **other)


def rows(count=40):
    strata = ("330106", "330106", "330108")
    return [Row(f"P/{number}", (SELLERS[number % 2],), strata[number % 3], 1 + number % 3) for number in range(count)]


def freeze(of, frame):
    found = summary(frame, (stratum.stratum for stratum in of.strata))
    return Freeze(
        check_id=of.check_id,
        after=hash_of(of),
        as_known_at=of.planned_at + 1,
        frozen_at=of.planned_at + 2,
        rows=found.rows,
        strata=found.strata,
        frame_sha256=found.sha256,
        root=found.root,
    )


def randomness(of, frozen, revealing=tuple(SECRETS)):
    if isinstance(of.randomness, Drand):
        source = DrandRound(round=of.randomness.round, signature=SIGNATURE)
        made = chance.of_signature(SIGNATURE)
    else:
        source = Reveals(reveals=tuple(Reveal(name=name, secret=SECRETS[name]) for name in revealing))
        made = chance.of_reveals(of.randomness, source)
    return Randomness(check_id=of.check_id, after=hash_of(frozen), source=source, randomness=made)


def drawn(of=None, rows_=None, **other) -> Files:
    """A check that went well."""
    of = of or plan()
    frame = lines(rows() if rows_ is None else rows_)
    frozen = freeze(of, frame)
    given = randomness(of, frozen, **other)
    found = selection(of, frozen, given)
    found.add(frame)
    return Files(of, frozen, given, draw(of, frozen, given, found), frame)
