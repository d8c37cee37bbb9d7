"""Turns the package's docstrings, which are written to be read as plain text, into reStructuredText.

They have the sections of numpydoc, but after ``name :`` comes a sentence and not a type; read as types, its words would
become cross-references. And they have absolute values and stars in formulas, which are markup elsewhere.
"""

import re
from typing import Any

_SECTIONS = ("Parameters", "Attributes", "Returns", "Raises", "Yields")


def convert(lines: list[str]) -> list[str]:
    """The lines of one docstring, with its sections as bold headings followed by definition lists."""
    result: list[str] = []
    index, inside = 0, ""
    while index < len(lines):
        line = lines[index]
        underlined = index + 1 < len(lines) and re.fullmatch(r"-{3,}", lines[index + 1].strip()) is not None
        if underlined and line.strip():
            inside = line.strip()
            result += ["", f"**{inside}**", ""]
            index += 2
            continue
        pattern = r"^([^\s`].*?) : (.*)$" if inside in _SECTIONS else r"^([a-z][\w-]*) : (.*)$"
        entry = re.match(pattern, line)
        if entry:
            result += [f"``{entry.group(1)}``", f"    {entry.group(2)}"]
        else:
            result.append(line)
        index += 1
    return result


_LITERAL = re.compile(r"(``.*?``|`[^`]*`)")
_EMPHASIS = re.compile(r"(\*\*\S[^*]*\*\*|(?<![\w(*])\*[^\s*][^*]*?\*(?![\w*]))")


def plain_characters(line: str) -> str:
    """Bars and stars of formulas as characters of the same width that are no markup."""
    if re.match(r"\s*\* ", line):
        bullet, _, rest = line.partition("* ")
        return f"{bullet}* {plain_characters(rest)}"
    parts = _LITERAL.split(line)
    for index in range(0, len(parts), 2):
        pieces = _EMPHASIS.split(parts[index].replace("|", "\u2223"))
        pieces[::2] = [piece.replace("*", "\u2217") for piece in pieces[::2]]
        parts[index] = "".join(pieces)
    return "".join(parts)


def prepare(lines: list[str]) -> list[str]:
    """All lines with plain characters; names that end in an underscore, like S_, are no references."""
    result, borders = [], 0
    for line in lines:
        borders += re.fullmatch(r"=+( +=+)+", line.strip()) is not None
        text = plain_characters(line)
        # An escape would shift the columns of a table, which has three borders.
        result.append(text if borders % 3 else re.sub(r"(?<=[A-Za-z0-9])_(?![A-Za-z0-9{`])", r"\\_", text))
    return result


def beside(lines: list[str], module: str) -> list[str]:
    """References to files beside that of ``module``, such as ``.spectrum``, by their whole names."""
    return [re.sub(r":mod:`\.(\w+)`", rf":mod:`~{module.rpartition('.')[0]}.\1`", line) for line in lines]


def process(app: Any, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    module = name if what == "module" else getattr(item, "__module__", None) or name
    lines[:] = convert(prepare(beside(lines, module)))
