"""``statphys-gen verify``: the theory-against-simulation report."""

from __future__ import annotations

import argparse
from typing import Any

from .. import validation
from ..errors import InvalidArgument
from .parsing import add_output_options, add_seed, between, integer, number

_FINE = ("agrees", "reported")


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="compare predictions with their simulations",
        description="Run the checks of predictions against simulations, judge them together with the last results of "
        "all systems, and write the report. A run that is cut off resumes from its store.",
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
    parser.add_argument(
        "--stale",
        action="store_true",
        help="run only the checks that the last report does not hold with their present code; it keeps the others",
    )
    parser.add_argument(
        "--pilot",
        action="store_true",
        help="only what the checks could detect, from other random numbers, and no deviation; for choosing sizes",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..verification import SYSTEMS, pilot, verify
    from .output import emit

    systems = {name.replace("_", "-"): name for name in SYSTEMS}
    for name in options.systems:
        validation.choice("system", name, tuple(systems))
    chosen = options.systems or list(systems)
    if options.pilot and options.fraction < 1.0:
        raise InvalidArgument("--fraction", options.fraction, "left out with --pilot")
    if options.pilot and options.stale:
        raise InvalidArgument("--stale", True, "left out with --pilot")
    folder = validation.writable_folder("--output", options.output)
    records: list[dict[str, Any]] = []
    parameters = {"systems": chosen}
    for system in map(systems.__getitem__, chosen):
        if options.pilot:
            records += pilot(system, folder, workers=options.workers, only=options.only)
            continue
        records += verify(
            system,
            folder,
            workers=options.workers,
            only=options.only,
            fraction=options.fraction,
            seed=options.seed,
            stale_only=options.stale,
        )
    row = _pilot_row if options.pilot else _row
    emit(options, "verify", parameters, records if options.json else [row(record) for record in records])
    fine = all(record["conclusive"] if options.pilot else record["verdict"] in _FINE for record in records)
    return 0 if fine else 3


def _pilot_row(record: dict[str, Any]) -> dict[str, Any]:
    """One line of the table; of a check with several components, the relatively largest error."""
    row: dict[str, Any] = {"check": record["name"], "resolution": f"{record['resolution']:.2g}"}
    if record["standard_error"] is not None:
        pairs = zip(record["standard_error"], record["scale"], strict=True)
        row["relative standard error"] = f"{max(error / scale for error, scale in pairs):.2g}"
    if record["detectable"] is not None:
        row["detectable"] = f"{record['detectable']:.2g}"
    return row | {"conclusive": "yes" if record["conclusive"] else "no", "note": record["note"]}


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
