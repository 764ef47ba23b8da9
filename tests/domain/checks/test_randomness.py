"""What nobody could know."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256

import msgspec
import pytest

from suyuan.domain.checks import randomness as chance
from suyuan.domain.checks.bodies import Reveal, Reveals
from tests.spot_checks import BEACON, CHECK, PARTIES, RANDOMNESS, SECRETS, SIGNATURE

QUICKNET = msgspec.structs.replace(
    BEACON,
    chain="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key="83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    period=3,
    genesis=1692803367,
    group_hash="f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e",
    beacon_id="quicknet",
    round=27946612,
)


@pytest.mark.parametrize("beacon", [BEACON, QUICKNET], ids=["default", "quicknet"])
def test_the_hash_of_the_league_of_entropy_s_chains(beacon):
    assert chance.chain_hash(beacon) == beacon.chain


def test_when_a_round_is_due():
    assert chance.round_time(BEACON) == 1595431050_000
    assert chance.round_time(QUICKNET) == dt.datetime(2026, 4, 20, tzinfo=dt.UTC).timestamp() * 1000


def test_the_randomness_of_a_known_round():
    assert chance.of_signature(SIGNATURE) == RANDOMNESS


def given(*names):
    return Reveals(reveals=tuple(Reveal(name=name, secret=SECRETS[name]) for name in names))


def test_all_secrets_count_in_the_plan_s_order():
    assert chance.of_reveals(PARTIES, given(*SECRETS)) == sha256("\x1f".join(SECRETS.values()).encode()).hexdigest()
    assert chance.missing(PARTIES, given(*SECRETS)) == ()


def test_who_does_not_reveal_is_named_and_has_the_default():
    parts = [SECRETS["university"], PARTIES.parties[1].default, SECRETS["platforms"]]
    revealed = given("university", "platforms")
    assert chance.of_reveals(PARTIES, revealed) == sha256("\x1f".join(parts).encode()).hexdigest()
    assert chance.missing(PARTIES, revealed) == ("consumers",)


def test_a_commitment_repeated_by_another_party_or_for_another_check_is_none():
    secret = SECRETS["university"]
    made = {chance.commitment(check, name, secret) for check in (CHECK, "330100-2026-8") for name in ("a", "b")}
    assert len(made) == 4


def test_the_seed_is_what_anybody_can_make_at_a_shell():
    parts = f"{CHECK}\x1f{'a' * 64}\x1f{'b' * 64}"
    assert chance.seed(CHECK, "a" * 64, "b" * 64) == sha256(parts.encode()).hexdigest()
