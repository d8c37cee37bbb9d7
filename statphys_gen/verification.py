"""The verification report: every check of every system, resumable, with the hash of the sources that it checked.

Each check compares a prediction with a simulation of the definition
(:class:`~statphys_gen.statistics.Check`); the checks of one system are judged together, with one stated
rate of false alarms.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__, registry, systems, validation
from .code import code_hash
from .definitions import sha256
from .errors import InvalidArgument
from .statistics.agreement import Agreement, Check, CheckResult, Report, judge
from .statistics.estimate import Estimate
from .statistics.streams import generator

SYSTEMS = tuple(system.name for system in systems.SYSTEMS)
_ARRAYS = ("theory", "mean", "standard_error", "degrees_of_freedom")
_LARGEST = 64  # components of one check


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
    path = Path(folder) / f"{system}.json"
    records = json.loads(path.read_text(encoding="utf-8"))["checks"] if path.is_file() else []
    reported = {record.get("id"): record.get("sources") for record in records}
    return [check.id for check in checks_of(system) if reported.get(check.id) != sources(check)]


def run_check(system: str, check: str, sources: str) -> dict[str, Any]:
    """Theory and simulation of the check with this id, flattened; a refusal by the package is a result (``failure``).

    ``sources`` is there for the store, which so keeps apart what other code has computed.
    """
    machine, date = registry.conditions()
    result = next(entry for entry in checks_of(system) if entry.id == check).run()
    run = {"machine": machine, "date": date, "failure": result.error}
    if result.theory is None or result.estimate is None:
        nothing = np.full(1, np.nan)
        return dict.fromkeys(_ARRAYS, nothing) | run
    estimate = result.estimate
    arrays = (result.theory, estimate.mean, estimate.standard_error, estimate.degrees_of_freedom)
    return {name: entry.ravel() for name, entry in zip(_ARRAYS, arrays, strict=True)} | run


def verify(
    system: str,
    output: str | Path,
    *,
    workers: int = 1,
    only: str | None = None,
    fraction: float = 1.0,
    seed: int = 0,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Run and judge the checks of one system; write ``output/<system>.json`` and ``output/index.html``.

    Every run of a check, of a part of the checks too, is added to ``output/ledger.jsonl``, whatever it says.

    Parameters
    ----------
    system : name of the system.
    output : folder of the reports; finished checks are kept in ``output/verification.sqlite``, so that a run that was
        cut off resumes. A check is run afresh when the code that it reaches has changed.
    workers : number of processes.
    only : run only the checks whose name or id contains this text, and write no report.
    fraction : run only this part of the checks, at least one, drawn at random, and write no report.
    seed : of that draw. The seeds of the checks do not depend on it.

    Returns
    -------
    One record for each check, with its verdict.
    """
    from . import sweep

    family = checks_of(system)
    checks = [check for check in family if only is None or only in check.name or only in check.id]
    if not checks:
        raise InvalidArgument("only", only, f"part of the name or id of a check of {system}")
    if validation.inside("fraction", fraction, 0.0, 1.0, closed=True) < 1.0:
        count = max(1, round(fraction * len(checks)))
        chosen = generator(seed, {"purpose": "choice of checks", "system": system}).permutation(len(checks))[
            :count
        ]
        checks = [checks[k] for k in sorted(chosen)]
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {check.id: sources(check) for check in checks}
    dataset = sweep.run(
        run_check,
        sweep.line(system=system, check=[check.id for check in checks], sources=list(hashes.values())),
        workers=workers if workers > 1 else None,
        store=folder / "verification.sqlite",
        version="2",  # of what run_check returns
        progress=progress,
        maximum=dict.fromkeys(_ARRAYS, _LARGEST),
    )
    rows = {check.id: dataset.isel(point=k) for k, check in enumerate(checks)}
    results = [_result(check, rows[check.id]) for check in checks]
    # A part of the checks is judged as part of the whole family, so that its verdicts are those of the full report.
    absent = [CheckResult(check, None, None, "not drawn") for check in family if check.id not in rows]
    report = Report(judge([*results, *absent]).agreements[: len(checks)])
    records = [record | {"sources": hashes[record["id"]]} for record in report.records()]
    registry.append_to_ledger(
        folder, [_run(agreement, system, rows, hashes) for agreement in report.agreements]
    )
    if only is None and fraction == 1.0:
        document = {
            "system": system,
            "version": __version__,
            "sources": sha256(" ".join(sorted(hashes.values()))),
            "family_wise_rate": report.family_wise_rate,
            "passed": report.passed,
            "checks": records,
        }
        text = json.dumps(_valid(document), indent=1, allow_nan=False) + "\n"
        (folder / f"{system}.json").write_text(text, encoding="utf-8")
        _write_page(folder)
    return records


def _run(
    agreement: Agreement, system: str, rows: Mapping[str, Any], hashes: Mapping[str, str]
) -> dict[str, Any]:
    """One line of the ledger; of several components, the one that deviates most."""
    check, row = agreement.result.check, rows[agreement.result.check.id]
    t = agreement.t
    worst = None if t is None else float(t.ravel()[np.argmax(np.abs(t))])
    # A run that broke off left only its message; it is not kept, so this is when it ran.
    broken = str(row["message"].item())
    machine, date = (
        registry.conditions() if broken else (str(row[name].item()) for name in ("machine", "date"))
    )
    return {
        "id": check.id,
        "system": system,
        "design": registry.design_hash(check),
        "sources": hashes[check.id],
        "t": worst,
        "verdict": agreement.verdict,
        "machine": machine,
        "date": date,
    }


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
    theory, mean, error, freedom = (row[name].values[kept] for name in _ARRAYS)
    return CheckResult(check, theory, Estimate(mean, error, freedom))


def _write_page(folder: Path) -> None:
    """``index.html``: every system's report in the folder, one row for each check."""
    columns = ["verdict", "name", "prediction", "approximation", "sizes", "theory", "value", "standard_error"]
    columns += ["degrees_of_freedom", "resolution", "detectable", "p_value", "note"]
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>statphys_gen: verification</title>",
        "<style>body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top}</style>",
        "<h1>Theory against simulation</h1>",
    ]
    for path in (folder / f"{system}.json" for system in SYSTEMS):
        if not path.is_file():
            continue
        document = json.loads(path.read_text(encoding="utf-8"))
        outcome = "passed" if document["passed"] else "FAILED"
        parts.append(
            f"<h2>{document['system']}: {outcome}</h2><p>Version {document['version']}, sources "
            f"{document['sources'][:12]}; false alarms in the whole report: {document['family_wise_rate']:.0%}.</p>"
        )
        parts.append("<table><tr>" + "".join(f"<th>{name}</th>" for name in columns) + "</tr>")
        for record in document["checks"]:
            parts.append("<tr>" + "".join(f"<td>{_cell(record[name])}</td>" for name in columns) + "</tr>")
        parts.append("</table>")
    (folder / "index.html").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list):
        return ", ".join(_cell(entry) for entry in value)
    if isinstance(value, dict):
        return html.escape(", ".join(f"{name} {entry}" for name, entry in value.items()))
    return "" if value is None else html.escape(str(value))
