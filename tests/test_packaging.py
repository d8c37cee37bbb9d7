"""What the wheel carries, and what the project says of itself."""

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import setuptools

import statphys_gen
from statphys_gen.cli import build_parser
from statphys_gen.cli.parsing import BadUsage
from statphys_gen.systems import SYSTEMS

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
        # Scripts that ``make figures`` leaves beside its pictures, for the gallery's downloads.
        if p.parent != ROOT / "figures" / "output"
    ]
    assert set(given["packages"]) == {
        ".".join((*(["statphys_gen"] if p[0] == "figures" else []), *p)) for p in folders
    }
    assert given["package_dir"] == {"statphys_gen.figures": "figures"}


def test_version_stands_in_one_place_and_in_the_changelog() -> None:
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"]
    assert f"## {statphys_gen.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_package_lists_the_systems_and_what_serves_them_all() -> None:
    names = dir(statphys_gen)
    assert {system.name for system in SYSTEMS} <= set(names)
    assert {"conformance", "comparison", "verification", "style", "data", "units", "sweep"} <= set(names)
    assert all(getattr(statphys_gen, name) is not None for name in names)
    assert statphys_gen.noising.signal_scale(0.0) == 1.0
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        statphys_gen.nonsense  # noqa: B018


def test_every_system_has_its_folder_its_commands_and_its_figures() -> None:
    for system in SYSTEMS:
        for folder in ("statphys_gen", "statphys_gen/cli", "figures", "derivations", "tests"):
            assert (ROOT / folder / system.name).is_dir(), f"{folder}/{system.name}"
        assert (ROOT / "docs" / f"{system.name}.rst").is_file()
    with pytest.raises(BadUsage) as caught:
        build_parser().parse_args(["nonsense"])
    assert all(system.command in str(caught.value) for system in SYSTEMS)


@pytest.mark.parametrize(("page", "tick"), [("CONTRIBUTING.md", "`"), ("docs/developing.rst", "``")])
def test_files_that_the_pages_for_developers_name_are_there(page: str, tick: str) -> None:
    words = re.findall(rf"{tick}([\w.-]+/[\w./-]*){tick}", (ROOT / page).read_text(encoding="utf-8"))
    assert len(words) > 5
    # From the top, from the package, or as a room of a system.
    package = ROOT / "statphys_gen"
    tops = (ROOT, package, *(package / system.name for system in SYSTEMS))
    assert [word for word in words if not any((top / word).exists() for top in tops)] == []


def test_the_oldest_versions_are_the_lower_bounds() -> None:
    """The file that ``make oldest`` installs from names every lower bound, and no other version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    bounds = [
        *project["dependencies"],
        *(bound for name in ("cluster", "certify", "examples", "test") for bound in extras[name]),
    ]
    lines = (ROOT / "constraints-oldest.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for bound in bounds:
        if bound.startswith("statphys-gen["):
            continue
        name, version = bound.split(",")[0].split(">=")
        pin = pins.pop(name).split(".")
        parts = version.split(".")
        assert pin[: len(parts)] == parts, bound
        assert set(pin[len(parts) :]) <= {"0"}, bound
    # What the others need at the same age.
    assert set(pins) == {"pyparsing"}
