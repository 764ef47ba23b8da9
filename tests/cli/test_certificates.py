"""Certificates are taken in, kept and shown like any record, and no chain asks for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CERTIFICATES = EXAMPLES / "certificates.csv"
LATER = [EXAMPLES / name for name in ("bureaus.csv", "check_items.csv", "officers.csv")]
OTHERS = [path for path in sorted(EXAMPLES.glob("*.csv")) if path not in (CERTIFICATES, *LATER)]
ISSUER = "91330102MABR7JC40E"
IN_CHINESE = """\
事件编号,发布单位,发生时间,认证机构统一社会信用代码,证书编号,持证人统一社会信用代码,认证类型,商品条码,认证产品,有效期起,有效期至,证书状态
k-1,91330102MABR7JC40E,2026年1月5日 9:00,91330102MABR7JC40E,OP-2026-0117,91330784MABQYF7F4B,有机,6903379452712,椴树蜂蜜,2026年1月1日,2026/12/31,有效
k-2,11320505MABRARTC2A,2026年1月5日 9:00,11320505MABRARTC2A,AGI-0408,91320505MABR13EK83,地理标志,无,桂花蜂蜜糕、桂花糖,2024-05-10,长期,有效
k-3,91330102MABR7JC40E,2026年1月6日,91330102MABR7JC40E,GF-7,91330784MABQYF7F4B,绿色食品,,椴树蜂蜜,2026-01-01,2026-12-31,暂停
k-4,91330102MABR7JC40E,2026年1月6日,91330102MABR7JC40E,WGH-9,91330784MABQYF7F4B,无公害农产品,,椴树蜂蜜,2026-01-01,2026-12-31,已撤销
"""  # noqa: E501 - a file as it stands

BEFORE_CERTIFICATES = """
import sys
import suyuan.schemas.declarations as schemas
kinds = schemas.declarations
schemas.declarations = lambda folder: {kind: each for kind, each in kinds(folder).items() if each.ids[0] < 13}
import suyuan.sinks.migrations as tables
files = tables.migrations
later = {"chain_parties", "notes", "findings_and_alerts", "audit"}  # behind them, and loaders want their tables
(orders,) = (each for each in files(tables.FOLDER) if each.name == "event_order")
class WithOrders(tables.Migration):  # reports name orders now, and are written with what they name
    def statements(self, placeholders):
        added = [each for each in orders.statements(placeholders) if "event_inspection ADD COLUMN" in each]
        return super().statements(placeholders) + added
tables.migrations = lambda folder=tables.FOLDER: [
    WithOrders(each.number, each.name, each.text) if each.number == 8 else each
    for each in files(folder) if each.number < 9 or each.name in later
]
from suyuan.cli.main import app
app(sys.argv[1:])
"""


@pytest.fixture
def version_before(data):
    """The command as it was before there were certificates."""

    def run(*arguments):
        environment = {**os.environ, "SUYUAN_DATA": str(data), "SUYUAN_FSYNC": "false"}
        command = [sys.executable, "-c", BEFORE_CERTIFICATES, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=False, env=environment, timeout=240)

    return run


def lines(answer):
    assert answer.code == 0, answer.errors
    return [json.loads(line) for line in answer.output.splitlines()]


def test_a_folder_of_the_version_before_takes_them_in_and_its_chains_stay(suyuan, version_before):
    for arguments in (("publish", *OTHERS), ("run", "--once")):
        done = version_before(*arguments)
        assert done.returncode == 0, done.stderr.decode()
    unknown = version_before("publish", CERTIFICATES, "--kind", "certificate")
    assert b"--kind certificate: not one of listing" in unknown.stderr, "it is what it says it is"
    chains = lines(suyuan("chains", "--json", own=True))
    assert len(chains) == 4
    assert suyuan("publish", CERTIFICATES).output == "accepted 2, duplicate 0, rejected 0\n"
    (report,) = lines(suyuan("run", "--once", "--json", own=True))
    assert report["rows"]["event_certificate"] == 2
    (row,) = lines(suyuan("event", f"certificate/{ISSUER}/k-1", own=True))
    assert {name: row[name] for name in ("kind", "scheme", "gtin", "products", "valid_to")} == {
        "kind": "certificate",
        "scheme": "organic",
        "gtin": "06903379452712",
        "products": ["椴树蜂蜜"],
        "valid_to": "2026-12-31",
    }
    exported = lines(suyuan("log", "export"))
    assert {line["certificate_no"] for line in exported if line["kind"] == "certificate"} == {
        "OP-2026-0117",
        "AGI-0408",
    }
    assert lines(suyuan("chains", "--json", own=True)) == chains


def test_a_file_of_an_office_says_the_same(suyuan, tmp_path):
    file = tmp_path / "三品一标.csv"
    file.write_text(IN_CHINESE, encoding="utf-8")
    assert suyuan("publish", CERTIFICATES).code == 0
    answer = suyuan("publish", file, "--kind", "certificate", "--json")
    assert (answer.row["accepted"], answer.row["duplicate"], answer.row["rejected"]) == (2, 2, 0), answer.output
    said = {line["certificate_no"]: (line["scheme"], line["status"]) for line in lines(suyuan("log", "export"))}
    assert said == {
        "OP-2026-0117": ("organic", "valid"),
        "AGI-0408": ("geographical", "valid"),
        "GF-7": ("green", "suspended"),
        "WGH-9": ("pollution_free", "revoked"),
    }


def test_what_could_never_match_is_refused(suyuan, tmp_path):
    header, first, _ = CERTIFICATES.read_text(encoding="utf-8").splitlines()
    wrong = {
        "holder_code": first.replace("91330784MABQYF7F4B", "蜂源食品"),
        "gtin": first.replace("6903379452712", "6903379452713"),
        "certificate_no": first.replace("OP-2026-0117", "\u200b"),
        "scheme": first.replace("organic", "有机的"),
    }
    file = tmp_path / "certificates.csv"
    file.write_text("\n".join([header, *wrong.values()]) + "\n", encoding="utf-8")
    answer = suyuan("publish", file, "--json")
    assert [each["field"] for each in answer.row["errors"]] == list(wrong)
    unchecked = first.replace(f"09:00:00+08:00,{ISSUER}", "09:00:00+08:00,CNCA-R-2002-001")
    file.write_text(f"{header}\n{unchecked}\n", encoding="utf-8")
    assert suyuan("publish", file).output == "accepted 1, duplicate 0, rejected 0\n", "issuers need not be businesses"
