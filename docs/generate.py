"""Writes the pages that repeat facts of the package: predictions, gallery, validation table, reference."""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import reference
from run_examples import run_examples

from statphys_gen.approximation import Approximation
from statphys_gen.cli import build_parser
from statphys_gen.glossary import QUANTITIES
from statphys_gen.systems import SYSTEMS
from statphys_gen.verification import stale

ROOT = Path(__file__).parents[1]


def write_pages(docs: Path) -> None:
    generated = docs / "generated"
    generated.mkdir(exist_ok=True)
    run_examples(docs)
    (generated / "predictions.rst").write_text(_predictions(), encoding="utf-8")
    (generated / "gallery.rst").write_text(_gallery(generated), encoding="utf-8")
    (generated / "validation.rst").write_text(_validation(), encoding="utf-8")
    (generated / "random_points.txt").write_text(_random_points(), encoding="utf-8")
    (generated / "benchmarks.rst").write_text(_benchmarks(), encoding="utf-8")
    (generated / "quantities.txt").write_text(_quantities(), encoding="utf-8")
    (generated / "commands.txt").write_text(_commands(), encoding="utf-8")
    pages = generated / "reference"
    pages.mkdir(exist_ok=True)
    for name, text in reference.pages().items():
        (pages / f"{name}.rst").write_text(text, encoding="utf-8")


def _heading(text: str, mark: str = "=") -> list[str]:
    return [text, mark * len(text), ""]


def _table(columns: list[str], rows: list[list[str]], widths: str) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [columns, *rows]:
        lines += [f"   {'* -' if k == 0 else '  -'} {cell}" for k, cell in enumerate(row)]
    return [*lines, ""]


def _predictions() -> str:
    lines = _heading("What each prediction is worth")
    lines += [
        "Every public prediction states how exact it is. The numerical error of an exact formula is a matter "
        "of digits; "
        "the error of a leading-order formula is not, and no residual shows it.",
        "",
    ]
    for system in SYSTEMS:
        door = f"statphys_gen.{system.name}"
        rows = []
        for name, (module, _) in sorted(reference.shown(door).items()):
            approximation = getattr(getattr(import_module(door), name), "approximation", None)
            if isinstance(approximation, Approximation) and module.startswith(f"{door}."):
                rows.append(
                    [
                        f":py:func:`{name} <{door}.{name}>`",
                        approximation.level,
                        _escape(approximation.valid) or "always",
                        _escape(approximation.source),
                        approximation.verification,
                    ]
                )
        lines += _heading(system.title, "-")
        lines += _table(["prediction", "level", "valid", "source", "verification"], rows, "20 15 30 25 10")
    return "\n".join(lines)


def _gallery(generated: Path) -> str:
    lines = _heading("Gallery")
    lines += ["Made by ``make figures``; every picture is the output of one script in ``figures/``.", ""]
    entries = [
        (record, json.loads(record.read_text(encoding="utf-8")))
        for record in sorted((ROOT / "figures" / "output").glob("*.json"))
    ]
    for system in SYSTEMS:
        lines += _heading(system.title, "-")
        for record, entry in entries:
            if entry["system"] != system.name:
                continue
            shutil.copy(record.with_suffix(".png"), generated)
            lines += _heading(entry["title"], "~")
            script = f"figures/{system.name}/{record.stem}.py"
            lines += [
                f".. image:: {record.stem}.png",
                "   :width: 100%",
                "",
                _escape(entry["caption"]) + f" ({entry['preset']} size; ``{script}``)",
                "",
            ]
    return "\n".join(lines)


def _validation() -> str:
    lines = _heading("Theory against simulation")
    lines += [
        "Each row compares a prediction with a simulation of the definition, which does not use the theory. "
        "*Detectable* is the relative error that the comparison would have found with 90 % probability.",
        "",
    ]
    for system in SYSTEMS:
        report = ROOT / "validation" / f"{system.name}.json"
        lines += _heading(system.title, "-")
        if not report.is_file():
            lines += ["Not compared with a simulation yet.", ""]
            continue
        document = json.loads(report.read_text(encoding="utf-8"))
        older = len(stale(system.name, ROOT / "validation"))
        verdicts = Counter(record["verdict"] for record in document["checks"])
        outcome = ", ".join(f"{count} {word}" for word, count in verdicts.items())
        lines += [
            f"{len(document['checks'])} checks: {outcome}. Sources {document['sources'][:12]}, "
            + (
                f"{older} results are older than this version: run ``make verify``."
                if older
                else "those of this version."
            ),
            "",
        ]
        rows = []
        for record in document["checks"]:
            detectable = record["detectable"]
            rows.append(
                [
                    _escape(record["prediction"]),
                    _escape(str(record["sizes"])),
                    "-" if detectable is None else f"{detectable:.2g}",
                    record["verdict"],
                ]
            )
        lines += _table(["prediction", "simulation", "detectable", "verdict"], rows, "50 25 10 15")
    return "\n".join(lines)


def _random_points() -> str:
    report = json.loads((ROOT / "validation" / "random_points.json").read_text(encoding="utf-8"))
    columns = [
        "points",
        "good",
        "no solution",
        "not converged",
        "NaN under a good status",
        "residual above tolerance",
    ]
    rows = [
        [name, *(str(outcome.get(column, 0)) for column in columns)]
        for name, outcome in report["families"].items()
    ]
    return "\n".join(_table(["solvers", *columns], rows, "28 10 10 12 12 14 14"))


def _benchmarks() -> str:
    lines = _heading("Measured speed")
    lines += [
        "Made from ``benchmarks/results/``, which ``make benchmarks`` writes: ratios against what one would otherwise "
        "run, measured side by side on one thread, at equal accuracy; the baselines are in ``benchmarks/baselines/``. "
        "Times are "
        "CPU seconds of the machine named; ratios travel better than seconds.",
        "",
    ]
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        lines += _heading(document["benchmark"].replace("_", " "), "-")
        machine = document["machine"]
        lines += [f"{machine['processor']}, numpy {machine['numpy']}, numba {machine['numba']}.", ""]
        rows = [
            [_escape(name), _escape(value)]
            for name, value in _flat(document)
            if name.partition(":")[0] not in ("benchmark", "version", "machine")
        ]
        lines += _table(["quantity", "value"], rows, "70 30")
    return "\n".join(lines)


def _flat(entry: Any, name: str = "") -> list[tuple[str, str]]:
    """The leaves of nested objects, named by their path."""
    if isinstance(entry, dict):
        return [
            leaf for key, value in entry.items() for leaf in _flat(value, f"{name}: {key}" if name else key)
        ]
    if isinstance(entry, list):
        return [(name.replace("_", " "), ", ".join(str(value) for value in entry))]
    return [(name.replace("_", " "), str(entry))]


def _quantities() -> str:
    rows = [[f"``{name}``", text, units] for name, (text, units) in sorted(QUANTITIES.items())]
    return "\n".join(_table(["name", "long name", "units"], rows, "35 55 10"))


def _commands() -> str:
    """Every command with the one line of its help."""
    rows: list[list[str]] = []

    def walk(parser: argparse.ArgumentParser, path: str) -> None:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
                for name, child in action.choices.items():
                    if any(isinstance(inner, argparse._SubParsersAction) for inner in child._actions):
                        walk(child, f"{path}{name} ")
                    else:
                        rows.append([f"``{path}{name}``", _escape(helps[name])])

    walk(build_parser(), "")
    return "\n".join(_table(["command", "result"], rows, "35 65"))


def _escape(text: str) -> str:
    return (
        text.replace("\\", "\\\\")
        .replace("|", "\\|")
        .replace("*", "\\*")
        .replace("_", "\\_")
        .replace("`", "'")
    )
