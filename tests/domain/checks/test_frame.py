"""Lines of a frame, and what is said of all of them."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.audit.hashes import leaf_hash, node_hash
from suyuan.domain.checks import frame as module
from suyuan.domain.checks.frame import FrameError, Row, frame_id, line, lines, parse, summary
from tests.spot_checks import rows

IDS = st.tuples(st.text(min_size=1, max_size=6), st.text(min_size=1, max_size=6)).map(lambda parts: frame_id(*parts))
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=6)
ROWS = st.builds(Row, IDS, st.sets(NAMES).map(lambda found: tuple(sorted(found))), NAMES, st.integers(1, 16))


@given(ROWS)
def test_a_line_says_its_row_in_canonical_json(row):
    text = line(row)
    assert parse(text) == row
    said = json.loads(text)
    assert text == json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert said == {"id": row.id, "parties": list(row.parties), "stratum": row.stratum, "weight": row.weight}


@given(st.tuples(st.text(min_size=1), st.text(min_size=1)), st.tuples(st.text(min_size=1), st.text(min_size=1)))
def test_two_listings_have_two_ids(one, other):
    assert (frame_id(*one) == frame_id(*other)) == (one == other)


@pytest.mark.parametrize(
    "row", [Row("a", (), "s", 0), Row("a", (), "s", 17), Row('a"', (), "s", 1), Row("", (), "s", 1)]
)
def test_no_line_says_that(row):
    with pytest.raises(FrameError, match="no line of a frame"):
        line(row)


def test_the_root_is_that_of_rfc_6962_over_the_lines_without_their_ends():
    three = lines(rows(3))
    first, second, third = map(leaf_hash, three)
    found = summary(three, ["330106", "330108"])
    assert found.root == node_hash(node_hash(first, second), third).hex()
    assert found.sha256 == sha256(b"".join(text + b"\n" for text in three)).hexdigest()
    assert [(each.stratum, each.rows) for each in found.strata] == [("330106", 2), ("330108", 1)]


def test_batches_do_not_show(monkeypatch):
    whole = summary(lines(rows(40)), ["330106", "330108"])
    monkeypatch.setattr(module, "_PART", 3)
    assert summary(lines(rows(40)), ["330106", "330108"]) == whole


def test_of_nothing():
    found = summary([], ["330106"])
    assert (found.rows, found.root, found.strata[0].rows) == (0, sha256().hexdigest(), 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda found: found[::-1], "line 2: id P/1 is not behind"),
        (lambda found: [found[0], *found], "line 2: id P/0 is not behind"),
        (lambda found: [*found, b"{}"], "line 4 is no line"),
        (lambda found: [*found, line(Row("Z", (), "other", 1))], "line 4: stratum 'other' is none"),
    ],
)
def test_what_no_frame_is(change, reason):
    with pytest.raises(FrameError, match=reason):
        summary(change(lines(rows(3))), ["330106", "330108"])


def test_an_id_that_begins_like_another_is_behind_it():
    """Though `"`, with which a text ends, is greater than `!`."""
    assert summary(lines(Row(name, (), "s", 1) for name in ("a!", "a", "a\u00e9", "a ")), ["s"]).rows == 4
