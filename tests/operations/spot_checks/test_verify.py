"""The stranger's file: it says OK of what the product has drawn, and finds whatever was changed."""

from __future__ import annotations

import gzip
import json
import runpy
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.domain.checks.bodies import Item, Officer, Recusal, Stratum
from suyuan.operations import spot_checks
from tests.spot_checks import CHECK, PARTIES, SELLERS, drawn, plan, rows

VERIFY = Path(spot_checks.__file__).parent / "verify.py"


@pytest.fixture
def verify(tmp_path, monkeypatch, capsys):
    """The last line that it prints of the check in a folder, and whether it ended well."""

    def run():
        monkeypatch.setattr(sys, "argv", ["verify.py", str(tmp_path)])
        capsys.readouterr()
        ended = None
        try:
            runpy.run_path(str(VERIFY), run_name="__main__")
        except SystemExit as how:
            ended = how.code
        said = capsys.readouterr().out
        if ended is None:
            return said
        assert ended == 1
        return said.splitlines()[-1]

    return run


CHECKS = {
    "drand": drawn,
    "commit and reveal": lambda: drawn(plan(randomness=PARTIES)),
    "one does not reveal": lambda: drawn(plan(randomness=PARTIES), revealing=("university", "platforms")),
    "all are drawn": lambda: drawn(
        plan(strata=(Stratum(stratum="330106", size=99), Stratum(stratum="330108", size=99)))
    ),
    "share capped": lambda: drawn(plan(items=(Item(item_no="1", item_class="general", share_cap=900),))),
    "a stratum of none": lambda: drawn(plan(strata=(*plan().strata, Stratum(stratum="other", size=2)))),
    "orders that wait": lambda: drawn(
        plan(
            officers=tuple(Officer(staff_no=no, unit="u", most=2, qualifications=("food",)) for no in "ab"), recusals=()
        )
    ),
    "reserve": lambda: drawn(
        plan(
            officers=tuple(
                Officer(staff_no=no, unit="u", most=4, qualifications=("food",), reserve=no > "b") for no in "abcd"
            ),
            recusals=(Recusal(staff_no="a", code=SELLERS[0], reason="interest"),),
        )
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_the_product_has_drawn_is_so(name, verify, tmp_path):
    CHECKS[name]().write(tmp_path)
    said = verify()
    assert said.count("OK  ") == 5
    assert "witnessed checkpoint" in said


def test_it_has_no_more_than_149_lines_and_the_standard_library():
    text = VERIFY.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


def test_what_is_to_be_asked_elsewhere_is_said(verify, tmp_path):
    files = drawn()
    files.write(tmp_path)
    said = verify()
    assert f"round 1 of chain {files.plan.randomness.chain}" in said
    assert files.randomness.after in said


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.dictionaries(
        WORDS, st.tuples(st.sampled_from("甲乙"), st.sampled_from(SELLERS), st.integers(1, 16)), min_size=1
    ),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(1, 10_000),
    st.booleans(),
)
def test_whatever_is_drawn_from(verify, tmp_path, frame, sizes, cap, parties):
    made = plan(
        strata=tuple(Stratum(stratum=name, size=size) for name, size in zip("甲乙", sizes, strict=True)),
        items=(Item(item_no="1", item_class="general", share_cap=cap),),
        **({"randomness": PARTIES} if parties else {}),
    )
    drawn(made, [row_of(name, *rest) for name, rest in frame.items()]).write(tmp_path)
    assert verify().count("OK  ") == 5


def row_of(name, stratum, seller, weight):
    return rows(1)[0]._replace(id=name, stratum=stratum, parties=(seller, CHECK), weight=weight)


# tampering: of a file alone, and of the acts with all hashes and files made anew after it, where that is possible


def publication(folder, change, *, again=False):
    path = folder / "publication.json"
    acts = json.loads(path.read_bytes())
    change(acts)
    if again:
        for before, after in (("plan", "freeze"), ("freeze", "randomness"), ("randomness", "draw")):
            acts[after]["after"] = sha256(text(acts[before])).hexdigest()
    path.write_bytes(text(acts))


def text(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def frame(folder, change):
    path = folder / "frame.ndjson.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    change(lines)
    path.write_bytes(gzip.compress(b"".join(lines)))


def orders(folder, change):
    path = folder / "orders.ndjson"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(lines)
    path.write_bytes(b"".join(text(line) + b"\n" for line in lines))
    # by somebody who knows that the draw names the file
    publication(folder, lambda acts: acts["draw"].update(orders_sha256=sha256(path.read_bytes()).hexdigest()))


def setting(act, **fields):
    return lambda acts: acts[act].update(fields)


def planned(**fields):
    return lambda acts: acts["plan"]["randomness"].update(fields)


def given_(**fields):
    return lambda acts: acts["randomness"]["source"].update(fields)


def edited(old, new, at=7):
    def change(lines):
        assert old in lines[at]
        lines[at] = lines[at].replace(old, new)

    return change


def swap(lines, field=None):
    if field:
        lines[0][field], lines[1][field] = lines[1][field], lines[0][field]
    else:
        lines[0], lines[1] = lines[1], lines[0]


FRAME = {
    "a line edited": edited(b'"P/', b'"P/1'),
    "parties edited": edited(b"9133", b"9144"),
    "a weight changed": edited(b'"weight":', b'"weight":1'),
    "a stratum changed": edited(b"330106", b"330108"),
    "another stratum": edited(b"330106", b"330199"),
    "a line added": lambda lines: lines.append(lines[-1].replace(b'"P/', b'"P/z')),
    "a line removed": lambda lines: lines.pop(9),
    "the last line removed": lambda lines: lines.pop(),
    "lines in another order": swap,
    "a line twice": lambda lines: lines.insert(3, lines[3]),
    "written otherwise": edited(b'","', b'", "'),
    "no end of the last line": lambda lines: lines.append(lines.pop().rstrip()),
    "nothing": lambda lines: lines.clear(),
}
ACTS = {
    "the plan's size": lambda acts: acts["plan"]["strata"][0].update(size=4),
    "the plan's officers": lambda acts: acts["plan"]["officers"].pop(),
    "the plan's weights": setting("plan", weights=[]),
    "a recusal taken out": setting("plan", recusals=[]),
    "the check's number": setting("plan", check_id="330100-2026-8"),
    "the root": setting("freeze", root="0" * 64),
    "the frame's hash": setting("freeze", frame_sha256="0" * 64),
    "rows": setting("freeze", rows=41),
    "frozen too late": setting("freeze", frozen_at=plan().randomness.at),
    "frozen before the plan": setting("freeze", frozen_at=plan().planned_at),
    "a later frame": setting("freeze", as_known_at=plan().randomness.at),
    "the plan's round": planned(round=2),
    "the round's time": planned(at=plan().randomness.at + 30_000),
    "the plan's round and its time": planned(round=2, at=plan().randomness.at + 30_000),
    "the beacon's start": planned(genesis=1595431020, round=2),
    "the beacon's key": planned(public_key="00"),
    "the beacon": planned(chain="0" * 64),
    "the round": given_(round=2),
    "the signature": given_(signature="00"),
    "another kind": given_(kind="commit_reveal"),
    "the randomness": setting("randomness", randomness="0" * 64),
    "the seed": setting("draw", seed="0" * 64),
    "fewer drawn": lambda acts: acts["draw"]["strata"][0].update(drawn=4),
    "the first that was not drawn": lambda acts: acts["draw"]["strata"][0].update(next="0." + "1" * 77),
    "no first that was not drawn": lambda acts: acts["draw"]["strata"][0].pop("next"),
    "the strata in another order": lambda acts: acts["draw"]["strata"].reverse(),
    "the number of orders": setting("draw", orders=7),
    "the number of those that wait": setting("draw", waiting=1),
    "the orders' hash": setting("draw", orders_sha256="0" * 64),
    "a field taken out": lambda acts: acts["plan"].pop("strata"),
    "an act taken out": lambda acts: acts.pop("freeze"),
    "an act more": lambda acts: acts.update(publish={}),
    "something else in the draw": setting("draw", note=1),
    "no number": lambda acts: acts["plan"]["officers"][0].update(most=float("nan")),
    "a fraction": lambda acts: acts["plan"]["strata"][0].update(size=5.0),
    "an officer alone": setting("plan", officers_each=1),
    "an officer twice": lambda acts: acts["plan"]["officers"].append(acts["plan"]["officers"][0]),
}
# what no file shows once everything is made to fit: the freeze has another hash than the one in the log
ELSEWHERE = {"a recusal taken out"}
ORDERS = {
    "ids swapped": lambda lines: swap(lines, "id"),
    "an id that was not drawn": lambda lines: lines[2].update(id="P/33"),
    "officers swapped": lambda lines: swap(lines, "officers"),
    "an officer replaced": lambda lines: lines[0].update(officers=["A-07", "A-08"]),
    "an officer alone": lambda lines: lines[0]["officers"].pop(),
    "orders in another order": swap,
    "an order removed": lambda lines: lines.pop(),
    "an order in the middle removed": lambda lines: lines.pop(3),
    "an order added": lambda lines: lines.append(lines[-1]),
    "a ticket changed": lambda lines: lines[0].update(ticket="0." + lines[0]["ticket"][:1:-1]),
    "a weight changed": lambda lines: lines[0].update(weight=16),
    "a number changed": lambda lines: lines[0].update(order_no=f"{CHECK}-9"),
}


@pytest.mark.parametrize("name", FRAME)
def test_a_changed_frame_is_found(name, verify, tmp_path):
    drawn().write(tmp_path)
    frame(tmp_path, FRAME[name])
    assert verify().startswith("FAILED: ")


@pytest.mark.parametrize("again", [False, True], ids=["as it is", "with all hashes made anew"])
@pytest.mark.parametrize("name", ACTS)
def test_a_changed_act_is_found(name, again, verify, tmp_path):
    files = drawn()
    files.write(tmp_path)
    publication(tmp_path, ACTS[name], again=again and name != "an act taken out")
    said = verify()
    if again and name in ELSEWHERE:
        assert files.randomness.after not in said
    else:
        assert said.startswith("FAILED: ")


@pytest.mark.parametrize("name", ORDERS)
def test_changed_orders_are_found(name, verify, tmp_path):
    drawn().write(tmp_path)
    orders(tmp_path, ORDERS[name])
    assert verify().startswith("FAILED: ")


REVEALS = {
    "another secret": lambda acts: acts["randomness"]["source"]["reveals"][0].update(secret="00" * 32),
    "a secret less": lambda acts: acts["randomness"]["source"]["reveals"].pop(),
    "one alone": lambda acts: acts["randomness"]["source"].update(reveals=acts["randomness"]["source"]["reveals"][:1]),
    "somebody else": lambda acts: acts["randomness"]["source"]["reveals"].append({"name": "x", "secret": "00" * 32}),
    "another commitment": lambda acts: acts["plan"]["randomness"]["parties"][0].update(commitment="00" * 32),
}


@pytest.mark.parametrize("name", REVEALS)
def test_changed_reveals_are_found(name, verify, tmp_path):
    drawn(plan(randomness=PARTIES)).write(tmp_path)
    publication(tmp_path, REVEALS[name], again=True)
    assert verify().startswith("FAILED: ")


def test_a_recused_officer_is_found_even_if_everything_else_is_made_to_fit(verify, tmp_path):
    """The bureau draws by a plan without the recusal, and publishes the one with it."""
    by_another = drawn(plan(recusals=()))
    first = by_another.result.orders[0].officers[0]
    made = [{"code": code, "reason": "interest", "staff_no": first} for code in SELLERS]
    by_another.write(tmp_path)
    publication(tmp_path, setting("plan", recusals=made), again=True)
    assert verify().startswith("FAILED: order 1 is to be ")


def test_a_missing_file_is_named(verify, tmp_path):
    drawn().write(tmp_path)
    (tmp_path / "orders.ndjson").unlink()
    assert "orders.ndjson" in verify()


def test_a_frame_cut_short_is_found(verify, tmp_path):
    drawn().write(tmp_path)
    whole = (tmp_path / "frame.ndjson.gz").read_bytes()
    (tmp_path / "frame.ndjson.gz").write_bytes(whole[:-20])
    assert verify().startswith("FAILED: ")


def test_a_line_behind_the_orders_is_found(verify, tmp_path):
    drawn().write(tmp_path)
    path = tmp_path / "orders.ndjson"
    path.write_bytes(path.read_bytes() + b"{}")
    publication(tmp_path, setting("draw", orders_sha256=sha256(path.read_bytes()).hexdigest()))
    assert verify().startswith("FAILED: ")
