"""The verification report: resumable, judged as one family, written with the hash of its sources."""

import json
from pathlib import Path

import numpy as np
import pytest

from statphys_gen import verification
from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.agreement import Check
from statphys_gen.statistics.estimate import Estimate

CALLS: list[str] = []


def normal_mean(name: str, theory: float) -> Check:
    def simulate(seed: int) -> Estimate:
        CALLS.append(name)
        return Estimate.from_samples(1.0 + 0.01 * np.random.default_rng(seed).standard_normal(400))

    return Check(name, "the mean of a normal law", "exact", lambda: theory, simulate, 0.02)


def refusing(name: str) -> Check:
    def simulate(seed: int) -> Estimate:
        raise InsufficientSamples("too short")

    return Check(name, "nothing", "exact", lambda: 1.0, simulate, 0.02)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    family = [normal_mean("first", 1.0), normal_mean("second", 1.0)]
    monkeypatch.setattr(verification, "checks_of", lambda system: family)
    CALLS.clear()
    return family


def test_a_report_is_written_and_a_second_run_only_reads(checks: list[Check], tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")  # the folder may hold other results
    records = verification.verify("diffusion", tmp_path, progress=False)
    assert [record["verdict"] for record in records] == ["agrees", "agrees"]
    assert sorted(CALLS) == ["first", "second"]
    document = json.loads((tmp_path / "diffusion.json").read_text())
    assert document["passed"] is True
    assert document["sources"] == verification.source_hash("statphys_gen.diffusion.checks")
    assert document["family_wise_rate"] == 0.01
    assert "first" in (tmp_path / "index.html").read_text()
    assert verification.verify("diffusion", tmp_path, progress=False) == records
    assert len(CALLS) == 2


def test_a_run_that_was_cut_off_resumes(checks: list[Check], tmp_path: Path) -> None:
    verification.verify("diffusion", tmp_path, only="first", progress=False)
    assert not (tmp_path / "diffusion.json").exists()
    verification.verify("diffusion", tmp_path, progress=False)
    assert CALLS == ["first", "second"]


def test_a_change_of_the_sources_starts_afresh(
    checks: list[Check], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verification.verify("diffusion", tmp_path, progress=False)
    monkeypatch.setattr(verification, "source_hash", lambda *modules: "changed")
    verification.verify("diffusion", tmp_path, progress=False)
    assert len(CALLS) == 4


def test_a_wrong_theory_and_a_refusal_fail_the_report(checks: list[Check], tmp_path: Path) -> None:
    checks += [normal_mean("wrong", 1.05), refusing("refused")]
    records = {
        record["name"]: record for record in verification.verify("diffusion", tmp_path, progress=False)
    }
    assert records["wrong"]["verdict"] == "disagrees"
    assert records["refused"]["verdict"] == "failed"
    assert "too short" in records["refused"]["note"]
    assert json.loads((tmp_path / "diffusion.json").read_text())["passed"] is False


def test_an_unknown_system_and_an_empty_choice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"^system = 'nonsense': must be one of diffusion"):
        verification.verify("nonsense", tmp_path)
    with pytest.raises(InvalidArgument, match=r"^only = 'nonsense': must be part of the name of a check"):
        verification.verify("diffusion", tmp_path, only="nonsense")


@pytest.mark.parametrize("system", verification.SYSTEMS)
def test_the_checks_of_a_system_are_many_and_named_apart(system: str) -> None:
    checks = verification.checks_of(system)
    assert len(checks) >= 12
    assert len({check.seed for check in checks}) == len(checks)
    for check in checks:  # so that the parameters of a check are among the sources that its result depends on
        assert any(f"{system}.checks" in module for module in verification.modules_of(check)), check.name


def test_the_sources_of_a_module_are_itself_and_what_it_imports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in {
        "first.py": "from .second import value\n",
        "second.py": "def f():\n    from . import third\n    import statphys_gen.fourth\n",
        "third.py": "",
        "fourth.py": "",
        "apart.py": "",
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(verification, "__file__", str(tmp_path / "verification.py"))
    before = verification.source_hash("statphys_gen.first")
    (tmp_path / "apart.py").write_text("changed = 1\n")
    assert verification.source_hash("statphys_gen.first") == before
    hashes = {before}
    for name in ("first", "second", "third", "fourth"):
        (tmp_path / f"{name}.py").write_text((tmp_path / f"{name}.py").read_text() + "changed = 1\n")
        hashes.add(verification.source_hash("statphys_gen.first"))
    assert len(hashes) == 5


def test_a_fraction_of_the_checks_is_drawn_by_the_seed_and_writes_no_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    family = [normal_mean(str(k), 1.0) for k in range(20)]
    monkeypatch.setattr(verification, "checks_of", lambda system: family)
    drawn = set()
    for seed in range(6):
        records = verification.verify("diffusion", tmp_path, fraction=0.1, seed=seed, progress=False)
        assert len(records) == 2
        drawn.add(tuple(record["name"] for record in records))
    assert len(drawn) > 1
    assert not (tmp_path / "diffusion.json").exists()
    with pytest.raises(InvalidArgument, match=r"^fraction = 1.5: must be a number in \[0, 1\]"):
        verification.verify("diffusion", tmp_path, fraction=1.5)
