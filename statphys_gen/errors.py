"""The exceptions a user can meet.

Every message is one line. Wrong input raises :class:`InvalidArgument`, which names the argument, the value and what is
allowed; a number that could not be computed raises one of the others and is never returned.
"""

from typing import Any

_LONGEST_VALUE = 80
_LONGEST_SENTENCE = 800


class StatphysError(Exception):
    """Base of every exception that this package raises on purpose."""


class InvalidArgument(StatphysError, ValueError):
    """An argument is outside its domain.

    Parameters
    ----------
    argument : the name of the argument, as the caller wrote it.
    value : the offending value; long or multi-line values are abbreviated.
    allowed : what is allowed, to be read after "must be".
    """

    def __init__(self, argument: str, value: Any, allowed: str) -> None:
        self.argument = argument
        self.value = value
        self.allowed = allowed
        # What is allowed may quote a file.
        told = _shortened(" ".join(allowed.split()), _LONGEST_SENTENCE)
        super().__init__(f"{_shortened(argument, _LONGEST_VALUE)} = {describe(value)}: must be {told}")

    def __reduce__(self) -> tuple[type, tuple[str, Any, str]]:
        return type(self), (self.argument, self.value, self.allowed)


class NotConverged(StatphysError, ArithmeticError):
    """An iterative solver did not reach a solution at every point that was asked for."""


class AccuracyNotReached(StatphysError, ArithmeticError):
    """A quadrature or series could not reach the requested accuracy."""


class InsufficientSamples(StatphysError, ValueError):
    """A simulation is too short or too small for the error bar that was asked of it."""


class Stopped(StatphysError, RuntimeError):
    """A run was ended by its ``each`` before enough was finished for a result."""


class StoreError(StatphysError, RuntimeError):
    """The store of a sweep is locked, unreadable or belongs to something else."""


class WorkersLost(StatphysError, RuntimeError):
    """The worker processes of a sweep died, and died again in the pool that replaced them."""


class MissingExtra(StatphysError, ImportError):
    """A library that is only installed with an extra of this package is absent."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        self.missing = (what, library, extra)
        super().__init__(f"{what} needs {library}: pip install 'statphys-gen[{extra}]'")

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), self.missing


def describe(value: Any) -> str:
    """One short line that shows a value: scalars in full, arrays by shape, everything else abbreviated."""
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"array of shape {tuple(shape)}"
    item = getattr(value, "item", None)
    if shape == () and callable(item):
        value = item()
    return _shortened(" ".join(repr(value).split()), _LONGEST_VALUE)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    # Both ends are kept: the end of a path says more than its middle.
    half = (longest - 3) // 2
    return f"{text[:half]}...{text[-half:]}"
