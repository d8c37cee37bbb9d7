"""Writes the pages that repeat facts of the package: predictions, gallery, validation table, reference."""

from __future__ import annotations

import argparse
import inspect
import json
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import exactness
import reference
import sizes
from exactness import check_link, linked_source, prediction_label
from exactness import escape as _escape
from run_examples import run_examples

from statphys_gen import errors
from statphys_gen.cli import build_parser
from statphys_gen.glossary import QUANTITIES
from statphys_gen.predictions import Prediction, predictions, summary
from statphys_gen.solution import Status
from statphys_gen.systems import SYSTEMS
from statphys_gen.verification import report, stale

ROOT = Path(__file__).parents[1]
VALIDATION = ROOT / "validation"


def write_pages(docs: Path) -> None:
    generated = docs / "generated"
    generated.mkdir(exist_ok=True)
    run_examples(docs)
    (generated / "predictions.rst").write_text(_predictions(), encoding="utf-8")
    (generated / "predictions_summary.txt").write_text(summary() + "\n", encoding="utf-8")
    (generated / "gallery.rst").write_text(_gallery(generated), encoding="utf-8")
    (generated / "validation.rst").write_text(_validation(), encoding="utf-8")
    (generated / "random_points.txt").write_text(_random_points(), encoding="utf-8")
    (generated / "grammar.txt").write_text(_grammar(), encoding="utf-8")
    (generated / "damaged_files.txt").write_text(_damaged_files(), encoding="utf-8")
    (generated / "messages.rst").write_text(_messages(), encoding="utf-8")
    (generated / "changelog.rst").write_text(_changelog(), encoding="utf-8")
    (generated / "benchmarks.rst").write_text(_benchmarks(), encoding="utf-8")
    (generated / "quantities.txt").write_text(_quantities(), encoding="utf-8")
    (generated / "commands.txt").write_text(_commands(), encoding="utf-8")
    (generated / "sizes.rst").write_text(_sizes(), encoding="utf-8")
    for folder, texts in (
        ("reference", reference.pages()),
        ("derivations", exactness.derivation_pages(_reported_checks())),
    ):
        pages = generated / folder
        pages.mkdir(exist_ok=True)
        for name, text in texts.items():
            (pages / f"{name}.rst").write_text(text, encoding="utf-8")
    exactness.Exact.known = _reported_checks(), frozenset(_sized())
    exactness.register()


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
        summary()
        + " The checks are named as in :doc:`validation`; one in brackets is reported and not judged.",
        "",
    ]
    every = predictions()
    columns = ["prediction", "level", "valid", "source", "what stands behind it"]
    titles = {system.name: system.title for system in SYSTEMS}
    for home in dict.fromkeys(found.home for found in every):
        rows = [_prediction_row(found) for found in every if found.home == home]
        lines += _heading(titles.get(home, f"shared by systems: {home}"), "-")
        lines += _table(columns, rows, "18 12 25 20 25")
    return "\n".join(lines)


def _prediction_row(found: Prediction) -> list[str]:
    stated = found.approximation
    links = [_check_link(name) for name in found.checks]
    links += [f"({_check_link(name)})" for name in found.reported]
    return [
        f".. _{prediction_label(found)}:\n\n       :py:func:`{found.name} <statphys_gen.{found.home}.{found.name}>`",
        stated.level,
        _escape(stated.valid) or "always",
        linked_source(stated.source),
        ": ".join([found.mark, ", ".join(links)] if links else [found.mark]),
    ]


def _check_link(name: str) -> str:
    return check_link(name, _reported_checks())


@cache
def _records() -> dict[str, dict[str, Any]]:
    documents = [report(system.name, VALIDATION) for system in SYSTEMS]
    return {record["id"]: record for document in documents if document for record in document["checks"]}


@cache
def _reported_checks() -> frozenset[str]:
    return frozenset(_records())


@cache
def _sized() -> dict[str, list[sizes.Deviation]]:
    """Deviations by size of every prediction whose records hold any."""
    found = {
        f"{prediction.home}.{prediction.name}": [
            item
            for name in (*prediction.checks, *prediction.reported)
            if name in _records()
            for item in sizes.deviations(_records()[name])
        ]
        for prediction in predictions()
    }
    return {name: items for name, items in found.items() if items}


@cache
def _approached() -> dict[str, list[sizes.Law]]:
    """How the records of every prediction approach their limits."""
    return {
        f"{prediction.home}.{prediction.name}": [
            law for name in prediction.checks if name in _records() for law in sizes.laws(_records()[name])
        ]
        for prediction in predictions()
    }


def _sizes() -> str:
    lines = _heading("Deviation by size")
    lines += [
        "Relative deviation of simulation from theory in every record that holds one, by size, with its standard "
        "error: of the value for which an interval of 95 % leaves the largest deviation open, and that one. Where a "
        "limit was extrapolated from several sizes, the values at these are compared with the theory of the limit, "
        "and *below 1 %* is said of all sizes from which on the law of the extrapolation, value = limit + amplitude "
        "size^-exponent with the theory as the limit, leaves no more open. A deviation that is no larger than a few "
        "standard errors is noise: *below 1 %* is said where even the open one is. Of an exact prediction all of it "
        "is noise, at any size.",
        "",
    ]
    homes = {system.name: system.title for system in SYSTEMS}
    known = _sized()
    levels = {f"{found.home}.{found.name}": found.approximation.level for found in predictions()}
    for home in dict.fromkeys(name.partition(".")[0] for name in known):
        lines += _heading(homes.get(home, f"shared by systems: {home}"), "-")
        for name, found in known.items():
            if name.partition(".")[0] != home:
                continue
            title = name.partition(".")[2]
            lines += [f".. _sizes-{name}:", "", *_heading(title, "~")]
            level = levels[name]
            says = sizes.small_from(found, _approached()[name])
            lines += [f":py:func:`~statphys_gen.{name}` ({level}): {says}.", ""]
            cells = [
                [size, deviation, bound, " ".join([_check_link(check), note]).strip()]
                for check, size, deviation, bound, note in sizes.rows(found)
            ]
            lines += _table(["size", "deviation", "open at 95 %", "check"], cells, "25 20 15 40")
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
    lines += _heading("By paper", "-")
    entries.sort(key=lambda found: (found[1]["paper"], found[1]["figure"]))
    cells = []
    for record, entry in entries:
        link = f"`{entry['paper']} <https://arxiv.org/abs/{entry['paper']}>`__"
        cells.append([link, entry["figure"], record.stem, entry["fidelity"]])
    return "\n".join([*lines, *_table(["arXiv", "figure", "ours", "fidelity"], cells, "15 15 25 45")])


def _validation() -> str:
    lines = _heading("Theory against simulation")
    lines += [
        "Each row compares a prediction with a simulation of the definition, which does not use the theory. "
        "*Detectable* is the relative error that the comparison would have found with 90 % probability.",
        "",
    ]
    for system in SYSTEMS:
        document = report(system.name, VALIDATION)
        lines += _heading(system.title, "-")
        if document is None:
            lines += ["Not compared with a simulation by the present rule yet: run ``make verify``.", ""]
            continue
        older = len(stale(system.name, VALIDATION))
        verdicts = Counter(
            record["verdict"] for record in document["checks"] if record["verdict"] != "agrees"
        )
        others = "".join(f", {count} {word}" for word, count in verdicts.items())
        lines += [
            f"{document['agree']} of {document['judged']} judged checks agree{others}. "
            f"Sources {document['sources'][:12]}, "
            + (
                f"{older} results are older than this version: run ``make verify``."
                if older
                else "those of this version."
            ),
            "",
        ]
        if document["reported_without_bound"]:
            lines += [
                "Reported without a bound that would make them fail: "
                + ", ".join(map(_check_link, document["reported_without_bound"]))
                + ".",
                "",
            ]
        rows = []
        for record in document["checks"]:
            detectable = record["detectable"]
            rows.append(
                [
                    f".. _check-{record['id']}:\n\n       {record['id']}",
                    _escape(record["prediction"]),
                    _escape(str(record["sizes"])),
                    "-" if detectable is None else f"{detectable:.2g}",
                    record["verdict"],
                ]
            )
        lines += _table(
            ["check", "prediction", "simulation", "detectable", "verdict"], rows, "20 35 25 10 10"
        )
        if document["withdrawn"]:
            lines += _heading(f"Withdrawn checks of {system.name}", "~")
            lines += _table(
                ["check", "last verdict", "reason"],
                [
                    [entry["id"], entry["last_verdict"] or "never run", _escape(entry["reason"])]
                    for entry in document["withdrawn"]
                ],
                "25 15 60",
            )
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


def _grammar() -> str:
    """Drawn functions against brute force: what came out, and the refusals by kind."""
    report = json.loads((ROOT / "validation" / "grammar.json").read_text(encoding="utf-8"))
    columns = ["inputs", "right", "unsolved", "refused"]
    rows = [
        [
            family,
            *(str(outcome[column]) for column in columns),
            f"{outcome['refused of the solved']:.1%}",
            str(sum(outcome[column] for column in ("wrong", "accepted", "crashed"))),
        ]
        for family, outcome in report.items()
    ]
    names = ["functions", *columns, "refused of the solved", "wrong"]
    lines = _table(names, rows, "16 10 10 10 10 14 10")
    reasons = [
        [family, _escape(reason), str(number)]
        for family, outcome in report.items()
        for reason, number in outcome["refusals"].items()
    ]
    return "\n".join(lines + _table(["functions", "refusal, # for a number", "inputs"], reasons, "16 72 10"))


def _damaged_files() -> str:
    report = json.loads((ROOT / "validation" / "damaged_files.json").read_text(encoding="utf-8"))
    names = {"read": "read", "refused": "refused", "WRONG": "wrong", "KILLED": "killed"}
    rows = [
        [kind, *(str(outcome[name]) for name in names)] for kind, outcome in sorted(report["kinds"].items())
    ]
    return "\n".join(_table(["files", *names.values()], rows, "28 10 10 10 10"))


def _messages() -> str:
    """What the statuses and exceptions mean, from where they are defined, and how the shell ends."""
    lines = _heading("What the messages mean")
    lines += [
        "A result of an iterative solver carries one of five statuses; the first two come with numbers.",
        "",
    ]
    rows = [[f"*{status}*", "number" if status.good else "NaN", _escape(status.advice)] for status in Status]
    lines += _table(["status", "value", "what it means, and what to do"], rows, "22 10 68")
    lines += _heading("Exceptions", "-")
    lines += ["All derive from ``StatphysError`` and say what is wrong in one line.", ""]
    raised = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value)
        and issubclass(value, errors.StatphysError)
        and value is not errors.StatphysError
    ]
    rows = [
        [f":py:exc:`~statphys_gen.errors.{kind.__name__}`", (inspect.getdoc(kind) or "").splitlines()[0]]
        for kind in raised
    ]
    lines += _table(["exception", "when"], rows, "30 70")
    lines += [
        "``InvalidArgument`` reads *argument = value: must be what is allowed*. ``NotConverged`` comes from "
        "``Solution.require()``: the solution itself shows which points are good. ``AccuracyNotReached`` means that "
        "two rules of integration disagree: declare the smallest scale of a function of yours, or ask for less. "
        "``InsufficientSamples`` means that an error bar would be a guess: more instances.",
        "",
    ]
    lines += _heading("In the shell", "-")
    rows = [
        ["0", "every record is *converged* or *near-critical*; for ``compare`` and ``verify``: all agree"],
        ["1", "the output cannot be written"],
        ["2", "bad input: one line on standard error, nothing on standard output"],
        [
            "3",
            "a record is not usable, or a comparison disagrees or is inconclusive; all records are printed",
        ],
        ["130", "interrupted; finished points are kept where a store was given"],
    ]
    lines += _table(["exit status", "when"], rows, "14 86")
    lines += _heading("Verdicts", "-")
    rows = [
        ["*agrees*", "no deviation that the stated rate of false alarms would call one"],
        ["*disagrees*", "a deviation beyond it"],
        [
            "*inconclusive*",
            "the error bar could not have shown a deviation as large as the resolution asked for",
        ],
        ["*reported*", "the theory is known not to hold there; a bound on the deviation is judged instead"],
    ]
    lines += _table(["verdict", "meaning"], rows, "20 80")
    return "\n".join(lines)


def _changelog() -> str:
    """``CHANGELOG.md``: headings, one list, one table."""
    found: list[str] = []
    rows: list[list[str]] = []
    for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            rows.append([_inline(cell.strip()) for cell in line.strip("|").split("|")])
        elif line.startswith("#"):
            marks, _, text = line.partition(" ")
            found += ["", *_heading(text, "=-~"[len(marks) - 1])]
        else:
            found.append(_inline(line))
    if rows:
        found += ["", *_table(rows[0], rows[2:], "40 15 15 30")]
    return "\n".join(found) + "\n"


def _inline(text: str) -> str:
    """Markdown's code marks doubled; other marks of reStructuredText escaped outside of them."""
    parts = text.split("`")
    return "``".join(
        part if k % 2 else part.replace("*", "\\*").replace("|", "\\|") for k, part in enumerate(parts)
    )


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
