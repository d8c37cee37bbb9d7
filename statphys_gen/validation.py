"""Argument checks. Each returns the checked value in its canonical type, or raises one line that says what is allowed.

Scalar checks do not import numpy, so that the command line can refuse bad input before anything heavy is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InvalidArgument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def finite(argument: str, value: Any, allowed: str = "a finite number") -> float:
    """A real, finite scalar (zero-dimensional arrays count as scalars; booleans and strings do not)."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InvalidArgument(argument, value, allowed)
    return float(value)


def positive(argument: str, value: Any) -> float:
    allowed = "a finite number above 0"
    number = finite(argument, value, allowed)
    if number <= 0:
        raise InvalidArgument(argument, value, allowed)
    return number


def non_negative(argument: str, value: Any) -> float:
    allowed = "a finite number, at least 0"
    number = finite(argument, value, allowed)
    if number < 0:
        raise InvalidArgument(argument, value, allowed)
    return number


def inside(argument: str, value: Any, lower: float, upper: float, *, closed: bool = False) -> float:
    """A number in the open interval (lower, upper), or in the closed one."""
    left, right = "[]" if closed else "()"
    allowed = f"a number in {left}{lower:g}, {upper:g}{right}"
    number = finite(argument, value, allowed)
    if not (lower <= number <= upper if closed else lower < number < upper):
        raise InvalidArgument(argument, value, allowed)
    return number


def integer(argument: str, value: Any, minimum: int | None = None, maximum: int | None = None) -> int:
    bounds = "" if minimum is None else f", at least {minimum}"
    bounds += "" if maximum is None else f", at most {maximum}"
    allowed = f"an integer{bounds}"
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InvalidArgument(argument, value, allowed)
    number = int(value)
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise InvalidArgument(argument, value, allowed)
    return number


def choice(argument: str, value: Any, options: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in options:
        raise InvalidArgument(argument, value, "one of " + ", ".join(options))
    return value


def array(
    argument: str,
    value: ArrayLike,
    *,
    ndim: int | None = None,
    shape: tuple[int | None, ...] | None = None,
    above: float | None = None,
    at_least: float | None = None,
    empty: bool = False,
) -> NDArray[np.float64]:
    """A real, finite float64 array. ``None`` in ``shape`` leaves that axis free."""
    import numpy as np

    domain = "finite numbers"
    if above is not None:
        domain += f" above {above:g}"
    if at_least is not None:
        domain += f", at least {at_least:g}"
    if shape is not None:
        free = (
            "("
            + ", ".join("any" if n is None else str(n) for n in shape)
            + ("," if len(shape) == 1 else "")
            + ")"
        )
        domain += f" of shape {free}"
    elif ndim is not None:
        domain += f" in an array with {ndim} axes" if ndim != 1 else " in a one-dimensional array"
    try:
        raw = np.asarray(value)
    except ValueError:
        raise InvalidArgument(argument, value, domain) from None
    if raw.dtype.kind not in "iuf":
        raise InvalidArgument(argument, value, domain)
    result = np.asarray(raw, dtype=np.float64)
    if ndim is not None and result.ndim != ndim:
        raise InvalidArgument(argument, value, domain)
    if shape is not None and (
        result.ndim != len(shape)
        or any(n is not None and n != m for n, m in zip(shape, result.shape, strict=True))
    ):
        raise InvalidArgument(argument, value, domain)
    if result.size == 0 and not empty:
        raise InvalidArgument(argument, value, domain + ", not empty")
    bad = ~np.isfinite(result)
    if above is not None:
        bad |= result <= above
    if at_least is not None:
        bad |= result < at_least
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        place = "" if not index else "[" + ", ".join(map(str, index)) + "]"
        raise InvalidArgument(argument + place, float(result[index]), domain)
    return result


def broadcast(**arrays: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """The named arrays, broadcast with one another."""
    import numpy as np

    shape: tuple[int, ...] = ()
    for name, entry in arrays.items():
        try:
            shape = np.broadcast_shapes(shape, entry.shape)
        except ValueError:
            others = ", ".join(other for other in arrays if other != name)
            raise InvalidArgument(
                name, entry, f"of a shape that broadcasts with {others} (it has {entry.shape})"
            ) from None
    return tuple(np.broadcast_to(entry, shape) for entry in arrays.values())


def probability_vector(argument: str, value: ArrayLike, *, tolerance: float = 1e-9) -> NDArray[np.float64]:
    """Positive weights that sum to one within ``tolerance``; they are returned normalised to rounding."""
    weights = array(argument, value, ndim=1, above=0.0)
    total = float(weights.sum())
    if abs(total - 1.0) > tolerance:
        raise InvalidArgument(argument, value, f"positive weights that sum to 1 (they sum to {total:.12g})")
    return weights / total


def covariance_matrix(argument: str, value: ArrayLike, dimension: int) -> NDArray[np.float64]:
    """A symmetric positive semi-definite matrix of the given dimension."""
    import numpy as np

    matrix = array(argument, value, shape=(dimension, dimension))
    scale = float(np.abs(matrix).max())
    if not np.allclose(matrix, matrix.T, rtol=0.0, atol=1e-10 * scale):
        raise InvalidArgument(argument, value, "a symmetric matrix")
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -1e-10 * scale:
        raise InvalidArgument(argument, value, f"positive semi-definite (smallest eigenvalue {smallest:.3g})")
    return (matrix + matrix.T) / 2


def readable_file(argument: str, value: str | Path) -> Path:
    path = Path(value)
    try:
        readable = path.is_file()
        if readable:
            with path.open("rb"):
                pass
    except OSError:  # also of a name that is too long
        readable = False
    if not readable:
        raise InvalidArgument(argument, str(value), "a readable file") from None
    return path


def is_folder(value: str | Path) -> bool:
    """Whether a folder has this name, which may be one that no folder can have."""
    try:
        return Path(value).is_dir()
    except OSError:
        return False


def writable_folder(argument: str, value: str | Path) -> Path:
    """The folder, made if it is not there."""
    folder = Path(value)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        raise InvalidArgument(argument, str(value), "a folder that can be written") from None
    return folder
