"""A wheel holds every module and data file, not only what an editable installation finds by itself."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def test_every_folder_with_files_is_a_package():
    suffixes = {".py", *(Path(pattern).suffix for pattern in SETUPTOOLS["package-data"]["*"])}
    folders = {
        file.parent.relative_to(ROOT)
        for top in SETUPTOOLS["package-dir"].values()
        for file in (ROOT / top).rglob("*")
        if file.suffix in suffixes
    }
    assert {f"suyuan.{'.'.join(folder.parts)}" for folder in folders} == set(SETUPTOOLS["packages"])


def test_every_data_file_has_a_pattern():
    suffixes = {
        file.suffix
        for top in SETUPTOOLS["package-dir"].values()
        for file in (ROOT / top).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {f"*{suffix}" for suffix in suffixes - {".py"}} == set(SETUPTOOLS["package-data"]["*"])
