"""Files by HTTP: published behind the answer, reported on, mended and sent again; cut, killed and hostile ones too."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import time
import zipfile
from collections import Counter
from contextlib import suppress

import pytest

from suyuan.access.events import Revoked, SessionsEnded
from suyuan.access.grants import Grants
from suyuan.access.principal import Role
from suyuan.connections.log_errors import LogUnavailable
from suyuan.portal.pages.said import said
from suyuan.portal.problems import Problem
from suyuan.portal.uploads.manager import Uploads
from suyuan.portal.uploads.publishing import publish_upload
from suyuan.portal.uploads.state import OVER, Stage, Upload, read_state, write_state
from suyuan.portal.uploads.store import held
from suyuan.portal.uploads.watching import Watch
from suyuan.publishing.files.embedded import outlet
from suyuan.publishing.ownership import platform_right
from tests.portal.test_access import wait_until
from tests.portal.test_publish import lines, listing
from tests.portal.test_sessions import HTML, csrf, entered, post
from tests.portal.worlds import A

PATIENCE = 60.0
COLUMNS = ("event_id", "publisher", "platform_code", "listing_id", "occurred_at", "status", "title", "category")
COLUMNS += ("seller_code", "price_fen", "sold_30d")


def table(*rows):
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows([row[name] for name in COLUMNS] for row in rows)
    return written.getvalue().encode()


@pytest.fixture
def platform(portal):
    return portal.client("platform")


def sent(client, content, **given):
    """The report, once all was published."""
    answer = client.post("/api/v1/uploads", params={"name": "listings.csv", **given}, content=content)
    assert answer.status_code == 202, answer.text
    return over(client, answer.headers["location"])


def over(client, address):
    until = time.monotonic() + PATIENCE
    while not (report := client.get(address).json())["over"]:
        assert time.monotonic() < until, report
        time.sleep(0.02)
    return report


def counts(report):
    assert report["stage"] == "done", report
    return report["accepted"], report["duplicate"], report["rejected"]


def test_a_file_with_bad_lines_is_reported_mended_and_sent_again(portal, platform):
    good, other = listing(), listing()
    bad = listing(title="=1+1", price_fen="26.8")
    report = sent(platform, table(good, bad, other))
    assert counts(report) == (2, 0, 1)
    assert (report["name"], report["kind_read"], report["read"]) == ("listings.csv", "listing", report["received"])
    (problem,) = report["problems"]
    assert (problem["line"], problem["field"]) == (3, "price_fen")
    first, marked, _ = report["first"]
    assert (first["line"], first["cells"]["listing_id"], first.get("bad")) == (2, good["listing_id"], None)
    assert (marked["line"], marked["bad"], marked["cells"]["price_fen"]) == (3, "price_fen", "26.8")
    answer = platform.get(f"/api/v1/uploads/{report['id']}/errors.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["reason"].startswith("listings.csv:3: price_fen: ")
    assert row["title"] == '="=1+1"'  # no spreadsheet reckons with it
    still = sent(platform, answer.content.replace(b"26.8", b"26.9"), name="errors.csv")
    once_more = platform.get(f"/api/v1/uploads/{still['id']}/errors.csv")
    (row_again,) = csv.DictReader(io.StringIO(once_more.content.decode("utf-8-sig")))
    assert list(row_again) == list(row)
    assert row_again["reason"].startswith("errors.csv:2: price_fen: ")
    mended = answer.content.replace(b"26.8", b"2680")
    again = sent(platform, mended, name="errors.csv")
    assert counts(again) == (1, 0, 0)
    with portal.deployment.tail(["in.listing"], {}) as tail:
        values = [value for messages in tail.read(10) for value in messages.values]
    assert sum(bad["event_id"].encode() in value and b"=1+1" in value for value in values) == 1
    assert counts(sent(platform, table(good, other))) == (0, 2, 0)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_cells_that_a_spreadsheet_would_reckon_with_come_back_unchanged(platform, begin):
    title = f'{begin}SUM("A1";2)'
    report = sent(platform, table(listing(title=title, status="gone")))
    content = platform.get(f"/api/v1/uploads/{report['id']}/errors.csv").content
    assert counts(sent(platform, content.replace(b"gone", b"active"))) == (1, 0, 0)
    twice = sent(platform, table(listing(title=title, status="gone")))
    once_more = sent(platform, platform.get(f"/api/v1/uploads/{twice['id']}/errors.csv").content)
    content = platform.get(f"/api/v1/uploads/{once_more['id']}/errors.csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content))
    doubled = title.replace('"', '""')
    assert row["title"] == f'="{doubled}"'


def test_packed_files_forms_and_objects_are_read_too(platform):
    objects = lines(listing(), listing(status="gone"))
    report = sent(platform, gzip.compress(objects), name="x.jsonl.gz")
    assert counts(report) == (1, 0, 1)
    errors = platform.get(f"/api/v1/uploads/{report['id']}/errors.csv")
    assert errors.headers["content-disposition"] == 'attachment; filename="errors.jsonl"'
    assert counts(sent(platform, errors.content.replace(b"gone", b"active"))) == (1, 0, 0)
    form = platform.post("/api/v1/uploads", data={"kind": "listing"}, files={"file": ("我的.csv", table(listing()))})
    assert form.status_code == 202
    report = over(platform, form.headers["location"])
    assert (counts(report), report["name"]) == ((1, 0, 0), "我的.csv")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", table(listing(status="gone")))
        archive.writestr("b.csv", table(listing(status="gone")).replace(b"sold_30d", b"sold_30d,extra", 1))
    report = sent(platform, packed.getvalue(), name="two.zip")
    assert (report["accepted"], report["rejected"]) == (0, 2)
    both = platform.get(f"/api/v1/uploads/{report['id']}/errors.csv")
    assert both.headers["content-type"] in {"application/zip", "text/csv; charset=utf-8"}


def test_nobody_sees_the_uploads_of_others_or_publishes_in_their_name(portal, platform):
    report = sent(platform, table(listing(), listing(publisher="91330784MABQYF7F4B")))
    assert counts(report) == (1, 0, 1)
    assert report["problems"][0]["field"] == "publisher"
    assert "right" not in report
    assert "owner" not in report
    for other in (portal.client("platform", "B"), portal.client("publisher"), portal.client("regulator")):
        assert other.get(f"/api/v1/uploads/{report['id']}").status_code == 404
        assert other.get(f"/api/v1/uploads/{report['id']}/errors.csv").status_code == 404
        assert report["id"] not in other.get("/api/v1/uploads").text
    assert report["id"] in platform.get("/api/v1/uploads").text
    for name in ("..", "a" * 32, "%2e%2e%2fcookie.key"):
        assert platform.get(f"/api/v1/uploads/{name}").status_code == 404


def test_a_producers_table_is_of_the_kind_that_its_header_is_made_for(portal):
    header = "event_id,publisher,occurred_at,producer_code,gtin,lot,produced_on,quantity,inputs"
    row = f"l-1,{A.producer},2026-06-03T12:00:00+08:00,{A.producer},06901234567892,L9,2026-06-01,5,"
    report = sent(portal.client("publisher"), f"{header}\n{row}\n".encode(), name="export.csv")
    assert (counts(report), report["kind_read"]) == ((1, 0, 0), "lot"), report["problems"]


def test_what_holds_no_events_says_why_and_a_bomb_is_cut_short(platform, monkeypatch):
    report = sent(platform, b"<html>", name="x.csv")
    assert (report["accepted"], report["rejected"]) == (0, 1)
    assert "HTML" in report["problems"][0]["reason"]
    report = sent(platform, b"\x89PNG\r\n\x1a\n" + b"\xff\n" * 700, name="x.csv")
    assert (report["accepted"], report["rejected"]) == (0, 1)
    page = platform.get(f"/uploads/{report['id']}", params={"lang": "zh"}, headers=HTML).text
    assert "没有发布任何内容" in page
    assert "是图片、PDF" in page
    assert "被拒绝行的文件" not in page
    monkeypatch.setattr("suyuan.portal.uploads.publishing.MOST_UNPACKED", 10_000)
    report = sent(platform, gzip.compress(b" " * 100_000), name="bomb.gz")
    assert "more than 10,000 bytes, unpacked" in report["problems"][0]["reason"]


def test_what_does_not_come_whole_leaves_nothing(portal, platform, monkeypatch):
    before = platform.get("/api/v1/uploads").json()
    broken = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nhalf'
    answer = platform.post(
        "/api/v1/uploads", content=broken, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["detail"]) == (400, "the form broke off")
    large = platform.post("/api/v1/uploads", content=b"x", headers={"Content-Length": str((2 << 30) + 1)})
    assert large.status_code == 413
    assert platform.post("/api/v1/events", content=(b" " * (1 << 20) for _ in range(40))).status_code == 413
    monkeypatch.setattr("suyuan.portal.uploads.store.RESERVE_BYTES", 1 << 60)
    full = platform.post("/api/v1/uploads", content=b"x")
    assert (full.status_code, full.json()["type"]) == (507, "/problems/insufficient-storage")
    assert platform.get("/api/v1/uploads").json() == before
    folders = list(portal.app.state.portal.uploads.store.every())
    assert all((folder / "state.json").exists() for folder in folders)


class NoPorts:
    """A portal whose log answers nobody, or that of a folder."""

    def __init__(self, opened=None):
        self.opened = opened

    def open_outlet(self):
        return self.opened


async def pieces(*chunks):
    for chunk in chunks:
        if isinstance(chunk, Exception):
            raise chunk
        yield chunk


def test_a_form_of_a_session_needs_the_token_which_stands_before_the_file(portal):
    client = entered(portal, role=Role.PLATFORM, division=None, code=A.platform)
    files = {"file": ("a.csv", table(*(listing() for _ in range(2000))))}
    without = post(client, "/uploads", files=files)
    assert (without.status_code, without.json()["type"]) == (403, "/problems/foreign-request")
    wrong = post(client, "/uploads", data={"csrf": "0" * 64}, files=files)
    assert wrong.status_code == 403
    answer = post(client, "/uploads", data={"csrf": csrf(client)}, files=files)
    assert answer.status_code == 303, answer.text
    report = over(client, f"/api/v1{answer.headers['location']}")
    assert counts(report) == (2000, 0, 0)
    page = client.get(answer.headers["location"], headers=HTML)
    assert page.status_code == 200
    assert client.get(f"{answer.headers['location']}/progress", headers=HTML).text.count("data-over") == 1


RIGHT = platform_right(A.platform)
GRANTS = Grants()


def made(tmp_path, opened=None, grants=GRANTS):
    return Uploads(tmp_path / "uploads", NoPorts(opened), lambda: 1_790_000_000_000, lambda: grants)


def test_a_sender_who_goes_away_and_a_full_disk_leave_nothing(tmp_path):
    uploads = made(tmp_path)
    for wrong in (ConnectionError("gone"), OSError(28, "No space left on device")):
        with pytest.raises((ConnectionError, Problem)):
            asyncio.run(uploads.receive("me", RIGHT, "a.csv", pieces(b"x" * (2 << 20), wrong)))
        assert list(uploads.store.every()) == []


def test_what_a_killed_portal_left_is_gone_on_with_or_said_to_be_cut(tmp_path):
    with outlet(tmp_path / "data", 1, fsync=False) as opened:
        uploads = made(tmp_path, opened)
        store = uploads.store
        content = table(listing(), listing())

        def left(stage, **given):
            name, folder = store.make("me")
            (folder / "file").write_bytes(content)
            upload = Upload(name, "me", "a.csv", RIGHT, 1_790_000_000_000, "listing", stage=stage)
            upload.received = len(content)
            for each, value in given.items():
                setattr(upload, each, value)
            write_state(folder, upload)
            return folder

        half, waiting = left(Stage.RECEIVING, received=7), left(Stage.WAITING)
        halfway, another = left(Stage.PUBLISHING, began=5), left(Stage.PUBLISHING)
        with held(another) as ours:  # another portal is at it
            assert ours
            asyncio.run(uploads.start())
            until = time.monotonic() + PATIENCE
            while any(read_state(folder).stage is not Stage.DONE for folder in (waiting, halfway)):
                assert time.monotonic() < until
                time.sleep(0.01)
        asyncio.run(uploads.stop())
        states = {folder: read_state(folder) for folder in (half, waiting, halfway, another)}
        assert (states[half].stage, states[half].trouble) == (Stage.CUT, "only a part of it came: send it again")
        assert not (half / "file").exists()
        accepted = [states[folder].accepted for folder in (waiting, halfway)]
        assert sorted(accepted) == [0, 2]  # nothing twice: ids are known
        assert states[halfway].restarts == 1
        assert states[another].stage is Stage.PUBLISHING


def test_a_portal_that_ends_leaves_the_rest_for_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr("suyuan.publishing.files.publish._STEP", 1)
    content = table(*(listing() for _ in range(50)))
    uploads = made(tmp_path)
    name, folder = uploads.store.make("me")
    (folder / "file").write_bytes(content)
    upload = Upload(name, "me", "a.csv", RIGHT, 1, "listing", received=len(content))
    looks = iter([False] * 20)
    with outlet(tmp_path / "data", 1, fsync=False) as opened:
        assert not publish_upload(folder, upload, lambda: opened, lambda: 2, lambda: next(looks, True), lambda: False)
        assert read_state(folder).stage is Stage.PUBLISHING
        assert publish_upload(folder, read_state(folder), lambda: opened, lambda: 2, lambda: False, lambda: False)
    done = read_state(folder)
    assert done.stage is Stage.DONE
    assert done.accepted + done.duplicate == 50
    assert not (folder / "file").exists()


def test_a_key_that_is_revoked_stops_its_upload_which_tells_what_was_accepted(portal, monkeypatch):
    key = portal.grant(Role.PLATFORM, code=A.platform)
    client, read, record = portal.client(key=key), Watch.step, Watch.record
    wait_until(lambda: client.get("/api/v1/uploads").status_code == 200)
    taken = Counter()  # by upload: that of another test may still go on; and looks are more of them where it takes time

    def take(self, *parsed):
        taken[self._upload.id] += 1
        record(self, *parsed)

    def revoke(self, source):
        if taken[self._upload.id] == 31:
            portal.append(Revoked(key.split("_")[1], 1, "command"))
            wait_until(lambda: client.get("/api/v1/uploads").status_code == 401)
        read(self, source)

    monkeypatch.setattr("suyuan.publishing.files.publish._STEP", 10)
    monkeypatch.setattr("suyuan.publishing.files.batches._BATCH", 5)
    monkeypatch.setattr(Watch, "step", revoke)
    monkeypatch.setattr(Watch, "record", take)
    rows = [listing() for _ in range(60)]
    answer = client.post("/api/v1/uploads", params={"name": "a.csv"}, content=table(*rows))
    assert answer.status_code == 202
    uploads = portal.app.state.portal.uploads
    folder = uploads.store.find(key.split("_")[1], answer.json()["id"])
    wait_until(lambda: read_state(folder).ended is not None)
    upload = read_state(folder)
    assert (upload.stage, upload.accepted, upload.duplicate) == (Stage.REVOKED, 30, 0)
    assert (
        upload.trouble == "access was revoked: 30 accepted and 0 duplicate before that stay, the rest was not published"
    )
    assert said(upload.trouble, "zh").startswith("访问权限已被收回：此前已接收 30 条、重复 0 条")
    wait_until(lambda: not (folder / "file").exists())
    values = b"".join(read_all(portal, "in.listing"))
    assert [row["event_id"].encode() in values for row in rows] == [True] * 30 + [False] * 30


def read_all(portal, topic):
    """The values of a topic; a log that does not answer is asked again, as its readers do."""
    values, found = [], None
    with portal.deployment.tail([topic], {}) as tail:
        while found != []:
            with suppress(LogUnavailable):
                found = tail.read(3)
                values += [value for messages in found for value in messages.values]
    return values


@pytest.mark.parametrize("stage", sorted(OVER))
def test_a_file_that_a_killed_portal_had_no_time_to_remove_is_removed(tmp_path, stage):
    uploads = made(tmp_path)
    name, folder = uploads.store.make("me")
    (folder / "file").write_bytes(b"who complained")
    write_state(folder, Upload(name, "me", "a.csv", RIGHT, 1_790_000_000_000, stage=stage))
    asyncio.run(uploads.start())
    asyncio.run(uploads.stop())
    assert not (folder / "file").exists()
    assert read_state(folder).stage == stage


def test_what_was_begun_with_a_key_that_is_revoked_since_is_not_gone_on_with(tmp_path):
    grants = Grants()
    grants.apply(Revoked("me", 1, "admin"))
    grants.apply(SessionsEnded(1_790_000_000_000, "admin", subject="li"))
    with outlet(tmp_path / "data", 1, fsync=False) as opened:
        known = []
        uploads = Uploads(tmp_path / "uploads", NoPorts(opened), lambda: 1, lambda: known[0] if known else None)

        def left(owner, created, **counts):
            name, folder = uploads.store.make(owner)
            (folder / "file").write_bytes(table(listing(), listing()))
            upload = Upload(name, owner, "a.csv", RIGHT, created, "listing", stage=Stage.PUBLISHING, began=5, **counts)
            write_state(folder, upload)
            return folder

        folders = [left("me", 7, accepted=3), left("li", 1_790_000_000_000), left("li", 1_790_000_000_001)]
        asyncio.run(uploads.start())
        time.sleep(0.3)
        assert {read_state(folder).stage for folder in folders} == {Stage.PUBLISHING}  # nobody knows yet
        known.append(grants)
        wait_until(lambda: all(read_state(folder).ended is not None for folder in folders))
        asyncio.run(uploads.stop())
    states = [read_state(folder) for folder in folders]
    assert [state.stage for state in states] == [Stage.REVOKED, Stage.REVOKED, Stage.DONE]
    assert [state.accepted for state in states] == [3, 0, 2]


def test_a_key_that_is_revoked_while_its_file_comes_is_refused_and_nothing_is_left(tmp_path):
    grants = Grants()
    uploads = made(tmp_path, grants=grants)

    async def coming():
        yield b"x" * (2 << 20)
        grants.apply(Revoked("me", 1, "admin"))
        yield b"x" * (2 << 20)
        raise AssertionError("it is read on")

    with pytest.raises(Problem) as refused:
        asyncio.run(uploads.receive("me", RIGHT, "a.csv", coming()))
    assert refused.value.status == 401
    assert list(uploads.store.every()) == []


def test_an_owner_has_few_under_way_and_old_reports_go(tmp_path):
    now = 1_790_000_000_000
    uploads = Uploads(tmp_path / "uploads", NoPorts(), lambda: now, Grants)
    for _ in range(4):
        name, folder = uploads.store.make("me")
        write_state(folder, Upload(name, "me", "a.csv", RIGHT, now, stage=Stage.WAITING))
    with pytest.raises(Problem) as refused:
        asyncio.run(uploads.receive("me", RIGHT, "a.csv", pieces(b"x")))
    assert refused.value.status == 429
    name, old = uploads.store.make("me")
    write_state(old, Upload(name, "me", "a.csv", RIGHT, now - 8 * 86_400_000, stage=Stage.DONE))
    uploads.store.tidy(now, "me")
    assert not old.exists()
    assert len(uploads.store.of("me")) == 4
