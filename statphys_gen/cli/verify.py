"""``statphys-gen verify``: the theory-against-simulation report."""

from __future__ import annotations

import argparse
from typing import Any

from .. import validation
from .parsing import add_output_options, add_seed, between, integer, number


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="compare every prediction with its simulation",
        description="Compare every prediction with its simulation, judge them together, and write the report. "
        "A run that is cut off resumes from its store.",
    )
    parser.add_argument(
        "systems", metavar="SYSTEM", nargs="*", help="systems to verify, as in other commands (default: all)"
    )
    parser.add_argument("--output", metavar="DIR", default="validation", help="folder (default validation)")
    parser.add_argument(
        "--workers", metavar="K", type=integer("--workers", 1), default=1, help="worker processes (default 1)"
    )
    parser.add_argument(
        "--only", metavar="TEXT", help="only the checks whose name or id contains TEXT; writes no report"
    )
    parser.add_argument(
        "--fraction",
        metavar="F",
        type=number("--fraction", between(0.0, 1.0, closed=True)),
        default=1.0,
        help="only this part of the checks of each system, drawn at random by --seed; writes no report",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..verification import SYSTEMS, verify
    from .output import emit

    systems = {name.replace("_", "-"): name for name in SYSTEMS}
    for name in options.systems:
        validation.choice("system", name, tuple(systems))
    chosen = options.systems or list(systems)
    folder = validation.writable_folder("--output", options.output)
    records = []
    for system in map(systems.__getitem__, chosen):
        records += verify(
            system,
            folder,
            workers=options.workers,
            only=options.only,
            fraction=options.fraction,
            seed=options.seed,
        )
    parameters = {"systems": chosen}
    if options.json:
        emit(options, "verify", parameters, records)
    else:
        emit(options, "verify", parameters, [_row(record) for record in records])
    return 0 if all(record["verdict"] in ("agrees", "reported") for record in records) else 3


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """One line of the table; of a check with several components, the one that deviates most."""
    row: dict[str, Any] = {"check": record["name"]}
    deviations = record["t"]
    if deviations is not None:
        worst = max(range(len(deviations)), key=lambda k: abs(deviations[k]))
        for name in ("theory", "value", "standard_error"):
            row[name] = (
                f"{record[name][worst]:.6g}" if name != "standard_error" else f"{record[name][worst]:.2g}"
            )
        row["detectable"] = f"{record['detectable']:.2g}"
    return row | {"verdict": record["verdict"], "note": record["note"]}
