"""A wheel holds every module and data file, not only what an editable installation finds by itself."""

from __future__ import annotations

import subprocess
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


def test_the_installation_says_what_it_does_and_is_not_warned_of_a_folder_that_is_not_there(tmp_path):
    told = ["make", "--dry-run", "--directory", str(ROOT), "install", f"VENV={tmp_path / 'venv'}"]
    steps = subprocess.run(told, capture_output=True, text=True, check=True).stdout.splitlines()
    said = next(at for at, step in enumerate(steps) if "1.4 GB on disk" in step and "minutes" in step)
    installing = [at for at, step in enumerate(steps) if "pip install" in step]
    assert said < installing[0]
    assert steps[installing[-1]].startswith("PYTHONWARNINGS='ignore:Editable installation' ")
    assert not (ROOT / "suyuan").exists()
