"""The figure runner: manifest, parameters, cache, gallery, bad names."""

import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from figures import gallery, parameters, runner
from statphys_gen import style
from statphys_gen.errors import InvalidArgument

NAME = "linear_errors"
QUICK = runner.Request()


def named(name: str = NAME) -> runner.Figure:
    return next(figure for figure in runner.manifest() if figure.name == name)


def test_every_figure_says_what_it_shows() -> None:
    figures = runner.manifest()
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.title
        assert figure.caption.endswith(".")
        assert callable(figure.script.draw)
        paper, panel, fidelity = figure.paper
        assert len(paper) == 10, figure.name
        assert fidelity.startswith(runner.FIDELITIES), figure.name
        assert bool(panel) != (fidelity == "ours"), figure.name


def test_the_caption_of_a_stand_in_ends_with_what_stands_for_what() -> None:
    found = named("digits_pair")
    words = {name: 1 for name in re.findall(r"{(\w+)", found.caption)}
    end = (
        "A stand-in for figure 4 of arXiv 2402.18491: handwritten digits of scikit-learn for the image sets."
    )
    assert found.caption_with(words) == f"{found.caption.format(**words)} {end}"
    other = named("speciation")
    words = {name: 1 for name in re.findall(r"{(\w+)", other.caption)}
    assert other.caption_with(words) == other.caption.format(**words)
    scripts = [figure for figure in runner.manifest() if "digits" in figure.name and figure.paper[1]]
    assert all(figure.paper[2].startswith(runner.STAND_IN) for figure in scripts)


def test_every_parameter_is_named_in_the_caption_or_drawn_as_a_legend() -> None:
    for figure in runner.manifest():
        drawn = Path(str(figure.script.__file__)).read_text().partition("def draw")[2]
        for name in figure.parameters:
            assert f"{{{name}" in figure.caption or f'"{name}"' in drawn, (figure.name, name)


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
    assert "{" not in entry["caption"]
    page = (output / "index.html").read_text()
    for said in (
        entry["title"],
        f"src='{NAME}.png'",
        entry["command"],
        f"{NAME}.py",
        f"{NAME}.quick.npz",
        "2405.17580",
    ):
        assert said in page
    for link in (f"{NAME}.py", f"{NAME}.quick.npz"):
        assert (output / link).is_file()


def test_data_are_computed_once(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = named()

    @functools.wraps(figure.script.compute)
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("computed again")

    monkeypatch.setattr(figure.script, "compute", refuse)
    picture = (output / f"{NAME}.pdf").read_bytes()
    runner.draw(figure, QUICK, output)
    assert (output / f"{NAME}.pdf").read_bytes() == picture


def test_stale_data_are_computed_again(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []
    figure = named()
    compute = figure.script.compute

    @functools.wraps(compute)
    def counted(preset: str, **given: float) -> dict[str, np.ndarray]:
        computed.append(preset)
        return compute(preset, **given)

    monkeypatch.setattr(figure.script, "compute", counted)
    monkeypatch.setattr(runner, "_package_hash", lambda: "another version")
    runner.draw(figure, QUICK, output)
    assert computed == ["quick"]


def test_a_changed_figure_says_so_in_caption_and_files(output: Path) -> None:
    path = runner.make(NAME, output=output, rank=3, width_exponent="2.5", width="column")
    assert path.name == f"{NAME}_width_exponent=2.5_rank=3_column.png"
    entry = json.loads(path.with_suffix(".json").read_text())
    assert "3 signals of strength 1/sqrt(3)" in entry["caption"]
    assert "width d^2.5" in entry["caption"]
    assert entry["parameters"]["rank"] == 3
    assert (
        entry["command"]
        == f"statphys-gen figures make {NAME} --set width_exponent=2.5 --set rank=3 --width column"
    )
    assert entry["command"].encode() in path.read_bytes()
    # The figure with its defaults still stands, and the gallery shows both.
    assert "5 signals" in json.loads((output / f"{NAME}.json").read_text())["caption"]
    page = (output / "index.html").read_text()
    sources = {unquote(source) for source in re.findall(r"<img loading='lazy' src='([^']*)' alt='[^']", page)}
    assert sources == {f"{NAME}.png", path.name}
    assert all((output / unquote(link)).is_file() for link in re.findall(r"href='([^#'][^:']*)'", page))
    assert "(width exponent=2.5 rank=3 column)" in page
    assert page.count("<td>same parameters</td>") == 1


def test_a_default_given_again_is_the_figure_itself(output: Path) -> None:
    assert runner.make(NAME, output=output, rank=5) == output / f"{NAME}.png"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"ranks": 3},
            "parameter = 'ranks': must be one of variance_exponent, width_exponent, rank, large_dimension",
        ),
        ({"rank": 2.5}, "rank = 2.5: must be a whole number"),
        ({"rank": "1,2"}, "rank = '1,2': must be a number"),
        ({"width_exponent": "1_0"}, "width_exponent = '1_0': must be a number"),
        ({"width_exponent": float("nan")}, "width_exponent = nan: must be a number"),
    ],
)
def test_a_bad_parameter_is_one_line(given: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as refused:
        runner.make(NAME, output=tmp_path, **given)
    assert str(refused.value) == said


def test_parameters_are_set_for_one_figure_only(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"^--set = .*must be given with one NAME"):
        list(runner.make_all([], "quick", tmp_path, parameters={"rank": "3"}))


def test_several_values_are_taken_as_text_and_said_in_words() -> None:
    def compute(preset: str, *, time: tuple[float, ...] = (0.5, 1.0), law: str = "binary") -> None: ...

    chosen = parameters.chosen(compute, parameters.from_text(["time=1,2.25,3e4"]))
    assert chosen == {"time": (1.0, 2.25, 3e4), "law": "binary"}
    assert parameters.in_words(chosen["time"]) == "1, 2.25 and 30000"
    assert parameters.as_setting(chosen["time"]) == "1,2.25,30000"
    assert parameters.chosen(compute, {"time": 4})["time"] == (4.0,)
    with pytest.raises(InvalidArgument, match=r"^--set = 'time': must be NAME=VALUE"):
        parameters.from_text(["time"])
    with pytest.raises(InvalidArgument, match="must be given once for time"):
        parameters.from_text(["time=1", "time=2"])


@pytest.mark.parametrize(("width", "inches", "rows"), [(None, 7.0, 1), ("column", 3.4, 2), ("page", 7.0, 1)])
def test_widths(width: str | None, inches: float, rows: int) -> None:
    with style.picture_width(width):
        figure, axes = style.panels(2)
    assert figure.get_figwidth() == inches
    assert axes[0].get_gridspec().nrows == rows
    with style.picture_width("page"):
        assert style.panels(1)[0].get_figwidth() == 7.0


def test_figures_of_one_paper() -> None:
    names = [figure.name for figure in runner.manifest("2405.17580")]
    assert NAME in names
    assert all(name.startswith("linear") for name in names)
    with pytest.raises(
        InvalidArgument,
        match=r"^--paper = '1': must be one of 2010.07955, 2106.09035, 2309.01213, 2402.18491",
    ):
        runner.manifest("1")
    rows = gallery.papers(runner.manifest())
    assert ("2405.17580", "1", NAME, "same parameters") in rows


def test_an_unknown_figure_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"^NAME = 'absent': must be one of"):
        list(runner.make_all(["absent"], "quick", tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_the_command_of_the_checkout_and_of_the_package_list_the_same(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "statphys_gen.cli", "figures", "list", "--json"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert [row["name"] for row in json.loads(listed)["results"]] == [f.name for f in runner.manifest()]
