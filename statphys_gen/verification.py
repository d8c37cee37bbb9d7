"""The verification report: every check of every system, resumable, with the hash of the sources that it checked.

Each check compares a prediction with a simulation of the definition (:class:`~statphys_gen.statistics.Check`). The
checks of all systems are one page, which is judged together, with one stated rate of false alarms: a system, or a part
of its checks, that is run alone is judged within the last results of the others. Sizes are chosen by a pilot, which
shows standard errors and what they could detect, and never a deviation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__, registry, systems, validation
from .code import code_hash
from .definitions import sha256
from .errors import InvalidArgument
from .statistics.agreement import EVENTS, FAMILY_WISE_RATE, Agreement, AtSize, Check, CheckResult, judge
from .statistics.estimate import Estimate
from .statistics.streams import generator
from .verification_page import write_page

SYSTEMS = tuple(system.name for system in systems.SYSTEMS)
_ARRAYS = ("theory", "mean", "standard_error", "degrees_of_freedom", "fit_p_value")
# What a report says of a check because of all others, besides what was measured.
_OF_PAGE = ("adjusted_p_value", "detectable", "verdict", "note")
_NOT_RUN = "not run"
_LARGEST = 64  # components of one check
_MOST_SIZES = 8  # of one extrapolation


def checks_of(system: str) -> list[Check]:
    """The checks of one system, by name."""
    if system not in SYSTEMS:
        raise InvalidArgument("system", system, "one of " + ", ".join(SYSTEMS))
    checks: list[Check] = import_module(f"{__package__}.{system}.checks").checks()
    for what in ("name", "id"):
        if len({getattr(check, what) for check in checks}) != len(checks):
            raise ValueError(f"two checks of {system} have the same {what}")
    return checks


def sources(check: Check) -> str:
    """Hash of what a check does: its theory, its simulation, the scale of its resolution, and all that these reach.

    Floats enter by nine digits: some are computed, and differ in the last bits between machines.
    """
    return code_hash(check.theory, check.simulate, check.scale, digits=9)


def stale(system: str, folder: str | Path) -> list[str]:
    """Ids of the checks whose result in the report of that folder is missing or was not made by the present code."""
    last = report(system, folder) or {"checks": []}
    reported = {record["id"]: record["sources"] for record in last["checks"]}
    return [check.id for check in checks_of(system) if reported.get(check.id) != sources(check)]


def report(system: str, folder: str | Path) -> dict[str, Any] | None:
    """The last report of a system in a folder; None where there is none.

    Raises
    ------
    InvalidArgument : the file is no report.
    """
    path = Path(folder) / f"{system}.json"
    if not path.is_file():
        return None
    return registry.read_checks("report", path, ("id", "design", "sources", "verdict"))


def run_check(system: str, check: str, sources: str) -> dict[str, Any]:
    """Theory and simulation of the check with this id, flattened; a refusal by the package is a result (``failure``).

    ``sources`` is there for the store, which so keeps apart what other code has computed.
    """
    return _flattened(_check(system, check).run())


def run_pilot(system: str, check: str, sources: str) -> dict[str, Any]:
    """As :func:`run_check`, with other random numbers and without what was simulated: the mean is that of the theory.

    The standard error has two digits: that of a proportion, say, would tell its mean. Of events it is left out.
    """
    found = _check(system, check)
    run = _flattened(found.run(pilot=True))
    theory, freedom = run["theory"], run["degrees_of_freedom"]
    if found.kind in EVENTS:
        trials = freedom + 1.0
        mean = np.round(theory * trials) / trials
        error = np.sqrt(mean * (1.0 - mean) / freedom)
    else:
        mean, error = theory, np.array([float(f"{value:.1e}") for value in run["standard_error"]])
    nothing = run["at_sizes"][:0]
    return run | {
        "mean": mean,
        "standard_error": error,
        "fit_p_value": np.ones_like(theory),
        "at_sizes": nothing,
    }


def _check(system: str, name: str) -> Check:
    return next(entry for entry in checks_of(system) if entry.id == name)


def _flattened(result: CheckResult) -> dict[str, Any]:
    machine, date = registry.conditions()
    run = {"machine": machine, "date": date, "failure": result.error}
    if result.theory is None or result.estimate is None:
        nothing = np.full(1, np.nan)
        return dict.fromkeys(_ARRAYS, nothing) | {"at_sizes": np.empty((0, len(AtSize._fields)))} | run
    values = {"theory": result.theory} | {name: getattr(result.estimate, name) for name in _ARRAYS[1:]}
    at_sizes = np.array(result.at_sizes).reshape(-1, len(AtSize._fields))
    return {name: entry.ravel() for name, entry in values.items()} | {"at_sizes": at_sizes} | run


def verify(
    system: str,
    output: str | Path,
    *,
    workers: int = 1,
    only: str | None = None,
    fraction: float = 1.0,
    seed: int = 0,
    stale_only: bool = False,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Run the checks of one system and judge them; write ``output/<system>.json`` and ``output/index.html``.

    Every run of a check, of a part of the checks too, is added to ``output/ledger.jsonl``, whatever it says.

    Parameters
    ----------
    system : name of the system.
    output : folder of the reports; finished checks are kept in ``output/verification.sqlite``, so that a run that was
        cut off resumes. A check is run afresh when the code that it reaches has changed. Where the folder holds a
        registry, only designs that are registered are run.
    workers : number of processes.
    only : run only the checks whose name or id contains this text, and write no report.
    fraction : run only this part of the checks, at least one, drawn at random, and write no report.
    seed : of that draw. The seeds of the checks do not depend on it.
    stale_only : run only the checks that the last report does not hold as they are, with the code that they reach now;
        the others keep their numbers in the new report.

    Returns
    -------
    One record for each check of the report, or for each that was run where none is written, with its verdict. The
    reports of the other systems in the folder are judged anew with it: they share its rate of false alarms.

    Raises
    ------
    InvalidArgument : an argument out of its domain; a check that is not registered, or not as it is.
    """
    checks = _chosen(system, only, fraction, seed)
    folder = Path(output)
    kept = _kept(system, folder) if stale_only else {}
    checks = [check for check in checks if check.id not in kept]
    wrong = registry.unregistered(folder, [registry.entry(system, check) for check in checks])
    if wrong:
        raise InvalidArgument("checks", wrong[0], "registered before they are run (a pilot is free)")
    rows, hashes = _computed(run_check, system, checks, folder, workers, progress)
    results = {check.id: _result(check, rows[check.id]) for check in checks}
    page = _page(folder, system, results)
    agreements = [page[check.id] for check in checks]
    records = [_record(agreement, hashes[agreement.result.check.id]) for agreement in agreements]
    registry.append_to_ledger(folder, [_run(agreement, system, rows, hashes) for agreement in agreements])
    if only is None and fraction == 1.0:
        new = {record["id"]: record for record in records}
        records = [new.get(check.id) or _judged_anew(kept[check.id], page) for check in checks_of(system)]
        hashes = {record["id"]: record["sources"] for record in records}
        document = {
            "system": system,
            "version": __version__,
            "sources": sha256(" ".join(sorted(hashes.values()))),
            "family_wise_rate": FAMILY_WISE_RATE,
            "withdrawn": registry.withdrawn(folder, system),
            "ledger": registry.last_run(folder),
        }
        _write_report(folder, system, document, records)
        for other in SYSTEMS:
            last = report(other, folder) if other != system else None
            if last is not None:
                judged_anew = [_judged_anew(record, page) for record in last["checks"]]
                _write_report(folder, other, last, judged_anew)
        write_page(folder, [found for name in SYSTEMS if (found := report(name, folder)) is not None])
    return records


def _kept(system: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Records of the last report whose check has the same design still and reaches the same code."""
    last = report(system, folder) or {"checks": []}
    records = {record["id"]: record for record in last["checks"]}
    old = set(stale(system, folder))
    return {
        check.id: records[check.id]
        for check in checks_of(system)
        if check.id not in old and records[check.id]["design"] == registry.design_hash(check)
    }


def pilot(
    system: str,
    output: str | Path,
    *,
    workers: int = 1,
    only: str | None = None,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """What the checks of one system could detect: their sizes are chosen by this, before they are registered and run.

    Parameters are those of :func:`verify`. The random numbers are others than those of the run, and no deviation is
    returned, stored or written: of each simulation the standard error alone is kept.

    Returns
    -------
    One record for each check: standard errors, degrees of freedom, resolution, detectable error, and whether a run
    could be conclusive.
    """
    checks = _chosen(system, only, 1.0, 0)
    folder = Path(output)
    rows, hashes = _computed(run_pilot, system, checks, folder, workers, progress)
    page = _page(folder, system, {check.id: _result(check, rows[check.id]) for check in checks})
    records, runs = [], []
    for check in checks:
        agreement, row = page[check.id], rows[check.id]
        record = _valid(agreement.record())
        names = ("id", "name", "kind", "sizes", "standard_error", "scale", "degrees_of_freedom", "resolution")
        conclusive = not check.judged or agreement.verdict == "agrees"
        records.append(
            {name: record[name] for name in names}
            | {"detectable": record["detectable"], "conclusive": conclusive, "note": record["note"]}
        )
        runs.append(
            {"id": check.id, "system": system, "design": registry.design_hash(check), "verdict": "pilot"}
            | {"sources": hashes[check.id]}
            | _conditions(row)
        )
    registry.append_to_ledger(folder, runs)
    return records


def _chosen(system: str, only: str | None, fraction: float, seed: int) -> list[Check]:
    family = checks_of(system)
    checks = [check for check in family if only is None or only in check.name or only in check.id]
    if not checks:
        raise InvalidArgument("only", only, f"part of the name or id of a check of {system}")
    if validation.inside("fraction", fraction, 0.0, 1.0, closed=True) < 1.0:
        count = max(1, round(fraction * len(checks)))
        key = {"purpose": "choice of checks", "system": system}
        checks = [checks[k] for k in sorted(generator(seed, key).permutation(len(checks))[:count])]
    return checks


def _computed(
    function: Callable[..., dict[str, Any]],
    system: str,
    checks: Sequence[Check],
    folder: Path,
    workers: int,
    progress: bool,
) -> tuple[dict[str, Any], dict[str, str]]:
    """What the function returns for each check, from the store where it is there; and the hashes of the sources."""
    from . import sweep

    folder.mkdir(parents=True, exist_ok=True)
    hashes = {check.id: sources(check) for check in checks}
    if not checks:
        return {}, hashes
    dataset = sweep.run(
        function,
        sweep.line(system=system, check=list(hashes), sources=list(hashes.values())),
        workers=workers if workers > 1 else None,
        store=folder / "verification.sqlite",
        version="4",  # of what run_check and run_pilot return
        progress=progress,
        maximum=dict.fromkeys(_ARRAYS, _LARGEST)
        | {"at_sizes": (_LARGEST * _MOST_SIZES, len(AtSize._fields))},
    )
    return {check.id: dataset.isel(point=k) for k, check in enumerate(checks)}, hashes


def _page(folder: Path, system: str, results: Mapping[str, CheckResult]) -> dict[str, Agreement]:
    """Every check of all systems by its id: these results, judged together with the last ones of all others."""
    every = []
    for name in SYSTEMS:
        last = report(name, folder) or {"checks": []}
        records = {record["id"]: record for record in last["checks"]}
        for check in checks_of(name):
            known = results.get(check.id) if name == system else None
            every.append(known or _last_result(check, records.get(check.id)))
    return {agreement.result.check.id: agreement for agreement in judge(every).agreements}


def _last_result(check: Check, record: Mapping[str, Any] | None) -> CheckResult:
    """What a report says of a check of this design; a check that was not run counts in the family all the same."""
    if record is None or record["design"] != registry.design_hash(check):
        return CheckResult(check, None, None, _NOT_RUN)
    if record["theory"] is None:
        return CheckResult(check, None, None, record["note"])
    estimate = Estimate(record["value"], *(record[name] for name in _ARRAYS[2:]))
    return CheckResult(check, record["theory"], estimate, scale=record["scale"])


def _judged_anew(record: dict[str, Any], page: Mapping[str, Agreement]) -> dict[str, Any]:
    found = page.get(record["id"])
    if found is None or found.result.error == _NOT_RUN:
        return record
    return record | {name: _valid(found.record()[name]) for name in _OF_PAGE}


def _record(agreement: Agreement, hashed: str) -> dict[str, Any]:
    return agreement.record() | {
        "design": registry.design_hash(agreement.result.check),
        "sources": hashed,
    }


def _write_report(
    folder: Path, system: str, document: Mapping[str, Any], records: Sequence[Mapping[str, Any]]
) -> None:
    """The report with its counts: only judged checks can pass, and a reported one can fail."""
    judged = [record for record in records if record["judged"]]
    reported = [record for record in records if not record["judged"]]
    counts = {
        "judged": len(judged),
        "agree": sum(record["verdict"] == "agrees" for record in judged),
        "reported": len(reported),
        "reported_without_bound": [record["id"] for record in reported if record["bound"] is None],
    }
    inside = all(record["verdict"] == "reported" for record in reported)
    passed = bool(judged) and counts["agree"] == len(judged) and inside
    written = {**document, **counts, "passed": passed, "checks": list(records)}
    text = json.dumps(_valid(written), indent=1, allow_nan=False) + "\n"
    (folder / f"{system}.json").write_text(text, encoding="utf-8")


def _run(
    agreement: Agreement, system: str, rows: Mapping[str, Any], hashes: Mapping[str, str]
) -> dict[str, Any]:
    """One line of the ledger; of several components, the one that deviates most."""
    check, row = agreement.result.check, rows[agreement.result.check.id]
    t = agreement.t
    worst = None if t is None else float(t.ravel()[np.argmax(np.abs(t))])
    return {
        "id": check.id,
        "system": system,
        "design": registry.design_hash(check),
        "sources": hashes[check.id],
        "t": worst,
        "verdict": agreement.verdict,
    } | _conditions(row)


def _conditions(row: Any) -> dict[str, str]:
    """Machine and date of a run. One that broke off left only its message; it is not kept, so it ran now."""
    if str(row["message"].item()):
        return dict(zip(("machine", "date"), registry.conditions(), strict=True))
    return {name: str(row[name].item()) for name in ("machine", "date")}


def _valid(entry: Any) -> Any:
    """Only JSON's numbers: an infinite or undefined one, such as what a reported check could detect, becomes null."""
    if isinstance(entry, dict):
        return {name: _valid(value) for name, value in entry.items()}
    if isinstance(entry, list | tuple):
        return [_valid(value) for value in entry]
    return None if isinstance(entry, float) and not np.isfinite(entry) else entry


def _result(check: Check, row: Any) -> CheckResult:
    failure = str(row["message"].item()) or str(row["failure"].item())
    if failure:
        return CheckResult(check, None, None, failure)
    kept = np.isfinite(row["theory"].values)
    theory, *estimate = (row[name].values[kept] for name in _ARRAYS)
    rows = row["at_sizes"].values
    at_sizes = tuple(AtSize(int(k), *values) for k, *values in rows[~np.isnan(rows).any(axis=1)].tolist())
    return CheckResult(check, theory, Estimate(*estimate), at_sizes=at_sizes)
