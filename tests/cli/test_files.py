"""Files as people have them: what is said to be read is stored, what is refused says why. Inputs: tests/data/files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tracemalloc
import zipfile
from itertools import islice
from pathlib import Path

import pytest

from suyuan.publishing.files.archives import opened
from suyuan.publishing.files.columns import table as words_by_kind
from suyuan.publishing.files.columns import values_table
from suyuan.publishing.files.encoding import judge
from suyuan.publishing.files.records import Options, Reading
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.validation import ParsedEvent
from tests import prepared
from tests.cli.test_publish import found_in

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "data" / "files"
TEXTS = sorted(
    path
    for folder in (FILES, ROOT / "docs" / "examples")
    for path in folder.rglob("*.*")
    if path.suffix in {".csv", ".jsonl", ".json"} and path.parent.name not in {"utf16", "utf16-nobom", "xlsx-named-csv"}
)
NOON = 1_770_696_000_000
LISTING = {
    "event_id": "o-1",
    "publisher": "91330106MABQWU0B72",
    "occurred_at": NOON,
    "platform_code": "91330106MABQWU0B72",
    "listing_id": "1",
    "status": "active",
    "url": None,
    "title": "桂花蜂蜜糕 300g",
    "category": "pastry",
    "seller_code": "91310104MABR5Y503P",
    "producer_code": "91320505MABR13EK83",
    "producer_name": None,
    "gtin": "6903379935420",
    "lot": "G260203",
    "licence_no": "SC10032050570039",
    "price_fen": 2680,
    "sold_30d": 35,
    "ship_from": None,
}


def files_of(case):
    return [path for path in sorted((FILES / case).iterdir()) if path.name != "README"]


def read(path, **options):
    """Records of a file, read without publishing: (line, event or reason)."""
    found = []
    for each in opened(str(path)):
        reading = Reading(each, Options(**options))
        found += [(line, record) for line, record, _ in reading.records() if record is not None]
    return found


def events(path, **options):
    return [record.event for _, record in read(path, **options) if isinstance(record, ParsedEvent)]


def same(event, **changed):
    """Whether a listing is the one of the cases, whatever form its GTIN is kept in."""
    expected = LISTING | changed
    assert {**event, "gtin": event["gtin"] and event["gtin"].lstrip("0")} == expected


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("chinese-headers", "事件编号 as event_id"),
        ("fullwidth-comma", ""),
        ("semicolon", ""),
        ("sep-line", ""),
        ("tab-separated", ""),
        ("title-line", "left aside: line 1"),
        ("trailing-columns", ""),
        ("trailing-rows", ""),
        ("utf16", "UTF-16"),
        ("utf16-nobom", "UTF-16"),
        ("xlsx", ""),
        ("xlsx-named-csv", ""),
        ("zip", ""),
    ],
)
def test_a_listing_is_read_whatever_file_it_comes_in(suyuan, data, case, told):
    answer = suyuan("publish", *files_of(case), "--json")
    assert (answer.code, answer.row["accepted"], answer.row["rejected"]) == (0, 1, 0), answer.row
    (event,) = found_in(data)["listing"]
    same(event)
    assert told in answer.errors
    assert "left aside" not in answer.errors or case == "title-line"


def test_what_stands_in_a_file_beside_the_listings(suyuan, data):
    answer = suyuan("publish", *files_of("concatenated"), "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (2, 0)
    assert "the header again, left aside: line 3" in answer.errors
    assert {event["listing_id"] for event in found_in(data)["listing"]} == {"1", "2"}
    broken, whole = events(*files_of("crlf-in-quotes"))
    same(broken, title="桂花糕\n300g")
    same(whole, event_id="o-2", listing_id="2")


def test_optional_columns_under_another_name_are_named_with_the_field_they_may_be(suyuan, data):
    answer = suyuan("publish", *files_of("misspelt-optional"), "--json")
    (event,) = found_in(data)["listing"]
    assert (event["gtin"], event["lot"], event["title"]) == (None, None, LISTING["title"])
    assert "no field GTIN: left aside in 1 records; if it is gtin" in answer.errors
    assert "no field batch_no: left aside in 1 records; if it is lot" in answer.errors


def test_one_s_own_names_of_columns(suyuan, data, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text('[columns]\nGTIN = "gtin"\nbatch_no = ["lot"]\n[values]\nship_from = "杭州"\n', encoding="utf-8")
    assert suyuan("publish", *files_of("misspelt-optional"), "--columns", own, "--json").code == 0
    (event,) = found_in(data)["listing"]
    same(event, ship_from="杭州")


@pytest.mark.parametrize("text", ['[columns]\nx = "nothing"', "[fields]", "[values]\nsold_30d = 3", "="])
def test_a_wrong_file_of_columns_publishes_nothing(suyuan, data, tmp_path, text):
    own = tmp_path / "mine.toml"
    own.write_text(text)
    answer = suyuan("publish", *files_of("semicolon"), "--columns", own)
    assert answer.code == 2
    assert "mine.toml" in answer.errors
    assert not data.exists()


@pytest.mark.parametrize(
    ("case", "at"),
    [
        ("time-chinese", "2026-02-09T16:00:00Z"),
        ("time-date-only", "2026-02-09T16:00:00Z"),
        ("time-no-offset", "2026-02-10T04:00:00Z"),
        ("time-slash", "2026-02-10T04:00:00Z"),
    ],
)
def test_times_without_an_offset_are_chinas_and_that_is_said(suyuan, data, case, at):
    answer = suyuan("publish", *files_of(case), "--json")
    assert answer.row["accepted"] == 1
    assert "China time" in answer.errors
    (event,) = found_in(data)["listing"]
    assert event["occurred_at"] == {"2026-02-10T04:00:00Z": NOON, "2026-02-09T16:00:00Z": NOON - 12 * 3_600_000}[at]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("time-2digit", "a year of two digits"),
        ("time-excel-serial", "spreadsheet's number of the day 2026-02-10"),
        ("time-excel-serial-time", "fraction"),
        ("time-float-ms", "fraction"),
        ("time-micros", "microseconds"),
        ("time-sci", "spreadsheet has shortened: format the column as text"),
        ("time-seconds", "seconds (of 2026-02-10T04:00:00Z): multiply by 1,000"),
        ("time-yyyymmdd", "write 2026-02-10T00:00:00+08:00"),
        ("time-yyyymmddhhmmss", "a date in digits"),
        ("time-future-2062", "two days"),
        ("price-7", "negative"),
        ("price-0", "yuan under a header such as 价格(元)"),
        ("price-1", "16 columns, but the header has 15"),
        ("price-2", "fen"),
        ("price-3", "fen"),
        ("price-4", "fen"),
        ("price-5", "fen"),
        ("price-6", "fen"),
        ("price-8", "fen"),
        ("backslash-quotes", 'written twice ("" and not \\")'),
        ("json-dup-keys", "stands twice in this object: leave one out"),
        ("epcis-document", "EPCIS 2.0, which is none of the kinds"),
    ],
)
def test_a_record_is_refused_with_a_reason_and_what_to_do(suyuan, case, reason):
    answer = suyuan("publish", *files_of(case), "--json")
    assert (answer.code, answer.row["rejected"]) == (1, 1)
    (told,) = answer.row["errors"]
    assert reason in told["reason"]
    assert "\n" not in told["reason"]
    assert answer.row["accepted"] == (1 if case == "backslash-quotes" else 0)


def test_levels_of_a_recall_in_other_words_are_refused_with_the_values_allowed(suyuan):
    answer = suyuan("publish", *files_of("recall-level-roman"), "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (0, 3)
    assert all("not one of 1, 2, 3" in told["reason"] for told in answer.row["errors"])


@pytest.mark.parametrize(("case", "count"), [("json-array", 2), ("json-pretty", 1), ("json-gbk", 1)])
def test_json_in_every_form(suyuan, data, case, count):
    answer = suyuan("publish", *files_of(case), "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (count, 0)
    recalls = found_in(data)["recall"]
    assert [event["event_id"] for event in recalls] == ["j1", "j2"][:count]
    assert {event["reason"] for event in recalls} == {"茅台" if case == "json-gbk" else "x"}


def test_numbers_as_numbers_and_a_text_for_a_list_are_refused_with_the_remedy(suyuan):
    answer = suyuan("publish", *files_of("json-number-gtin"), "--json")
    assert answer.row["accepted"] == 1
    assert [(told["line"], told["field"]) for told in answer.row["errors"]] == [(1, "gtin"), (3, "lots")]
    assert "in quotes" in answer.row["errors"][0]["reason"]
    assert '["H1", "H2"]' in answer.row["errors"][1]["reason"]


def test_no_end_and_lists_of_categories_in_a_licence():
    found = {event["event_id"]: event for event in events(*files_of("licence-longterm"))}
    assert [each["categories"] for each in found.values()] == [["蜂蜜", "糕点"]] * 3
    assert [str(found[name]["valid_to"]) for name in ("l1", "l2", "l3")] == ["None", "9999-12-31", "2029-02-28"]
    assert str(found["l3"]["valid_from"]) == "2024-03-01"


def test_lots_of_a_recall_are_split_where_a_list_is_meant_and_nowhere_else():
    recalls = [*events(FILES / "recall-lots" / "recalls.csv"), *events(FILES / "recall-lots-2" / "recalls.csv")]
    found = {event["recall_no"].partition("-")[2]: event["lots"] for event in recalls}
    for name in ("sep-dun", "sep-fwcomma", "newline", "fw-semicolon", "cell-newlines", "control"):
        assert found[name] == ["H1", "H2"]
    assert (found["json"], found["trailing"], found["empty"]) == (["H1", "H2"], ["H1"], [])
    assert (found["sep-comma"], found["space"], found["pipe"]) == (["H1,H2"], ["H1 H2"], ["H1|H2"])
    gtins = {event["recall_no"]: event["gtin"] for event in recalls}
    assert (gtins["RC-gtin-formula"], gtins["RC-gtin-apos"]) == ("6903379001163", "6903379001156")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_is_read_right_as_utf_8_and_as_gb18030(path, tmp_path):
    text = path.read_bytes().decode("gb18030" if path.parent.name == "json-gbk" else "utf-8")
    found = []
    for codec in ("utf-8", "gb18030"):
        data = text.encode(codec)
        assert str(judge(lambda data=data: [data])) == ("UTF-8" if text.isascii() else codec.upper()), path
        (tmp_path / path.name).write_bytes(data)
        found.append(outcome(tmp_path / path.name))
    assert found[0] == found[1]


def outcome(path):
    try:
        return read(path)
    except Exception as error:  # noqa: BLE001 - what it is, is compared
        return str(error)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_examples_in_other_encodings(tmp_path, codec):
    for path in sorted((ROOT / "docs" / "examples").glob("*.csv")):
        other = tmp_path / path.name
        other.write_bytes(path.read_text(encoding="utf-8").encode(codec))
        assert read(other) == read(path)


def table(rows, header=tuple(LISTING)):
    return "".join(",".join(map(str, row)) + "\n" for row in [header, *rows])


def row(**changed):
    return ["" if value is None else value for value in (LISTING | changed).values()]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("plain", "UTF-8"),
        ("龙井茶", "UTF-8"),
        ("龙井茶".encode("gb18030"), "GB18030"),
        ("茅台".encode("gb18030"), "GB18030"),
        ("│≤100 菌落总数", "UTF-8"),
        ("café", None),
        ("Ελλάς αβ", None),
        ("龙井茶\n".encode() + "铁观音".encode("gb18030"), None),
        (b"plain\n\xff\xff\nplain", "UTF-8"),
        ("龙井茶\n".encode() + b"\xff\xff\n", "UTF-8"),
        ("铁观音\n".encode("gb18030") + b"\xff\xff\n", "GB18030"),
    ],
)
def test_the_encoding_is_decided_for_the_whole(content, encoding):
    data = content.encode() if isinstance(content, str) else content
    for size in (1, 2, 3, 1000):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        verdict = judge(lambda pieces=pieces: pieces)
        assert str(verdict) == encoding if encoding else "--encoding" in str(verdict)


def test_what_may_be_either_is_refused_with_both_readings_and_the_option_decides(suyuan, data, tmp_path):
    file = tmp_path / "listings.csv"
    file.write_bytes(table([row(title="café 250g")]).encode())
    answer = suyuan("publish", file, "--json")
    assert (answer.code, answer.row["accepted"]) == (1, 0)
    reason = answer.row["errors"][0]["reason"]
    assert "é" in reason
    assert "茅" in reason
    assert "--encoding" in reason
    assert suyuan("publish", file, "--encoding", "utf-8", "--json").row["accepted"] == 1
    assert [event["title"] for event in found_in(data)["listing"]] == ["café 250g"]
    assert suyuan("publish", file, "--encoding", "klingon").code == 2


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16"])
def test_a_pipe_decides_by_what_can_be_had(suyuan, data, codec):
    content = table([row(event_id=f"p{n}", listing_id=n) for n in range(50)])
    answer = suyuan("publish", "-", "--kind", "listing", "--json", stdin=content.encode(codec))
    assert (answer.row["accepted"], answer.row["rejected"]) == (50, 0)
    assert {event["title"] for event in found_in(data)["listing"]} == {LISTING["title"]}


def test_a_slow_pipe_of_chinese_is_stored_as_it_comes(data):
    command = [sys.executable, "-m", "suyuan.cli.main", "publish", "-", "--kind", "listing", "--data", str(data)]
    with prepared.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(table([row()]).encode())
        process.stdin.flush()
        while not found_in(data):
            assert process.poll() is None
        process.stdin.write(",".join(map(str, row(event_id="o-2"))).encode("gb18030"))
        process.stdin.close()
        assert process.wait(60) == 1
    assert [event["title"] for event in found_in(data)["listing"]] == [LISTING["title"]]


def test_a_file_of_any_size_is_read_in_bounded_memory(tmp_path):
    file = tmp_path / "listings.csv"
    lines = table([row(event_id=f"e{n}", title="龙井茶" * 400) for n in range(1000)]).encode("gb18030")
    with file.open("wb") as out:
        out.write(lines)
        for _ in range(2):
            out.write(lines.partition(b"\n")[2])
    tracemalloc.start()
    found = opened(str(file))
    source = next(found)
    first = list(islice(Reading(source, Options()).records(), 500))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(first), file.stat().st_size > 7 << 20) == (500, True)
    assert peak < 6 << 20


def test_yuan_where_the_header_says_so(suyuan, data, tmp_path):
    header = ["价格（元）" if name == "price_fen" else name for name in LISTING]
    amounts = ["26.80", "12", "￥1280.5", '"1,280.00"', "0.1", "12.345", "about 3"]
    rows = [row(event_id=f"e{n}", listing_id=n, price_fen=amount) for n, amount in enumerate(amounts)]
    (tmp_path / "listings.csv").write_text(table(rows, header), encoding="utf-8")
    answer = suyuan("publish", tmp_path / "listings.csv", "--json")
    assert [told["line"] for told in answer.row["errors"]] == [7, 8]
    assert "no whole number of fen" in answer.row["errors"][0]["reason"]
    prices = {event["listing_id"]: event["price_fen"] for event in found_in(data)["listing"]}
    assert prices == {"0": 2680, "1": 1200, "2": 128050, "3": 128000, "4": 10}
    assert "价格（元） as price_fen (in 元)" in answer.errors


def test_a_header_that_lacks_columns_says_what_the_others_may_be(suyuan, tmp_path):
    (tmp_path / "listings.csv").write_text(table([row()], [name.upper() for name in LISTING]), encoding="utf-8")
    answer = suyuan("publish", tmp_path / "listings.csv", "--json")
    (told,) = answer.row["errors"]
    assert "SOLD_30D may be sold_30d" in told["reason"]
    assert "--columns" in told["reason"]


def test_a_zip_with_several_files_names_each(suyuan, data, tmp_path):
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("listings.csv", table([row()]))
        out.writestr("__MACOSX/._listings.csv", b"\x00")
        out.writestr("more/listings-2.csv", table([row(event_id="o-2", price_fen="x")]))
        out.write(FILES / "xlsx" / "listings.xlsx", "listings-3.xlsx")
        out.writestr("recalls.json", (FILES / "json-pretty" / "events.json").read_bytes())
    answer = suyuan("publish", archive, "--json")
    assert answer.row["accepted"] + answer.row["duplicate"] == 3
    (told,) = answer.row["errors"]
    assert told["file"] == f"{archive}/more/listings-2.csv"
    assert found_in(data).keys() == {"listing", "recall"}


def test_a_check_publishes_nothing_and_shows_how_it_is_understood(suyuan, data):
    files = [*files_of("chinese-headers"), *files_of("price-0"), *files_of("time-slash")]
    answer = suyuan("publish", "--check", *files, SUYUAN_DATA="/proc/nowhere")
    assert answer.code == 1
    assert "accepted 2, duplicate 0, rejected 1 (a check: nothing was published)" in answer.output
    assert "商品条码 -> gtin" in answer.output
    assert f"title = {LISTING['title']}" in answer.output
    assert "occurred_at = 2026-02-10T12:00:00+08:00" in answer.output
    assert "12.50" in answer.errors
    told = suyuan("publish", "--check", *files, "--json").row
    assert (told["published"], told["accepted"], told["rejected"]) == (False, 2, 1)
    assert told["files"][0]["columns"]["批号"] == ["lot"]
    assert told["files"][0]["first"][0]["event"]["lot"] == LISTING["lot"]
    assert not data.exists()


def test_refused_rows_are_mended_and_sent_again(suyuan, data, tmp_path):
    refused = tmp_path / "refused.csv"
    answer = suyuan("publish", *files_of("price-0"), *files_of("price-1"), *files_of("sep-line"), "--errors", refused)
    assert answer.code == 1
    text = refused.read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == ["reason", "kind", *(name for name in LISTING if LISTING[name] is not None)]
    assert [each[0].rpartition("/")[2][:14] for each in rows[1:]] == ["listings.csv:2", "listings.csv:2"]
    refused.write_text(text.replace("12.50", "1250").replace("1,280,35", "1280,35"), encoding="utf-8-sig")
    answer = suyuan("publish", refused, "--json")
    assert (answer.code, answer.row["accepted"], answer.row["rejected"]) == (0, 2, 0), answer.row
    assert "left aside" not in answer.errors
    assert {event["price_fen"] for event in found_in(data)["listing"]} == {1250, 1280, 2680}


def test_refused_rows_of_several_headers_go_to_files_of_their_own(suyuan, tmp_path):
    refused = tmp_path / "refused.csv"
    files = [*files_of("price-0"), *files_of("recall-level-roman"), *files_of("json-number-gtin")]
    answer = suyuan("publish", *files, "--errors", refused)
    assert "refused-2.csv" in answer.errors
    recalls = list(csv.DictReader((tmp_path / "refused-2.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [each["reason"] for each in recalls] == ["x", "x", "x"]
    assert all("not one of 1, 2, 3" in each["why_refused"] for each in recalls)
    objects = [json.loads(line) for line in (tmp_path / "refused-3.csv").read_text().splitlines()]
    assert [each["event_id"] for each in objects] == ["j1", "j3"]
    assert all(each["why_refused"] for each in objects)
    mended = (tmp_path / "refused-3.csv").read_text().replace("6903379452712,", '"6903379452712",')
    (tmp_path / "refused-3.csv").write_text(mended.replace('"lots": "H1"', '"lots": ["H1"]'))
    assert suyuan("publish", tmp_path / "refused-3.csv", "--json").row["accepted"] == 2


def test_the_errors_file_is_never_one_of_the_inputs(suyuan, data, tmp_path):
    file = tmp_path / "listings.csv"
    file.write_text(table([row()]), encoding="utf-8")
    answer = suyuan("publish", file, "--errors", file)
    assert answer.code == 2
    assert file.read_text(encoding="utf-8") == table([row()])
    assert not data.exists()


def sheet(*rows):
    """A worksheet's XML: cells are (type, value) or text."""
    text = ""
    for number, cells in enumerate(rows, 1):
        text += f'<row r="{number}">'
        for column, cell in enumerate(cells):
            place = f'r="{chr(65 + column)}{number}"'
            if isinstance(cell, tuple):
                text += f'<c {place} s="{cell[0]}"><v>{cell[1]}</v></c>'
            elif cell != "":
                text += f'<c {place} t="inlineStr"><is><t>{cell}</t></is></c>'
        text += "</row>"
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{text}</sheetData></worksheet>"
    )


def workbook(path, **sheets):
    """Style 1 is a date, 0 a plain number."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        whole = f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/>'
        out.writestr("_rels/.rels", f'<Relationships xmlns="{package}/relationships">{whole}</Relationships>')
        names = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, 1))
        out.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{names}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="r{i}" Type="{relations}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        links += f'<Relationship Id="r0" Type="{relations}/styles" Target="styles.xml"/>'
        out.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
        )
        styles = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        out.writestr("xl/styles.xml", f'<styleSheet xmlns="{main}">{styles}</styleSheet>')
        for i, content in enumerate(sheets.values(), 1):
            out.writestr(f"xl/worksheets/s{i}.xml", content)
    return path


def test_cells_of_a_workbook(suyuan, data, tmp_path):
    header = list(LISTING)
    values = row(occurred_at=(1, 46063.5), gtin=(0, 6903379935420), price_fen=(0, 2680), listing_id=(0, 1))
    serial = row(event_id="o-2", occurred_at=(0, 46063))
    book = workbook(tmp_path / "listings.xlsx", first=sheet(["清单"], [], header, values, serial), second=sheet(["x"]))
    answer = suyuan("publish", book, "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (1, 1)
    (event,) = found_in(data)["listing"]
    same(event)
    (told,) = answer.row["errors"]
    assert (told["line"], told["field"]) == (5, "occurred_at")
    assert "only the sheet first was read, not second" in answer.errors
    assert "no sheet third: it has first, second" in suyuan("publish", book, "--sheet", "third", "--json").output


def test_a_workbook_of_the_old_format(suyuan, data):
    answer = suyuan("publish", ROOT / "tests" / "data" / "workbooks" / "listings.xls", "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (1, 0)
    (event,) = found_in(data)["listing"]
    same(event)
    assert "left aside: line 1" in answer.errors
    assert "China time" in answer.errors


def test_a_workbook_with_a_cell_far_away_is_not_held(suyuan, tmp_path):
    far = sheet(list(LISTING)).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    answer = suyuan("publish", workbook(tmp_path / "listings.xlsx", a=far), "--json")
    assert "1,048,576 rows and 16,384 columns" in answer.row["errors"][0]["reason"]
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 no archive")
    (tmp_path / "c.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    answer = suyuan("publish", tmp_path / "b.xlsx", tmp_path / "c.xls", "--json")
    assert (answer.code, answer.row["rejected"]) == (1, 2)


def test_the_table_of_words_names_fields_that_are_there_and_no_word_stands_for_two():
    every = words_by_kind()["every"]
    for kind, fields in words_by_kind().items():
        names = {each.name for one in (KINDS if kind == "every" else (kind,)) for each in event_schema(one).fields}
        assert fields.keys() <= names | {"kind"}, kind
        words = [word for part in ({} if kind == "every" else every, fields) for each in part.values() for word in each]
        assert len(set(words)) == len(words), kind
    for kind, fields in values_table().items():
        for name, values in fields.items():
            (field,) = (each for each in event_schema(kind).fields if each.name == name)
            assert values.keys() <= set(field.values)
