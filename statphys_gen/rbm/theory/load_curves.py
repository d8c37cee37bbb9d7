r"""States of +-1 visible units with one hidden unit for each pattern, from curves along which the load is explicit.

With S = load g^2 r the variance of the random field and H = g^2 Omega m the signal, m = E tanh(H + sqrt(S) z) and
q = E tanh^2 do not contain the load, and r = r(q) is one average over a hidden unit. At a temperature the state is
therefore a curve in one variable, S, on which load(S) = S / (g^2 r): retrieval is its first rising part, from
S = 0 (m close to 1) to the spinodal, where the load is largest; the glass (H = 0) is its last rising part.

A plane of temperatures and loads needs one rough curve for each temperature; read at a load, it starts Newton's
method for m = m(m, q), q = q(m, q) so close that two steps reach rounding. The derivatives come from the averages
already taken: dm/dH = E V, dq/dH = 2 E M V, dm/dS = -E M V, dq/dS = E V^2 - 2 E M^2 V (V = 1 - M^2), and for any
hidden prior with mean M and variance V at the tilt g^2 (1 - q) in the field g sqrt(q) z: dr/dq = g^2 E (V^2 - 2 M^2 V).

Derivation: derivations/rbm/explicit_curves.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...solution import Status
from ...units.continuous import Gaussian, Spherical
from ...units.discrete import Binary
from ..couplings.base import Values
from ..couplings.patterns import Patterns, tail
from ..model import Model
from .broad_fields import BROAD, broad_averages
from .saddle_point import Batch
from .single_site import TOLERANCE, blocks

# Nodes of a curve, and the error of its averages: it only starts an iteration.
_NODES = 40
CURVE = 1e-7
# Relative distance in load from the end of a curve within which the curve does not decide whether there is a state.
_MARGIN = 1e-5
_STEPS = 12
# Largest residual of a good point, and the error beyond which the linear estimate of it is not trusted.
_RESIDUAL, _LINEAR = 1e-12, 1e-10
UNRESOLVED = -1


@dataclass(frozen=True)
class Solved:
    """Unknowns of a flat batch, such as (m, q) or (q,), with what the solver says about them; ``UNRESOLVED`` is the
    status where it is not known."""

    x: FloatArray
    status: NDArray[np.int8]
    residual: FloatArray
    error: FloatArray
    iterations: NDArray[np.int64]

    def fill(self, rows: NDArray[np.intp], other: Solved) -> None:
        """Write the points of another batch into these rows."""
        for name, values in vars(self).items():
            values[rows] = getattr(other, name)


def applies(batch: Batch) -> bool:
    """Whether the state is such a curve: one +-1 pattern, no fields, no finite size, batches over load and
    temperature only."""
    model = batch.model
    return (
        type(model.couplings) is Patterns
        and isinstance(model.visible, Binary)
        and not isinstance(model.hidden, Spherical)
        and model.couplings.law == "binary"
        and model.visible_field == model.pattern_field == 0.0
        and not batch.corrected
        and batch.groups in ((), (1.0,))
        and set(batch.names) <= {"temperature", "load"}
    )


def solve_points(batch: Batch, start: str, v: Values) -> Solved:
    """The states "glass" or "retrieval" of a batch to which this ``applies``."""
    points = len(v.beta)
    retrieval = start == "retrieval"
    x = np.full((points, 1 + retrieval), np.nan)
    status = np.full(points, UNRESOLVED, dtype=np.int8)
    residual, error = np.full(points, np.nan), np.full(points, np.nan)
    iterations = np.zeros(points, dtype=np.int64)
    omega = tail(v, np.ones((points, 1)))[:, 0]
    _, first, row = np.unique(v.beta, return_index=True, return_inverse=True)
    largest = np.zeros(len(first))
    np.maximum.at(largest, row, v.load)
    curves = _retrieval_curves if retrieval else _glass_curves
    with np.errstate(all="ignore"):
        guess, known = curves(batch.model, v, omega, first, row, largest)
    status[known == Status.NO_SOLUTION] = Status.NO_SOLUTION
    chosen = np.flatnonzero((known == Status.CONVERGED) & np.isfinite(guess).all(axis=1) & (v.load > 0))
    if len(chosen):
        with np.errstate(all="ignore"):
            found = _newton(batch.model, v, omega, chosen, guess[chosen], retrieval)
        x[chosen], residual[chosen], error[chosen], iterations[chosen], good = found
        status[chosen[good]] = Status.CONVERGED
    return Solved(x, status, residual, error, iterations)


# ------------------------------------------------------------------------------------------------------ averages


def visible_powers(
    H: FloatArray | None, S: FloatArray, tolerance: float = TOLERANCE
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """E t, E t^2, E t v and E v^2 - 2 E t^2 v of t = tanh(H + sqrt(S) z), v = 1 - t^2 (the last two are -d/dS of the
    first and d/dS of the second); those that do not vanish without H."""
    root = np.sqrt(S)
    result = np.full((4, len(S)), np.nan)
    broad = np.isfinite(root) & (root >= BROAD) & (True if H is None else np.isfinite(H))
    if broad.any():
        signal = np.zeros_like(root) if H is None else H
        one, variance, squared, skew, _ = broad_averages(signal[broad], root[broad])
        result[:, broad] = one, 1.0 - variance, skew, 3.0 * squared - 2.0 * variance
    narrow = np.isfinite(root) & ~broad
    if H is None:
        for index, rule in blocks(root, narrow, tolerance, even=True):
            square = np.square(np.tanh(root[index, None] * rule.nodes))
            result[1, index] = np.einsum("pn,n->p", square, rule.weights)
            four = np.einsum("pn,pn,n->p", square, square, rule.weights)
            result[3, index] = 1.0 - 4.0 * result[1, index] + 3.0 * four
        return result[0], result[1], result[2], result[3]
    for index, rule in blocks(root, narrow & np.isfinite(H), tolerance):
        t = np.tanh(H[index, None] + root[index, None] * rule.nodes)
        square = t * t
        weighted = t * rule.weights
        result[0, index] = weighted.sum(axis=1)
        result[1, index] = np.einsum("pn,n->p", square, rule.weights)
        result[2, index] = result[0, index] - np.einsum("pn,pn->p", weighted, square)
        four = np.einsum("pn,pn,n->p", square, square, rule.weights)
        result[3, index] = 1.0 - 4.0 * result[1, index] + 3.0 * four
    return result[0], result[1], result[2], result[3]


def hidden_noise(
    model: Model, beta: FloatArray, q: FloatArray, tolerance: float = TOLERANCE, slope: bool = True
) -> tuple[FloatArray, FloatArray]:
    """r = E <h>^2 as a function of q, and its derivative; NaN where the Gaussian integral diverges."""
    square = beta if model.convention == "sqrt-beta" else beta * beta
    power = np.ones_like(beta) if model.convention == "sqrt-beta" else beta
    tilt, root = square * (1.0 - q), np.sqrt(square * q)
    prior = model.hidden
    if isinstance(prior, Gaussian):
        c = power / prior.variance_ - tilt
        c = np.where(c > 0, c, np.nan)
        r = square * q / c**2
        return r, square * (1.0 - 2.0 * square * q / c) / c**2
    steep = root * prior.steepness(tilt, power)
    r, derivative = np.full((2, len(q)), np.nan)
    usable = np.isfinite(steep) & np.isfinite(tilt)
    for index, rule in blocks(steep, usable, tolerance, even=prior.symmetric):
        columns = tilt[index, None], root[index, None] * rule.nodes, power[index, None]
        if not slope:
            mean = prior.mean(*columns)
            r[index] = np.einsum("pn,pn,n->p", mean, mean, rule.weights)
            continue
        mean, variance = prior.mean_and_variance(*columns)
        mean = mean * mean
        r[index] = np.einsum("pn,n->p", mean, rule.weights)
        derivative[index] = np.einsum("pn,pn,n->p", variance, variance - 2.0 * mean, rule.weights)
    return r, square * derivative


@lru_cache(maxsize=1)
def _variance_of() -> Callable[[FloatArray], FloatArray]:
    """S at which E tanh^2(sqrt(S) z) = q, to about 1e-6, for 1e-9 < q < 1 - 1e-8; 0 for q <= 0."""
    from scipy.interpolate import CubicSpline

    S = np.geomspace(1e-10, 1e4, 300)
    q = visible_powers(None, S, CURVE)[1]
    far = np.geomspace(1.1e4, 1e17, 120)
    beyond = math.sqrt(2.0 / math.pi) / np.sqrt(far) * (1.0 - math.pi**2 / (24.0 * far))
    odds = np.log(np.concatenate([q, 1.0 - beyond]) / np.concatenate([1.0 - q, beyond]))
    spline = CubicSpline(odds, np.log(np.concatenate([S, far])))

    def variance(value: FloatArray) -> FloatArray:
        inside = np.clip(value, 1e-10, 1.0 - 1e-8)
        return np.where(value > 0, np.exp(spline(np.log(inside / (1.0 - inside)))), 0.0)

    return variance


# -------------------------------------------------------------------------------------------------------- curves


def _retrieval_curves(
    model: Model,
    v: Values,
    omega: FloatArray,
    first: NDArray[np.intp],
    row: NDArray[np.intp],
    largest: FloatArray,
) -> tuple[FloatArray, NDArray[np.int8]]:
    """Starting points (m, q) of all points, and what the curves decide: a state, no state, or nothing."""
    from scipy.interpolate import CubicSpline

    guess = np.full((len(row), 2), np.nan)
    known = np.full(len(row), UNRESOLVED, dtype=np.int8)
    curves = RetrievalCurves.of(model, v, omega, first)
    order = np.argsort(row, kind="stable")
    ends = np.cumsum(np.bincount(row, minlength=len(first)))
    for k in range(len(first)):
        mine = order[ends[k - 1] if k else 0 : ends[k]]
        if not curves.gain[k] > 1.0:
            known[mine] = Status.NO_SOLUTION
            continue
        highest, rising = curves.highest[k], slice(0, curves.rising[k])
        if not np.isfinite(highest) or curves.rising[k] < 4:
            continue
        # Both ends of the curve are regular in this angle: sqrt(load) at the lower, sqrt(highest - load) at the upper.
        angle = np.arcsin(np.sqrt(np.minimum(curves.load[k, rising] / highest, 1.0)))
        relative = v.load[mine] / highest
        beyond = mine[relative > 1.0 + _MARGIN]
        if not curves.rises_again[k]:
            known[beyond] = Status.NO_SOLUTION
        inside = mine[relative < 1.0 - 1e-12]
        shape = np.stack([curves.u[rising], curves.H[k, rising] / curves.gain[k]], axis=1)
        at = np.arcsin(np.sqrt(v.load[inside] / highest))
        guess[inside] = CubicSpline(angle, shape)(at) * [math.sqrt(curves.S_end[k]), curves.gain[k]]
        known[inside] = Status.CONVERGED
    ready = np.isfinite(guess).all(axis=1)
    one, two, _, _ = visible_powers(guess[ready, 1], guess[ready, 0] ** 2, CURVE)
    guess[ready] = np.stack([one, two], axis=1)
    return guess, known


@dataclass(frozen=True)
class RetrievalCurves:
    """Curves (rows, nodes) at S = S_end u^2, with the end of the first rising part of each: its number of nodes, the
    largest load (NaN where it was not found), and whether the load is larger again further on."""

    gain: FloatArray
    u: FloatArray
    S_end: FloatArray
    H: FloatArray
    load: FloatArray
    rising: NDArray[np.intp]
    u_highest: FloatArray
    highest: FloatArray
    rises_again: NDArray[np.bool_]

    @classmethod
    def of(cls, model: Model, v: Values, omega: FloatArray, first: NDArray[np.intp]) -> RetrievalCurves:
        gain, square, beta = (v.g**2 * omega)[first], v.g[first] ** 2, v.beta[first]
        # The signal has a solution H > 0 as long as gain (1 - q) > 1 at H = 0.
        S_end = _variance_of()(1.0 - 1.0 / gain)

        def curve(rows: NDArray[np.intp], u: FloatArray) -> tuple[FloatArray, FloatArray]:
            """H and load, of the shape of u (rows, nodes)."""
            count = u.shape[1]
            S = (S_end[rows, None] * u**2).reshape(-1)
            H = signals(np.repeat(gain[rows], count), S)
            q = visible_powers(H, S, CURVE)[1]
            r, _ = hidden_noise(model, np.repeat(beta[rows], count), q, CURVE, slope=False)
            return H.reshape(u.shape), (S / (np.repeat(square[rows], count) * r)).reshape(u.shape)

        u = np.arange(1, _NODES + 1) / (_NODES + 1.0)
        some = np.flatnonzero(gain > 1.0)
        H, load = np.full((2, len(first), _NODES), np.nan)
        H[some], load[some] = curve(some, np.broadcast_to(u, (len(some), _NODES)))
        falls = ~(np.diff(load, axis=1) > 0)
        top = np.where(falls.any(axis=1), falls.argmax(axis=1), 0)
        rows = np.flatnonzero((top >= 2) & (top < _NODES - 2) & np.isfinite(load).all(axis=1))
        u_highest, highest = np.full((2, len(first)), np.nan)
        rising = np.zeros(len(first), dtype=np.intp)
        if len(rows):
            # The maximum of the polynomial through a few nodes around it.
            nodes = np.cos(np.pi * (np.arange(9) + 0.5) / 9)
            width = 1.5 / (_NODES + 1.0)
            _, near = curve(rows, u[top[rows], None] + width * nodes)
            scale = near.max(axis=1)
            place, height = maxima(nodes, near / scale[:, None])
            highest[rows] = scale * height
            u_highest[rows] = u[top[rows]] + width * place
            rising[rows] = (u < u_highest[rows, None]).sum(axis=1)
        again = np.nanmax(load, axis=1, initial=0.0) > highest * (1.0 + 1e-6)
        return cls(gain, u, S_end, H, load, rising, u_highest, highest, again)


def jacobian(batch: Batch, retrieval: bool, x: FloatArray, *values: FloatArray) -> FloatArray:
    """Derivatives of the equations of a state to which this ``applies``, with values in the order of the batch."""
    v = batch.values(*values)
    omega = tail(v, np.ones((len(x), 1)))[:, 0]
    with np.errstate(all="ignore"):
        return _equations(batch.model, v, omega, np.arange(len(x)), x, retrieval)[1]


def maxima(nodes: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Place in (-1, 1) and height of the maximum of the polynomials through Chebyshev nodes, one for each row."""
    coefficients: FloatArray = np.asarray(
        np.polynomial.chebyshev.chebfit(nodes, values.T, len(nodes) - 1), dtype=float
    )
    place = nodes[values.argmax(axis=1)]
    slope: FloatArray = np.asarray(np.polynomial.chebyshev.chebder(coefficients), dtype=float)
    bend: FloatArray = np.asarray(np.polynomial.chebyshev.chebder(slope), dtype=float)
    for _ in range(6):
        step = _values(slope, place) / _values(bend, place)
        place = np.clip(place - step, -1.0, 1.0)
    return place, np.where(np.abs(step) < 1e-6, _values(coefficients, place), np.nan)


def _values(coefficients: FloatArray, place: FloatArray) -> FloatArray:
    """The polynomial of each column at its own place."""
    return np.asarray(np.polynomial.chebyshev.chebval(place, coefficients, tensor=False))


def signals(gain: FloatArray, S: FloatArray) -> FloatArray:
    """The largest root of H = gain E tanh(H + sqrt(S) z): the map is concave, Newton from above is monotone."""
    H = gain.copy()
    active = np.arange(len(H))
    for _ in range(40):
        here = H[active]
        m, q, _, _ = visible_powers(here, S[active], CURVE)
        moved = here - (here - gain[active] * m) / (1.0 - gain[active] * (1.0 - q))
        H[active] = np.maximum(moved, 1e-12)
        active = active[np.abs(moved - here) > 1e-6 * here]
        if not len(active):
            break
    return H


def _glass_curves(
    model: Model,
    v: Values,
    omega: FloatArray,
    first: NDArray[np.intp],
    row: NDArray[np.intp],
    largest: FloatArray,
) -> tuple[FloatArray, NDArray[np.int8]]:
    """The same for the glass, starting points (q,)."""
    from scipy.interpolate import CubicSpline

    guess = np.full((len(row), 1), np.nan)
    known = np.full(len(row), UNRESOLVED, dtype=np.int8)
    variance = _variance_of()
    square, beta = v.g[first] ** 2, v.beta[first]
    gain = square * omega[first]
    # Below this q the Gaussian integral over the hidden units diverges, and r with it: the load is 0 there.
    lowest = variance(np.where(gain > 0, 1.0 - 1.0 / np.maximum(gain, 1e-300), 0.0))
    highest = np.maximum(lowest, 1e-3)
    for _ in range(60):
        highest = 1.5 * highest
        q = visible_powers(None, highest, CURVE)[1]
        r, _ = hidden_noise(model, beta, q, CURVE, slope=False)
        short = ~(highest > 1.05 * largest * square * r)
        highest = np.where(short, highest, highest / 1.5)
        if not short.any():
            break
    highest = 1.5 * highest
    u = np.arange(1, _NODES + 1) / _NODES
    S = (lowest[:, None] + (highest - lowest)[:, None] * u**2).reshape(-1)
    q = visible_powers(None, S, CURVE)[1]
    r, _ = hidden_noise(model, np.repeat(beta, _NODES), q, CURVE, slope=False)
    load = (S / (np.repeat(square, _NODES) * r)).reshape(-1, _NODES)
    if model.hidden.symmetric:
        tiny = np.full(len(first), 1e-9)
        at_zero, _ = hidden_noise(model, beta, tiny, CURVE, slope=False)
        onset = np.where(gain < 1.0, tiny / (square * at_zero), 0.0)
    else:
        onset = np.zeros(len(first))
    order = np.argsort(row, kind="stable")
    ends = np.cumsum(np.bincount(row, minlength=len(first)))
    for k in range(len(first)):
        mine = order[ends[k - 1] if k else 0 : ends[k]]
        # Next to the pole the averages over the hidden units may be too steep.
        finite = np.isfinite(load[k])
        begin = int(finite.argmax())
        curve = load[k, begin:]
        if not finite[begin:].all() or not (np.diff(curve) > 0).all() or curve[0] <= onset[k]:
            continue
        distance = np.sqrt(np.concatenate([[0.0], curve - onset[k]]))
        low = lowest[k] / highest[k]
        values = np.concatenate([[0.0], np.sqrt((highest[k] - lowest[k]) / highest[k]) * u[begin:]])
        offset = v.load[mine] - onset[k]
        known[mine[offset < -_MARGIN * onset[k]]] = Status.NO_SOLUTION
        inside = mine[(offset > _MARGIN * onset[k]) & (v.load[mine] < curve[-1])]
        root = CubicSpline(distance, values)(np.sqrt(v.load[inside] - onset[k]))
        guess[inside, 0] = highest[k] * (low + root**2)
        known[inside] = Status.CONVERGED
    ready = np.isfinite(guess[:, 0])
    guess[ready, 0] = visible_powers(None, guess[ready, 0], CURVE)[1]
    return guess, known


# --------------------------------------------------------------------------------------------------------- Newton


def _newton(
    model: Model, v: Values, omega: FloatArray, chosen: NDArray[np.intp], x: FloatArray, retrieval: bool
) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.int64], NDArray[np.bool_]]:
    """Newton's method from good starting points: unknowns, residual, error, iterations, and which are good."""
    x = x.copy()
    points = len(chosen)
    residual, error = np.full(points, np.inf), np.full(points, np.inf)
    iterations = np.zeros(points, dtype=np.int64)
    stable = np.zeros(points, dtype=bool)
    best = x.copy()
    active = np.arange(points)
    for _ in range(_STEPS):
        at = chosen[active]
        value, jacobian = _equations(model, v, omega, at, x[active], retrieval)
        inverse, determinant = _inverse(jacobian)
        size = np.abs(value).max(axis=1)
        better = size < residual[active]
        rows = active[better]
        best[rows], residual[rows] = x[rows], size[better]
        # Quadrature, and the rounding of the sums.
        uncertain = np.abs(value) + 2.0 * TOLERANCE
        bound = np.einsum("pij,pj->pi", np.abs(inverse), uncertain).max(axis=1)
        error[rows], stable[rows] = bound[better], determinant[better] > 0
        step = np.einsum("pij,pj->pi", inverse, value)
        moved = x[active] - step
        inside = np.isfinite(moved).all(axis=1) & (moved > 0).all(axis=1) & (moved <= 1.0).all(axis=1)
        going = inside & better & (np.abs(step) > 4e-16 + 1e-2 * TOLERANCE).any(axis=1) & (size > 1e-15)
        x[active[going]] = moved[going]
        iterations[active[going]] += 1
        active = active[going]
        if not len(active):
            break
    good = (residual <= _RESIDUAL) & (error <= _LINEAR) & stable
    return best, residual, np.maximum(error, 1e-15), iterations, good


def _equations(
    model: Model, v: Values, omega: FloatArray, at: NDArray[np.intp], x: FloatArray, retrieval: bool
) -> tuple[FloatArray, FloatArray]:
    """x minus its image (for the glass of symmetric priors divided by q), and the derivatives."""
    q = x[:, -1]
    square = v.g[at] ** 2
    r, slope = hidden_noise(model, v.beta[at], q)
    S, dS = v.load[at] * square * r, v.load[at] * square * slope
    gain = square * omega[at]
    H = gain * x[:, 0] if retrieval else None
    one, two, skew, q_S = visible_powers(H, S)
    if not retrieval:
        scale = 1.0 / q if model.hidden.symmetric else np.ones_like(q)
        value = (q - two) * scale
        # The derivative of the quotient is that of the difference where the residual vanishes.
        return value[:, None], ((1.0 - q_S * dS) * scale)[:, None, None]
    m_S, q_H = -skew, 2.0 * skew
    value = np.stack([x[:, 0] - one, q - two], axis=1)
    jacobian = np.empty((len(at), 2, 2))
    jacobian[:, 0, 0], jacobian[:, 0, 1] = 1.0 - gain * (1.0 - two), -m_S * dS
    jacobian[:, 1, 0], jacobian[:, 1, 1] = -gain * q_H, 1.0 - q_S * dS
    return value, jacobian


def _inverse(matrices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Inverse and determinant of matrices of one or two rows."""
    if matrices.shape[1] == 1:
        return 1.0 / matrices, matrices[:, 0, 0]
    a, b, c, d = (matrices[:, i, j] for i in range(2) for j in range(2))
    determinant = a * d - b * c
    adjugate = np.stack([np.stack([d, -b], axis=1), np.stack([-c, a], axis=1)], axis=1)
    return adjugate / determinant[:, None, None], determinant
