"""How exact a prediction is, stated once, beside the function that makes it.

``@states(...)`` attaches an :class:`Approximation` to a public prediction and writes it into the docstring; the command
line, the figures and the documentation read it from there, so that no second text can disagree with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Level = Literal[
    "exact", "exact as N -> infinity", "leading order", "replica symmetric", "1RSB", "full RSB", "heuristic"
]
Verification = Literal["derived and simulated", "derived", "unverified"]


@dataclass(frozen=True)
class Approximation:
    """What a number is worth, apart from its numerical error.

    Attributes
    ----------
    level : the kind of statement; anything but "exact" has an error that no residual shows.
    valid : where it holds and, for an expansion, in which parameter; empty when it always holds.
    source : paper and equation, or the derivation in ``derivations/``.
    verification : what stands behind the formula in this package.
    prediction : the function that :func:`states` attached this to; a check that quotes the statement so names it.
    """

    level: Level
    valid: str
    source: str
    verification: Verification
    prediction: Callable[..., object] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        text = self.level if not self.valid else f"{self.level}: {self.valid}"
        return f"{text} [{self.source}]"


F = TypeVar("F", bound=Callable[..., object])


def states(
    level: Level,
    valid: str = "",
    *,
    source: str,
    verification: Verification = "unverified",
) -> Callable[[F], F]:
    """Decorator for a public prediction: record how exact it is and where it comes from."""

    def attach(function: F) -> F:
        approximation = Approximation(level, valid, source, verification, function)
        function.approximation = approximation  # type: ignore[attr-defined] # every function may have it
        qualifier = f"{level}; {valid}" if valid else level
        note = f"\n\n    Approximation: {qualifier}.\n\n    Source: {source} ({verification}).\n    "
        function.__doc__ = (function.__doc__ or "").rstrip() + note
        return function

    return attach


def approximation_of(prediction: Callable[..., object]) -> Approximation:
    """The statement attached to a prediction by :func:`states`."""
    approximation = getattr(prediction, "approximation", None)
    if not isinstance(approximation, Approximation):
        raise TypeError(f"{getattr(prediction, '__name__', prediction)!r} states no approximation")
    return approximation
