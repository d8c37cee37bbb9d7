"""The command line: ``statphys-gen <system> <quantity> [options]``.

This package is thin: it parses, calls a prediction or a simulation, and prints. Nothing heavy is imported before the
arguments have been accepted.

Exit status: 0 when every record is converged or near-critical; 1 when the output cannot be written; 2 for bad input,
with one line on standard error and nothing on standard output; 3 when a record is not usable, with all records printed;
130 after Ctrl-C, with the records of what was finished, if that is enough for any.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from ..errors import InvalidArgument, StatphysError
from ..progress import watching
from ..systems import SYSTEMS
from .at_work import told_of_work
from .bar import Bar
from .parsing import BadUsage, Parser

PROGRAM = "statphys-gen"
# Commands whose simulations are whole or are not: a check or a figure of fewer instances would be another one.
_WHOLE = ("figures", "verify")


def build_parser() -> Parser:
    from . import cite, compare, figures, verify

    systems = [import_module(f"{__name__}.{system.name}") for system in SYSTEMS]
    parser = Parser(
        prog=PROGRAM,
        description="Statistical physics of generative models: predictions, simulations, and their comparison.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(dest="system", metavar="SYSTEM", required=True)
    for module in (*systems, figures, verify, compare, cite):
        module.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            options = build_parser().parse_args(words)
            bar = Bar()
            with told_of_work(
                lambda: not bar.shown and options.system != "verify"
            ):  # which has a bar of its own
                return int(options.run(options)) if options.system in _WHOLE else _watched(options, bar)
        finally:
            sys.stdout.flush()
    except (BadUsage, InvalidArgument) as error:
        return _complain(error, 2)
    except StatphysError as error:
        return _complain(error, 3)
    except BrokenPipeError:
        _close_output()
        return 0
    except MemoryError as error:
        return _complain(f"not enough memory: {error or 'a smaller size is needed'}", 1)
    except OSError as error:
        _close_output()
        place = f"{error.filename}: " if error.filename else ""
        return _complain(f"the output cannot be written: {place}{error.strerror or error}", 1)
    except KeyboardInterrupt:
        return _complain("interrupted; finished points are kept where a store was given", 130)


def _watched(options: argparse.Namespace, bar: Bar) -> int:
    """Run a command that shows how far it has come, and that Ctrl-C ends with what is finished."""
    with watching(bar) as run:
        try:
            status = int(options.run(options))
        except StatphysError as error:
            if run.ended:  # the rest was too little for a result
                raise KeyboardInterrupt from error
            raise
        finally:
            bar.close()
    return _complain(f"interrupted: {run.cut}", 130) if run.ended else status


def _close_output() -> None:
    """What is left in the buffer cannot be written either, and Python would try again when it ends."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _complain(message: object, status: int) -> int:
    print(f"{PROGRAM}: {' '.join(str(message).split())}", file=sys.stderr)
    return status
