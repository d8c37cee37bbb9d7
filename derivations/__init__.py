"""Executable derivations: each file derives what the code evaluates, by symbols or to 50 digits.

A derivation is a plain function marked with :func:`claim`; it returns True when its claim holds. It works from the
definition and imports from the package only what it compares with. ``python -m derivations`` runs and tabulates them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from time import process_time

_CLAIMS: dict[str, "Derivation"] = {}


@dataclass(frozen=True)
class Derivation:
    """One claim and the function that derives it. ``name`` is ``folder.file.function``."""

    name: str
    text: str
    function: Callable[[], bool]

    def holds(self) -> bool:
        result = self.function()
        if result not in (True, False):
            raise TypeError(f"derivation {self.name} returned {result!r}, not True or False")
        return bool(result)


@dataclass(frozen=True)
class Outcome:
    derivation: Derivation
    holds: bool
    seconds: float


def claim(text: str) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    """Decorator: register a function that returns whether ``text`` holds."""

    def register(function: Callable[[], bool]) -> Callable[[], bool]:
        name = f"{function.__module__.removeprefix('derivations.')}.{function.__name__}"
        _CLAIMS[name] = Derivation(name, text, function)
        return function

    return register


def all_derivations() -> list[Derivation]:
    """Every derivation of every file below this folder, by name."""
    for module in walk_packages(__path__, f"{__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return [_CLAIMS[name] for name in sorted(_CLAIMS)]


def run(derivations: list[Derivation]) -> Iterator[Outcome]:
    for derivation in derivations:
        start = process_time()
        holds = derivation.holds()
        yield Outcome(derivation, holds, process_time() - start)
