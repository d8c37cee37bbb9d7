"""Every source that a prediction states is a paper of the bibliography, and what is cited is complete."""

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from command_line import run

import statphys_gen
from statphys_gen import citation, diffusion, rbm
from statphys_gen.approximation import Approximation
from statphys_gen.citation import bibliography, cite, names_in
from statphys_gen.errors import InvalidArgument
from statphys_gen.systems import SYSTEMS

ROOT = Path(__file__).parents[1]


def keys(found: citation.Citation) -> list[str]:
    return [reference.key for reference in found.references]


def stated() -> list[tuple[str, Approximation]]:
    doors = [import_module(f"statphys_gen.{system.name}") for system in SYSTEMS]
    pairs = [
        (name, getattr(getattr(door, name), "approximation", None)) for door in doors for name in dir(door)
    ]
    return [(name, entry) for name, entry in pairs if isinstance(entry, Approximation)]


def test_every_paper_that_a_prediction_or_a_system_names_is_in_the_bibliography() -> None:
    found = stated()
    assert len(found) > 150
    for name, entry in found:
        named = names_in(entry.source)
        assert all(paper in bibliography() for paper in named), (name, entry.source)
        # A source of authors, years or "arXiv" that no rule reads would be cited by nobody.
        assert named or not re.search(r"arXiv|\((19|20)\d\d\)|et al", entry.source), (name, entry.source)
    for system in SYSTEMS:
        assert all(paper in bibliography() for paper in system.papers), system.name


def test_the_entries_are_complete() -> None:
    every = {reference.key: reference for reference in bibliography().values()}
    assert len(every) == citation.BIBLIOGRAPHY.read_text().count("@")
    for reference in every.values():
        assert {"author", "title", "year"} <= set(reference.fields), reference.key
        assert {"eprint", "journal"} & set(reference.fields), reference.key
        kind = reference.entry.partition("{")[0]
        wanted = {
            "@article": {"journal", "volume", "pages"},
            "@inproceedings": {"booktitle"},
            "@misc": {"eprint"},
        }
        assert wanted[kind] <= set(reference.fields), reference.key
        assert reference.entry.count("{") == reference.entry.count("}")
        assert reference.entry.endswith("\n}")


def test_a_function_brings_the_sources_of_all_that_it_calls() -> None:
    # The capacity is that of Amit, Gutfreund and Sompolinsky; one step of breaking has papers of its own.
    assert keys(cite(rbm.solve))[1:] == ["barra2018phase", "bonnaire2025nonlinear"]
    assert {"amit1987statistical", "bonnaire2025nonlinear"} <= set(keys(cite("rbm.capacity")))
    assert "achilli2026theory" in keys(cite(diffusion.order_time))
    assert keys(cite())[0] == "statphys_gen"
    both = cite(rbm.solve, rbm.Gaussian(), "diffusion.collapse_time")
    assert len(set(keys(both))) == len(keys(both))
    assert "biroli2024dynamical" in keys(both)
    assert str(both).count("@") == len(both.references)
    assert repr(both) == str(both)


def test_every_function_of_a_door_can_be_cited_and_brings_the_papers_of_its_system() -> None:
    for system in SYSTEMS:
        door = import_module(f"statphys_gen.{system.name}")
        name = next(name for name in dir(door) if name.startswith("simulate") or name == "compare")
        found = {paper for reference in cite(f"{system.name}.{name}").references for paper in reference.names}
        assert set(system.papers) <= found


@pytest.mark.parametrize("subject", [3, "nothing", "diffusion.nothing", len, "rbm.diffusion.solve"])
def test_what_is_no_part_of_the_package_is_refused(subject: object) -> None:
    with pytest.raises(InvalidArgument, match="must be"):
        cite(subject)


def test_a_name_of_several_doors_is_asked_for() -> None:
    with pytest.raises(InvalidArgument, match=r"one of .*diffusion\.compare"):
        cite("compare")
    # The same object at several doors is one.
    assert cite("GaussianMixture").references


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, error = run(["cite", "diffusion", "clone-agreement"], capsys)
    assert (status, error) == (0, "")
    assert "eprint = {2402.18491}" in out
    assert out.startswith("@software{statphys_gen,")
    assert run(["cite", "diffusion.clone_agreement"], capsys)[1] == out
    records = json.loads(run(["cite", "rbm", "capacity", "--json"], capsys)[1])["results"]
    assert "amit1987statistical" in [record["key"] for record in records]
    for words in (["diffusion"], ["diffusion", "nothing"], ["nothing"], ["rbm", "solve", "more"]):
        status, out, error = run(["cite", *words], capsys)
        assert (status, out, error.count("\n")) == (2, "", 1), words


def test_what_stands_in_other_files_is_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "CITATION.cff").read_text()
    fields = dict(re.findall(r"^([a-z-]+): \"?(.+?)\"?$", text, re.MULTILINE))
    (package, *_) = cite().references
    assert fields["version"] == statphys_gen.__version__ == package.fields["version"]
    assert fields["license"] == project["license"]
    assert fields["title"] == package.fields["title"]
    assert package.fields["author"] == "{" + project["authors"][0]["name"] + "}"
    assert set(project["keywords"]) == set(re.findall(r"^  - ([a-zA-Z ]+)$", text, re.MULTILINE))
