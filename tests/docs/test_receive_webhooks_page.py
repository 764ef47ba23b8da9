"""What the how-to has receivers verify by takes what is sent, and nothing else."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import time

import pytest

from suyuan.operations.webhooks.signing import new_secret, signed_headers
from tests.docs.pages import DOCS, code_blocks

PAGES = [DOCS / "how-to" / name for name in ("receive-webhooks.md", "receive-webhooks.zh.md")]
BODY = '{"title_zh": "召回"}'.encode()
NODE = """
import { verified } from "./verified.mjs";
for (const each of JSON.parse(process.argv[2])) {
  console.log(verified(each.secret, each.headers, Buffer.from(each.body, "utf8")));
}
"""
GO = """
package main

import (
\t"encoding/json"
\t"fmt"
\t"net/http"
\t"os"
)

func main() {
\tvar cases []struct {
\t\tSecret, Body string
\t\tHeaders      map[string]string
\t}
\tjson.Unmarshal([]byte(os.Args[1]), &cases)
\tfor _, each := range cases {
\t\theaders := http.Header{}
\t\tfor name, value := range each.Headers {
\t\t\theaders.Set(name, value)
\t\t}
\t\tfmt.Println(Verified(each.Secret, headers, []byte(each.Body)))
\t}
}
"""


@pytest.fixture(scope="module")
def cases():
    """(what somebody sends, whether it is ours)."""
    secret, other = new_secret(secrets.token_bytes), new_secret(secrets.token_bytes)
    now = time.time_ns() // 1_000_000

    def sent(body=BODY, at=now, secrets=(secret,), **headers):
        signed = dict(signed_headers("a.1.s", at, BODY, secrets)) | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return {"secret": secret, "headers": signed, "body": body.decode()}

    return [
        (sent(), True),
        (sent(secrets=(other, secret)), True),
        (sent(secrets=(other,)), False),
        (sent(body=BODY + b" "), False),
        (sent(webhook_id="a.2.s"), False),
        (sent(at=now - 600_000), False),
        (sent(at=now + 600_000), False),
        (sent(webhook_signature="v1"), False),
        (sent(webhook_signature="v2,AAAA nonsense"), False),
    ]


def answers(command, cases, folder):
    """Of a program that prints a line for each."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]}")
    given = json.dumps([case for case, _ in cases])
    done = subprocess.run([*command, given], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line == "true" for line in done.stdout.split()]


def test_in_python(cases):
    space = {}
    exec(code_blocks(PAGES[0], "python")[0], space)  # noqa: S102 -- the page's own
    found = [space["verified"](case["secret"], case["headers"], case["body"].encode()) for case, _ in cases]
    assert found == [ours for _, ours in cases]


def test_by_standard_webhooks_own(cases):
    case, _ = cases[0]
    space = {"secret": case["secret"], "headers": case["headers"], "body": case["body"].encode()}
    exec(code_blocks(PAGES[0], "python")[1], space)  # noqa: S102 -- the page's own
    assert space["alert"] == {"title_zh": "召回"}


def test_in_node(cases, tmp_path):
    (tmp_path / "verified.mjs").write_text(code_blocks(PAGES[0], "js")[0], encoding="utf-8")
    (tmp_path / "main.mjs").write_text(NODE, encoding="utf-8")
    assert answers(["node", "main.mjs"], cases, tmp_path) == [ours for _, ours in cases]


def test_in_go(cases, tmp_path):
    (tmp_path / "verified.go").write_text(code_blocks(PAGES[0], "go")[0], encoding="utf-8")
    (tmp_path / "main.go").write_text(GO, encoding="utf-8")
    (tmp_path / "go.mod").write_text("module receiver\n\ngo 1.21\n", encoding="utf-8")
    assert answers(["go", "run", "."], cases, tmp_path) == [ours for _, ours in cases]


def test_both_languages_show_the_same():
    fence = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    english, chinese = (fence.findall(page.read_text(encoding="utf-8")) for page in PAGES)
    assert english == chinese
