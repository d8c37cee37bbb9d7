"""``statphys-gen cite COMMAND|FUNCTION``: the papers behind a result, as BibTeX."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import InvalidArgument
from .parsing import add_output_options

_ALLOWED = "a command, as diffusion clone-agreement, or a function, as diffusion.clone_agreement"


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "cite",
        help="what to cite, as BibTeX",
        description="BibTeX of the package and of the papers on which a command or a function rests: the sources that "
        "its predictions\nstate, and the papers whose setting its system studies. Without words, of the package alone.",
    )
    parser.add_argument(
        "words", metavar="WORD", nargs="*", help="a command (system and quantity) or the name of a function"
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..citation import cite
    from .output import emit

    subject = _subject(options.words)
    found = cite() if subject is None else cite(subject)
    if options.json or options.save:
        return emit(options, "cite", {"words": options.words}, list(found.records()))
    print(found, end="")
    return 0


def _subject(words: list[str]) -> Any:
    """What runs the command, or the function of that name."""
    from ..citation import named
    from . import build_parser

    said = " ".join(words)
    if not words:
        return None
    if len(words) == 1 and "-" not in said:
        try:
            return named(said)
        except InvalidArgument as error:
            allowed = error.allowed if error.allowed.startswith("one of") else _ALLOWED
            raise InvalidArgument("WORD", said, allowed) from None
    parser: argparse.ArgumentParser = build_parser()
    for word in words:
        choices = next((a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)), {})
        if word not in choices:
            raise InvalidArgument("WORD", said, _ALLOWED)
        parser = choices[word]
    run = parser.get_default("run")
    if run is None:
        raise InvalidArgument("WORD", said, _ALLOWED)
    return run
