"""What the wheel carries, and what the project says of itself."""

import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import setuptools

import statphys_gen

ROOT = Path(__file__).parents[1]


def test_every_folder_of_the_package_is_in_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", lambda **options: given.update(options))
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    folders = [
        p.parent.relative_to(ROOT).parts
        for top in ("statphys_gen", "figures")
        for p in (ROOT / top).rglob("*.py")
    ]
    assert set(given["packages"]) == {
        ".".join((*(["statphys_gen"] if p[0] == "figures" else []), *p)) for p in folders
    }
    assert given["package_dir"] == {"statphys_gen.figures": "figures"}


def test_version_stands_in_one_place_and_in_the_changelog() -> None:
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"]
    assert f"## {statphys_gen.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_names_of_the_package_are_found_lazily() -> None:
    assert "diffusion" in dir(statphys_gen)
    assert statphys_gen.noising.signal_scale(0.0) == 1.0


def test_the_oldest_versions_are_the_lower_bounds() -> None:
    """The file that ``make oldest`` installs from names every lower bound, and no other version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    bounds = [
        *project["dependencies"],
        *(bound for name in ("cluster", "certify", "examples") for bound in extras[name]),
        *(bound for bound in extras["dev"] if bound.startswith(("pytest", "hypothesis", "arviz"))),
    ]
    lines = (ROOT / "constraints-oldest.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for bound in bounds:
        name, version = bound.split(",")[0].split(">=")
        pin = pins.pop(name).split(".")
        parts = version.split(".")
        assert pin[: len(parts)] == parts, bound
        assert set(pin[len(parts) :]) <= {"0"}, bound
    # What the others need at the same age.
    assert set(pins) == {"pyparsing"}
