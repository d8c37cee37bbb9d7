"""An argument parser that answers bad input with one line, and the conversions of option values."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from .. import validation
from ..errors import InvalidArgument
from ..files import number as read_number

_NUMBER = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$|^-(inf|nan)$", re.IGNORECASE)


PICTURES = (".png", ".pdf", ".svg")
TABLES = (".csv", ".nc")


class BadUsage(Exception):
    """The command line itself is wrong: an unknown option, a missing one, or a value outside its domain."""


class Parser(argparse.ArgumentParser):
    """``argparse`` without abbreviations and repetitions, with one-line errors, and with -1e-3 read as a number."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)
        self._negative_number_matcher = _NUMBER
        self._given: set[argparse.Action] = set()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given.clear()
        return super().parse_known_args(args, namespace)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # argparse keeps the last of several values of an option, and drops the others without a word.
        if action.option_strings and not isinstance(action, argparse._ExtendAction):
            if action in self._given:
                self.error(f"{_longest('/'.join(action.option_strings))}: must be given once")
            self._given.add(action)
        return super()._get_values(action, arg_strings)

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse drops what cannot be written without a word.
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        # A conversion of ours already names the option, so argparse's "argument --x: " before it would be said twice.
        match = re.match(r"^argument [^:]+: (--?[\w-]+ = .*)$", message, re.DOTALL)
        raise BadUsage(match.group(1) if match else f"{_reworded(message)} (see {self.prog} --help)")


def _reworded(message: str) -> str:
    """argparse's own complaints in the words of all others: the argument, the value, and what is allowed."""
    if match := re.match(r"argument (\S+): invalid choice: (.*) \(choose from (.*)\)$", message, re.DOTALL):
        name, value, choices = match.groups()
        return f"{_longest(name)} = {value}: must be one of {choices.replace(chr(39), '')}"
    if match := re.match(r"argument (\S+): expected (.+) arguments?$", message):
        count = {"one": "a value", "at least one": "at least one value"}
        name, expected = match.groups()
        return f"{_longest(name)}: must be followed by {count.get(expected, f'{expected} values')}"
    if match := re.match(r"argument (\S+): ignored explicit argument ", message):
        return f"{_longest(match.group(1))}: must be given without a value"
    if match := re.match(r"argument (\S+): not allowed with argument (\S+)$", message):
        return f"{_longest(match.group(1))}: must be left out with {_longest(match.group(2))}"
    if match := re.match(r"the following arguments are required: (.*)$", message):
        names = [_longest(name) for name in match.group(1).split(", ")]
        return ", ".join(names) + (" is missing" if len(names) == 1 else " are missing")
    if match := re.match(r"one of the arguments (.*) is required$", message):
        return " or ".join(_longest(name) for name in match.group(1).split()) + " is missing"
    return message


def _longest(names: str) -> str:
    """Of an option's names, joined by slashes, the first of those that are written out."""
    words = names.split("/")
    return next((word for word in words if word.startswith("--")), words[0])


def number(flag: str, check: Callable[[str, Any], Any] = validation.finite) -> Callable[[str], float]:
    """Conversion of one word to a number that satisfies ``check(name, value)``."""

    def convert(text: str) -> float:
        try:
            value: Any = read_number(text)
        except ValueError:
            value = text
        return _checked(flag, text, lambda: check(flag, value))

    return convert


def integer(flag: str, minimum: int | None = None, maximum: int | None = None) -> Callable[[str], int]:
    """Conversion of one word to an integer within bounds; 1e5 counts as an integer."""

    def convert(text: str) -> int:
        try:
            real = read_number(text)
            value: Any = int(real) if real.is_integer() else real
            if re.fullmatch(r"[-+]?\d{1,400}", text):
                value = int(text)  # digits alone are read exactly
        except (ValueError, OverflowError):
            value = text
        return _checked(flag, text, lambda: validation.integer(flag, value, minimum, maximum))

    return convert


def between(lower: float, upper: float, *, closed: bool = False) -> Callable[[str, Any], float]:
    """A check for :func:`number`: the value lies in an interval."""
    return lambda name, value: validation.inside(name, value, lower, upper, closed=closed)


def output_file(flag: str, endings: tuple[str, ...] = ()) -> Callable[[str], Path]:
    """Conversion of one word to the path of a file to write: an ending, if any are named, in an existing folder."""

    def check(text: str) -> Path:
        path = Path(text)
        if endings and path.suffix.lower() not in endings:
            raise InvalidArgument(flag, text, "a file name that ends in " + ", ".join(endings))
        if not validation.is_folder(path.absolute().parent):
            raise InvalidArgument(flag, text, "in a folder that exists")
        if validation.is_folder(path):
            raise InvalidArgument(flag, text, "a file, not a folder")
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
