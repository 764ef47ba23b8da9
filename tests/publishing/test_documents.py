"""What the pages promise to platforms, in Python and in other languages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
import zlib

import polars as pl
import pytest

from suyuan.domain.identifiers.gtin import gtin_columns
from suyuan.domain.keys import partition_of
from suyuan.publishing.keys import keys_and_ids
from suyuan.schemas.events import decode_event
from suyuan.schemas.kinds import BUSINESS_KEYS, KINDS
from suyuan.schemas.validation import parse_event
from suyuan.simulation.market import Market
from tests.docs.pages import DOCS, code_blocks
from tests.publishing.test_publisher import listing
from tests.streams.stages import published

HOW_TO = DOCS / "how-to" / "publish-from-your-platform.md"
FORMAT = DOCS / "reference" / "wire-format.md"
KEYS = ["91330106009900005E\x1fA-1", "2026-09-21", "渠道\x1f1", *(f"91330106009900005E\x1fI{n}" for n in range(200))]


def test_the_twenty_lines(connection, log):
    program, _ = code_blocks(HOW_TO, "python")
    assert len([line for line in program.splitlines() if line.strip()]) <= 20
    program = program.replace("localhost:9092", connection.servers[0])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert [done.stdout] == code_blocks(HOW_TO, "text")
    (record,) = log.read("in.listing")
    kind, event = decode_event(record.value)
    assert (kind, event["event_id"], event["title"]) == ("listing", "A-1@1", "明前龙井 250g")


def test_the_partitioner_in_java(tmp_path):
    function, sending = code_blocks(FORMAT, "java")
    key = re.search(r"byte\[\] key = (.*);", sending)[1]
    program = f"""
        public class Partition {{
            {function}
            public static void main(String[] keys) {{
                for (String each : keys) System.out.println(
                    partition(each.getBytes(java.nio.charset.StandardCharsets.UTF_8), 1)
                    + " " + partition(each.getBytes(java.nio.charset.StandardCharsets.UTF_8), 12));
                String platformCode = "P", listingId = "I";
                byte[] key = {key};
                System.out.println(new String(key, java.nio.charset.StandardCharsets.UTF_8));
            }}
        }}"""
    (tmp_path / "Partition.java").write_text(program)
    command = ["java", "-Dsun.jnu.encoding=UTF-8", "Partition.java", *KEYS]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    if "compiler" in done.stderr and "CI" not in os.environ:
        pytest.skip(done.stderr)  # a Java that only runs
    *partitions, made = done.stdout.split("\n")[:-1]
    assert partitions == [f"0 {partition_of(key, 12)}" for key in KEYS], done.stderr
    assert made == "P\x1fI"


def test_the_examples_of_keys():
    rows = re.findall(r"^\|.*\| `([0-9a-f]+)` \| (\d+) \| (\d+) \| (\d+) \|$", FORMAT.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 2
    for key, crc, of_4, of_12 in rows:
        name = bytes.fromhex(key)
        assert name.decode() in KEYS
        assert (zlib.crc32(name), partition_of(name, 4), partition_of(name, 12)) == (int(crc), int(of_4), int(of_12))


def without(text, *categories):
    return "".join(c for c in text if unicodedata.category(c) not in categories)


def as_the_page_says(kind, event):
    """A key in another language: only what the page says."""
    parts = []
    for name in BUSINESS_KEYS[kind]:
        text = "" if event.get(name) is None else str(event[name])
        coded = name.endswith("code") or name in {"licence_no", "gtin"}
        if coded or name == "lot":
            text = unicodedata.normalize("NFKC", without(re.sub("\r\n|[\t\r\n]", " ", text), "Cc", "Cf"))
        text = without(text, "Cc", "Cf", *(("Zs", "Zl", "Zp", "Pd") if coded else ())).strip()
        if name == "gtin":
            valid = gtin_columns(pl.Series([text], dtype=pl.String))[1].item()
            text = text.zfill(14) if valid else text
        elif coded:
            text = text.upper()
        parts.append(text)
    return "\x1f".join(parts).encode()


def spoilt(event):
    """As typed by hand."""
    wide = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
    codes = {
        "platform_code",
        "producer_code",
        "from_code",
        "to_code",
        "agency_code",
        "issuer_code",
        "code",
        "licence_no",
        "gtin",
    }
    return {
        name: f" {value[:6].lower()} \u200b-{value[6:].translate(wide)}\t" if name in codes and value else value
        for name, value in event.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_of_every_kind(kind):
    if kind == "day":
        events = [
            parse_event(b'{"kind":"day","event_id":"D","publisher":"P","occurred_at":1,"date":"2026-09-21"}').event
        ]
    elif kind == "alert_act":
        events = [published.event(kind), published.event(kind, act="assign", assignee="li")]
    elif kind in {"check_act", "order", "order_answer", "check_item", "officer"}:
        events = [published.event(kind), published.event(kind)]
    elif kind == "certificate":  # which no market publishes
        events = [published.event(kind), spoilt(published.event(kind, certificate_no="有机 2026-7"))]
    elif kind == "bureau":  # nor these
        events = [published.event(kind), spoilt(published.event(kind, division="330191"))]
    elif kind == "listing":
        events = [listing(1), listing(2, platform_code=" 91330106009900005e ", listing_id=" ab\x07c ")]
    else:
        market = [event for event in Market(5).events(4_000) if event["kind"] == kind][:50]
        events = market + [spoilt(event) for event in market]
    assert events
    assert keys_and_ids(kind, events)[0] == [as_the_page_says(kind, event) for event in events]
