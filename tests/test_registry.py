"""The registry of checks and the ledger of their runs: what the code says, and what cannot be changed unseen."""

import json
from pathlib import Path

import pytest

from statphys_gen import registry
from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import InvalidArgument, StoreError
from statphys_gen.statistics.agreement import Check
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.verification import SYSTEMS, checks_of

VALIDATION = Path(__file__).parents[1] / "validation"


def check(name="a check", **changes):
    arguments = {"resolution": 0.02, "sizes": {"dimension": 10, "time": 0.123456789012}, **changes}
    return Check(name, "one", "exact", lambda: 1.0, lambda seed: Estimate(1.0, 0.01, 9.0), **arguments)


def test_every_check_is_registered_with_its_seed_and_design():
    """A check is designed before it is run: after a change, withdraw the old design and register the new one."""
    present = [registry.entry(system, check) for system in SYSTEMS for check in checks_of(system)]
    assert registry.differences(registry.load(VALIDATION), present) == []


def test_the_ledger_is_whole_and_speaks_of_registered_designs():
    registered = {(entry["id"], entry["design"]) for entry in registry.load(VALIDATION)}
    runs = [run for run in registry.read_ledger(VALIDATION) if run["verdict"] != "pilot"]
    assert {(run["id"], run["design"]) for run in runs} <= registered


def test_a_design_is_what_a_check_is_and_not_how_it_is_shown():
    design = registry.design_hash(check())
    assert registry.design_hash(check("another name")) == design
    assert registry.design_hash(check(sizes={"time": 0.123456789013, "dimension": 10})) == design
    for change in (
        {"resolution": 0.01},
        {"kind": "eigenvalue"},
        {"judged": False, "reason": "known"},
        {"judged": False, "reason": "known", "bound": 0.1},
        {"sizes": {"dimension": 11, "time": 0.123456789012}},
        {"sizes": {"dimension": 10, "time": 0.1234}},
        {"model": Covariance.isotropic(1.3, 10)},
        {"over_sizes": (10, 20, 40)},
    ):
        assert registry.design_hash(check(**change)) != design
    models = [check(model=Covariance.isotropic(v, 10)) for v in (1.3, 1.3 + 1e-14, 1.4)]
    assert [registry.design_hash(each) == registry.design_hash(models[0]) for each in models] == [
        True,
        True,
        False,
    ]
    bounds = [check(judged=False, reason="known", bound=bound) for bound in (0.1, 0.2, None)]
    assert len(set(map(registry.design_hash, bounds))) == 3


def test_what_differs_is_said(tmp_path):
    one, two = registry.entry("rbm", check("one")), registry.entry("rbm", check("two"))
    assert registry.register(tmp_path, [one, two]) == []
    assert registry.register(tmp_path, [one, two]) == []
    assert registry.load(tmp_path) == [one, two]
    assert registry.differences([one], [one, two]) == ["two: not registered"]
    assert registry.differences([one, one], [one]) == ["one: 2 times registered"]
    assert registry.differences([one], [one, one]) == ["one: 2 times in the code"]
    for what, value in (("seed", 1), ("design", "other"), ("system", "diffusion")):
        assert registry.differences([one], [one | {what: value}]) == [f"one: another {what} than registered"]
    # A registered design is not replaced: it is withdrawn, with a reason, and stays.
    smaller = registry.entry("rbm", check("two", sizes={"dimension": 5}))
    assert registry.register(tmp_path, [one, smaller]) == ["two: another design than registered"]
    assert registry.register(tmp_path, [one]) == ["two: no longer in the code, but not withdrawn"]
    registry.withdraw(tmp_path, "two", "too large")
    assert registry.register(tmp_path, [one, smaller]) == []
    assert registry.load(tmp_path) == [one, two | {"withdrawn": "too large"}, smaller]
    assert registry.differences([one, two | {"withdrawn": " "}], [one]) == ["two: withdrawn without a reason"]
    with pytest.raises(InvalidArgument, match="registered and not withdrawn"):
        registry.withdraw(tmp_path, "three", "absent")
    with pytest.raises(InvalidArgument, match="reason"):
        registry.withdraw(tmp_path, "one", " ")


def test_the_command_says_what_to_do(tmp_path, capsys):
    folder = ["--folder", str(tmp_path)]
    assert registry.main([*folder, "register"]) == 0
    assert capsys.readouterr().out.endswith("checks, as registered\n")
    entry = registry.load(tmp_path)[0]
    assert registry.main([*folder, "withdraw", entry["id"], "to see"]) == 0
    assert registry.main([*folder, "withdraw", entry["id"], "again"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert registry.main([*folder, "register"]) == 0
    assert [each["id"] for each in registry.load(tmp_path)].count(entry["id"]) == 2


def test_a_ledger_that_was_changed_is_found(tmp_path):
    runs = [run_of(k) for k in range(4)]
    registry.append_to_ledger(tmp_path, runs[:2])
    registry.append_to_ledger(tmp_path, runs)
    assert [line["t"] for line in registry.read_ledger(tmp_path)] == [0.0, 0.5, 1.0, 1.5]
    path = tmp_path / "ledger.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    for number, changed in (
        (3, [lines[0], lines[1].replace("0.5", "0.4"), *lines[2:]]),
        (2, [lines[0], *lines[2:]]),
        (1, lines[1:]),
        (2, [lines[0], lines[2], lines[1], lines[3]]),
        (4, [*lines[:3], "{}\n"]),
        (4, [*lines[:3], lines[3][:-10]]),
    ):
        path.write_text("".join(changed))
        with pytest.raises(StoreError, match=f"line {number} does not follow"):
            registry.read_ledger(tmp_path)
    # The last line alone is missed by what knew it.
    path.write_text("".join(lines[:3]))
    assert len(registry.read_ledger(tmp_path)) == 3
    path.write_text("".join(lines))
    registry.register(tmp_path, [])
    path.write_text("".join(lines[:3]))
    with pytest.raises(StoreError, match=r"the last run that registry\.json knew is gone"):
        registry.read_ledger(tmp_path)
    assert registry.main(["--folder", str(tmp_path), "withdraw", "check-1", "to see"]) == 2
    path.write_text("".join(lines))
    assert json.loads(lines[0])["previous"] == "0" * 64


def run_of(k):
    return {"id": f"check-{k}", "sources": "s", "date": "now", "verdict": "agrees", "t": 0.5 * k}


def test_the_registry_knows_the_last_run(tmp_path):
    one = registry.entry("rbm", check("one"))
    registry.register(tmp_path, [one])
    registry.append_to_ledger(tmp_path, [run_of(0)])
    path = tmp_path / "ledger.jsonl"
    first = path.read_text()
    registry.append_to_ledger(tmp_path, [run_of(1)])
    path.write_text(first)
    with pytest.raises(StoreError, match="knew is gone"):
        registry.append_to_ledger(tmp_path, [run_of(2)])
    assert registry.load(tmp_path) == [one]


def test_ledgers_of_two_branches_are_joined(tmp_path, capsys):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, own in ((here, 1), (there, 2)):
        folder.mkdir()
        registry.register(folder, [registry.entry("rbm", check("one"))])
        registry.append_to_ledger(folder, [run_of(0), run_of(own)])
    (here / "report.json").write_text(
        (there / "registry.json").read_text()
    )  # it knew a run of the other branch
    with pytest.raises(StoreError, match=r"report\.json knew"):
        registry.read_ledger(here)
    (here / "report.json").unlink()
    assert registry.main(["--folder", str(here), "join", str(there / "ledger.jsonl")]) == 0
    assert capsys.readouterr().out == "1 runs added\n"
    (here / "report.json").write_text((there / "registry.json").read_text())
    assert [run["id"] for run in registry.read_ledger(here)] == ["check-0", "check-1", "check-2"]
    assert registry.join(here, there / "ledger.jsonl") == 0
    with pytest.raises(InvalidArgument, match=r"ledger\.jsonl"):
        registry.join(here, there / "registry.json")


def test_a_withdrawn_design_is_listed_with_its_last_verdict_and_reason(tmp_path):
    one = registry.entry("rbm", check("one"))
    registry.register(tmp_path, [one])
    dated = ((1, "agrees"), (2, "disagrees"), (3, "pilot"))
    runs = [one | {"sources": "s", "date": f"{day}", "verdict": verdict} for day, verdict in dated]
    runs.append(one | {"sources": "s", "date": "4", "verdict": "agrees", "design": "another"})
    registry.append_to_ledger(tmp_path, runs)
    assert registry.withdrawn(tmp_path, "rbm") == []
    registry.withdraw(tmp_path, "one", "sees too little")
    (found,) = registry.withdrawn(tmp_path, "rbm")
    assert (found["last_verdict"], found["date"], found["reason"]) == ("disagrees", "2", "sees too little")
    assert registry.withdrawn(tmp_path, "diffusion") == []
    never = registry.entry("diffusion", check("never run"))
    registry.register(tmp_path, [never])
    registry.withdraw(tmp_path, "never-run", "replaced")
    assert registry.withdrawn(tmp_path, "diffusion")[0]["last_verdict"] is None


def test_what_is_not_registered_is_not_run(tmp_path):
    one, two = registry.entry("rbm", check("one")), registry.entry("rbm", check("two"))
    assert registry.unregistered(tmp_path, [one]) == []  # a folder without registry pins nothing
    registry.register(tmp_path, [one, two])
    assert registry.unregistered(tmp_path, [one]) == []
    assert registry.unregistered(tmp_path, [one | {"design": "other"}]) == [
        "one: another design than registered"
    ]
    registry.withdraw(tmp_path, "two", "dropped")
    assert registry.unregistered(tmp_path, [two]) == ["two: not registered"]
