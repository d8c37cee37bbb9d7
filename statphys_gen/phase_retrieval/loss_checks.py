r"""What can be seen of a user's loss at its places: the infimum of its curvature, and where its derivatives jump.

The infimum is looked for on a mesh of the region that measurements reach, and from there on in decades, along both axes
and along y = t, where losses have their minima, and where one of y and t is large and the other one is on that mesh.
Jumps are looked for along lines of constant t and of constant y.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import FloatArray
from ..errors import InvalidArgument

PointFunction = Callable[[FloatArray, FloatArray], FloatArray]

# The infimum is looked for up to here, in every decade; beyond, y^2 - t^2 has lost the digits of y - t.
_DECADES = 10.0 ** np.arange(1, 7)
# The region that measurements reach, the step of its mesh, and how many of the lowest places there are followed.
_REACHED, _STEP, _LOWEST = 8.0, 0.02, 8
# A feature of the scale shows at one place of the mesh at least; shorter ones are not followed all over the plane.
_STEP_IN_SCALES = 1.6
SHORTEST = 0.0025
# A value that changes by more than this part within rounding of its place is rounding itself.
_STABLE = 0.1
_SHIFTS = 1.0 + np.finfo(np.float64).eps * np.array([0, 1, -1, 2, -2])
_CANDIDATES = 200
# Times that an interval around a minimum loses a third.
_THIRDS = 45
# Lines along which jumps are looked for, generic, and the intervals of these lines, which begin below 0.
_LINES = np.array([0.137, 0.431, 0.713, 1.037, 1.379, 1.913, 2.611, 3.407])
_INTERVALS = -0.0317 + 0.0479 * np.arange(120)
_HALVINGS = 34
# Of a function's size on the line: what counts as a jump, and what an integral may miss.
_JUMP, _MISSED = 1e-5, 1e-5
_SAME = 1e-6
_SQUARE = np.linspace(0.05, 2.5, 40)


def infimum(curvature: PointFunction, scale: float) -> float:
    """Infimum over the plane; -inf when it keeps falling from decade to decade. Even in both arguments.

    ``scale`` : the shortest length over which the curvature varies.
    """
    mesh = _mesh(scale)
    near = _lowest_within_reach(curvature, mesh)
    lowest: list[float] = []
    for largest in _DECADES:
        place, value = _lowest_in_decade(curvature, float(largest))
        best = min(
            value, _polished(curvature, place, float(largest)), _lowest_far(curvature, float(largest), mesh)
        )
        lowest.append(min([best, *lowest[-1:]]))
    falls = -np.diff(lowest)
    # A bounded infimum that is only approached at infinity is approached ever more slowly.
    size = max(typical_size(curvature), abs(lowest[-1]))
    settled = falls[-1] <= 1e-6 * size or falls[-1] < 0.5 * falls[-2] < 0.25 * falls[-3]
    if not settled:
        return -math.inf
    # Aitken's extrapolation of a geometric approach.
    beyond = falls[-1] ** 2 / (falls[-2] - falls[-1]) if 0.0 < falls[-1] < 0.5 * falls[-2] else 0.0
    return min(near, lowest[-1] - beyond)


def lowest_seen(curvature: PointFunction, scale: float) -> float:
    """The lowest value on the meshes, which lies above the infimum."""
    decades = [_lowest_in_decade(curvature, float(largest))[1] for largest in _DECADES]
    return min([*decades, *_mesh_minima(curvature, _mesh(scale))[1].tolist()])


def typical_size(function: PointFunction) -> float:
    """Mean modulus over a square that measurements reach; 1 where it vanishes."""
    y, t = (grid.ravel() for grid in np.meshgrid(_SQUARE, _SQUARE))
    return float(np.abs(_finite(function, y, t)).mean()) or 1.0


def _mesh(scale: float) -> FloatArray:
    return np.arange(0.0, _REACHED, min(_STEP, _STEP_IN_SCALES * max(scale, SHORTEST)))


def _values(curvature: PointFunction, y: FloatArray, t: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        values = np.asarray(curvature(y, t), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.inf)


def _polished(curvature: PointFunction, start: FloatArray, largest: float) -> float:
    from scipy.optimize import minimize

    def at(x: FloatArray) -> float:
        place = np.minimum(np.abs(x), largest)
        return _stable(curvature, place)

    # The first steps are short against a feature that only just showed.
    steps = start + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) * np.maximum(5e-3 * start, 1e-4)
    options = {"xatol": 1e-10, "fatol": 1e-13, "initial_simplex": steps}
    return float(minimize(at, start, method="Nelder-Mead", options=options).fun)


def _stable(curvature: PointFunction, place: FloatArray) -> float:
    """The value there; infinite where rounding of the place changes it."""
    values = _values(curvature, place[0] * _SHIFTS, place[1] * _SHIFTS[::-1])
    spread = float(values.max() - values.min())
    return float(values[0]) if spread <= _STABLE * abs(float(values[0])) + 1e-12 else math.inf


def _lowest_far(curvature: PointFunction, largest: float, mesh: FloatArray) -> float:
    """The lowest value, no rounding, where one argument is ``largest`` and the other one is a minimum within reach."""
    best = math.inf
    for order in (1, -1):

        def along(x: FloatArray, order: int = order) -> FloatArray:
            return _values(curvature, *(x, np.full_like(x, largest))[::order])

        values = np.pad(along(mesh), 1, constant_values=np.inf)
        minima = np.flatnonzero((values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:]))
        low, high = mesh[np.maximum(minima - 1, 0)], mesh[np.minimum(minima + 1, len(mesh) - 1)]
        for _ in range(_THIRDS):
            third = (high - low) / 3.0
            left = along(low + third) <= along(high - third)
            low, high = np.where(left, low, low + third), np.where(left, high - third, high)
        middle = 0.5 * (low + high)
        for x in middle[np.argsort(along(middle), kind="stable")[:_LOWEST]].tolist():
            best = min(best, _stable(curvature, np.array([x, largest][::order])))
    return best


def _lowest_in_decade(curvature: PointFunction, largest: float) -> tuple[FloatArray, float]:
    """The lowest place up to ``largest`` that is not rounding, and its value."""
    axis = np.concatenate([[0.0], np.geomspace(1e-6, largest, 120)])
    y, t = (grid.ravel() for grid in np.meshgrid(axis, axis, indexing="ij"))
    # Next to the diagonal at all distances.
    distance = np.geomspace(1e-8, 0.5, 60)
    beside = (axis[:, None] * np.concatenate([1.0 + distance, 1.0 - distance])).ravel()
    along = np.repeat(axis, 2 * len(distance))
    y, t = np.concatenate([y, np.minimum(beside, largest)]), np.concatenate([t, along])
    values = _values(curvature, y, t)
    for k in np.argsort(values)[:_CANDIDATES]:
        place = np.array([y[k], t[k]])
        value = _stable(curvature, place)
        if math.isfinite(value):
            return place, value
    return np.zeros(2), _stable(curvature, np.zeros(2))


def _mesh_minima(curvature: PointFunction, axis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Places and values of the lowest minima on the mesh of the region that measurements reach."""
    y, t = np.meshgrid(axis, axis, indexing="ij")
    values = _values(curvature, y.ravel(), t.ravel()).reshape(y.shape)
    padded = np.pad(values, 1, constant_values=np.inf)
    around = [padded[1 + i : 1 + i + len(axis), 1 + j : 1 + j + len(axis)] for i, j in _NEIGHBOURS]
    minima = np.flatnonzero((values <= np.minimum.reduce(around)).ravel())
    minima = minima[np.argsort(values.ravel()[minima], kind="stable")[:_LOWEST]]
    return np.stack([y.ravel()[minima], t.ravel()[minima]], axis=1), values.ravel()[minima]


_NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def _lowest_within_reach(curvature: PointFunction, mesh: FloatArray) -> float:
    places, _ = _mesh_minima(curvature, mesh)
    return min((_polished(curvature, place, _REACHED) for place in places), default=math.inf)


# --------------------------------------------------------------------------------------------------------------- jumps


def refuse_jumps(
    functions: dict[str, PointFunction],
    name: str,
    breakpoints: tuple[float, ...],
    label_breakpoints: tuple[float, ...],
) -> None:
    """Refuse values and slopes that jump in y, curvatures that jump where no breakpoint is declared, and derivatives
    that are none somewhere.

    Parameters
    ----------
    functions : value, slope, curvature.
    name : of the loss.
    breakpoints, label_breakpoints : |y| and |t| at which the curvature may jump.
    """
    for kind, what in (
        ("value", "which makes its slope infinite"),
        ("slope", "where its curvature is a delta"),
    ):
        place = _jump(functions[kind], ())
        if place is not None:
            raise InvalidArgument(
                kind,
                name,
                f"continuous in y: it jumps at y = {place[0]:.6g} (t = {place[1]:.3g}), {what}; round the jump off, as "
                "Loss.amplitude(offset) does",
            )
    places = _jumps(functions["curvature"], breakpoints)
    for y, t in places:
        # A jump along a curve cannot be declared; the averages over it say whether they are resolved.
        if any(abs(other - y) < _SAME and line != t for other, line in places):
            raise InvalidArgument(
                "breakpoints",
                breakpoints,
                f"with |y| = {abs(y):.6g} among them, at which the curvature jumps",
            )
    swapped = {kind: _exchanged(function) for kind, function in functions.items()}
    for kind in ("value", "slope", "curvature"):
        places = _jumps(swapped[kind], label_breakpoints)
        for t, y in places:
            if any(abs(other - t) < _SAME and line != y for other, line in places):
                raise InvalidArgument(
                    "label_breakpoints",
                    label_breakpoints,
                    f"with |t| = {abs(t):.6g} among them, at which the {kind} jumps",
                )
    _refuse_false_derivative(functions, name, breakpoints)


def _exchanged(function: PointFunction) -> PointFunction:
    return lambda y, t: function(t, y)


def _jump(function: PointFunction, breakpoints: tuple[float, ...]) -> tuple[float, float] | None:
    places = _jumps(function, breakpoints)
    return places[0] if places else None


def _intervals(breakpoints: tuple[float, ...]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Ends of intervals in y between the breakpoints and the line t of each; the lengths of the floats are left out."""
    edges = np.unique(np.concatenate([_INTERVALS, breakpoints]))
    low, high = np.meshgrid(edges[:-1], _LINES), np.meshgrid(edges[1:], _LINES)
    a, b, t = low[0].ravel(), high[0].ravel(), low[1].ravel()
    # A value at a breakpoint itself belongs to neither side.
    inner = 1e-9 * np.isin(a, breakpoints), 1e-9 * np.isin(b, breakpoints)
    return a + inner[0], b - inner[1], t, b - a


def _jumps(function: PointFunction, breakpoints: tuple[float, ...]) -> list[tuple[float, float]]:
    """(y, t) of the jumps in y: a difference between two points that does not fall with their distance."""
    a, b, t, _ = _intervals(breakpoints)
    size = np.abs(_finite(function, a, t)).reshape(len(_LINES), -1).max(axis=1)
    size = np.repeat(size, len(a) // len(_LINES))
    for _ in range(_HALVINGS):
        middle = 0.5 * (a + b)
        left, centre, right = (_finite(function, x, t) for x in (a, middle, b))
        first = np.abs(centre - left) >= np.abs(right - centre)
        a, b = np.where(first, a, middle), np.where(first, middle, b)
    change = np.abs(_finite(function, b, t) - _finite(function, a, t))
    found = np.flatnonzero(change > _JUMP * (size + 1e-300))
    # Of a steep but continuous function the difference falls with the distance still.
    wide = 1e3 * (b[found] - a[found])
    around = np.abs(
        _finite(function, b[found] + wide, t[found]) - _finite(function, a[found] - wide, t[found])
    )
    return [(round(float(b[k]), 9), float(t[k])) for k in found[around < 10.0 * change[found]]]


def _finite(function: PointFunction, y: FloatArray, t: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.asarray(function(y, t), dtype=np.float64), posinf=0.0, neginf=0.0)


def _refuse_false_derivative(
    functions: dict[str, PointFunction], name: str, breakpoints: tuple[float, ...]
) -> None:
    """Integrals of the upper function against differences of the lower one, between the breakpoints."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    a, b, t, _ = _intervals(breakpoints)
    for lower, upper in (("value", "slope"), ("slope", "curvature")):
        low, high, line = a, b, t
        rounding = 1e-12 * typical_size(functions[lower])
        for _ in range(_HALVINGS):
            middle, half = 0.5 * (low + high), 0.5 * (high - low)
            y = middle[:, None] + half[:, None] * nodes
            inside = _finite(functions[upper], y.ravel(), np.repeat(line, len(nodes))).reshape(y.shape)
            integral = half * (inside @ weights)
            ends = [_finite(functions[lower], x, line) for x in (low, high)]
            size = np.abs(ends).max(axis=0) + np.abs(inside).max(axis=1) * half
            wrong = np.abs(ends[1] - ends[0] - integral) > _MISSED * size + rounding
            if not wrong.any():
                break
            # Where a feature is narrower than an interval its halves see it.
            low, middle, high, line = low[wrong], middle[wrong], high[wrong], line[wrong]
            low, high, line = np.append(low, middle), np.append(middle, high), np.append(line, line)
            # A jump along a curve stays in a few intervals, whose part in an integral falls with their length.
            if len(low) > 20_000 or float((high - low).max()) < 1e-5:
                break
        else:
            continue
        if wrong.any() and float((high - low).max()) >= 1e-5:
            raise InvalidArgument(
                upper,
                name,
                f"the derivative of {lower} in y; it is not at y = {low[0]:.4g}, t = {line[0]:.4g}",
            )


def function_values(name: str, function: Any, y: FloatArray, t: FloatArray) -> FloatArray:
    """What a user's function returns, or a refusal in one line."""
    try:
        # What is not finite is refused below, in one line.
        with np.errstate(all="ignore"):
            result = np.asarray(function(y, t))
    except (TypeError, ValueError) as error:
        raise InvalidArgument(name, function, f"a function of two arrays y and t ({error})") from None
    if result.shape != y.shape or result.dtype.kind not in "iuf":
        raise InvalidArgument(
            name, function, "a function that returns real numbers in the shape of its arguments"
        )
    if not np.isfinite(result).all():
        k = int(np.flatnonzero(~np.isfinite(result))[0])
        raise InvalidArgument(name, function, f"finite; it is not at y = {y[k]:.6g}, t = {t[k]:.6g}")
    return np.asarray(result, dtype=np.float64)
