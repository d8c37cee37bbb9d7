"""How exact a formula is, beside it; and a page for every folder of derivations, to which formulas lead.

``.. exact:: diffusion.two_class_agreement`` stands below a formula and says of each prediction that it names what the
function states of itself, the derivations that its source names, and its checks. ``:derivation:`folder.file.function```
leads to a claim and its code. Both know only what there is: a name that is not found stops the build.
"""

from __future__ import annotations

import re
from functools import cache
from inspect import getdoc
from itertools import groupby
from pathlib import Path
from sys import modules
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref

from derivations import Derivation, all_derivations
from statphys_gen.predictions import Prediction, predictions
from statphys_gen.systems import SYSTEMS

_MOST_CHECKS = 4


@cache
def _named() -> dict[str, Prediction]:
    return {f"{found.home}.{found.name}": found for found in predictions()}


@cache
def _claims() -> dict[str, Derivation]:
    return {found.name: found for found in all_derivations()}


def register() -> None:
    """Make the directive and the role known to the parser."""
    directives.register_directive("exact", Exact)
    roles.register_local_role("derivation", _derivation)


def prediction_label(found: Prediction) -> str:
    return f"prediction-{found.home}.{found.name}"


def check_link(name: str, reported: frozenset[str]) -> str:
    """To the check's row in the table of validation, if the report has one."""
    return f":ref:`{name} <check-{name}>`" if name in reported else name


def escape(text: str) -> str:
    """Text in which nothing is markup."""
    return (
        text.replace("\\", "\\\\")
        .replace("|", "\\|")
        .replace("*", "\\*")
        .replace("_", "\\_")
        .replace("`", "'")
    )


def linked_source(source: str) -> str:
    """The source of a statement, in which files and folders of derivations lead to their pages."""
    parts = re.split(r"(derivations/\w+(?:/\w+\.py)?)", source)
    for k in range(1, len(parts), 2):
        name = parts[k].removeprefix("derivations/").removesuffix(".py").replace("/", ".")
        parts[k] = f":ref:`{parts[k]} <derivations-{name}>`"
    parts[::2] = [escape(part) for part in parts[::2]]
    return "".join(parts)


def statement(found: Prediction, reported: frozenset[str], sized: frozenset[str]) -> str:
    """One sentence about a prediction."""
    stated = found.approximation
    words = f"**{stated.level}**" + (f", {escape(stated.valid)}" if stated.valid else "")
    links = [check_link(name, reported) for name in found.checks]
    links += [f"({check_link(name, reported)})" for name in found.reported]
    if len(links) > _MOST_CHECKS:
        rest = f":ref:`{len(links) - _MOST_CHECKS} more <{prediction_label(found)}>`"
        links = [*links[:_MOST_CHECKS], rest]
    name = f"{found.home}.{found.name}"
    text = f":py:func:`~statphys_gen.{name}`: {words}. Source: {linked_source(stated.source)}. "
    text += f"{found.mark.capitalize()}" + (f": {', '.join(links)}." if links else ".")
    return text + (f" :ref:`Deviation by size <sizes-{name}>`." if name in sized else "")


class Exact(Directive):
    """How exact the predictions are that are named in the argument, separated by blanks."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False
    known: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())

    def run(self) -> list[nodes.Node]:
        missing = [name for name in self.arguments[0].split() if name not in _named()]
        if missing:
            raise self.error(f"no prediction is called {', '.join(missing)}")
        lines = [".. admonition:: How exact is it", "   :class: exactness", ""]
        sentences = [statement(_named()[name], *self.known) for name in self.arguments[0].split()]
        bullet = "   - " if len(sentences) > 1 else "   "
        lines += [bullet + sentence for sentence in sentences]
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, source="exact"), self.content_offset, parent)
        return list(parent.children)


def _derivation(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = None
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A link to a claim; ``words <folder.file.function>`` shows other words than the function's name."""
    match = re.fullmatch(r"(.*?)\s*<(.*)>", text, re.DOTALL)
    words, target = match.groups() if match else (text.rpartition(".")[2].replace("_", " "), text)
    if target not in _claims():
        problem = inliner.reporter.error(f"no derivation is called {target}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, problem)], [problem]
    environment = inliner.document.settings.env
    node = pending_xref(
        rawtext,
        refdomain="std",
        reftype="ref",
        reftarget=f"derivation-{target.lower()}",
        refexplicit=True,
        refwarn=True,
        refdoc=environment.docname,
    )
    node += nodes.inline(rawtext, words, classes=["xref", "std", "std-ref"])
    return [node], []


def derivation_pages(reported: frozenset[str]) -> dict[str, str]:
    """A page for every folder of derivations by its name, with the claims, their code, and who rests on them."""
    titles = {system.name: system.title for system in SYSTEMS} | {"numerics": "methods without physics"}
    pages: dict[str, str] = {}
    folders = groupby(_claims().values(), key=lambda found: found.name.split(".")[0])
    for folder, claims in folders:
        title = f"Derivations: {titles.get(folder, folder)}"
        lines = [f".. _derivations-{folder}:", "", title, "=" * len(title), ""]
        lines += [
            f"Run by the tests, and by ``python -m derivations {folder}``. "
            "Each function returns whether its claim holds.",
            "",
        ]
        for file, group in groupby(claims, key=lambda found: found.name.split(".")[1]):
            lines += _file(folder, file, list(group))
        pages[folder] = "\n".join(lines)
    return pages


def _file(folder: str, file: str, claims: list[Derivation]) -> list[str]:
    heading = file.replace("_", " ").capitalize()
    lines = [f".. _derivations-{folder}.{file}:", "", heading, "-" * len(heading), ""]
    text = getdoc(modules[claims[0].function.__module__]) or ""
    lines += [".. code-block:: text", "", *(f"   {line}" for line in text.splitlines()), ""]
    resting = [
        f":py:func:`~statphys_gen.{name}`"
        for name, found in _named().items()
        if f"derivations/{folder}/{file}.py" in found.approximation.source
    ]
    if resting:
        lines += ["What rests on it: " + ", ".join(resting) + ".", ""]
    for found in claims:
        title = found.name.rpartition(".")[2].replace("_", " ")
        lines += [f".. _derivation-{found.name}:", "", title.capitalize(), "~" * len(title), ""]
        lines += [escape(found.text) + ".", ""]
        path = Path("..", "..", "..", "derivations", folder, f"{file}.py")
        lines += [f".. literalinclude:: {path.as_posix()}", "   :language: python"]
        lines += [f"   :pyobject: {found.function.__name__}", ""]
    return lines
