"""What to cite: the papers on which a result rests, as BibTeX.

``references.bib`` holds the papers. A prediction names its source (:func:`~statphys_gen.approximation.states`), a
system the papers whose setting it studies (``System.papers``); both by arXiv identifier or by "volume (year) page".
What a function rests on are the sources of every prediction that its code reaches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from . import __version__
from .approximation import Approximation
from .definitions import graph
from .doors import names_of
from .errors import InvalidArgument
from .presentation import Tabular
from .source_files import Target
from .systems import SYSTEMS

BIBLIOGRAPHY = Path(__file__).with_name("references.bib")
_ARXIV = re.compile(r"\b\d{4}\.\d{4,5}\b")
_JOURNAL = re.compile(r"(\d+) \((\d{4})\) (\d+)")
_HOMES = (*(system.name for system in SYSTEMS), "data", "units")


@dataclass(frozen=True)
class Reference:
    """A paper of the bibliography: its key, its fields, and its BibTeX entry."""

    key: str
    fields: dict[str, str]
    entry: str

    @property
    def names(self) -> frozenset[str]:
        """What a source may call it: its arXiv identifier, its "volume (year) page"."""
        named = [self.fields.get("eprint", "")]
        if "pages" in self.fields:
            first = self.fields["pages"].partition("--")[0]
            named.append(f"{self.fields['volume']} ({self.fields['year']}) {first}")
        return frozenset(name for name in named if name)


@dataclass(frozen=True, repr=False)
class Citation(Tabular):
    """What to cite, as BibTeX: the package, and the papers behind the functions and objects that were named."""

    references: tuple[Reference, ...]

    def __str__(self) -> str:
        return "\n\n".join(reference.entry for reference in self.references) + "\n"

    def __repr__(self) -> str:
        return str(self)

    def records(self) -> Iterator[dict[str, Any]]:
        for reference in self.references:
            fields = {name: reference.fields.get(name) for name in ("author", "title", "year", "eprint")}
            yield {"key": reference.key, **fields, "bibtex": reference.entry}


def cite(*subjects: Any) -> Citation:
    """The BibTeX entries of the package and of all that the subjects rest on.

    Parameters
    ----------
    subjects : functions and classes of the package, objects of its classes, or names as ``"diffusion.collapse_time"``.
        A function brings the sources of every prediction that its code reaches, and the papers of its system.

    Raises
    ------
    InvalidArgument : a subject that is none of these.
    """
    known = bibliography()
    found = [_package()]
    for subject in subjects:
        definition = named(subject) if isinstance(subject, str) else subject
        if not callable(definition):
            definition = type(definition)
        module = str(getattr(definition, "__module__", ""))
        if module.partition(".")[0] != __package__:
            raise InvalidArgument(
                "subject", subject, "a function, class or object of this package, or a name of one"
            )
        texts = [statement.source for statement in statements(definition)]
        home = next((part for part in module.split(".")[1:3] if part in _HOMES), "")
        texts += [" ".join(system.papers) for system in SYSTEMS if system.name == home]
        for text in texts:
            found += [known[name] for name in names_in(text) if known[name] not in found]
    return Citation(tuple(found))


def named(name: str) -> Any:
    """The object that a door shows under ``name`` or ``system.name``; a bare name must stand at one door only."""
    door, _, last = name.removeprefix(f"{__package__}.").rpartition(".")
    package = Path(__file__).parent
    places = {
        (home, place)
        for home in _HOMES
        if door in ("", home)
        for shown, place in names_of(f"{__package__}.{home}", str(package / home / "__init__.py")).items()
        if shown == last
    }
    if not places:
        raise InvalidArgument("name", name, "a name of a door, as diffusion.collapse_time")
    if len({place for _, place in places}) > 1:
        allowed = "one of " + ", ".join(sorted(f"{home}.{last}" for home, _ in places))
        raise InvalidArgument("name", name, allowed)
    home, _ = min(places)
    return getattr(import_module(f"{__package__}.{home}"), last)


def statements(definition: Callable[..., Any]) -> list[Approximation]:
    """What the predictions state that a function or class of the package reaches; its own statement first."""
    found = [getattr(definition, "approximation", None)]
    for module, name in _reached(definition):
        if module.partition(".")[0] == __package__:
            found.append(getattr(getattr(import_module(module), name, None), "approximation", None))
    return [
        statement
        for k, statement in enumerate(found)
        if isinstance(statement, Approximation) and statement not in found[:k]
    ]


def _reached(definition: Callable[..., Any]) -> list[tuple[str, str]]:
    """Module and name of every definition that one leads to, itself included, in alphabetical order."""
    definitions = graph()
    waiting = definitions.resolve(Target(definition.__module__, definition.__qualname__.partition(".")[0]))
    found = set()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [following for _, following in definitions.text(node).edges]
    modules = {source.file: source.module for source in definitions.sources.values()}
    return sorted((modules[node.file], node.name) for node in found if node.file and node.name)


def names_in(source: str) -> list[str]:
    """The arXiv identifiers and "volume (year) page" in a source, in their order."""
    places = [
        (match.start(), match.group()) for pattern in (_ARXIV, _JOURNAL) for match in pattern.finditer(source)
    ]
    return [text for _, text in sorted(places)]


@cache
def bibliography() -> dict[str, Reference]:
    """The papers of ``references.bib`` by each name that a source may give them."""
    found: dict[str, Reference] = {}
    for entry in re.split(r"\n\s*\n", BIBLIOGRAPHY.read_text(encoding="utf-8").strip()):
        key = entry.partition("{")[2].partition(",")[0]
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", entry, re.MULTILINE))
        reference = Reference(key, fields, entry)
        found |= dict.fromkeys(reference.names, reference)
    return found


def _package() -> Reference:
    fields = {
        "author": "{The statphys_gen developers}",
        "title": "statphys_gen: statistical physics of generative models, theory beside simulation",
        "version": __version__,
    }
    lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items())
    return Reference("statphys_gen", fields, f"@software{{statphys_gen,\n{lines}\n}}")
