"""What is not accepted, and what is said of it."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from suyuan.domain.checks.bodies import (
    BODIES,
    Cancel,
    CommitReveal,
    DrandRound,
    File,
    Item,
    Officer,
    Publish,
    Recusal,
    Reveal,
    Reveals,
    Rows,
    Stratum,
    Weight,
    canonical,
    hash_of,
)
from suyuan.domain.checks.faults import BodyError, decode, faults, plan_faults
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.stage import Check
from tests.spot_checks import BEACON, CHECK, OFFICERS, PARTIES, SECRETS, drawn, plan

FOUND = drawn()
BY_PARTIES = drawn(plan(randomness=PARTIES))
DRAW = FOUND.result.draw
replace = msgspec.structs.replace


def publish(files=FILES):
    return Publish(check_id=CHECK, after=hash_of(DRAW), files=tuple(File(name=each, sha256="0" * 64) for each in files))


def checks(of=FOUND):
    """A check at each of its stages, and the act that comes next."""
    plan_, freeze, randomness, draw = of.plan, of.freeze, of.randomness, of.result.draw
    return {
        "plan": (plan_, Check()),
        "freeze": (freeze, Check(plan_)),
        "randomness": (randomness, Check(plan_, freeze)),
        "draw": (draw, Check(plan_, freeze, randomness)),
        "publish": (publish(), Check(plan_, freeze, randomness, draw)),
    }


@pytest.mark.parametrize("of", [FOUND, BY_PARTIES], ids=["drand", "parties"])
@pytest.mark.parametrize("name", ["plan", "freeze", "randomness", "draw"])
def test_each_act_of_a_check_that_goes_well_is_accepted_and_read(name, of):
    body, check = checks(of)[name]
    assert list(faults(body, check)) == []
    assert decode(name, canonical(body)) == body


def test_it_may_be_published_and_cancelled():
    body, check = checks()["publish"]
    assert list(faults(body, check)) == []
    for act, before in checks().values():
        del act
        if before.last is not None:
            cancel = Cancel(check_id=CHECK, after=hash_of(before.last), reason="a listing was missing")
            assert list(faults(cancel, before)) == []
            assert decode("cancel", canonical(cancel)) == cancel


TEXTS = {
    "a field missing": (lambda said: said.pop("strata"), "strata", "missing required field"),
    "a field unknown": (lambda said: said.update(nonsense=1), "nonsense", "unknown field"),
    "a wrong kind": (lambda said: said["strata"][1].update(size="3"), "strata[1].size", "Expected `int`"),
    "a fraction": (lambda said: said["strata"][1].update(size=3.5), "strata[1].size", "Expected `int`"),
    "too much": (lambda said: said["weights"][0].update(weight=17), "weights[0].weight", "<= 16"),
    "too little": (lambda said: said["strata"][0].update(size=0), "strata[0].size", ">= 1"),
    "one officer alone": (lambda said: said.update(officers_each=1), "officers_each", ">= 2"),
    "no hash": (lambda said: said["randomness"].update(chain="xyz"), "randomness.chain", "regex"),
    "another kind of randomness": (lambda said: said["randomness"].update(kind="dice"), "randomness.kind", "dice"),
    "a reason of no list": (
        lambda said: said["recusals"][0].update(reason="his aunt"),
        "recusals[0].reason",
        "his aunt",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_none_names_field_and_reason(name):
    change, field, reason = TEXTS[name]
    said = json.loads(canonical(FOUND.plan))
    change(said)
    with pytest.raises(BodyError) as raised:
        decode("plan", json.dumps(said, sort_keys=True, separators=(",", ":")))
    (fault,) = raised.value.faults
    assert fault.field == field
    assert reason.lower() in fault.reason.lower()
    assert "as Plan has it" in fault.remedy


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b"nonsense"])
def test_a_text_that_is_no_json(text):
    with pytest.raises(BodyError):
        decode("plan", text)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b" " + text,
        lambda text: text.replace(b'"size":5', b'"size": 5'),
        lambda text: text.replace(b'"size":5', b'"size":5.0'),
        lambda text: text.replace(b'"officers":', b'"officers_each":2,"officers":'),
        lambda text: text.replace(b"pastry", b"\\u0070astry"),
        lambda text: text.replace(b'"size":5', b'"size":5,"size":5'),
    ],
)
def test_there_is_one_way_of_writing_a_body(change):
    text = change(canonical(FOUND.plan))
    assert text != canonical(FOUND.plan)
    with pytest.raises(BodyError):
        decode("plan", text)


PLANS = {
    "check_id": {"check_id": "7"},
    "population": {"objects": ("P/1",)},
    "population ": {"population": None},
    "population: unknown": {"population": "nonsense = 1"},
    "objects": {"population": None, "objects": ("P/1", "P/1")},
    "weights[0].expression": {"weights": (Weight(expression="verdict =", weight=2),)},
    "items": {"items": ()},
    "items[0].share_cap": {"items": (Item(item_no="1", item_class="general"),)},
    "items[0].share_cap ": {"items": (Item(item_no="1", item_class="key", share_cap=1),)},
    "strata": {"strata": (Stratum(stratum="a", size=1),) * 2},
    "strata ": {"strata": ()},
    "strata[0].stratum": {"strata": (Stratum(stratum='"', size=1),)},
    "strata[0].needs": {"strata": (Stratum(stratum="a", size=1, needs=("toys",)),)},
    "officers": {"officers": (*OFFICERS, OFFICERS[0])},
    "recusals": {"recusals": (Recusal(staff_no="A-01", code="X", reason="other"),) * 2},
    "recusals[0].staff_no": {"recusals": (Recusal(staff_no="Z", code="X", reason="other"),)},
    "randomness.chain": {"randomness": replace(BEACON, public_key="00")},
    "randomness.at": {"randomness": replace(BEACON, at=BEACON.at + 1)},
    "randomness.at ": {"planned_at": BEACON.at},
    "randomness.parties": {"randomness": CommitReveal(parties=PARTIES.parties[:1], at=PARTIES.at)},
    "randomness.parties ": {"randomness": CommitReveal(parties=PARTIES.parties[:1] * 2, at=PARTIES.at)},
}


@pytest.mark.parametrize("field", PLANS)
def test_a_plan_that_is_none(field):
    found = list(plan_faults(plan(**PLANS[field])))
    assert {each.field for each in found} == {field.split(":")[0].strip()}
    assert all(each.reason and each.remedy for each in found)


def test_a_single_officer_is_not_enough():
    (fault,) = plan_faults(
        plan(officers=(Officer(staff_no="a", unit="u", most=1),), strata=plan().strata[:1], recusals=())
    )
    assert (fault.field, fault.reason) == ("strata[0].needs", "1 officers are qualified, 2 go")


def reveals(*given):
    return Reveals(reveals=tuple(Reveal(name=name, secret=secret) for name, secret in given))


HONEST = list(SECRETS.items())
ACTS = {
    ("freeze", "frozen_at"): {"frozen_at": BEACON.at},
    ("freeze", "frozen_at "): {"frozen_at": plan().planned_at, "as_known_at": 1},
    ("freeze", "as_known_at"): {"as_known_at": plan().planned_at + 3},
    ("freeze", "strata"): {"strata": FOUND.freeze.strata[::-1]},
    ("freeze", "rows"): {"rows": 39},
    ("freeze", "rows "): {"rows": 0, "strata": tuple(Rows(stratum=each.stratum, rows=0) for each in plan().strata)},
    ("freeze", "check_id"): {"check_id": "330100-2026-8"},
    ("freeze", "after"): {"after": "0" * 64},
    ("randomness", "source.round"): {"source": replace(FOUND.randomness.source, round=2)},
    ("randomness", "randomness"): {"randomness": "0" * 64},
    ("randomness", "randomness "): {"source": DrandRound(round=1, signature="00")},
    ("randomness", "source"): {"source": BY_PARTIES.randomness.source},
    ("draw", "seed"): {"seed": "0" * 64},
    ("draw", "strata"): {"strata": DRAW.strata[:1]},
    ("draw", "orders"): {"orders": 9},
    ("draw", "waiting"): {"waiting": 9},
}


@pytest.mark.parametrize(("act", "field"), ACTS)
def test_an_act_that_is_none(act, field):
    body, check = checks()[act]
    found = list(faults(replace(body, **ACTS[act, field]), check))
    assert {each.field for each in found} == {field.strip()}
    assert all(each.reason and each.remedy for each in found)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (HONEST[:1], {"source.reveals", "randomness"}),
        (HONEST[::-1], {"source.reveals"}),
        ([*HONEST, ("x", "0" * 64)], {"source.reveals", "source.reveals[3].secret"}),
        ([HONEST[0], ("consumers", "0" * 64)], {"source.reveals[1].secret", "randomness"}),
    ],
)
def test_secrets_that_are_none(given, fields):
    body, check = checks(BY_PARTIES)["randomness"]
    found = list(faults(replace(body, source=reveals(*given)), check))
    assert {each.field for each in found} == fields


def test_a_file_that_a_stranger_needs_is_missed():
    _, check = checks()["publish"]
    (fault,) = faults(publish(FILES[:-1]), check)
    assert (fault.field, fault.reason) == ("files", "verify_log.py is missing")


def test_nothing_comes_out_of_turn():
    for act, (_, check) in checks().items():
        for name, (body, _) in checks().items():
            said = [each for each in faults(body, check) if each.field == "act"]
            assert bool(said) == (name != act)
    _, check = checks()["publish"]
    over = check._replace(cancel=Cancel(check_id=CHECK, after=hash_of(DRAW), reason="x"))
    (fault,) = faults(publish(), over)
    assert fault.remedy == "what may come now: nothing"


def test_a_second_frame_is_refused():
    _, check = checks()["randomness"]
    (fault,) = faults(FOUND.freeze, check)
    assert str(fault) == "act: freeze does not follow freeze: what may come now: randomness, cancel"


def test_every_act_has_a_body():
    assert set(BODIES) == {"plan", "freeze", "randomness", "draw", "publish", "cancel"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"column": "seller_divison"}, "column: seller_divison is no column .*: is it seller_division?"),
        ({"column": "gap_names"}, "column: gap_names is no column"),
        ({"column": "complaints_7d"}, "column: complaints_7d is no column"),
        ({"population": "verdikt = 'broken'"}, "population: .*verdikt.*: is it verdict?"),
        ({"population": "complaints_7d > 2"}, "population: complaints_7d is in no table"),
        (
            {"weights": (Weight(expression="title IS NULL", weight=2), Weight(expression="sold_30 > 1", weight=2))},
            r"weights\[1\]\.expression: .*sold_30: is it sold_30d?",
        ),
    ],
)
def test_a_column_that_is_none_is_named_with_the_nearest(wrong, says):
    assert re.match(says, str(next(plan_faults(plan(**wrong)))))
