"""A wheel holds every module and data file, not only what an editable installation finds by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APART = {"bench", "build", "deploy", "docs", "tests"}
"""folders that are no rooms of the package"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names of the files in it. Made of a copy: what an earlier build left in `build/` would be in it too."""
    source, made = tmp_path_factory.mktemp("source") / "suyuan", tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "suyuan-data", *APART)
    shutil.copytree(ROOT, source, symlinks=True, ignore=left_out)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", made, source], check=True)
    (file,) = made.iterdir()
    return {name for name in zipfile.ZipFile(file).namelist() if ".dist-info/" not in name}


def rooms():
    return {folder.name for folder in ROOT.iterdir() if folder.is_dir() and list(folder.glob("*.py"))} - APART


def test_the_package_links_to_each_room():
    links = {link.name: link.readlink() for link in (ROOT / "suyuan").iterdir() if link.is_symlink()}
    assert links == {room: Path("..") / room for room in rooms() - {"suyuan"}}


def test_a_wheel_holds_every_file_of_every_room(wheel):
    files = {
        file.relative_to(ROOT)
        for room in rooms()
        for file in (ROOT / room).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert wheel == {str(file if file.parts[0] == "suyuan" else "suyuan" / file) for file in files}


def test_the_installation_says_what_it_does_and_is_not_warned_of_its_own_folder(tmp_path):
    told = ["make", "--dry-run", "--directory", str(ROOT), "install", f"VENV={tmp_path / 'venv'}"]
    steps = subprocess.run(told, capture_output=True, text=True, check=True).stdout.splitlines()
    said = next(at for at, step in enumerate(steps) if "1.4 GB on disk" in step and "minutes" in step)
    installing = [at for at, step in enumerate(steps) if "pip install" in step]
    assert said < installing[0]
    assert steps[installing[-1]].startswith("PYTHONWARNINGS='ignore:Editable installation' ")
