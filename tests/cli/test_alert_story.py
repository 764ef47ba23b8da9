"""An alert is dealt with by command: acknowledged, assigned, resolved as a false alarm; it stays resolved when the
offer goes and comes back, and opens on new evidence. What makes no sense says how to do it right.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
RULE = "recalled_level_1_on_sale"
LISTINGS, RECALLS = EXAMPLES / "listings.csv", EXAMPLES / "recalls.csv"
OFFER = next(line for line in LISTINGS.read_text(encoding="utf-8").splitlines() if line.startswith("o-2,"))
RECALL = next(line for line in RECALLS.read_text(encoding="utf-8").splitlines() if line.startswith("r-1,"))
WITHDRAWN = OFFER.replace("o-2,", "o-2b,", 1).replace(",active,", ",removed,").replace("02-10T", "02-21T")
OFFERED_AGAIN = OFFER.replace("o-2,", "o-2c,", 1).replace("02-10T", "02-22T")
RECALLED_AGAIN = RECALL.replace("r-1,", "r-2,", 1).replace(",RC-9,", ",RC-10,").replace("02-20T", "02-25T")


@pytest.fixture
def process(suyuan, tmp_path):
    """Publishes lines of a file of examples, if any, and has the stages read all."""

    def run(file=None, *lines):
        if file is not None:
            made = tmp_path / file.name
            heading = file.read_text(encoding="utf-8").splitlines()[0]
            made.write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
            assert suyuan("publish", made).code == 0
        report = suyuan("run", "--once", "--json", own=True)
        assert report.code == 0, report.errors

    return run


@pytest.fixture
def alert_id(suyuan, process):
    assert suyuan("publish", *sorted(EXAMPLES.glob("*.csv"))).code == 0
    process()
    return suyuan("alerts", "--rule", RULE, "--json").row["alert_id"]


def test_it_is_dealt_with_stays_resolved_through_a_flicker_and_opens_on_new_evidence(suyuan, process, alert_id):
    def done(*arguments):
        answer = suyuan("alert", alert_id, *arguments, "--json")
        assert answer.code == 0, answer.errors
        return answer.row

    def now():
        row = suyuan("alert", alert_id, "--json").row
        return row["state"], row["handling"], row["resolution"]

    told = done("acknowledge", "--until", "12h", "--note", "我来查，电话 13912345678", "--actor", "oidc:li")
    assert (told["act"], told["outcome"], told["handling"]) == ("acknowledge", "done", "acknowledged")
    process()
    shown = suyuan("alert", alert_id)
    for text in ("acknowledged", "oidc:li", "我来查", "until"):
        assert text in shown.output
    assert "13912345678" not in shown.output
    done("assign", "--to", "330106")
    process()
    assert suyuan("alerts", "--assignee", "330106", "--json").row["alert_id"] == alert_id
    done("resolve", "--as", "false_alarm", "--note", "批次标错")
    process()
    assert now() == ("raised", "resolved", "false_alarm")
    process(LISTINGS, WITHDRAWN)
    assert now() == ("cleared", "resolved", "false_alarm")
    process(LISTINGS, OFFERED_AGAIN)
    assert now() == ("raised", "resolved", "false_alarm")
    process(RECALLS, RECALLED_AGAIN)
    assert now() == ("raised", "open", None)
    row = suyuan("alert", alert_id, "--json").row
    acts = [(each["act"], each["actor"], each["outcome"]) for each in row["acts"]]
    assert acts == [
        ("acknowledge", "oidc:li", "done"),
        ("assign", "command", "done"),
        ("resolve", "command", "lapsed"),
    ]
    assert row["acts"][-1]["note"] == "批次标错"
    assert "does not hold any more" in suyuan("alert", alert_id).output
    answer = suyuan("alert", alert_id, "reopen")
    assert answer.code != 0
    assert "it is open, so it cannot be reopened; as it stands it allows acknowledge, assign," in answer.errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explode"], "explode is nothing to do with an alert: one of acknowledge,"),
        (["resolve"], "resolve needs --as confirmed|false_alarm|other"),
        (["resolve", "--as", "maybe"], "--as maybe: not one of confirmed, false_alarm, other"),
        (["resolve", "--as", "other", "--takedown"], "--takedown goes with --as confirmed"),
        (["assign"], "assign needs --to WHO"),
        (["comment"], "comment needs --note TEXT"),
        (["comment", "--note", "x", "--to", "y"], "--to goes with assign, not with comment"),
        (["acknowledge", "--until", "soon"], "--until soon: "),
        (["--note", "x"], "what is to be done? suyuan alert"),
    ],
)
def test_what_makes_no_act_says_how_it_is_done_before_anything_is_opened(suyuan, arguments, said):
    answer = suyuan("alert", "5f" * 16, *arguments)
    assert answer.code != 0
    assert said in answer.errors


def test_what_there_is_not_and_what_is_too_long_are_said(suyuan, alert_id):
    assert "no alert is called 5f5f" in suyuan("alert", "5f" * 16, "comment", "--note", "x").errors
    assert "within the 30 days" in suyuan("alert", alert_id, "acknowledge", "--until", "40d").errors
    assert "the note is of 5,000 characters" in suyuan("alert", alert_id, "comment", "--note", "x" * 5_000).errors
    assert "--actor: an account" in suyuan("alert", alert_id, "comment", "--note", "x", "--actor", " ").errors
    assert json.loads(suyuan("alert", alert_id, "--json").output)["acts"] == []
