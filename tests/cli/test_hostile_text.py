"""Nothing from outside is markup, steers the terminal, hides or turns text around, nor leaves others without room."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager

import msgspec
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from suyuan.cli import progress
from suyuan.cli.commands import alerts as alerts_command
from suyuan.cli.commands import chains, deadletters, doctor, feedback, find, impact, trace, unmatched
from suyuan.cli.commands import event as event_command
from suyuan.cli.demo.picture import Figures, draw, line
from suyuan.cli.drawing.checks import CHECKS, draw_acts, draw_checks
from suyuan.cli.drawing.orders import draw_answers, draw_orders, order_fields
from suyuan.cli.main import COMMANDS, app
from suyuan.cli.screen import PlainConsole, json_line, print_json, put, say, show_records
from suyuan.errors import SuyuanError
from suyuan.eventlog.log import Log
from suyuan.queries.api import Paged, Queries
from suyuan.runtime.visible import shortened, visible, visible_json
from tests.cli.filled import filled
from tests.cli.test_drawing import CHAIN

NASTY = ["[/x]", "[red]", "[bold]x[/bold]", "[link=http://x]", ":smile:"]
UNSEEN = [
    "\x1b[2J",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u009b31m",
    "\x07",
    "\r",
    "\u2028",
    "\U000e0041",
    "a\nsuyuan: forged",
]
HOSTILE = "".join(NASTY) + "|".join(UNSEEN)
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0001-\U000e007f]"
)
LONG = "长" * 5_000 + "x" * 5_000


def hostile(value, text=HOSTILE):
    """The same with every text replaced, save those that choose how it is drawn."""
    if isinstance(value, dict):
        kept = {"role", "class", "verdict", "state", "severity", "change", "missing"}
        return {name: each if name in kept else hostile(each, text) for name, each in value.items()}
    if isinstance(value, list):
        return [hostile(each, text) for each in value]
    return text if isinstance(value, str) else value


CHAIN_ROW = {**CHAIN, "gap_names": ["lot_recalled"]}
ALERT = {
    "raised_at": 1_767_600_000_000,
    "changed_at": 1_767_600_000_000,
    "severity": "high",
    "state": "raised",
    "change": "raised",
    "title_zh": "召回",
    "title_en": "recalled",
    "gap_names": ["lot_recalled"],
    "rule": "r",
    "handling": "assigned",
    "listings": 2,
    "subject": "lot:P/1/L",
    "bureau": "330106",
    "act": "assign",
    "actor": "somebody",
    "loaded_at": 1,
    "alert_id": "a",
    "sequence": 1,
}
ACT = {
    **dict.fromkeys(("act", "actor", "assignee", "resolution", "outcome", "note"), "x"),
    "takedown": False,
    "until": None,
    "note_erased_at": None,
    "occurred_at": 1_767_600_000_000,
}
KEY = {"producer_code": "P", "gtin": "G", "lot": "L"}
LOT = {
    "key": KEY,
    "depth": 0,
    "record": {"quantity": 3, "produced_on": "2026-01-01", "expires_on": "2026-02-01"},
    "producer": {"name": "n"},
    "inspections": [{"report_no": "R", "result": "pass"}],
    "recalls": [{"recall_no": "R", "level": 1, "status": "open"}],
}
TRACE = {
    "chain": CHAIN,
    "lots": [LOT],
    "links": [{"downstream": KEY, "upstream": {**KEY, "lot": "M"}, "quantity": 1, "evidence": "P/1"}],
    "cycles": [[KEY]],
    "holdings": [{"lot": KEY, "holder": "H", "received": 2, "sent": 1, "held": 1}],
    "offers": [{"certainty": "certain", "chain": CHAIN_ROW}],
}
LETTER = {
    "topic": "in.lot",
    "source_partition": 0,
    "source_offset": 1,
    "received_at": 1,
    "payload_bytes": 3,
    "replays": 0,
    "replayed_at": None,
    "kind": "lot",
    "field": "lot",
    "reason": "r",
    "withheld": False,
    "sha256": None,
}
UNMATCHED = {
    "kind": "recall",
    "key": ["P", "R", "G"],
    "publisher": "P",
    "producer_code": "P",
    "gtin": "G",
    "lot": None,
    "missing": "product",
    "received_at": 1,
}
FEEDBACK = {
    "platform_code": "P",
    "listing_id": "1",
    "title": "t",
    "verdict": "broken",
    "gaps": [{"gap": "lot_unknown", "class": "broken", "subject": "s", "detail": "d", "evidence": ["e"]}],
    "received_at": 1,
}
VERSION = {
    "received_at": 1,
    "verdict": "broken",
    "gained": ["lot_unknown"],
    "lost": ["lot_undeclared"],
    "causes": [{"kind": "lot", "evidence": "lot/P/1", "publisher": "P"}],
}
LISTING_EVENT = {"evidence": "x", "kind": "listing", "title": "x", "source_partition": 0, "source_offset": 1}
FINDING = {
    "raised_at": 1_767_600_000_000,
    "severity": "high",
    "change": "raised",
    "rule": "r",
    "title": "x",
    "gap_names": ["lot_recalled"],
    "platform_code": "P",
    "listing_id": "1",
    "alert_id": "a",
}
WHOLE_ALERT = ALERT | {
    **dict.fromkeys(("rule", "seller_code", "producer_code", "bureau", "explanation_zh", "explanation_en"), "x"),
    **dict.fromkeys(("bureau_why", "assignee", "resolution"), "x"),
    "acknowledged_until": None,
    "rule_version": 1,
    "triggering": "{}",
    "evidence": ["e"],
}
ANSWERS = {
    "unmatched": [UNMATCHED],
    "chains": [CHAIN_ROW],
    "feedback": [FEEDBACK],
    "chain": [CHAIN],
    "chain_history": [VERSION],
    "alerts": [ALERT],
    "alert": [WHOLE_ALERT],
    "alert_history": [ALERT, ALERT | {"change": "handled"}],
    "alert_acts": [ACT],
    "findings": [FINDING],
    "trace_back": [TRACE],
    "trace_forward": [TRACE],
    "dead_letters": [LETTER],
    "whole_dead_letters": [LETTER],
    "replays": [],
    "events": [LISTING_EVENT],
}
WALKS = {
    "unmatched": ["unmatched"],
    "chains": ["chains"],
    "chain": ["chain", "P", HOSTILE],
    "feedback": ["feedback", "P"],
    "history": ["history", "P", HOSTILE],
    "event": ["event", "listing/P/1"],
    "find": ["find", HOSTILE],
    "impact": ["impact", "P", HOSTILE],
    "alerts": ["alerts"],
    "alerts --listings": ["alerts", "--listings"],
    "alert": ["alert", HOSTILE],
    "trace back": ["trace", "back", "P", HOSTILE],
    "trace forward": ["trace", "forward", HOSTILE],
    "deadletters": ["deadletters"],
    "deadletters list": ["deadletters", "list"],
    "deadletters show": ["deadletters", "show", "in.lot:0:1"],
    "deadletters show --as": ["deadletters", "show", "in.lot:0:1", "--as", "text"],
}
NO_TEXT_OF_OTHERS = {
    "run",
    "worker",
    "loader",
    "state",
    "topics",
    "demo",
    "publish",
    "doctor",
    "log",
    "portal",
    "jobs",
    "access",
    "divisions",
    "desks",
    "audit",
    "checks",
    "orders",
}
"""log writes JSON, whose text is escaped; the others draw no tables of others' text: what they say goes through `say`,
`put` and the log's formatter, and demo, publish, doctor, checks and orders have tests of their own below
"""


class Row(dict):
    """Stands for an answer of any type: what is not in it is None."""

    __getattr__ = dict.get


class Hostile(Queries):
    """Every question is answered with rows of this text."""

    def __init__(self, text):
        self._text = text
        raw = text.encode("utf-8", "replace").hex()
        self._payload = {"payload": raw, "key": raw, "payload_bytes": len(raw) // 2}

    @contextmanager
    def queries(self):
        yield self

    def _rows(self, question):
        more = self._payload if question.name == "whole_dead_letters" else {}
        return [Row(hostile(row, self._text) | more) for row in ANSWERS[question.name]]

    def answer(self, question, *_):
        if question.name in {"find", "impact", "outcomes"}:
            answer = filled(question.answer, self._text)
            if question.name == "impact":
                recall = {
                    "lots": [self._text],
                    "reason": self._text,
                    "gtin": self._text,
                    "level": 1,
                    "status": self._text,
                }
                answer = msgspec.structs.replace(answer, recalls=[recall])
            return answer
        rows = self._rows(question)
        if question.name in {"chain_history", "alert_history", "findings"}:
            return Paged(rows, None, more=False)
        return rows[0] if question.name in {"alert", "chain", "trace_back", "trace_forward"} else rows

    def export(self, export, *_):
        yield from self._rows(export.pages)


@pytest.fixture
def answering(monkeypatch):
    """Has every question of the commands answered with rows of a text."""

    def answer(text):
        for module in (alerts_command, chains, deadletters, event_command, feedback, find, impact, trace, unmatched):
            monkeypatch.setattr(module, "deployment_of", lambda _: Hostile(text))

    return answer


def output(*arguments):
    result = CliRunner().invoke(app, [str(each) for each in arguments], terminal_width=100)
    if isinstance(result.exception, SuyuanError):
        say(str(result.exception))
        return ""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout


def test_every_command_that_shows_what_others_wrote_is_walked():
    walked = {name.split()[0] for name in WALKS}
    assert walked | NO_TEXT_OF_OTHERS == set(COMMANDS)


def test_spot_checks_and_their_orders_are_drawn_with_escapes(capsys):
    codes = dict.fromkeys(("platform_code", "seller_code", "producer_code", "bureau", "gtin", "lot"), HOSTILE)
    names = dict.fromkeys(("order_no", "check_id", "listing_id", "title", "stratum", "ticket", "sample"), HOSTILE)
    answer = dict.fromkeys(("answer", "party", "sample", "spare", "actor"), HOSTILE) | {"occurred_at": 1, "void": True}
    report = dict.fromkeys(("result", "of", "sample_no", "report_no", "agency_code", "inspected_on"), HOSTILE)
    order = {
        **codes,
        **names,
        **dict.fromkeys(("verdict", "spare", "objected_by")),
        "state": "tested",
        "overdue": True,
        "officers": [HOSTILE],
        "items": [HOSTILE],
        "answers": [answer],
        "results": [report],
        "told": [],
        "to_tell": [],
        "objection": [],
    }
    act = dict.fromkeys(("act", "actor", "sha256"), HOSTILE) | {"occurred_at": 1, "counts": True}
    check = dict.fromkeys((column.name for column in CHECKS), HOSTILE) | {"due_at": 1}
    for drawn in (draw_orders([order]), draw_answers(order), draw_acts([act]), draw_checks([check])):
        show_records(drawn, "")
    for name, value in order_fields(order):
        put(f"{name} {value}")
    text = capsys.readouterr().out
    assert not FORBIDDEN.search(text.replace("\t", " "))
    assert text.count("[/x]") > 10
    assert "\nsuyuan: forged" not in text


@pytest.mark.parametrize("walk", WALKS)
def test_hostile_values_are_shown_as_they_are_with_escapes(walk, answering):
    answering(HOSTILE)
    text = output(*WALKS[walk])
    assert not FORBIDDEN.search(text.replace("\t", " "))  # between fields; one in a field is escaped
    assert "\nsuyuan: forged" not in text or "--as" in walk
    assert "[/x]" in text
    assert "[red]" in text


@pytest.mark.parametrize("walk", WALKS)
def test_the_json_of_hostile_values_is_the_values_and_escaped(walk, answering):
    if "--as" in walk:
        return
    answering(HOSTILE)
    text = output(*WALKS[walk], *([] if walk == "event" else ["--json"]))  # which is JSON anyway
    assert not FORBIDDEN.search(text)
    assert HOSTILE in repr_of_texts(json.loads(text))


def repr_of_texts(value):
    if isinstance(value, dict):
        return [text for each in value.values() for text in repr_of_texts(each)]
    return [text for each in value for text in repr_of_texts(each)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("walk", ["chains", "alerts", "deadletters"])
def test_a_very_long_value_leaves_the_others_their_room(walk, answering, monkeypatch):
    terminal = {"width": 100, "force_terminal": True, "color_system": None}
    monkeypatch.setattr("suyuan.cli.screen.console", lambda: PlainConsole(**terminal))
    answering(LONG)
    lines = output(*WALKS[walk]).splitlines()
    assert len(lines) < 20
    assert all(cell_len(line) <= 100 for line in lines)
    assert "…" in "".join(lines)


@pytest.mark.parametrize("text", [HOSTILE, LONG])
def test_the_screen_of_the_demo(text):
    figures = Figures(alerts=[hostile(ALERT, text)], lag={"in.lot": 3}, folder=text[:100], verdicts={"complete": 1})
    out = io.StringIO()
    PlainConsole(file=out, width=80).print(draw(figures))
    assert not FORBIDDEN.search(out.getvalue())
    assert len(out.getvalue().splitlines()) < 40
    assert "[/x]" in line(figures) or text is LONG


def test_doctor(monkeypatch):
    finding = doctor.Finding(HOSTILE, "failed", HOSTILE)
    monkeypatch.setattr(doctor, "_examine", lambda _: [finding])
    text = output("doctor")
    assert not FORBIDDEN.search(text.replace("\t", " "))
    assert "[/x]" in text


def test_publishing_a_hostile_file_of_a_hostile_name(suyuan, tmp_path):
    file = tmp_path / "entity [red]\x1b[2J\u202e.jsonl"
    file.write_text(json.dumps({"kind": "entity", HOSTILE: HOSTILE, "status": HOSTILE}) + "\n" + HOSTILE)
    for arguments in ((), ("--json",)):
        answer = suyuan("publish", file, *arguments, own=True)
        assert answer.code == 1
        assert not FORBIDDEN.search(answer.errors + answer.output)
        assert "\nsuyuan: forged" not in answer.errors
        assert "[red]" in answer.errors + answer.output


def test_wrong_usage_is_told_with_escapes(suyuan):
    for arguments in ((f"nonsense{HOSTILE}",), ("chains", "--limit", HOSTILE), ("chains", "--verdict", HOSTILE)):
        answer = suyuan(*arguments, own=True)
        assert answer.code == 2
        assert not FORBIDDEN.search(answer.errors)


def test_progress_of_a_file_with_markup_in_its_name(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(progress, "console", lambda **_: PlainConsole(file=out, width=200, force_terminal=True))
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress.progress_bar(progress.Tally()) as bar:

        class Source:
            name, size = "[/x]", 100

            def position(self):
                return 50

        bar.begin(Source())
        bar.step(Source())
        bar._bar.refresh()
    assert "[/x]" in out.getvalue()


def test_whatever_is_printed_without_a_thought(capsys):
    out = io.StringIO()
    PlainConsole(file=out, width=300).print(HOSTILE)
    say(HOSTILE)
    put(HOSTILE)
    print_json([{"x": HOSTILE}])
    said = capsys.readouterr()
    for text in (out.getvalue(), said.err, said.out):
        assert not FORBIDDEN.search(text)
        assert "[/x][red]" in text


def test_escapes_and_cuts():
    assert visible("a\x1b\u202e\U000e0041\ud800b\n") == "a\\u001b\\u202e\\U000e0041\\ud800b\\u000a"
    assert visible("龙井 é 👍\n", lines=True) == "龙井 é 👍\n"
    assert json.loads(visible_json(json.dumps(HOSTILE, ensure_ascii=False))) == HOSTILE
    assert json.loads(json_line({"a": "\U000e0041\x7f"})) == {"a": "\U000e0041\x7f"}
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghijk", 6) == "ab…ijk"
    assert shortened("产品质量可信溯源系统", 9) == "产品…系统"
    assert cell_len(shortened(LONG, 28)) <= 28


def test_a_hostile_listing_from_the_file_to_the_tables_and_back(suyuan, tmp_path, data):
    from tests.streams.stages.published import event  # noqa: PLC0415 - draws chances of its own

    listing = event("listing", listing_id="[/x]", title="[red]\u202e藏", seller_code="[bold]")
    other = event("listing", listing_id="plain", event_id="L" * 3_000)
    file = tmp_path / "listings.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in (listing, other)))
    assert suyuan("publish", file).code == 0
    assert suyuan("run", "--once", own=True).code == 0
    assert "plain" in (listed := suyuan("chains", own=True).output)
    assert "[/x]" in listed
    assert "[red]\\u202e藏" in suyuan("chain", listing["platform_code"], "[/x]", own=True).output
    assert suyuan("alerts", own=True).code == 0
    with Log.open(data, role="read") as log:
        assert log.end_offsets()["in.listing", 0] == 2
