"""Batched solution of nonlinear equations: Newton, fixed points, and scalar roots in a bracket.

Every solver ends with :func:`~statphys_gen.numerics.assess`, which judges the point on the undamped
equations alone: how an iteration arrived there, with which damping or step, plays no part in the status or the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import Approximation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..solution import Solution, Status
from .assessment import Assessment, ResidualError, assess
from .equations import EPSILON, Equations, Jacobian, Residual, apply, inverse, prepare

# Default of the accuracy in the unknowns, in units of the tolerance of the residual.
ACCURACY_PER_TOLERANCE = 1e3
_HALVINGS = 20
# In units of Equations.scale: a longer step is only the sign of a Jacobian that happens to be almost singular.
_LONGEST_STEP = 1e4
# A step that would cross a bound goes this part of the way; so many such steps in a row are an exit.
_PART_OF_THE_WAY = 0.9
_PATIENCE_AT_BOUND = 40
# Points of a bracket without a change of sign at which a root is looked for.
_INSIDE = 34
# A modulus below this part of its largest value is not told from zero there.
_VANISHING = 1e-3


def newton(
    residual: Residual,
    start: ArrayLike,
    *,
    parameters: Sequence[ArrayLike] | None = None,
    jacobian: Jacobian | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    tolerance: float = 1e-12,
    accuracy: float | None = None,
    max_iterations: int = 100,
    names: Sequence[str] | None = None,
    residual_error: ResidualError = 0.0,
    approximation: Approximation | None = None,
) -> Solution:
    """Solve F(x; parameters) = 0 for a batch of parameters by Newton steps with a backtracking line search.

    Only the points that have not converged are evaluated, so a plane of parameters costs little more than its hard
    part. The iteration goes on below ``tolerance`` until the unknowns themselves are accurate or rounding stops it.

    Parameters
    ----------
    residual : ``residual(x, *parameters)`` with x of shape (points, unknowns) and parameters of shape (points,);
        returns (points, unknowns). It must treat the points independently. NaN means "outside the domain".
    start : shape (unknowns,) or (*batch, unknowns).
    parameters : arrays that broadcast with the batch.
    jacobian : dF_i/dx_j as ``jacobian(x, *parameters)`` of shape (points, unknowns, unknowns), or "forward" (default),
        "central" or "complex-step" (exact to rounding, for analytic residuals that accept complex x).
    lower, upper : open bounds of the unknowns; scalar, (unknowns,) or (*batch, unknowns).
    tolerance : largest |F_i| of a good point.
    accuracy : largest error of a converged point, in units of max(1, |x|); 1000 times ``tolerance`` by default.
    names : names of the unknowns in the result; "x", or "x_0", "x_1", ... by default.
    residual_error : bound on the error of F apart from its rounding, which is measured: quadrature, truncation. Number,
        array that broadcasts to (points, unknowns), or function of (x, *parameters).
    approximation : how exact the equations are.

    Returns
    -------
    Solution of the batch's shape. ``error`` is |J^-1| (|F| + rounding + residual_error), confirmed by evaluating F at
    that distance; where J is too close to singular for that, the distance at which a change of sign along the critical
    direction stands out from rounding. Status: *converged*; *near-critical* when F vanishes within ``tolerance`` but
    the error exceeds ``accuracy``; *no solution* when |F| has a minimum above its rounding along the critical direction
    (a statement about the neighbourhood of where Newton ended, not about distant roots); *left the domain* when the
    steps keep crossing a bound or F is not finite; *not converged* otherwise.
    """
    equations, x, shape = prepare(residual, start, parameters, jacobian, lower, upper)
    fields = field_names(names, equations.unknowns)
    tolerance, accuracy = accuracies(tolerance, accuracy)
    validation.integer("max_iterations", max_iterations, minimum=1)
    x, left, iterations = iterate(equations, x, tolerance, accuracy, max_iterations)
    verdict = assess(
        equations, x, tolerance=tolerance, accuracy=accuracy, residual_error=_flat(residual_error, shape, x)
    )
    return package(x, left, verdict, iterations, shape, fields, approximation)


def iterate(
    equations: Equations, x: FloatArray, tolerance: float, accuracy: float, max_iterations: int
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.int64]]:
    """Newton's iteration: where it ended, whether it left the domain, and the number of steps of each point."""
    x = x.copy()
    value = equations(x)
    iterations = np.zeros(len(x), dtype=np.int64)
    pressed = np.zeros(len(x), dtype=np.int64)
    left = np.asarray(~np.isfinite(value).all(axis=1))
    active = np.flatnonzero(~left)
    target = max(EPSILON, 1e-2 * accuracy)
    for _ in range(max_iterations):
        if not len(active):
            break
        here = equations.rows(active)
        search = _Search(here, x[active], value[active])
        x[active], value[active] = search.x, search.value
        iterations[active] += 1
        pressed[active] = np.where(search.shortened, pressed[active] + 1, 0)
        left[active] = search.lost | (pressed[active] >= _PATIENCE_AT_BOUND)
        small = np.abs(search.value).max(axis=1, initial=0.0) <= tolerance
        done = (search.correction <= np.where(small, target, EPSILON)) & (search.fraction == 1.0)
        # The next correction with the same Jacobian is known already and cannot hurt: the assessment comes after it.
        polished = x[active] + search.next_step
        use = done & here.inside(polished)
        x[active[use]] = polished[use]
        active = active[~(done | search.stalled | left[active])]
    return x, left, iterations


class _Search:
    """One Newton step with backtracking until the next correction, with the same Jacobian, is smaller than this one.

    That test does not depend on the units of the equations. ``stalled``: no fraction of the step passed it;
    ``lost``: the last one tried was outside the domain of F; ``shortened``: a bound stood in the way.
    """

    def __init__(self, equations: Equations, x: FloatArray, value: FloatArray) -> None:
        inverted = inverse(equations.derivative(x, value))
        step = -apply(inverted, value)
        scale = equations.scale(x)
        with np.errstate(all="ignore"):
            size = np.abs(step / scale).max(axis=1)
            room = np.where(step > 0, equations.upper - x, x - equations.lower)
            limit = np.min(np.where(step != 0, room / np.abs(step), np.inf), axis=1)
        self.x, self.value = x.copy(), value.copy()
        self.shortened = limit <= 1.0
        with np.errstate(all="ignore"):
            self.fraction = np.minimum(
                np.where(self.shortened, _PART_OF_THE_WAY * limit, 1.0), _LONGEST_STEP / size
            )
        self.correction = size.copy()
        self.next_step = np.zeros_like(x)
        self.lost = np.zeros(len(x), dtype=bool)
        pending = np.flatnonzero(np.isfinite(size))
        self.stalled = ~np.isfinite(size)
        for _ in range(_HALVINGS):
            if not len(pending):
                break
            fraction = self.fraction[pending]
            trial = x[pending] + fraction[:, None] * step[pending]
            there = equations.rows(pending)(trial)
            following = -apply(inverted[pending], there)
            with np.errstate(all="ignore"):
                correction = np.abs(following / scale[pending]).max(axis=1)
                finite = np.isfinite(there).all(axis=1) & equations.rows(pending).inside(trial)
                accepted = finite & (correction <= (1 - fraction / 4) * size[pending])
            rows = pending[accepted]
            self.x[rows], self.value[rows] = trial[accepted], there[accepted]
            self.correction[rows], self.next_step[rows] = correction[accepted], following[accepted]
            self.lost[pending] = ~finite
            self.fraction[pending[~accepted]] /= 2
            pending = pending[~accepted]
        self.stalled[pending] = True


def fixed_point(
    mapping: Residual,
    start: ArrayLike,
    *,
    parameters: Sequence[ArrayLike] | None = None,
    damping: float = 0.0,
    memory: int = 5,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    tolerance: float = 1e-12,
    accuracy: float | None = None,
    max_iterations: int = 1000,
    names: Sequence[str] | None = None,
    residual_error: ResidualError = 0.0,
    approximation: Approximation | None = None,
) -> Solution:
    """Solve x = mapping(x; parameters) by iteration, x <- damping x + (1 - damping) mapping(x), Anderson-accelerated.

    A point is done when max |x - mapping(x)| of the undamped map is at most ``tolerance``; damping and acceleration
    only decide the way there. The error then comes from the Jacobian of x - mapping(x), as in :func:`newton`: near a
    critical point, where the map hardly contracts, it is much larger than the residual.

    Parameters
    ----------
    mapping : ``mapping(x, *parameters)``, shapes as for the residual of :func:`newton`.
    damping : weight of the old point, in [0, 1).
    memory : number of earlier points that Anderson's method combines; 0 for the plain damped iteration.

    The others, the result and its status are those of :func:`newton`; use this where the Jacobian is costly or Newton's
    basin small, and newton otherwise.
    """

    def residual(x: FloatArray, *values: FloatArray) -> FloatArray:
        return np.asarray(x - mapping(x, *values))

    equations, x, shape = prepare(residual, start, parameters, None, lower, upper)
    fields = field_names(names, equations.unknowns)
    tolerance, accuracy = accuracies(tolerance, accuracy)
    damping = validation.inside("damping", damping, -np.finfo(float).tiny, 1.0)
    validation.integer("memory", memory, minimum=0)
    validation.integer("max_iterations", max_iterations, minimum=1)
    iterations = np.zeros(len(x), dtype=np.int64)
    left = np.zeros(len(x), dtype=bool)
    points, defects = np.zeros((2, memory + 1, *x.shape))
    active = np.arange(len(x))
    for k in range(max_iterations + 1):
        here = equations.rows(active)
        value = here(x[active])
        left[active] = ~np.isfinite(value).all(axis=1)
        keep = ~left[active] & (np.abs(value).max(axis=1, initial=0.0) > tolerance)
        active, value, here = active[keep], value[keep], here.rows(np.flatnonzero(keep))
        if not len(active) or k == max_iterations:
            break
        slot = k % (memory + 1)
        points[slot, active], defects[slot, active] = x[active], value
        plain = x[active] - (1 - damping) * value
        proposal = plain
        if used := min(k, memory):
            slots = [(slot - 1 - j) % (memory + 1) for j in range(used)]
            proposal = _anderson(
                x[active], value, points[slots][:, active], defects[slots][:, active], 1 - damping
            )
            wild = ~np.isfinite(proposal).all(axis=1) | ~here.inside(proposal)
            proposal[wild] = plain[wild]
        inside = here.inside(proposal)
        x[active] = proposal
        iterations[active] += 1
        left[active] = ~inside
        active = active[inside]
    verdict = assess(
        equations, x, tolerance=tolerance, accuracy=accuracy, residual_error=_flat(residual_error, shape, x)
    )
    return package(x, left, verdict, iterations, shape, fields, approximation)


def _anderson(
    x: FloatArray, value: FloatArray, points: FloatArray, defects: FloatArray, mixing: float
) -> FloatArray:
    """The point of least linearised defect in the span of the earlier ones, moved on by ``mixing`` times its defect."""
    moves = np.moveaxis(x - points, 0, 2)
    changes = np.moveaxis(value - defects, 0, 2)
    weights = apply(np.linalg.pinv(changes, rcond=1e-10), value)
    return np.asarray(x - apply(moves, weights) - mixing * (value - apply(changes, weights)))


def bracketed(
    function: Callable[..., FloatArray],
    lower: ArrayLike,
    upper: ArrayLike,
    *,
    parameters: Sequence[ArrayLike] | None = None,
    tolerance: float = 1e-12,
    accuracy: float | None = None,
    max_iterations: int = 200,
    name: str = "x",
    residual_error: ResidualError = 0.0,
    approximation: Approximation | None = None,
) -> Solution:
    """The root of a scalar function between two points where it has opposite signs, for a batch of brackets.

    Parameters
    ----------
    function : ``function(x, *parameters)`` with all arguments of shape (points,); returns (points,).
    lower, upper : ends of the brackets; they and the parameters broadcast to the batch.
    tolerance : largest |function| at a good root, so that a jump or a pole is not taken for one.
    residual_error : as for :func:`newton`, of the batch's shape or a function of (x, *parameters).

    The others are those of :func:`newton`. Where the signs at the ends agree, a root is looked for between them, at 32
    points and in the dips of |function| among these; status *no solution* when the function was seen not to vanish
    there, which is a statement at this resolution. *Left the domain* when the function is not finite; otherwise as for
    newton. The iteration is Chandrupatla's (``scipy.optimize``).
    """
    from scipy.optimize import elementwise

    ends = validation.array("lower", lower), validation.array("upper", upper)
    given = [validation.array(f"parameters[{k}]", p) for k, p in enumerate(parameters or ())]
    try:
        low, high, *values = np.broadcast_arrays(*ends, *given)
    except ValueError:
        raise InvalidArgument(
            "lower", ends[0], "of a shape that broadcasts with upper and the parameters"
        ) from None
    if not (low < high).all():
        raise InvalidArgument("lower", lower, "below upper everywhere")
    tolerance, accuracy = accuracies(tolerance, accuracy)
    shape = low.shape
    flat = tuple(p.reshape(-1) for p in values)
    left, right = low.reshape(-1).copy(), high.reshape(-1).copy()

    def values_at(x: FloatArray, *p: FloatArray) -> FloatArray:
        return np.asarray(function(x, *p), dtype=np.float64)

    def search(a: FloatArray, b: FloatArray, rows: NDArray[np.intp]) -> Any:
        with np.errstate(all="ignore"):
            return elementwise.find_root(
                values_at,
                (a, b),
                args=tuple(p[rows] for p in flat),
                tolerances={"xatol": 0.0, "xrtol": EPSILON, "fatol": 0.0, "frtol": 0.0},
                maxiter=max_iterations,
            )

    found = search(left, right, np.arange(left.size))
    code, iterations = np.array(found.status), np.array(found.nit, dtype=np.int64)
    x = np.where(np.isfinite(found.x), found.x, left)[:, None]
    agree = np.flatnonzero(code == -1)
    barren = np.zeros(len(code), dtype=bool)
    if len(agree):
        inner = [p[agree] for p in flat]
        a, b, lowest, vanishes = _change_between(values_at, left[agree], right[agree], inner)
        x[agree, 0] = lowest
        barren[agree] = ~(a < b) & ~vanishes
        changes = np.flatnonzero(a < b)
        if len(changes):
            again = search(a[changes], b[changes], agree[changes])
            rows = agree[changes]
            x[rows, 0], code[rows] = np.where(np.isfinite(again.x), again.x, lowest[changes]), again.status
            iterations[rows] += again.nit
    # A root at the very end of its bracket can only be judged by looking beyond.
    below = np.where(x > low.reshape(-1, 1), low.reshape(-1, 1), -np.inf)
    above = np.where(x < high.reshape(-1, 1), high.reshape(-1, 1), np.inf)
    equations = Equations(_column(function), flat, below, above)
    extra = _column(residual_error) if callable(residual_error) else np.asarray(residual_error)[..., None]
    verdict = assess(
        equations, x, tolerance=tolerance, accuracy=accuracy, residual_error=_flat(extra, shape, x)
    )
    # Where |function| is lowest without a change of sign it may touch zero, and the point is judged like any other.
    verdict.status[barren & (verdict.status > Status.NEAR_CRITICAL)] = Status.NO_SOLUTION
    return package(x, code == -3, verdict, iterations, shape, (name,), approximation)


def _change_between(
    function: Callable[..., FloatArray], low: FloatArray, high: FloatArray, parameters: list[FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
    """Ends between which the function changes its sign inside each bracket (equal ends: nowhere that was seen), the
    place at which its modulus was lowest, and whether it may vanish there."""
    from scipy.optimize import elementwise

    part = np.linspace(0.0, 1.0, _INSIDE)
    x = low[:, None] + (high - low)[:, None] * part
    with np.errstate(all="ignore"):
        value = np.stack([function(column, *parameters) for column in x.T], axis=1)
    size = np.where(np.isfinite(value), np.abs(value), np.inf)
    largest = np.where(np.isfinite(size), size, 0.0).max(axis=1)
    every = np.arange(len(low))
    place = size.argmin(axis=1)
    lowest = x[every, place]
    a, b = lowest.copy(), lowest.copy()
    change = value[:, 1:] * value[:, :-1] < 0
    rows = np.flatnonzero(change.any(axis=1))
    first = change[rows].argmax(axis=1)
    a[rows], b[rows] = x[rows, first], x[rows, first + 1]
    dips = (
        (size[:, 1:-1] <= size[:, 2:])
        & (size[:, 1:-1] < size[:, :-2])
        & np.isfinite(size[:, 2:] + size[:, :-2])
    )
    dips[rows] = False
    row, node = np.nonzero(dips)
    if len(row):
        sign = np.sign(value[row, node + 1])
        with np.errstate(all="ignore"):
            bottom = elementwise.find_minimum(
                lambda t, s, *p: s * function(t, *p),
                (x[row, node], x[row, node + 1], x[row, node + 2]),
                args=(sign, *(p[row] for p in parameters)),
            )
        for k in np.flatnonzero(np.isfinite(bottom.f_x)):
            if bottom.f_x[k] <= 0.0 and not a[row[k]] < b[row[k]]:
                a[row[k]], b[row[k]] = x[row[k], node[k]], bottom.x[k]
            if abs(bottom.f_x[k]) < size[row[k], place[row[k]]]:
                size[row[k], place[row[k]]], lowest[row[k]] = abs(bottom.f_x[k]), bottom.x[k]
    return a, b, lowest, size.min(axis=1) <= _VANISHING * largest


def _column(function: Callable[..., ArrayLike]) -> Residual:
    """A function of points as a residual with one unknown."""
    return lambda x, *values: np.asarray(function(x[:, 0], *values), dtype=np.float64)[:, None]


def accuracies(tolerance: float, accuracy: float | None) -> tuple[float, float]:
    tolerance = validation.positive("tolerance", tolerance)
    return tolerance, (
        ACCURACY_PER_TOLERANCE * tolerance if accuracy is None else validation.positive("accuracy", accuracy)
    )


def field_names(names: Sequence[str] | None, unknowns: int) -> tuple[str, ...]:
    if names is None:
        return ("x",) if unknowns == 1 else tuple(f"x_{j}" for j in range(unknowns))
    if isinstance(names, str) or len(names) != unknowns or len(set(names)) != unknowns:
        raise InvalidArgument("names", names, f"{unknowns} different names, one for each unknown")
    return tuple(names)


def _flat(residual_error: ResidualError, shape: tuple[int, ...], x: FloatArray) -> ResidualError:
    """A residual error given per point of the batch, in the flattened order of x."""
    if callable(residual_error):
        return residual_error
    return np.broadcast_to(np.asarray(residual_error, dtype=np.float64), (*shape, x.shape[1])).reshape(
        x.shape
    )


def package(
    x: FloatArray,
    left: NDArray[np.bool_],
    verdict: Assessment,
    iterations: NDArray[np.int64],
    shape: tuple[int, ...],
    names: tuple[str, ...],
    approximation: Approximation | None,
) -> Solution:
    """The flat batch as a Solution of the caller's shape; ``names`` may leave out trailing unknowns."""
    bad = verdict.status > Status.NEAR_CRITICAL
    status = np.where(left & bad, Status.LEFT_DOMAIN, verdict.status).astype(np.int8)
    error = verdict.error[:, : len(names)].max(axis=1, initial=0.0)
    return Solution(
        {name: x[:, j].reshape(shape) for j, name in enumerate(names)},
        status.reshape(shape),
        verdict.residual.reshape(shape),
        error.reshape(shape),
        iterations.reshape(shape),
        approximation,
    )
