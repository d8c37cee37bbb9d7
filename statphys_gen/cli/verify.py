"""``statphys-gen verify``: the theory-against-simulation report."""

from __future__ import annotations

import argparse
from typing import Any

from .parsing import add_output_options, integer

_SHOWN = ("name", "theory", "value", "standard_error", "detectable", "verdict")


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="compare every prediction with its simulation",
        description="Compare every prediction with its simulation, judge them together, and write the report. "
        "A run that is cut off resumes from its store.",
    )
    parser.add_argument("systems", metavar="SYSTEM", nargs="*", help="systems to verify (default: all)")
    parser.add_argument("--output", metavar="DIR", default="validation", help="folder (default validation)")
    parser.add_argument(
        "--workers", type=integer("--workers", 1), default=1, help="worker processes (default 1)"
    )
    parser.add_argument(
        "--only", metavar="TEXT", help="only the checks whose name contains TEXT; writes no report"
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..verification import SYSTEMS, verify
    from .output import emit

    records = []
    for system in options.systems or SYSTEMS:
        records += verify(system, options.output, workers=options.workers, only=options.only)
    parameters = {"systems": options.systems or list(SYSTEMS)}
    if options.json:
        emit(options, "verify", parameters, records)
    else:
        emit(options, "verify", parameters, [{name: record[name] for name in _SHOWN} for record in records])
    return 0 if all(record["verdict"] in ("agrees", "reported") for record in records) else 3
