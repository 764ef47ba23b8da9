"""A body of a request, and what its sender is told of each event."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import Future

import pytest

from suyuan.publishing.files import body as bodies
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.body import publish_body
from suyuan.publishing.files.checked import NoOutlet
from suyuan.publishing.files.embedded import EmbeddedOutlet, outlet
from suyuan.publishing.files.outlet import Taken
from suyuan.publishing.files.problems import FileRefusedError
from suyuan.publishing.files.publish import Publication
from suyuan.publishing.files.records import Options
from suyuan.publishing.files.sources import TooLarge
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.ownership import platform_right
from tests.streams.stages.published import event

OURS = "91330106MABQWU0B72"


class Silent:
    def begin(self, source):
        """Nobody looks."""

    step = begin


class Sent:
    """What came of a body."""

    def __init__(self, to, body, judge=None, **options):
        self.tally, self.verdicts = Tally(), []
        publisher = Publisher(to, self.tally, judge=judge, told=self.verdicts.append)
        publication = Publication(publisher, self.tally, Silent(), Options(**options), told=self.verdicts.append)
        try:
            publish_body(publication, body)
        finally:
            self.verdicts.sort(key=lambda each: each.index)

    @property
    def counts(self):
        return self.tally.accepted, self.tally.duplicate, self.tally.rejected

    @property
    def said(self):
        return [(each.index, each.line, each.event_id, str(each.verdict), each.field) for each in self.verdicts]


def listing(number=1, **changed):
    fields = {"event_id": f"o-{number}", "publisher": OURS, "platform_code": OURS, "listing_id": str(number)}
    return {"kind": "listing", **event("listing"), **fields, **changed}


def lines(*events):
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events).encode()


@pytest.fixture
def log(tmp_path):
    with outlet(tmp_path / "data", 2, fsync=False) as opened:
        yield opened


def test_each_event_has_its_verdict_and_what_is_accepted_its_evidence_id(log):
    first = Sent(log, lines(listing(1), listing(2, price_fen="x"), listing(1), listing(3)))
    assert first.counts == (2, 1, 1)
    assert first.said == [
        (0, 1, "o-1", "accepted", None),
        (1, 2, "o-2", "rejected", "price_fen"),
        (2, 3, "o-1", "duplicate", None),
        (3, 4, "o-3", "accepted", None),
    ]
    refs = [each.ref for each in first.verdicts]
    assert refs[0] == refs[2] != refs[3]
    assert refs[0].startswith(f"listing/{OURS}/o-1~")
    assert len(refs[0].partition("~")[2]) == 8
    again = Sent(log, lines(listing(1), listing(3), listing(3, title="another")))
    assert again.counts == (1, 2, 0)
    assert again.tally.reused_id == 1
    assert [each.ref for each in again.verdicts[:2]] == [refs[0], refs[3]]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_arrays_and_tables_are_read_as_files_are(log, pack):
    array = json.dumps([listing(1), listing(2)]).encode()
    assert Sent(log, pack(array)).counts == (2, 0, 0)
    names = [name for name in listing() if name != "kind"]
    row = ",".join("" if listing()[name] is None else str(listing()[name]) for name in names)
    table = f"{','.join(names)}\n{row}\n{row.replace('o-1', 'o-9').replace('active', 'gone')}\n".encode()
    sent = Sent(log, pack(table), kind="listing")
    assert [(each[1], *each[3:]) for each in sent.said] == [(2, "duplicate", None), (3, "rejected", "status")]
    assert sent.verdicts[1].event_id == "o-9"
    with pytest.raises(FileRefusedError, match="which kind of event is this"):
        Sent(log, table)


def test_what_is_somebody_elses_is_rejected_with_its_field(log):
    judge = platform_right(OURS).refuse_foreign
    sent = Sent(log, lines(listing(1), listing(2, publisher="91330784MABQYF7F4B")), judge)
    assert sent.said == [(0, 1, "o-1", "accepted", None), (1, 2, "o-2", "rejected", "publisher")]


def test_nothing_of_a_body_that_is_too_large_is_published(log, monkeypatch):
    monkeypatch.setattr(bodies, "MOST_EVENTS", 3)
    with pytest.raises(TooLarge, match="more than 3 events"):
        Sent(log, lines(*map(listing, range(4))))
    assert Sent(log, lines(*map(listing, range(3)))).counts == (3, 0, 0)
    monkeypatch.setattr(bodies, "MOST_BYTES", 1_000)
    with pytest.raises(TooLarge, match="more than 1,000 bytes"):
        Sent(log, b" " * 1_001)


def test_a_bomb_is_refused_before_it_is_unpacked(log):
    bomb = gzip.compress(b" " * (bodies.MOST_BYTES + 1))
    assert len(bomb) < 100_000
    with pytest.raises(TooLarge, match="unpacked: send it in parts"):
        Sent(log, bomb)


def test_a_body_that_breaks_off_publishes_nothing(log):
    whole = gzip.compress(lines(listing(1), listing(2)))
    with pytest.raises(FileRefusedError, match="not readable to its end"):
        Sent(log, whole[:-20])
    assert Sent(log, lines(listing(1), listing(2))).counts == (2, 0, 0)


def test_what_the_log_does_not_say_was_stored_has_no_verdict():
    class Losing(NoOutlet):
        def append(self, _named, _values):
            future = Future()
            future.set_result(Taken([True, None], failure=OSError("gone")))
            return future

    sent = Sent.__new__(Sent)
    with pytest.raises(OSError, match="gone"):
        sent.__init__(Losing(), lines(listing(1), listing(2)))
    assert sent.counts == (1, 0, 0)
    assert [each.event_id for each in sent.verdicts] == ["o-1"]


def test_a_log_that_refuses_a_batch_is_told(log, monkeypatch):
    assert isinstance(log, EmbeddedOutlet)
    future = Future()
    future.set_exception(OSError("full"))
    monkeypatch.setattr(log._log, "append_async", lambda *_: future)
    with pytest.raises(OSError, match="full"):
        Sent(log, lines(listing(1)))
