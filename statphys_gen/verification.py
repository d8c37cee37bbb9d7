"""The verification report: every check of every system, resumable, with the hash of the sources that it checked.

Each check compares a prediction with a simulation of the definition
(:class:`~statphys_gen.statistics.agreement.Check`); the checks of one system are judged together, with one stated
rate of false alarms.
"""

from __future__ import annotations

import ast
import hashlib
import html
import json
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__, validation
from .errors import InvalidArgument
from .statistics.agreement import Check, CheckResult, Report, judge
from .statistics.estimate import Estimate
from .statistics.streams import generator

SYSTEMS = ("diffusion", "random_features", "rbm", "phase_retrieval")
_ARRAYS = ("theory", "mean", "standard_error", "degrees_of_freedom")
_LARGEST = 64  # components of one check


def checks_of(system: str) -> list[Check]:
    """The checks of one system, by name."""
    if system not in SYSTEMS:
        raise InvalidArgument("system", system, "one of " + ", ".join(SYSTEMS))
    checks: list[Check] = import_module(f"{__package__}.{system}.checks").checks()
    names = [check.name for check in checks]
    if len(set(names)) != len(names):
        raise ValueError(f"two checks of {system} have the same name")
    return checks


def source_hash(*modules: str) -> str:
    """SHA-256 over the sources that modules of this package depend on: themselves and all that they import from here.

    An import inside a function counts; text in the tables of lazily exported names does not.
    """
    root = Path(__file__).parent
    found: dict[str, bytes] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = root.joinpath(*name.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not path.is_file():
            continue
        found[name] = path.read_bytes()
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        waiting += _imported(found[name], package)
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + found[name])
    return digest.hexdigest()


def _imported(source: bytes, package: str) -> list[str]:
    """Names that may be modules of this package, of all imports in a source file."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == __package__]


def modules_of(check: Check) -> tuple[str, ...]:
    """The modules in which the theory and the simulation of a check are written, by name."""
    functions: list[Any] = [check.theory, check.simulate]
    for k, function in enumerate(functions):
        while isinstance(function, partial):
            function = function.func
        functions[k] = function
    return tuple(sorted({function.__module__ for function in functions}))


def run_check(system: str, check: str) -> dict[str, Any]:
    """Theory and simulation of one check, flattened; a refusal by the package is a result too (``failure``)."""
    chosen = next(entry for entry in checks_of(system) if entry.name == check)
    result = chosen.run()
    if result.theory is None or result.estimate is None:
        nothing = np.full(1, np.nan)
        return dict.fromkeys(_ARRAYS, nothing) | {"failure": result.error}
    estimate = result.estimate
    arrays = (result.theory, estimate.mean, estimate.standard_error, estimate.degrees_of_freedom)
    return {name: entry.ravel() for name, entry in zip(_ARRAYS, arrays, strict=True)} | {"failure": ""}


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

    Parameters
    ----------
    system : name of the system.
    output : folder of the reports; finished checks are kept in ``output/verification.sqlite``, so that a run that was
        cut off resumes. A change of the sources that a check depends on starts it afresh.
    workers : number of processes.
    only : run only the checks whose name contains this text, and write no report.
    fraction : run only this part of the checks, at least one, drawn at random, and write no report.
    seed : of that draw. The seeds of the checks do not depend on it.

    Returns
    -------
    One record for each check, with its verdict.
    """
    from . import sweep

    family = checks_of(system)
    checks = [check for check in family if only is None or only in check.name]
    if not checks:
        raise InvalidArgument("only", only, f"part of the name of a check of {system}")
    if validation.inside("fraction", fraction, 0.0, 1.0, closed=True) < 1.0:
        count = max(1, round(fraction * len(checks)))
        chosen = generator(seed, {"purpose": "choice of checks", "system": system}).permutation(len(checks))[
            :count
        ]
        checks = [checks[k] for k in sorted(chosen)]
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, CheckResult] = {}
    for modules in sorted({modules_of(check) for check in checks}):
        members = [check for check in checks if modules_of(check) == modules]
        dataset = sweep.run(
            run_check,
            {"system": system, "check": [check.name for check in members]},
            workers=workers if workers > 1 else None,
            store=folder / "verification.sqlite",
            version=source_hash(*modules),
            progress=progress,
            maximum=dict.fromkeys(_ARRAYS, _LARGEST),
        )
        results |= {check.name: _result(check, dataset.sel(check=check.name)) for check in members}
    # A part of the checks is judged as part of the whole family, so that its verdicts are those of the full report.
    absent = [CheckResult(check, None, None, "not drawn") for check in family if check.name not in results]
    drawn = judge([*(results[check.name] for check in checks), *absent])
    report = Report(drawn.agreements[: len(checks)])
    if only is None and fraction == 1.0:
        document = {
            "system": system,
            "version": __version__,
            "sources": source_hash(f"{__package__}.{system}.checks"),
            "family_wise_rate": report.family_wise_rate,
            "passed": report.passed,
            "checks": report.records(),
        }
        text = json.dumps(_valid(document), indent=1, allow_nan=False) + "\n"
        (folder / f"{system}.json").write_text(text, encoding="utf-8")
        _write_page(folder)
    return report.records()


def _valid(entry: Any) -> Any:
    """Only JSON's numbers: an infinite or undefined one, such as what a reported check could detect, becomes null."""
    if isinstance(entry, dict):
        return {name: _valid(value) for name, value in entry.items()}
    if isinstance(entry, list | tuple):
        return [_valid(value) for value in entry]
    return None if isinstance(entry, float) and not np.isfinite(entry) else entry


def _result(check: Check, row: Any) -> CheckResult:
    failure = str(row["failure"].item()) or str(row["message"].item())
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
