"""A new plugin package works as it is written, and so does the smallest there can be."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ganlab import RecipeError, StorageError
from ganlab.plugins import Plugins, scaffold

SMALLEST = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "ganlab-cubic"
version = "0.1"
dependencies = ["ganlab"]
[project.entry-points.ganlab]
cubic = "ganlab_cubic"
""",
    "ganlab_cubic.py": """\
import ganlab

class Cubic(ganlab.Loss):
    def discriminator(self, real, fake):
        return (1 - real).relu() ** 3, (1 + fake).relu() ** 3
    def generator(self, fake, real=None):
        return -fake

@ganlab.hookimpl
def ganlab_register_losses():
    return {"cubic": Cubic}
""",
}


def installed(package: Path, site: Path) -> Path:
    """`package` built into a wheel by its own back end and unpacked into `site`."""
    pytest.importorskip("hatchling")
    build = "import hatchling.build, sys; hatchling.build.build_wheel(sys.argv[1])"
    wheels = package / "dist"
    subprocess.run([sys.executable, "-c", build, str(wheels)], cwd=package, check=True, capture_output=True)
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def test_a_new_package_installs_is_found_and_passes_its_own_tests(tmp_path: Path) -> None:
    scaffold("soft-margin", tmp_path)
    package = tmp_path / "ganlab-soft-margin"
    site = installed(package, tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(site)}
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "tests"], cwd=package, env=environment, capture_output=True, text=True
    )
    assert tests.returncode == 0, tests.stdout
    listing = (
        "from ganlab.plugins import Plugins; entry = Plugins().find('losses', 'soft-margin'); "
        "print(entry.origin, entry.resolve({'margin': 2}, 'loss'))"
    )
    shown = subprocess.run([sys.executable, "-c", listing], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == "plugin 'soft-margin' (ganlab-soft-margin 0.1.0) {'margin': 2.0}\n"


def test_every_file_is_returned(tmp_path: Path) -> None:
    written = scaffold("ganlab-soft-margin", tmp_path)
    assert {str(path.relative_to(tmp_path / "ganlab-soft-margin")) for path in written} == {
        "pyproject.toml",
        "README.md",
        "ganlab_soft_margin.py",
        "tests/test_ganlab_soft_margin.py",
    }
    assert all("$" not in path.read_text() for path in written)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    first = scaffold("mine", tmp_path)
    first[0].write_text("changed")
    with pytest.raises(RecipeError, match="exists already"):
        scaffold("mine", tmp_path)
    assert first[0].read_text() == "changed"


@pytest.mark.parametrize("name", ["", "Mine", "my_loss", "../up", "a b", "-a", "a" * 49, "1a", "ganlab-"])
def test_a_name_that_cannot_be_used_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot name a plugin"):
        scaffold(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="ganlab has a loss 'hinge' already"):
        scaffold("hinge", tmp_path)


def test_a_place_that_cannot_be_written_is_a_matter_of_storage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        scaffold("mine", tmp_path / "file")


def test_a_loss_package_of_eighteen_lines_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ganlab-cubic"
    package.mkdir()
    for name, text in SMALLEST.items():
        (package / name).write_text(text)
    assert sum(bool(line.strip()) for text in SMALLEST.values() for line in text.splitlines()) <= 18
    monkeypatch.syspath_prepend(str(installed(package, tmp_path / "site")))
    assert Plugins().find("losses", "cubic").create().generator(3.0) == -3.0
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert all(text in readme for text in SMALLEST.values())
