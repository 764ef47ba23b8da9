"""Files that need the whole system to show whether they were understood. Inputs: tests/data/files."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Suyuan

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "data" / "files"
EXAMPLES = [
    path
    for path in (ROOT / "docs" / "examples").glob("*.csv")
    if path.stem not in {"recalls", "complaints", "penalties"}
]
TOGETHER = (
    "identifiers",
    "movements",
    "recall-lots",
    "recall-lots-2",
    "same-number",
    "spot-check-lots",
    "times",
    "voided",
    "m-delivery-note-lines",
    "m-placeholders",
    "m-recall-all-lots",
    "m-recall-gtin-scientific",
    "m-recall-number-of-another",
    "m-zero-gtin",
)
"""cases that do not disturb one another, once their listings have names of their own"""
HONEY = ("91330784MABQYF7F4B", "6903379452712", "H260112")
CUSTODY = {"custody_missing", "custody_time_reversed"}
LOT_UNKNOWN = {"lot-0", "lot-1", "lot-2", "lot-4", "lot-5", "lot-7", "lot-8", "lot-9"}


def publish(suyuan, *files):
    """The answer, whether or not something was refused."""
    process = suyuan.begin("publish", *files, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.communicate(timeout=240)
    assert process.returncode in {0, 1}, errors
    return json.loads(output)


def apart(case, folder):
    """The files of a case; listings carry its name before their own."""
    found = []
    for path in sorted((FILES / case).glob("*.csv")):
        target = folder / case / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open(encoding="utf-8", newline="") as source:
            header, *rows = csv.reader(source)
        if path.name == "listings.csv":
            at = header.index("listing_id")
            rows = [[*row[:at], f"{case}/{row[at]}", *row[at + 1 :]] for row in rows]
        with target.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([header, *rows])
        found.append(target)
    return found


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """All cases in one folder: (suyuan, refused by case, gaps by listing, rules by listing)."""
    folder = tmp_path_factory.mktemp("files")
    suyuan = Suyuan(folder, partitions=2)
    publish(suyuan, *EXAMPLES)
    files = {path: case for case in TOGETHER for path in apart(case, folder)}
    answer = publish(suyuan, *files)
    refused = {case: [] for case in TOGETHER}
    for told in answer["errors"]:
        refused[files[Path(told["file"])]].append(told)
    assert answer["rejected"] == len(answer["errors"])
    suyuan.run_once()
    gaps = {listing: set(names) for (_, listing), (_, names) in suyuan.chains().items()}
    return suyuan, refused, gaps


def of(case, gaps):
    return {name.partition("/")[2]: found for name, found in gaps.items() if name.startswith(f"{case}/")}


def lines(refused):
    """(file, line) → (field, reason)"""
    return {(Path(told["file"]).stem, told["line"]): (told["field"], told["reason"]) for told in refused}


def keys_of(case, refused, name):
    """What the refused rows of a case have in a column."""
    found = {}
    for told in refused[case]:
        with Path(told["file"]).open(encoding="utf-8", newline="") as source:
            rows = csv.reader(source)
            header = next(rows)
            for row in rows:
                if rows.line_num >= told["line"] > rows.line_num - 1 - sum(cell.count("\n") for cell in row):
                    found[row[header.index(name)] if name in header else None] = told
    return found


def test_recalls_as_offices_write_them(market):
    suyuan, refused, gaps = market
    found = of("recall-lots", gaps)
    covered = {
        *("sep-dun", "sep-fwcomma", "newline", "fullwidth", "control"),
        *(
            "gtin-apos",
            "gtin-formula",
            "gtin-fullwidth",
            "gtin-spaces",
            "gtin-zwsp",
            "gtin-lrm",
            "gtin-tab",
            "gtin-nbsp",
        ),
    }
    assert {name for name, names in found.items() if "lot_recalled" in names} == covered
    told = keys_of("recall-lots", refused, "recall_no")
    assert {name.removeprefix("RC-"): each["field"] for name, each in told.items()} == {
        **dict.fromkeys(("range-zhi", "all-zh", "all-en", "label", "slash"), "lots"),
        **dict.fromkeys(("gtin-sci", "gtin-float", "gtin-label"), "gtin"),
    }
    assert "spreadsheet" in told["RC-gtin-sci"]["reason"]
    assert "write nothing" in told["RC-all-zh"]["reason"]
    listed = {part for row in suyuan("unmatched", "--all", "--kind", "recall") for part in row["key"]}
    assert {"RC-sep-comma", "RC-range-dash", "RC-lower", "RC-space"} <= listed


def test_more_separators_in_a_recall(market):
    suyuan, refused, gaps = market
    found = of("recall-lots-2", gaps)
    covered = {"fw-semicolon", "trailing", "json", "empty", "cell-newlines", "producer-fullwidth"}
    assert {name for name, names in found.items() if "lot_recalled" in names} == covered
    told = keys_of("recall-lots-2", refused, "recall_no")
    assert {name: each["field"] for name, each in told.items()} == {"RD-pipe": "lots", "RD-pname": "producer_code"}
    listed = {part for row in suyuan("unmatched", "--all", "--kind", "recall") for part in row["key"]}
    assert {"RD-dot0", "RD-code-info"} <= listed


def test_lots_of_failed_spot_checks(market):
    suyuan, refused, gaps = market
    found = of("spot-check-lots", gaps)
    failed = {name for name, names in found.items() if "inspection_failed" in names}
    assert failed == {"plain", "none", "slash", "wu", "dash", "NULL"}
    told = keys_of("spot-check-lots", refused, "report_no")
    assert {name: each["field"] for name, each in told.items()} == dict.fromkeys(("F-gtin-sci", "F-gtin-dot0"), "gtin")
    listed = {part for row in suyuan("unmatched", "--all", "--kind", "inspection") for part in row["key"]}
    assert {"F-date-and-lot", "F-lower"} <= listed


def test_numbers_that_are_unique_only_within_their_issuer(market):
    _, refused, gaps = market
    found = of("same-number", gaps)
    assert refused["same-number"] == []
    assert {name for name, names in found.items() if names & CUSTODY} == set()
    assert {name for name, names in found.items() if "lot_recalled" in names} == {"recall-a", "recall-b"}
    assert {name for name, names in found.items() if "inspection_failed" in names} == {"report-a"}


def test_shipments_that_are_withdrawn(market):
    _, refused, gaps = market
    found = of("voided", gaps)
    assert {name for name, names in found.items() if "custody_missing" in names} == {"void-zero", "only-negative"}
    assert found["all-returned"] == set()
    assert {told["field"] for told in refused["voided"]} == {"quantity"}
    assert {Path(told["file"]).stem for told in refused["voided"]} == {"lots", "shipments"}


def test_goods_that_come_back_equal_times_and_forms_of_a_lot(market):
    suyuan, refused, gaps = market
    found = of("movements", gaps)
    for name in ("return-to-producer", "return-to-wholesaler", "equal-times", "lot-3", "lot-6", "lot-10"):
        assert found[name] == set(), name
    assert {name for name, names in found.items() if "lot_unknown" in names} == LOT_UNKNOWN
    assert "product_unknown" in found["case-gtin-listing"]
    assert "custody_missing" in found["case-gtin-shipment"]
    assert {told["field"] for told in refused["movements"]} == {"occurred_at", "quantity"}
    listed = {part for row in suyuan("unmatched", "--all", "--kind", "shipment") for part in row["key"]}
    assert "CS-0" in listed


def test_identifiers_as_people_type_or_export_them(market):
    suyuan, refused, gaps = market
    found = of("identifiers", gaps)
    same = {
        *("code-fullwidth", "code-lower", "code-zwsp", "code-lrm", "code-bom", "code-apos", "code-formula"),
        *("code-spaces", "code-hyphen", "gtin-formula", "gtin-fullwidth", "gtin-0pad14", "seller-tab"),
        *(name for name in found if name.startswith("ent-")),
    }
    assert {name: names for name, names in found.items() if name in same and names} == {}
    for name in ("code-NULL", "code-N", "code-slash", "code-wu", "code-nan"):
        assert "producer_undeclared" in found[name], name
    for name in ("gtin-NULL", "gtin-slash"):
        assert "product_undeclared" in found[name], name
    for name in ("lot-NULL", "lot-slash", "lot-wu"):
        assert "lot_undeclared" in found[name], name
    for name in ("code-O-for-0", "code-sci", "code-15-digit", "code-gacc"):
        assert "producer_code_invalid" in found[name], name
    assert "seller_code_invalid" in found["seller-sci"]
    for name, names in found.items():
        assert ("gtin_restricted" in names) is name.startswith(("gtin-restricted", "gtin-coupon")), name
        zeros_or_spoilt = name.startswith(("gtin-zeros", "gtin-sci")) or name == "gtin-float"
        assert ("gtin_invalid" in names) is zeros_or_spoilt, name
    spoilt = [told for told in refused["identifiers"] if "E+" in told["reason"]]
    assert spoilt
    assert all("spreadsheet" in told["reason"] for told in spoilt)
    alerts = list(map(json.dumps, raised(suyuan)))
    assert alerts
    for name in ("code-NULL", "code-fullwidth", "gtin-NULL", "lot-NULL", "lot-wu"):
        assert not any(f"identifiers/{name}" in alert for alert in alerts), name


def raised(suyuan):
    """That stand: a listing that came before its producer's records may have had one until they came."""
    standing = suyuan("alerts", "--listings", "--state", "raised")
    return [alert for alert in standing if alert["rule"] in {"producer_code_fake", "gtin_fake", "lot_invented"}]


def test_times_of_the_wrong_unit_or_year(market):
    suyuan, refused, _gaps = market
    assert {told["field"] for told in refused["times"]} == {"occurred_at"}
    assert len(refused["times"]) == 4
    verdicts = {listing: verdict for (_, listing), (verdict, _) in suyuan.chains().items()}
    assert verdicts["times/future"] == verdicts["times/compact"] == "removed"
    assert verdicts["times/update-in-seconds"] == "complete"


def test_a_delivery_note_of_two_lines(market):
    (trace,) = market[0]("trace", "forward", *HONEY)
    held = {row["holder"]: row["held"] for row in trace["holdings"]}
    assert held["91310115MABR2NMPXP"] == held["91310104MABR5Y503P"] == 100


def test_words_for_nothing_accuse_nobody(market):
    suyuan, _, gaps = market
    assert "producer_undeclared" in gaps["m-placeholders/200001"]
    assert "lot_undeclared" in gaps["m-placeholders/200002"]
    assert not any("200001" in json.dumps(alert) or "200002" in json.dumps(alert) for alert in raised(suyuan))


def test_a_gtin_of_zeros_is_nobodys_product(market):
    _, refused, gaps = market
    assert "gtin_invalid" in gaps["m-zero-gtin/200003"]
    assert "product_of_other_producer" not in gaps["m-zero-gtin/200003"]
    assert [told["field"] for told in refused["m-zero-gtin"]] == ["gtin", "gtin"]


def test_what_a_recall_cannot_mean_is_refused(market):
    _, refused, gaps = market
    (told,) = refused["m-recall-all-lots"]
    assert (told["field"], "write nothing" in told["reason"]) == ("lots", True)
    (told,) = refused["m-recall-gtin-scientific"]
    assert (told["field"], "spreadsheet" in told["reason"]) == ("gtin", True)
    assert (
        "lot_recalled" in gaps["100002"]
    )  # m-recall-number-of-another: neither producer's recall replaces the other's


@pytest.mark.parametrize("case", ["m-recall-fullwidth", "m-recall-fw-semicolon", "m-recall-gtin-formula"])
def test_a_recall_in_another_form_reaches_the_listing(make_suyuan, case):
    suyuan = make_suyuan(partitions=1)
    assert publish(suyuan, *EXAMPLES, FILES / case / "recalls.csv")["rejected"] == 0
    suyuan.run_once()
    gaps = {listing: set(names) for (_, listing), (_, names) in suyuan.chains().items()}
    assert "lot_recalled" in gaps["100002"]
