"""The figure runner: manifest, cache, gallery, bad names."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from figures import runner
from statphys_gen.errors import InvalidArgument

NAME = "speciation_potential"


def test_every_figure_says_what_it_shows() -> None:
    figures = runner.manifest()
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.title
        assert figure.caption.endswith(".")
        assert callable(figure.script.compute)
        assert callable(figure.script.draw)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    paths = list(runner.make_all([NAME], "quick", folder))
    assert paths == [folder / f"{NAME}.png", folder / "index.html"]
    return folder


def test_pictures_data_and_gallery_stand_side_by_side(output: Path) -> None:
    assert (output / f"{NAME}.png").stat().st_size > 10_000
    assert (output / f"{NAME}.pdf").stat().st_size > 5_000
    entry = json.loads((output / f"{NAME}.json").read_text())
    assert entry["preset"] == "quick"
    assert "2000" in entry["caption"]
    assert "{" not in entry["caption"]
    page = (output / "index.html").read_text()
    assert entry["title"] in page
    assert f"src='{NAME}.png'" in page


def test_data_are_computed_once(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = next(figure for figure in runner.manifest() if figure.name == NAME)
    monkeypatch.setattr(figure.script, "compute", lambda preset: pytest.fail("computed again"))
    picture = (output / f"{NAME}.pdf").read_bytes()
    runner.make(figure, "quick", output)
    assert (output / f"{NAME}.pdf").read_bytes() == picture


def test_stale_data_are_computed_again(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = next(figure for figure in runner.manifest() if figure.name == NAME)
    with np.load(output / f"{NAME}.quick.npz") as stored:
        data = {name: stored[name] for name in stored.files if name != "_stamp"}
    computed: list[str] = []

    def compute(preset: str) -> dict[str, np.ndarray]:
        computed.append(preset)
        return data

    monkeypatch.setattr(figure.script, "compute", compute)
    monkeypatch.setattr(runner, "_package_hash", lambda: "another version")
    runner.make(figure, "quick", output)
    assert computed == ["quick"]


def test_an_unknown_figure_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"^NAME = 'absent': must be one of"):
        list(runner.make_all(["absent"], "quick", tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_the_command_of_the_checkout_and_of_the_package_list_the_same(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "statphys_gen.cli", "figures", "list", "--json"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert [row["name"] for row in json.loads(listed)["results"]] == [f.name for f in runner.manifest()]
