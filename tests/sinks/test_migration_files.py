from __future__ import annotations

import pytest

from suyuan.sinks.errors import MigrationError
from suyuan.sinks.migrations import migrations


def test_a_missing_number_is_noticed(tmp_path):
    for name in ("0001_one.sql", "0003_three.sql"):
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(MigrationError, match="gaps"):
        migrations(tmp_path)
