"""Pages of spot checks, on both shapes: what comes next, what was drawn, and what everybody may read of it."""

from __future__ import annotations

import html
import re

import pytest

from suyuan.access.principal import Role
from suyuan.domain.checks.bodies import Stratum
from suyuan.domain.checks.numbers import check_number
from suyuan.domain.checks.publication import FILES
from suyuan.portal.pages.checks import missing
from suyuan.portal.pages.plan_form import PlanForm
from suyuan.portal.pages.words import words
from suyuan.portal.problems import Problem
from suyuan.queries.answers import StratumResult
from suyuan.queries.api import Queries
from suyuan.queries.check_list import CheckSummary
from tests.portal.test_checks import BUREAU, DUE, NOW, Checks
from tests.portal.test_investigation_pages import links
from tests.portal.test_pages import page
from tests.portal.worlds import A, B
from tests.spot_checks import SECRETS

CHECK = f"{BUREAU}-2026-2"


@pytest.fixture
def checks(portal, monkeypatch):
    return Checks(portal, monkeypatch)


def form(planned, /, **other):
    """A plan as the form has it."""
    parties = planned["randomness"]["parties"]
    lines = {
        "strata": "tea, 3",
        "officers": "\n".join(f"A-{number}, first, 9" for number in range(1, 5)) + "\nA-9，second, 2, reserve",
        "recusals": f"A-1, {A.seller}, relative",
        "parties": "\n".join(f"{each['name']}, {each['commitment']}, {each['default']}" for each in parties),
        "weights": "3 verdict in ('broken', 'contradicted')",
    }
    given = {
        "bureau": BUREAU,
        "title": "抽查 <b>茶</b>",
        "item_no": "F-12",
        "item_class": "key",
        "population": planned["population"],
    }
    given |= {"column": "category", "source": "commit_reveal", "at": str(DUE)}
    return given | lines | other


def test_a_plan_by_form_and_each_act_by_its_button(checks):
    client = checks.client
    assert 'name="strata"' in page(client, "/checks/plan").text
    answer = client.post("/checks/plan", data=form(checks.plan(2)))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/checks/{CHECK}?done=plan"), answer.text
    shown = page(client, f"/checks/{CHECK}", lang="en").text
    assert "抽查 &lt;b&gt;茶&lt;/b&gt;" in shown
    assert words("en")("do_check.freeze") in shown
    tag = re.findall(r'name="etag" value="([0-9a-f]{64})"', shown)[0]
    checks.at += 5_000

    def do(act, **more):
        answer = client.post(f"/checks/{CHECK}", data={"act": act, **more})
        assert answer.status_code == 303, answer.text
        return checks.over(CHECK)

    assert do("freeze", etag=tag)["stage"] == "freeze"
    late = client.post(f"/checks/{CHECK}", data={"act": "freeze", "etag": tag})
    assert late.status_code == 412
    waits = page(client, f"/checks/{CHECK}").text
    assert f'data-due="{DUE}"' in waits
    assert words("zh")("do_check.randomness") not in waits
    checks.at = DUE
    names = list(SECRETS)
    wrong = client.post(f"/checks/{CHECK}", data={"act": "randomness", "reveal": ["00" * 32, SECRETS[names[1]]]})
    assert (wrong.status_code, "00" * 32 in wrong.text) == (422, True)
    do("randomness", reveal=[SECRETS[name] for name in names])
    assert do("draw")["stage"] == "draw"
    drawn = page(client, f"/checks/{CHECK}", lang="en").text
    assert len(re.findall(rf'href="/chains/{A.platform}/a-', drawn)) == 3
    assert A.mark in drawn
    note = words("en")("checks.was_recused", staff_no="A-1", code=A.seller, reason=words("en")("recusal.relative"))
    assert note in drawn
    assert len(re.findall(r'<sup><a href="#recused-1"', drawn)) == 3
    do("publish")
    checks.loaded()
    assert set(links(page(client, f"/checks/{CHECK}").text, r"^/public/checks/.*\.")) == {
        f"/public/checks/{CHECK}/{name}" for name in FILES
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_reads_what_was_published_and_how_to_verify_it(portal, language):
    shown = page(portal.client(), f"/public/checks/{CHECK}", lang=language).text
    said = words(language)
    assert "抽查 &lt;b&gt;茶&lt;/b&gt;" in shown
    assert said("checks.verify_how") in shown
    assert f"curl -fsSO http://127.0.0.1:8765/public/checks/{CHECK}/verify.py" in html.unescape(shown)
    assert "python3 -I verify.py" in shown
    assert A.mark not in shown, "of listings the files' lines alone"
    told = portal.client().get(f"/public/checks/{CHECK}").json()
    assert told["publication"]["plan"]["check_id"] == CHECK


def test_of_what_is_not_published_everybody_reads_the_seals_alone(portal):
    client = portal.client()
    shown = page(client, f"/public/checks/{A.check_id}", lang="en")
    assert shown.status_code == 200
    assert words("en")("checks.not_open") in shown.text
    for secret in (A.mark, "A-01", "F-12", "pastry"):
        assert secret not in shown.text
    assert page(client, "/public/checks/330106-2026-77").status_code == 404
    assert page(client, "/public/checks/nonsense").status_code == 404


def test_the_public_list_has_every_number_and_says_which_are_missing(portal):
    shown = page(portal.client(), "/public/checks", lang="en").text
    assert set(links(shown, r"^/public/checks/\d")) == {
        f"/public/checks/{number}" for number in (CHECK, A.check_id, B.check_id)
    }
    assert words("en")("checks.missing", numbers=f"{B.division}-2026-1") in shown
    assert A.mark not in shown


def test_numbers_that_are_left_out_are_told_within_a_bureaus_year():
    def row(check_id):
        number = check_number(check_id)
        return CheckSummary(check_id, number.bureau, number.year, "plan", open=False)

    rows = [row(f"330106-2026-{number}") for number in (5, 3)] + [row("330106-2025-2")]
    assert missing(rows, more=True) == {
        "330106-2026-5": ["330106-2026-4"],
        "330106-2026-3": ["330106-2026-2", "330106-2026-1"],
    }
    assert missing(rows[2:], more=False) == {"330106-2025-2": ["330106-2025-1"]}
    assert missing([], more=False) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("strata", "tea"),
        ("strata", "tea, 0"),
        ("weights", "verdict = 'broken'"),
        ("population", "nonsense = 1"),
        ("officers", "A-1, first"),
        ("officers", "A-77"),
        ("item_class", "registered"),
        ("recusals", "A-77, X, relative"),
        ("parties", "one, 00, 00"),
        ("at", "yesterday"),
        ("at", "1000000000000"),
        ("officers_each", "two"),
        ("bureau", "510104"),
        ("bureau", "33"),
        ("plan", "{"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_beside_its_field(checks, field, value):
    answer = checks.client.post("/checks/plan", data=form(checks.plan(3), **{field: value}))
    assert answer.status_code == 422
    marked = re.findall(r'name="(\w+)"[^>]*aria-invalid="true"', answer.text)
    assert {"item_class": "item_no"}.get(field, field) in marked or field == "plan", (marked, answer.text)
    assert value in html.unescape(answer.text)


def test_a_round_of_a_beacon_is_the_first_from_the_moment_on():
    made = PlanForm(strata="330106, 5, food\n\n330108, 3", at="2026-12-01T12:00:01").fields()
    beacon = made["randomness"]
    assert beacon["at"] - 1_796_097_601_000 in range(30_000)
    assert beacon["at"] == (beacon["genesis"] + (beacon["round"] - 1) * beacon["period"]) * 1000
    assert made["strata"][0] == {"stratum": "330106", "size": 5, "needs": ["food"]}
    assert Stratum(**made["strata"][1]).size == 3
    with pytest.raises(Problem):
        PlanForm(at="2026-12-01T12:00:01", beacon="{}").fields()


def test_it_is_given_up_with_a_reason_that_everybody_reads(portal, checks):
    client = checks.client
    assert client.post("/checks/plan", data=form(checks.plan(3))).status_code == 303
    empty = client.post(f"/checks/{BUREAU}-2026-3", data={"act": "cancel", "reason": "  "})
    assert empty.status_code == 422
    assert client.post(f"/checks/{BUREAU}-2026-3", data={"act": "cancel", "reason": "漏了一层"}).status_code == 303
    checks.loaded()
    assert "漏了一层" in page(portal.client(), f"/public/checks/{BUREAU}-2026-3").text
    assert "漏了一层" in page(portal.client(), "/public/checks").text
    assert client.post(f"/checks/{BUREAU}-2026-3", data={"act": "nonsense"}).status_code == 400


@pytest.mark.parametrize("role", [Role.PLATFORM, Role.INVESTIGATOR])
def test_who_reads_only_is_offered_no_act(portal, checks, role):
    assert checks.at == NOW
    client = portal.client(role)
    shown = page(client, f"/checks/{CHECK}").text
    assert 'name="act"' not in shown
    assert page(client, "/checks/plan").status_code == 403
    assert "/checks/plan" not in links(page(client, "/checks").text, r"^/checks")


def test_a_draw_that_is_given_up_stays_public(portal, checks):
    check_id = checks.until_drawn(4)
    assert checks.client.post(f"/checks/{check_id}", data={"act": "cancel", "reason": "x"}).status_code == 303
    checks.loaded()
    shown = page(portal.client(), f"/public/checks/{check_id}").text
    assert len(re.findall(rf"{A.platform}/a-", shown)) == 3
    assert words("zh")("checks.was_given_up") in shown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_found_is_told_by_stratum_with_its_interval(portal, monkeypatch, language):
    """To everybody, of a check that is published."""
    found = StratumResult("tea", 12, 3, 2, 1, 1, 0, 0.5, 0.0945, 0.9055, 0.95)
    monkeypatch.setattr(Queries, "check_results", lambda *_: [found])
    said = words(language)
    for client, path in ((portal.client(), "/public/checks"), (portal.client("regulator"), "/checks")):
        shown = page(client, f"{path}/{CHECK}", lang=language).text
        assert said("checks.n_tested", n=2, of=3) in shown
        (body,) = re.findall(r'id="found".*?<tbody>(.*?)</tbody>', shown, re.DOTALL)
        cells = [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in re.findall(r"<t[dh].*?</t[dh]>", body)]
        assert cells[:6] == ["tea", "3", "2", "1", "1", "0"]
        assert cells[6:] == ["50.0 %", f"9.4 – 90.5 % ({said('checks.confidence', n=95)})"]
