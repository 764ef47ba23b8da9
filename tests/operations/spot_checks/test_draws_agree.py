"""Random checks drawn by the product, by `verify.py`, by other people's sampler, and by one SQL statement."""

from __future__ import annotations

import json
import runpy
import sys

import chdb
import msgspec
import pytest
from consistent_sampler import sampler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.domain.checks.bodies import Item, Recusal, Stratum
from suyuan.domain.checks.frame import Row
from tests.operations.spot_checks.test_verify import VERIFY
from tests.spot_checks import OFFICERS, SELLERS, drawn, plan

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=12
)
FRAMES = st.dictionaries(NAMES, st.tuples(st.sampled_from("XYZ"), st.integers(1, 16)), min_size=1, max_size=60)
# each row draws the least of its tickets; `weight` of a row of the frame, `size` of its stratum
SQL = """
    WITH lower(hex(SHA256('{seed}'))) AS hashed,
        g -> SHA256(concat(hashed, id, if(g = 1, '', concat('\\x1fw', toString(g))))) AS hash,
        h -> toString(reinterpretAsUInt256(reverse(h))) AS number,
        s -> reverse(if(length(s) < 64, leftPad(s, 64, '0'), s)) AS digits
    SELECT id, stratum, arraySort(arrayMap(g -> digits(number(hash(g))), range(1, weight + 1)))[1] AS ticket,
        row_number() OVER (PARTITION BY stratum ORDER BY ticket) AS place
    FROM format(JSONEachRow, 'id String, stratum String, weight UInt8, size UInt32', $${rows}$$)
    QUALIFY place <= size ORDER BY ticket FORMAT JSONEachRow
"""


STAFF = [officer.staff_no for officer in OFFICERS]
RECUSED = st.sets(st.tuples(st.sampled_from(STAFF), st.sampled_from(SELLERS)), max_size=8)
MOSTS = st.lists(st.integers(1, 9), min_size=len(STAFF), max_size=len(STAFF))


def the_check(frame, sizes, cap, recused=(), mosts=None, *, weighted):
    made = plan(
        strata=tuple(Stratum(stratum=name, size=size) for name, size in zip("XYZ", sizes, strict=True)),
        items=(Item(item_no="1", item_class="general", share_cap=cap),),
        recusals=tuple(Recusal(staff_no=no, code=code, reason="other") for no, code in sorted(recused)),
        officers=tuple(
            msgspec.structs.replace(officer, most=most, reserve=place > 5)
            for place, (officer, most) in enumerate(zip(OFFICERS, mosts or [9] * len(OFFICERS), strict=True))
        ),
    )
    rows = [
        Row(name, (SELLERS[len(name) % 3],), stratum, weight if weighted else 1)
        for name, (stratum, weight) in frame.items()
    ]
    return drawn(made, rows), rows


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FRAMES, st.tuples(*[st.integers(1, 20)] * 3), st.sampled_from([10_000, 5_000, 1_111]), RECUSED, MOSTS)
def test_all_draw_the_same(tmp_path_factory, frame, sizes, cap, recused, mosts):
    for weighted in (True, False):
        files, rows = the_check(frame, sizes, cap, recused, mosts, weighted=weighted)
        found = [(order.id, order.ticket) for order in files.result.orders]
        assert verified(files, tmp_path_factory.mktemp("check"))
        drew = {each.stratum: each.drawn for each in files.result.draw.strata}
        assert by_sql(files.result.draw.seed, rows, drew) == found
    # the public sampler knows no weights
    assert by_the_public_sampler(files.result.draw.seed, rows, drew) == [name for name, _ in found]


def verified(files, folder):
    files.write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["verify.py", str(folder)])
        runpy.run_path(str(VERIFY), run_name="__main__")
    return True


def by_sql(seed, rows, sizes):
    said = [{"id": r.id, "stratum": r.stratum, "weight": r.weight, "size": sizes[r.stratum]} for r in rows]
    text = "\n".join(json.dumps(each) for each in said).replace("$", "\\u0024")
    answer = chdb.query(SQL.format(seed=seed, rows=text), "TabSeparatedRaw").bytes().decode()
    return [(each["id"], f"0.{each['ticket']}") for each in map(json.loads, answer.splitlines())]


def by_the_public_sampler(seed, rows, sizes):
    found = []
    for stratum, size in sizes.items():
        of = [row.id for row in rows if row.stratum == stratum]
        found += list(sampler(of, seed, take=size, output="ticket", digits=80))
    return [ticket.id for ticket in sorted(found)]
