"""Tables and trees on terminals of any width, in pipes, and in encodings that lack characters."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from suyuan.cli.commands import alerts, chains, deadletters, trace
from suyuan.cli.drawing.alerts import alert_fields, alert_line, draw_alerts
from suyuan.cli.drawing.chain import draw_chain
from suyuan.cli.drawing.chains import draw_chains
from suyuan.cli.drawing.dead_letters import draw_dead_letters
from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.trace import draw_back, draw_forward
from suyuan.cli.main import app
from suyuan.cli.screen import PlainConsole
from suyuan.queries.api import Queries
from suyuan.runtime.visible import encodable, encodable_json
from tests.cli.test_drawing import CHAIN, PRODUCER

WIDTHS = (60, 80, 200)
MOMENT = 1_767_600_000_000
PLATFORM, LISTING = "91110105MA004TMC60", "item-2026-0000000000000017"
TITLE = "【正品保证】明前龙井茶 250g 礼盒装 特级 送礼佳品 顺丰包邮 限时优惠 2026 新茶 Longjing tea, first flush"
GAPS = ["inspection_failed", "lot_recalled", "producer_inactive", "quantity_exceeded"]
EVIDENCE = "inspection/91330784MABQYF7F4B/2026-02-10-000000000001~0a1b2c3d"
KEY = {"producer_code": PRODUCER, "gtin": "06903379452712", "lot": "LOT-2026-02-03-000000000000000123"}
ROWS = {
    "chains": {**CHAIN, "listing_id": LISTING, "title": TITLE, "gap_names": GAPS},
    "alerts": {
        "raised_at": MOMENT,
        "severity": "critical",
        "state": "raised",
        "title_zh": "一级召回产品仍在销售",
        "title_en": "Level 1 recall still on sale",
        "gap_names": GAPS,
        "handling": "open",
        "listings": 1,
        "subject": f"listing:{PLATFORM}/{LISTING}",
        "bureau": "330106",
    },
    "dead_letters": {
        "topic": "in.inspection",
        "source_partition": 17,
        "source_offset": 123_456_789,
        "received_at": MOMENT,
        "payload_bytes": 1_234,
        "replays": 0,
        "field": "lots[0]",
        "reason": "不是批次: " + "a reason that goes on for longer than a narrow terminal is wide, " * 2,
    },
}
DRAWN = {"chains": draw_chains, "alerts": draw_alerts, "dead_letters": draw_dead_letters}
WHOLE = {
    "chains": ["contradicted", PLATFORM, LISTING, *GAPS],
    "alerts": ["2026-01-05 16:00", "critical", "raised", f"listing:{PLATFORM}/{LISTING}", "330106", *GAPS],
    "dead_letters": ["in.inspection:17:123456789", "2026-01-05 16:00:00", "1,234", "open"],
}
FIELDS = {
    "chains": ["verdict", "platform", "listing", "title", "gaps"],
    "alerts": ["raised", "severity", "state", "handling", "alert", "gaps", "listings", "subject", "bureau"],
    "dead_letters": ["id", "received", "bytes", "state", "reason"],
}
TRACE = {
    "chain": None,
    "lots": [{"key": KEY, "depth": 0, "record": None, "producer": None, "inspections": [], "recalls": []}],
    "links": [],
    "cycles": [],
    "holdings": [{"lot": KEY, "holder": PRODUCER, "received": 12_345_678, "sent": 1, "held": -5}],
    "offers": [{"certainty": "possible", "chain": ROWS["chains"]}],
}


def drawn(renderable, width, **options):
    out = io.StringIO()
    console = PlainConsole(file=out, width=width, force_terminal=True, no_color=True, **options)
    console.print(renderable, crop=False)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def unspaced(text):
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ROWS)
def test_a_terminal_shows_every_field_and_breaks_no_id(name, width):
    text = drawn(DRAWN[name]([ROWS[name], ROWS[name]]), width)
    lines = text.splitlines()
    assert all(cell_len(line) <= width for line in lines)
    for value in WHOLE[name]:
        assert sum(value in line for line in lines) >= 2, value
    for field in FIELDS[name]:
        assert field in text
    running = TITLE if name == "chains" else ROWS[name].get("reason")
    if running and width < 200:
        # cut nowhere: what is wrapped stands in the lines one after the other, among what is beside it
        assert all(any(word in line for line in lines) for word in running.split() if cell_len(word) < 20)


def test_a_wide_terminal_has_a_table_and_a_narrow_one_a_block_for_each():
    rows = [{**ROWS["chains"], "title": TITLE[:20]}] * 3
    wide = drawn(draw_chains(rows), 200).splitlines()
    assert wide[0].split() == FIELDS["chains"]
    assert len(wide) == 4
    blocks = drawn(draw_chains(rows), 60).strip().split("\n\n")
    assert len(blocks) == 3
    assert blocks[0].startswith(f"verdict: contradicted  platform: {PLATFORM}\nlisting: {LISTING}\n")


def test_an_id_wider_than_the_terminal_is_not_broken_and_one_beyond_all_bounds_has_an_ellipsis():
    records = Records((Column("id"), Column("n")), [{"id": "x" * 50, "n": "1"}, {"id": "y" * 500, "n": "2"}])
    lines = drawn(records, 30).splitlines()
    assert any(line.endswith("x" * 50) for line in lines)
    (cut,) = (line for line in lines if "y" in line)
    assert "…" in cut
    assert cell_len(cut) == 64
    assert ["y" * 500, "2"] in records.plain()


@pytest.mark.parametrize("width", WIDTHS)
def test_traces_and_chains_break_no_id(width):
    gap = {**CHAIN["gaps"][0], "evidence": [EVIDENCE, EVIDENCE.replace("inspection", "recall")]}
    chain = {**CHAIN, "gaps": [gap], "hops": [{**CHAIN["hops"][0], "evidence": EVIDENCE}]}
    lines = drawn(draw_chain(chain), width).splitlines()
    assert sum(EVIDENCE in line for line in lines) == 2
    assert any(EVIDENCE.replace("inspection", "recall") in line for line in lines)
    for draw in (draw_back, draw_forward):
        lines = drawn(draw(TRACE), width).splitlines()
        ids = [*KEY.values(), *([PLATFORM, LISTING, "12,345,678", "-5"] if draw is draw_forward else [])]
        assert [value for value in ids if not any(value in line for line in lines)] == []


class Answering(Queries):
    """Every list has the rows of ANSWERS."""

    @contextmanager
    def queries(self):
        yield self

    def export(self, export, *_):
        yield from ANSWERS.get(export.pages.name, [])


@pytest.fixture
def answering(monkeypatch):
    for module in (chains, trace, alerts, deadletters):
        monkeypatch.setattr(module, "deployment_of", lambda _: Answering())


ANSWERS = {name: [row, {**row, "title": "a\tb\nc"}] for name, row in ROWS.items()}


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("command", ["chains", "alerts", "deadletters"])
def test_a_pipe_gets_a_header_and_one_record_a_line_whole(command):
    name = "dead_letters" if command == "deadletters" else command
    head, *lines = CliRunner().invoke(app, [command]).stdout.splitlines()
    assert head.split("\t") == FIELDS[name]
    assert len(lines) == 2
    assert all(line.count("\t") == len(FIELDS[name]) - 1 for line in lines)
    if name == "chains":
        assert lines[0].split("\t") == ["contradicted", PLATFORM, LISTING, TITLE, ", ".join(GAPS)]
        assert lines[1].split("\t")[3] == "a\\u0009b\\u000ac"


@pytest.mark.usefixtures("answering")
def test_where_there_is_nothing_it_is_said_beside_the_output(monkeypatch):
    monkeypatch.setattr("tests.cli.test_screens.ANSWERS", {})
    for arguments, head, said in (
        (["chains"], "verdict\t", "no chains: publish listings"),
        (["chains", "--gap", "oversold", "--verdict", "broken"], "verdict\t", "no chain has verdict broken and gap"),
        (["alerts"], "raised\t", "no alerts"),
        (["alerts", "--state", "cleared"], "raised\t", "no alert has state cleared"),
        (["deadletters"], "id\t", "no dead letters"),
    ):
        result = CliRunner().invoke(app, arguments)
        assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
        assert result.stdout.startswith(head)
        assert said in result.stderr
        as_json = CliRunner().invoke(app, [*arguments, "--json"])
        assert (as_json.exit_code, as_json.stdout) == (0, "")
        assert said in as_json.stderr


def test_what_an_encoding_lacks_is_escaped():
    assert encodable("✗ 溯源 👍", "gbk") == "\\u2717 溯源 \\U0001f44d"
    assert encodable("✗ 溯源 👍", "utf-8") == "✗ 溯源 👍"
    text = json.dumps({"title": "溯源 ✗ 👍"}, ensure_ascii=False)
    assert encodable_json(text, "gbk") == '{"title": "溯源 \\u2717 \\ud83d\\udc4d"}'
    assert json.loads(encodable_json(text, "gbk")) == json.loads(text)


def test_a_change_of_an_alert_is_one_line_for_people_and_one_for_programs():
    change = {**ROWS["alerts"], "change": "changed", "changed_at": MOMENT + 60_000}
    line = alert_line(change).plain
    assert "\n" not in line
    for value in (
        "2026-01-05 16:01:00",
        "changed",
        "critical",
        "Level 1 recall still on sale",
        *GAPS,
        f"listing:{PLATFORM}/{LISTING}",
    ):
        assert value in line
    head, fields = alert_fields([change], heading=True)
    assert dict(zip(head, fields, strict=True)) == {
        "at": "2026-01-05 16:01:00",
        "change": "changed",
        "severity": "critical",
        "alert": "一级召回产品仍在销售 Level 1 recall still on sale",
        "handling": "open",
        "gaps": ", ".join(GAPS),
        "listings": "1",
        "subject": f"listing:{PLATFORM}/{LISTING}",
        "bureau": "330106",
    }
    assert len(list(alert_fields([change], heading=False))) == 1


def test_a_reader_that_has_seen_enough_ends_the_command_well():
    class Closed(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        PlainConsole(file=Closed(), width=80).print("x")
