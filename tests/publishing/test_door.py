"""What events leave at the door, and what of refused rows is written for those who mend them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from suyuan.domain.privacy.pseudonym import Pseudonyms
from suyuan.domain.privacy.scrub import PHONE
from suyuan.publishing.door import Door
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.body import publish_body
from suyuan.publishing.files.checked import NoOutlet
from suyuan.publishing.files.publish import Publication
from suyuan.publishing.files.records import Options
from suyuan.publishing.files.refused_rows import RefusedRows
from suyuan.publishing.files.tally import Tally
from suyuan.schemas.kinds import EVENT_KINDS, KINDS
from suyuan.schemas.validation import InvalidEvent, parse_event
from tests.streams.stages.published import event

MADE = Pseudonyms(b"k" * 32)
NUMBER = "139 1234 5678"


def parsed(kind, **fields):
    return parse_event(json.dumps(event(kind, **fields)).encode()).event


def test_a_name_becomes_a_pseudonym_and_texts_lose_numbers():
    door = Door(lambda: MADE)
    given = parsed("complaint", complainant="张 三", category=f"质量 {NUMBER}")
    admitted = door.admit("complaint", given)
    assert admitted == given | {"complainant": MADE.of("张三"), "category": f"质量 {PHONE}"}
    assert given["complainant"] == "张 三", "what was given is left as it is"
    assert door.admit("complaint", admitted) is admitted
    for kind, field in (("recall", "reason"), ("penalty", "ground")):
        assert door.admit(kind, parsed(kind, **{field: f"x{NUMBER}"}))[field] == f"x{PHONE}"


@pytest.mark.parametrize("kind", sorted(set(KINDS) & {"listing", "entity", "product", "inspection", "lot", "shipment"}))
def test_other_events_come_in_as_they_are(kind):
    texts = {name: NUMBER for name, form in EVENT_KINDS[kind].forms.items() if form == "free"}
    given = parsed(kind, **texts)
    assert Door(lambda: MADE).admit(kind, given) is given


def test_the_key_is_asked_for_when_the_first_name_comes_and_once():
    asked = []

    def pseudonyms():
        asked.append(1)
        if len(asked) == 1:
            raise InvalidEvent("complainant", "no key yet")
        return MADE

    door = Door(pseudonyms)
    door.admit("complaint", parsed("complaint"))
    door.admit("recall", parsed("recall"))
    assert asked == []
    with pytest.raises(InvalidEvent):
        door.admit("complaint", parsed("complaint", complainant="张三"))
    for _ in range(3):
        door.admit("complaint", parsed("complaint", complainant="张三"))
    assert len(asked) == 2


@pytest.mark.parametrize("nobody", ["", "无", "\u3000"])
def test_who_is_nobody_is_refused(nobody):
    publisher = Publisher(NoOutlet(), door=Door(lambda: MADE))
    with pytest.raises(InvalidEvent) as refused:
        publisher.take("complaint", parsed("complaint", complainant=nobody))
    assert refused.value.field == "complainant"


def refused(tmp_path, body, kind):
    """(what was written of the refused, the problems)."""
    rows = RefusedRows(tmp_path / "refused")
    tally = Tally()
    publication = Publication(Publisher(NoOutlet(), tally), tally, Quiet(), Options(kind), rows)
    publish_body(publication, body.encode())
    rows.close()
    return (tmp_path / "refused").read_text(encoding="utf-8-sig"), [str(problem) for problem in tally.problems]


class Quiet:
    def begin(self, source):
        pass

    def step(self, source):
        pass


def table(*rows):
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(rows[0])
    lines.writerows(row if isinstance(row, list) else row.values() for row in rows)
    return written.getvalue()


def recall(**changed):
    fields = {name: value for name, value in event("recall").items() if name != "kind"}
    return fields | {"lots": "", "recall_no": "6222021234567890128"} | changed


def test_refused_rows_keep_their_numbers_and_lose_those_of_people(tmp_path):
    bad = recall(level="9", reason=f"请联系 {NUMBER}")
    text, problems = refused(tmp_path, table(bad), "recall")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["reason"] == f"请联系 {PHONE}"
    assert row["recall_no"] == "6222021234567890128", "it names the recall, though it is built like a card's"
    assert "level" in problems[0]


def test_what_slipped_into_another_cell_or_out_of_its_row_is_not_written_down(tmp_path):
    slipped = recall(level=NUMBER)
    longer = [*recall(reason="a").values(), NUMBER]
    text, problems = refused(tmp_path, table(slipped, longer), "recall")
    assert len(problems) == 2
    for told in (text, *problems):
        assert NUMBER not in told


@pytest.mark.parametrize("cut", [False, True])
def test_of_objects_too(tmp_path, cut):
    line = json.dumps({"kind": "recall", **recall(level=9, reason=f"x {NUMBER}", lots=[])}, ensure_ascii=False)
    text, problems = refused(tmp_path, line[:-3] if cut else line, "recall")
    assert len(problems) == 1
    assert NUMBER not in text
    if not cut:
        assert json.loads(text)["reason"] == f"x {PHONE}"
