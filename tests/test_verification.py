"""The verification report: resumable, judged as one family, written with the hash of its sources."""

import json
import platform
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statphys_gen import registry, verification
from statphys_gen.cli import main
from statphys_gen.errors import InsufficientSamples, InvalidArgument, StoreError
from statphys_gen.statistics.agreement import Check
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.extrapolation import componentwise_limit
from statphys_gen.statistics.power import detectable_shift

CALLS: list[str] = []


def normal_mean(name: str, theory: float, noise: float = 0.01, **options: Any) -> Check:
    def simulate(seed: int) -> Estimate:
        CALLS.append(name)
        return Estimate.from_samples(1.0 + noise * np.random.default_rng(seed).standard_normal(400))

    return Check(name, "the mean of a normal law", "exact", lambda: theory, simulate, 0.02, **options)


def refusing(name: str) -> Check:
    def simulate(seed: int) -> Estimate:
        raise InsufficientSamples("too short")

    return Check(name, "nothing", "exact", lambda: 1.0, simulate, 0.02)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    return page(monkeypatch, diffusion=[normal_mean("first", 1.0), normal_mean("second", 1.0)])["diffusion"]


def page(monkeypatch: pytest.MonkeyPatch, **families: list[Check]) -> dict[str, list[Check]]:
    """The checks of all systems, in place of the real ones."""
    monkeypatch.setattr(verification, "checks_of", lambda system: families.get(system, []))
    CALLS.clear()
    return families


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


def test_only_what_is_stale_is_run_and_the_rest_keeps_its_numbers(
    checks: list[Check], tmp_path: Path
) -> None:
    before = verification.verify("diffusion", tmp_path, progress=False)
    # Another machine holds the report and no store.
    (tmp_path / "verification.sqlite").unlink()
    assert verification.verify("diffusion", tmp_path, stale_only=True, progress=False) == before
    assert CALLS == ["first", "second"]
    checks[1] = replace(normal_mean("second", 1.001), resolution=0.015)
    checks.append(normal_mean("third", 1.0))
    after = verification.verify("diffusion", tmp_path, stale_only=True, progress=False)
    assert CALLS == ["first", "second", "second", "third"]
    assert [record["id"] for record in after] == ["first", "second", "third"]
    assert after[0]["value"] == before[0]["value"]
    assert after[1]["resolution"] == 0.015
    document = json.loads((tmp_path / "diffusion.json").read_text())
    assert document["checks"] == json.loads(json.dumps(after))
    assert [line["id"] for line in registry.read_ledger(tmp_path)] == ["first", "second", "second", "third"]
    # A design that changed while the code did not.
    checks[0] = replace(checks[0], resolution=0.012)
    verification.verify("diffusion", tmp_path, stale_only=True, progress=False)
    assert CALLS[4:] == ["first"]


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
    assert len(checks) >= (4 if system == "residual_networks" else 12)
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
    page(monkeypatch, diffusion=[normal_mean(str(k), 1.0) for k in range(20)])
    drawn = set()
    for seed in range(6):
        records = verification.verify("diffusion", tmp_path, fraction=0.1, seed=seed, progress=False)
        assert len(records) == 2
        drawn.add(tuple(record["name"] for record in records))
    assert len(drawn) > 1
    assert not (tmp_path / "diffusion.json").exists()
    with pytest.raises(InvalidArgument, match=r"^fraction = 1.5: must be a number in \[0, 1\]"):
        verification.verify("diffusion", tmp_path, fraction=1.5)


# One page of all systems
# ---------------------------------------------------------------------------------------


def off_by(name: str, errors: float) -> Check:
    """A theory that is off by this many of the standard errors that the simulation has."""
    sound = normal_mean(name, 1.0)
    found = sound.run().estimate
    assert found is not None
    return normal_mean(name, float(found.mean + errors * found.standard_error))


def test_the_rate_of_false_alarms_is_shared_by_all_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """t = 3.2 with 399 degrees of freedom, p = .0015: beyond 1 % of 4 checks, not of 24."""
    alone = [off_by("suspect", 3.2), *(normal_mean(f"a{k}", 1.0) for k in range(3))]
    page(monkeypatch, diffusion=alone)
    assert verification.verify("diffusion", tmp_path / "a", progress=False)[0]["verdict"] == "disagrees"
    page(monkeypatch, diffusion=alone, rbm=[normal_mean(f"b{k}", 1.0) for k in range(20)])
    (record, *_) = verification.verify("diffusion", tmp_path / "b", progress=False)
    # The other system was not run: its checks count all the same.
    assert record["verdict"] == "agrees"
    assert record["adjusted_p_value"] == pytest.approx(24 * record["p_value"])


def test_a_part_of_the_checks_is_judged_within_the_last_results_of_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Holm's procedure: three clear disagreements elsewhere leave the fourth check fewer rivals."""
    wrong = [normal_mean(f"wrong {k}", 1.1) for k in range(3)]
    page(monkeypatch, diffusion=[off_by("suspect", 3.0), normal_mean("sound", 1.0)], rbm=wrong)
    (record,) = verification.verify("diffusion", tmp_path, only="suspect", progress=False)
    assert record["adjusted_p_value"] == pytest.approx(5 * record["p_value"])
    verification.verify("rbm", tmp_path, progress=False)
    (record,) = verification.verify("diffusion", tmp_path, only="suspect", progress=False)
    assert record["adjusted_p_value"] == pytest.approx(2 * record["p_value"])
    assert record["verdict"] == "disagrees"


def test_a_drawn_tenth_is_judged_within_the_whole_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """t = 3.2, p = .0015: beyond 1 % of the two checks that are drawn, not of the twenty that there are."""
    page(monkeypatch, diffusion=[off_by(f"suspect {k}", 3.2) for k in range(20)])
    records = verification.verify("diffusion", tmp_path, fraction=0.1, progress=False)
    assert len(records) == 2
    for record in records:
        assert record["verdict"] == "agrees"
        assert record["adjusted_p_value"] == pytest.approx(
            20 * min(each["p_value"] for each in records), rel=0.2
        )


def test_the_reports_of_the_other_systems_are_judged_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    suspect = off_by("suspect", 3.0)
    families = page(monkeypatch, diffusion=[suspect], rbm=[normal_mean(f"b{k}", 1.0) for k in range(3)])
    verification.verify("diffusion", tmp_path, progress=False)
    before = json.loads((tmp_path / "diffusion.json").read_text())
    assert before["checks"][0]["verdict"] == "agrees"
    assert before["checks"][0]["adjusted_p_value"] == pytest.approx(4 * before["checks"][0]["p_value"])
    families["rbm"][:] = [normal_mean(f"b{k}", 1.1) for k in range(3)]
    verification.verify("rbm", tmp_path, progress=False)
    after = json.loads((tmp_path / "diffusion.json").read_text())
    assert after["checks"][0]["verdict"] == "disagrees"
    assert (before["passed"], after["passed"]) == (True, False)
    assert after["checks"][0]["value"] == before["checks"][0]["value"]
    # A check whose design is another one by now was not run: its line stays as it was.
    families["diffusion"][0] = replace(suspect, sizes={"samples": 401})
    verification.verify("rbm", tmp_path, progress=False)
    assert json.loads((tmp_path / "diffusion.json").read_text())["checks"] == after["checks"]


def test_a_report_counts_judged_checks_and_what_is_beyond_its_bound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    off = {"judged": False, "reason": "leading order"}
    family = [
        normal_mean("judged", 1.0),
        normal_mean("off", 1.3, bound=0.3, **off),
        normal_mean("open", 2.0, **off),
    ]
    families = page(monkeypatch, diffusion=family)
    verification.verify("diffusion", tmp_path, progress=False)
    report = verification.report("diffusion", tmp_path)
    assert report is not None
    assert [report[name] for name in ("judged", "agree", "reported", "passed")] == [1, 1, 2, True]
    assert report["reported_without_bound"] == ["open"]
    assert "without bound: open" in (tmp_path / "index.html").read_text()
    family[1] = normal_mean("off", 1.3, bound=0.2, **off)
    assert main(["verify", "diffusion", "--output", str(tmp_path)]) == 3
    report = verification.report("diffusion", tmp_path)
    assert report is not None
    assert report["passed"] is False
    families["diffusion"] = family[2:]
    verification.verify("diffusion", tmp_path, progress=False)
    report = verification.report("diffusion", tmp_path)
    assert report is not None
    assert report["passed"] is False  # nothing was judged


def test_a_fit_that_does_not_hold_survives_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def simulate(seed: int) -> Estimate:
        return Estimate(np.ones(2), np.array(1e-4), np.array(50.0), np.array([1.0, 1e-5]))

    family = [Check("limit", "two limits", "exact", lambda: [1.0, 1.0], simulate, 0.02)]
    page(monkeypatch, diffusion=family, rbm=[normal_mean("other", 1.0)])
    for _ in range(2):
        (record,) = verification.verify("diffusion", tmp_path, progress=False)
        assert record["verdict"] == "inconclusive"
    verification.verify("rbm", tmp_path, progress=False)
    report = verification.report("diffusion", tmp_path)
    assert report is not None
    assert report["checks"][0]["note"].startswith("the fit does not hold")


# The protocol
# ---------------------------------------------------------------------------------------


def test_a_changed_design_is_not_run_before_the_registry_says_so(checks: list[Check], tmp_path: Path) -> None:
    present = [registry.entry("diffusion", check) for check in checks]
    registry.register(tmp_path, present)
    verification.verify("diffusion", tmp_path, progress=False)
    checks[1] = replace(checks[1], sizes={"samples": 100})
    with pytest.raises(InvalidArgument, match="second: another design than registered"):
        verification.verify("diffusion", tmp_path, progress=False)
    assert main(["verify", "diffusion", "--output", str(tmp_path)]) == 2
    assert main(["verify", "diffusion", "--output", str(tmp_path), "--only", "first"]) == 0
    assert [record["id"] for record in verification.pilot("diffusion", tmp_path, progress=False)] == [
        "first",
        "second",
    ]
    checks.append(normal_mean("third", 1.0))
    with pytest.raises(InvalidArgument, match="third: not registered"):
        verification.verify("diffusion", tmp_path, only="third", progress=False)
    # Withdrawn with a reason, the old design stays in the report with what it last said.
    registry.withdraw(tmp_path, "second", "too small")
    registry.register(tmp_path, [registry.entry("diffusion", check) for check in checks])
    verification.verify("diffusion", tmp_path, progress=False)
    report = verification.report("diffusion", tmp_path)
    assert report is not None
    (old,) = report["withdrawn"]
    assert (old["id"], old["design"], old["last_verdict"]) == ("second", present[1]["design"], "agrees")
    assert old["reason"] == "too small"
    assert old["date"].startswith("20")
    assert "<h3>Withdrawn</h3>" in (tmp_path / "index.html").read_text()
    assert "too small" in (tmp_path / "index.html").read_text()


def test_a_last_line_that_was_taken_out_is_missed(checks: list[Check], tmp_path: Path) -> None:
    registry.register(tmp_path, [registry.entry("diffusion", check) for check in checks])
    verification.verify("diffusion", tmp_path, progress=False)
    ledger = tmp_path / "ledger.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[:-1]))
    with pytest.raises(StoreError, match=r"the last run that diffusion\.json knew is gone"):
        registry.read_ledger(tmp_path)
    assert main(["verify", "diffusion", "--output", str(tmp_path)]) == 3
    (tmp_path / "diffusion.json").unlink()
    with pytest.raises(StoreError, match=r"the last run that registry\.json knew is gone"):
        registry.read_ledger(tmp_path)


def test_a_pilot_tells_what_could_be_detected_and_never_a_deviation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three theories, sound and wrong, leave the same pilot; the simulated mean is nowhere in the folder."""
    told = []
    for wrong in (1.0, 1.07, 30.0):
        folder = tmp_path / str(wrong)
        fine, coarse = normal_mean("fine", wrong, scale=1.0), normal_mean("coarse", wrong, 0.2, scale=1.0)
        page(monkeypatch, diffusion=[fine, coarse])
        records = verification.pilot("diffusion", folder, progress=False)
        told.append(records)
        for record in records:
            assert {"t", "value", "deviation", "p_value", "verdict", "theory"}.isdisjoint(record)
        assert main(["verify", "diffusion", "--pilot", "--output", str(folder)]) == 3
        printed = capsys.readouterr().out
        for check in (fine, coarse):
            estimate = check.run(pilot=True).estimate
            assert estimate is not None
            mean = float(estimate.mean)
            assert f"{mean:.4g}" not in printed
            assert f"{mean:.5g}" not in json.dumps(records)
            with closing(sqlite3.connect(folder / "verification.sqlite")) as store:
                kept = "\n".join(store.iterdump())
            bits = np.array(mean).tobytes().hex()
            assert bits not in kept.lower()
            assert repr(mean) not in kept
    assert told[0] == told[1] == told[2]
    fine, coarse = told[0]
    assert (fine["conclusive"], coarse["conclusive"]) == (True, False)
    assert fine["standard_error"] == [pytest.approx(0.01 / 20, rel=0.15)]
    assert fine["standard_error"] == [float(f"{fine['standard_error'][0]:.1e}")]
    assert fine["detectable"] == pytest.approx(detectable_shift(399.0, 0.005) * fine["standard_error"][0])
    lines = registry.read_ledger(folder)
    assert [(line["id"], line["verdict"]) for line in lines] == [("fine", "pilot"), ("coarse", "pilot")]
    assert not any("t" in line for line in lines)
    assert not (folder / "diffusion.json").exists()


def test_values_at_the_sizes_of_a_limit_are_in_the_report_and_in_no_pilot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sizes = [10.0, 20.0, 40.0]

    def simulate(seed: int) -> Estimate:
        noise = np.random.default_rng(seed).normal(0.0, 0.01, (3, 400, 1))
        runs = [Estimate.from_samples(1.0 + 0.5 / n + one) for n, one in zip(sizes, noise, strict=True)]
        return componentwise_limit(sizes, runs)

    limit = Check("limit", "a limit", "exact", lambda: np.ones(1), simulate, 0.02)
    page(monkeypatch, diffusion=[limit, normal_mean("at one size", 1.0)])
    verification.pilot("diffusion", tmp_path / "pilot", progress=False)
    with closing(sqlite3.connect(tmp_path / "pilot" / "verification.sqlite")) as store:
        kept = "\n".join(store.iterdump())
    of_pilot = np.array(limit.run(pilot=True).at_sizes)
    assert not any(
        repr(value) in kept or np.array(value).tobytes().hex() in kept.lower() for value in of_pilot[:, 3]
    )
    first, second = verification.verify("diffusion", tmp_path, progress=False)
    assert [row[2] for row in first["at_sizes"]] == sizes
    np.testing.assert_allclose([row[3] for row in first["at_sizes"]], [1.05, 1.025, 1.0125], atol=0.003)
    assert second["at_sizes"] == []
    assert verification.verify("diffusion", tmp_path, progress=False) == [first, second]


def test_a_pilot_of_events_does_not_tell_how_many_there_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def simulate(seed: int) -> Estimate:
        return Estimate.from_samples((np.random.default_rng(seed).random(3000) < 0.4).astype(float))

    rate = Check("rate", "an event", "exact", lambda: 0.05, simulate, 1.0, "level")
    page(monkeypatch, diffusion=[rate])
    (record,) = verification.pilot("diffusion", tmp_path, progress=False)
    assert record["standard_error"] == [pytest.approx(np.sqrt(0.05 * 0.95 / 3000), rel=0.01)]
    assert record["conclusive"] is True
    assert verification.verify("diffusion", tmp_path, progress=False)[0]["verdict"] == "disagrees"


def test_a_pilot_takes_no_fraction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--pilot", "--fraction", "0.5", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[]", '{"checks": [1]}', '{"checks": [{"id": "a"}]}', "[" * 100_000])
def test_a_file_that_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "diffusion.json").write_text(text)
    with pytest.raises(InvalidArgument, match=r"report = .*diffusion\.json.*: must be a JSON "):
        verification.report("diffusion", tmp_path)
    (tmp_path / "registry.json").write_text(text)
    with pytest.raises(InvalidArgument, match=r"registry = .*registry\.json.*: must be a JSON "):
        registry.load(tmp_path)
