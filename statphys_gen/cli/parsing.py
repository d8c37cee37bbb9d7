"""An argument parser that answers bad input with one line, and the conversions of option values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from .. import validation
from ..errors import InvalidArgument

_NUMBER = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$|^-(inf|nan)$", re.IGNORECASE)


PICTURES = (".png", ".pdf", ".svg")
TABLES = (".csv", ".nc")


class BadUsage(Exception):
    """The command line itself is wrong: an unknown option, a missing one, or a value outside its domain."""


class Parser(argparse.ArgumentParser):
    """``argparse`` without abbreviations, with one-line errors, and with -1e-3 read as a number."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)
        self._negative_number_matcher = _NUMBER

    def error(self, message: str) -> NoReturn:
        # A conversion of ours already names the option, so argparse's "argument --x: " before it would be said twice.
        match = re.match(r"^argument [^:]+: (--?[\w-]+ = .*)$", message, re.DOTALL)
        text = match.group(1) if match else f"{message} (see {self.prog} --help)"
        raise BadUsage(text)


def number(flag: str, check: Callable[[str, Any], Any] = validation.finite) -> Callable[[str], float]:
    """Conversion of one word to a number that satisfies ``check(name, value)``."""

    def convert(text: str) -> float:
        try:
            value: Any = float(text)
        except ValueError:
            value = text
        return _checked(flag, text, lambda: check(flag, value))

    return convert


def integer(flag: str, minimum: int | None = None, maximum: int | None = None) -> Callable[[str], int]:
    """Conversion of one word to an integer within bounds; 1e5 counts as an integer."""

    def convert(text: str) -> int:
        try:
            value: Any = int(text)
        except ValueError:
            try:
                real = float(text)
                value = int(real) if real.is_integer() else real
            except (ValueError, OverflowError):
                value = text
        return _checked(flag, text, lambda: validation.integer(flag, value, minimum, maximum))

    return convert


def between(lower: float, upper: float, *, closed: bool = False) -> Callable[[str, Any], float]:
    """A check for :func:`number`: the value lies in an interval."""
    return lambda name, value: validation.inside(name, value, lower, upper, closed=closed)


def output_file(flag: str, endings: tuple[str, ...]) -> Callable[[str], Path]:
    """Conversion of one word to the path of a file to write: a known ending, in an existing folder."""

    def check(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() not in endings:
            raise InvalidArgument(flag, text, "a file name that ends in " + ", ".join(endings))
        if not path.absolute().parent.is_dir():
            raise InvalidArgument(flag, text, "in a folder that exists")
        return path

    return lambda text: _checked(flag, text, lambda: check(text))


def _checked(flag: str, text: str, check: Callable[[], Any]) -> Any:
    try:
        return check()
    except InvalidArgument as error:
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise argparse.ArgumentTypeError(f"{flag} = {shown}: must be {error.allowed}") from None


def add_output_options(parser: Parser, *, plot: bool = True) -> None:
    """``--json``, ``--save FILE`` and, where a picture makes sense, ``--plot FILE``."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="one JSON object on standard output")
    group.add_argument(
        "--save",
        metavar="FILE",
        type=output_file("--save", TABLES),
        help="also write the records to a file (.csv or .nc)",
    )
    if plot:
        group.add_argument(
            "--plot",
            metavar="FILE",
            type=output_file("--plot", PICTURES),
            help="draw the result (.png, .pdf or .svg)",
        )


def add_seed(parser: Parser) -> None:
    parser.add_argument(
        "--seed",
        metavar="S",
        type=integer("--seed", 0, 2**63 - 1),
        default=0,
        help="seed of the random streams (default 0)",
    )


def add_threads(parser: Parser) -> None:
    parser.add_argument(
        "--threads",
        metavar="K",
        type=integer("--threads", 1, 1024),
        default=1,
        help="on which the simulation runs; its bits do not depend on them (default 1)",
    )
