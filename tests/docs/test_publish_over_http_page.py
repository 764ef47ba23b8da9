"""What the how-to sends over HTTP is accepted, and answered as it shows, in both languages."""

from __future__ import annotations

import re

import msgspec
import pytest

from suyuan.portal.publishing.batch import publish_batch
from suyuan.publishing.files.embedded import outlet
from suyuan.publishing.files.records import Options
from suyuan.publishing.ownership import platform_right
from tests.docs.pages import DOCS, code_blocks

PAGES = [DOCS / "how-to" / name for name in ("publish-over-http.md", "publish-over-http.zh.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_event_of_the_page_is_answered_as_it_shows(page, tmp_path):
    body = re.search(r"<<'EOF'\n(.*?)\nEOF", "\n".join(code_blocks(page, "sh")), re.DOTALL)[1]
    with outlet(tmp_path / "data", 1, fsync=False) as opened:
        batch = publish_batch(opened, body.encode(), platform_right("91330106009900005E"), Options())
    answer = msgspec.to_builtins(batch.answer("4be1…"))
    shown = msgspec.json.decode(code_blocks(page, "text")[0])
    assert answer["results"][0].pop("ref")[:-8] == shown["results"][0].pop("ref")[:-8]
    assert answer == shown
