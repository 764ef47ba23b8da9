"""Files that browsers fetch: whole, kept for ever, found by each other; those of others as their makers made them."""

from __future__ import annotations

import gzip
import re
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.requests import Request

from suyuan.portal.pages.static_files import FOR_EVER, STATIC, StaticFiles

FOLDER = Path(__file__).parents[3] / "portal" / "pages" / "static"


def ask(name, version=None, **headers):
    wire = [(key.replace("_", "-").lower().encode(), value.encode()) for key, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": wire, "query_string": b""})
    return STATIC.answer(request, STATIC.version if version is None else version, name)


@pytest.mark.parametrize(
    ("table", "folder"),
    [
        (FOLDER / "vendor.toml", FOLDER / "vendor"),
        (Path(__file__).parents[1] / "browser" / "vendor" / "vendor.toml", None),
    ],
    ids=["of the portal", "of tests"],
)
def test_what_others_made_is_as_they_made_it_and_has_its_licence(table, folder):
    folder, told = folder or table.parent, {table.name}
    for each in tomllib.loads(table.read_text(encoding="utf-8"))["vendored"]:
        assert sha256((folder / each["file"]).read_bytes()).hexdigest() == each["sha256"], each["file"]
        assert all((folder / name).read_text(encoding="utf-8").strip() for name in each["licences"])
        told |= {each["file"], *each["licences"]}
    assert {file.name for file in folder.iterdir()} | {table.name} == told


def test_an_address_is_kept_for_ever_and_changes_with_any_file(tmp_path):
    answer = ask("suyuan.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, FOR_EVER)
    assert answer.headers["content-type"].startswith("text/css")
    assert STATIC.address("suyuan.css") == f"/static/{STATIC.version}/suyuan.css"
    (tmp_path / "a.js").write_text("1")
    before = StaticFiles(tmp_path).version
    (tmp_path / "b.js").write_text("2")
    assert StaticFiles(tmp_path).version != before


def test_an_address_of_another_version_is_answered_but_not_kept():
    answer = ask("main.js", "000000000000")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


def test_a_browser_that_has_it_is_told_so():
    answer = ask("main.js", if_none_match=ask("main.js").headers["etag"])
    assert (answer.status_code, answer.body) == (304, b"")


def test_it_is_packed_for_whoever_unpacks():
    answer = ask("suyuan.css", accept_encoding="gzip, br")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == ask("suyuan.css").body == (FOLDER / "suyuan.css").read_bytes()


@pytest.mark.parametrize("name", ["", ".", "..", "vendor", "vendor/", "../words.py", "/etc/passwd", "nothing.js"])
def test_there_is_no_list_and_nothing_outside_of_the_folder(name):
    assert ask(name).status_code == 404


def test_scripts_are_modules_that_find_each_other():
    for file in FOLDER.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert ask(file.name).headers["content-type"].startswith("text/javascript")
        for other in re.findall(r'from "([^"]+)"', text):
            assert (file.parent / other).is_file(), f"{file.name}: {other}"
        assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", text), file.name


def test_style_sheets_fetch_nothing():
    assert not re.search(r"url\(|@import", (FOLDER / "suyuan.css").read_text(encoding="utf-8"))
