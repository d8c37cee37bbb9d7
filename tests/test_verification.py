"""The verification report: resumable, judged as one family, written with the hash of its sources."""

import json
import platform
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from statphys_gen import registry, verification
from statphys_gen.cli import main
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
    assert [record["sources"] for record in document["checks"]] == [
        verification.sources(check) for check in checks
    ]
    assert [record["id"] for record in document["checks"]] == ["first", "second"]
    assert document["family_wise_rate"] == 0.01
    assert "first" in (tmp_path / "index.html").read_text()
    assert verification.verify("diffusion", tmp_path, progress=False) == records
    assert len(CALLS) == 2


def test_a_run_that_was_cut_off_resumes(checks: list[Check], tmp_path: Path) -> None:
    verification.verify("diffusion", tmp_path, only="first", progress=False)
    assert not (tmp_path / "diffusion.json").exists()
    verification.verify("diffusion", tmp_path, progress=False)
    assert CALLS == ["first", "second"]


def test_a_check_whose_code_changed_is_stale_and_run_afresh(checks: list[Check], tmp_path: Path) -> None:
    assert verification.stale("diffusion", tmp_path) == ["first", "second"]
    verification.verify("diffusion", tmp_path, progress=False)
    assert verification.stale("diffusion", tmp_path) == []
    checks[1] = normal_mean("second", 1.001)
    assert verification.stale("diffusion", tmp_path) == ["second"]
    verification.verify("diffusion", tmp_path, progress=False)
    assert CALLS == ["first", "second", "second"]
    assert verification.stale("diffusion", tmp_path) == []


def test_another_name_is_another_line_of_the_report_and_the_same_run(
    checks: list[Check], tmp_path: Path
) -> None:
    verification.verify("diffusion", tmp_path, progress=False)
    checks[0] = replace(checks[0], name="a better name")  # keeps its id
    records = verification.verify("diffusion", tmp_path, progress=False)
    assert [record["name"] for record in records] == ["a better name", "second"]
    assert len(CALLS) == 2


def test_every_run_is_a_line_of_the_ledger_and_a_restored_result_is_none(
    checks: list[Check], tmp_path: Path
) -> None:
    checks.append(refusing("refused"))
    verification.verify("diffusion", tmp_path, only="first", progress=False)
    verification.verify("diffusion", tmp_path, progress=False)
    verification.verify("diffusion", tmp_path, progress=False)
    lines = registry.read_ledger(tmp_path)
    assert [line["id"] for line in lines] == ["first", "second", "refused"]
    assert [line["verdict"] for line in lines] == ["agrees", "agrees", "failed"]
    record = json.loads((tmp_path / "diffusion.json").read_text())["checks"][0]
    assert [lines[0]["t"]] == record["t"]
    assert lines[0]["sources"] == record["sources"]
    assert lines[0]["design"] == registry.design_hash(checks[0])
    assert lines[2]["t"] is None
    assert platform.node() not in json.dumps(lines)
    # Lost results are computed again: a second run, a second line.
    (tmp_path / "verification.sqlite").unlink()
    verification.verify("diffusion", tmp_path, only="first", progress=False)
    assert [line["id"] for line in registry.read_ledger(tmp_path)] == ["first", "second", "refused", "first"]


def test_a_simulation_that_breaks_off_is_in_the_ledger_each_time(checks: list[Check], tmp_path: Path) -> None:
    def breaks(seed: int) -> Estimate:
        raise RuntimeError("broken")

    checks[:] = [Check("breaks", "nothing", "exact", lambda: 1.0, breaks, 0.02)]
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="RuntimeError: broken"):
            (record,) = verification.verify("diffusion", tmp_path, progress=False)
        assert record["verdict"] == "failed"
    assert len(registry.read_ledger(tmp_path)) == 2


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
    with pytest.raises(
        InvalidArgument, match=r"^only = 'nonsense': must be part of the name or id of a check"
    ):
        verification.verify("diffusion", tmp_path, only="nonsense")


@pytest.mark.parametrize("system", verification.SYSTEMS)
def test_the_checks_of_a_system_are_many_and_named_apart(system: str) -> None:
    checks = verification.checks_of(system)
    assert len(checks) >= 12
    assert len({check.seed for check in checks}) == len(checks)


def test_a_system_has_its_name_of_the_shell_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    monkeypatch.setattr(verification, "verify", lambda system, folder, **options: asked.append(system) or [])
    assert main(["verify", "random-features", "--output", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {"systems": ["random-features"]}
    assert main(["verify", "--output", str(tmp_path)]) == 0
    assert asked == ["random_features", *verification.SYSTEMS]


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
