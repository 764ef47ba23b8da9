"""Dead letters as files."""

from __future__ import annotations

import json
import resource
from hashlib import sha256

import pytest

from suyuan.domain.calendar import DAY_MS
from suyuan.sinks.attempts import BackOff
from suyuan.sinks.batches import Batch, Span, read_for_batch
from suyuan.sinks.dead_letter_files import DeadLetterFiles
from suyuan.sinks.errors import FolderUnusable, LoaderError
from suyuan.sinks.loader import Loader
from tests.sinks.contract.writing import AT_ONCE, TOPIC, WritingContract, letters
from tests.sinks.rows import NOW, block, dead_letter

DAY = "2026-09-21.jsonl"
"""of NOW"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "letters"


@pytest.fixture
def sink(folder):
    return DeadLetterFiles(folder)


@pytest.fixture
def written(folder):
    return lambda: sorted((one["topic"], one["source_partition"], one["source_offset"]) for one in told(folder))


def told(folder):
    return [json.loads(line) for path in sorted(folder.glob("*/*.jsonl")) for line in path.read_text().splitlines()]


def batch(*blocks, first=0):
    return Batch.of(
        DeadLetterFiles.targets[0], [Span(0, first, first + len(blocks) - 1)], [*map(read_for_batch, blocks)]
    )


class TestWriting(WritingContract):
    pass


def test_a_file_has_a_topic_and_a_day_and_a_line_the_whole_message(sink, folder):
    more = {"kind": "listing", "field": "title", "key": b"\xffk", "payload": b"\x00\xff" * 300, "payload_bytes": 600}
    later = dead_letter("in.lot", 1, 8, received_at=NOW + DAY_MS)
    sink.write(batch(block(TOPIC, dead_letter("in.listing", 0, 7, **more), later)))
    assert sorted(str(path.relative_to(folder)) for path in folder.glob("*/*")) == [
        f"in.listing/{DAY}",
        "in.lot/2026-09-22.jsonl",
    ]
    (first, _) = told(folder)
    assert first == {
        "id": "in.listing:0:7",
        "topic": "in.listing",
        "source_partition": 0,
        "source_offset": 7,
        "kind": "listing",
        "field": "title",
        "reason": "unreadable",
        "key": "ff6b",
        "payload": "00ff" * 300,
        "payload_bytes": 600,
        "received_at": "2026-09-21T14:13:20.000Z",
        "withheld": False,
        "sha256": None,
    }
    assert [oct(path.stat().st_mode)[-3:] for path in (folder, folder / "in.lot", folder / "in.listing" / DAY)] == [
        "700",
        "700",
        "600",
    ]


@pytest.mark.parametrize("kept", ["stand-in", "all", "a part"])
def test_what_may_name_a_person_is_withheld_also_where_a_former_version_kept_it(sink, folder, kept):
    said = "张三，13800000000".encode()
    digest = sha256(said).hexdigest()
    payload = {"stand-in": f"withheld sha256:{digest}".encode(), "all": said, "a part": said[:6]}[kept]
    fields = {"kind": "complaint", "key": said, "payload": payload, "payload_bytes": len(said)}
    sink.write(batch(block(TOPIC, dead_letter("in.complaint", 0, 1, **fields))))
    (one,) = told(folder)
    assert (one["key"], one["payload"], one["withheld"]) == (None, "", True)
    assert one["sha256"] == (None if kept == "a part" else digest)
    text = (folder / "in.complaint" / DAY).read_bytes()
    assert said[:6] not in text
    assert said[:6].hex().encode() not in text


def test_wherever_a_write_was_cut_short_the_next_one_mends_it(sink, folder, written):
    path = folder / "in.listing" / DAY
    sink.write(batch(letters(0)))
    before = path.stat().st_size
    sink.write(batch(letters(1, 2), first=1))
    whole = path.read_bytes()
    for end in range(before, len(whole) + 1):
        path.write_bytes(whole[:end])
        DeadLetterFiles(folder).write(batch(letters(1, 2), first=1))
        assert path.read_bytes() == whole
    assert len(written()) == 3


def test_a_last_line_whose_end_an_editor_took_is_kept(sink, folder, written):
    path = folder / "in.listing" / DAY
    sink.write(batch(letters(0)))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    sink.write(batch(letters(1), first=1))
    assert [offset for *_, offset in written()] == [0, 1]


def test_a_dead_letter_that_its_stage_sends_again_later_is_not_written_again(sink, written):
    for first, again in enumerate((letters(0, 1), letters(2), letters(0, 1, 2), letters(3, 3))):
        sink.write(batch(again, first=first))
    assert [offset for *_, offset in written()] == [0, 1, 2, 3]


def test_another_reason_is_another_line(sink, written):
    sink.write(batch(letters(0)))
    sink.write(batch(letters(0, reason="now for this"), first=1))
    assert [offset for *_, offset in written()] == [0, 0]


def test_processes_that_share_a_folder_write_each_line_once(sink, folder, written):
    other = DeadLetterFiles(folder)
    sink.write(batch(letters(0)))
    other.write(batch(letters(0, 1)))
    sink.write(batch(letters(1, 2), first=1))
    assert [offset for *_, offset in written()] == [0, 1, 2]


def test_files_that_were_moved_away_are_begun_anew(sink, folder, written):
    sink.write(batch(letters(0)))
    (folder / "in.listing").rename(folder.parent / "away")
    sink.write(batch(letters(1), first=1))
    assert [offset for *_, offset in written()] == [1]


def test_a_full_disk_is_waited_for_and_nothing_half_stays(sink, folder, log, written):
    """Files may not grow beyond a size, as where there is no room."""
    log.append(TOPIC, 0, letters(0))
    Loader(log, sink).drain()
    path = folder / "in.listing" / DAY
    size = path.stat().st_size
    log.append(TOPIC, 0, letters(*range(1, 50)))
    seen = []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make_room(_batch, error, attempt):
        seen.append((attempt, type(error), path.stat().st_size))
        if attempt == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2000, limits[1]))
    try:
        Loader(log, sink, back_off=AT_ONCE, on_retry=make_room).drain()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert seen == [(1, OSError, size), (2, OSError, size)]
    assert [offset for *_, offset in written()] == list(range(50))


def test_a_folder_that_cannot_be_written_is_told_at_once_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(
        FolderUnusable, match=r"dead letters cannot be written to .*file/letters: .*SUYUAN_DEAD_LETTER_FILES"
    ):
        DeadLetterFiles(tmp_path / "file" / "letters")


def test_one_that_cannot_be_written_any_more_stops_the_loader_and_nothing_is_acknowledged(sink, folder, log, written):
    (folder / "in.listing").write_text("in the way")
    log.append(TOPIC, 0, letters(0))
    with pytest.raises(LoaderError, match=r"dead letters cannot be written to .*in\.listing.*: .*the log keeps them"):
        Loader(log, sink, back_off=BackOff()).drain()
    assert log.committed(sink.group, TOPIC, 0)[0] == 0
    (folder / "in.listing").unlink()
    Loader(log, sink).drain()
    assert len(written()) == 1


def test_a_topic_that_is_no_name_of_a_file_is_refused(sink):
    with pytest.raises(LoaderError, match="no file can have that name"):
        sink.write(batch(block(TOPIC, dead_letter("../in.listing", 0, 1))))


def test_what_is_known_of_many_files_is_bounded(sink, monkeypatch, written):
    monkeypatch.setattr("suyuan.sinks.dead_letter_files.REMEMBERED_LINES", 5)
    days = [
        block(TOPIC, *(dead_letter("in.lot", 0, 3 * n + m, received_at=NOW + n * DAY_MS) for m in range(3)))
        for n in range(4)
    ]
    for first in range(2):
        for number, each in enumerate(days):
            sink.write(batch(each, first=4 * first + number))
    assert [offset for *_, offset in written()] == list(range(12))
    assert sum(len(each.lines) for each in sink._known.values()) <= 5
