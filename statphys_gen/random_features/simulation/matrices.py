r"""The matrices of the exact nonlinear model, averaged over Gaussian noise without sampling it.

Pre-activations of two features are h_i + s_i u_i and h_j + s_j u_j with standard Gaussian u of correlation
r_ij. Mehler's expansion separates their average,

    E[sigma(h_i + s_i u_i) sigma(h_j + s_j u_j)] = sum_k r_ij^k f_k(h_i, s_i) f_k(h_j, s_j),
    f_k(h, s) = E[sigma(h + s z) He_k(z)] / sqrt(k!),

so that the matrix over all pairs is a sum of Hadamard products, one matrix product for each order. What is left
out is bounded by the largest |r_ij| and by E sigma^2 - sum f_k^2; the diagonal, where r = 1, is exact. For the
sine the sum is a hyperbolic function. For the ReLU and the sign all f_k are closed: with c = h/s, and phi and
Phi the density and the distribution function of a standard Gaussian number,

    sign:  f_0 = 2 Phi(c) - 1,              f_k = 2 phi(c) He_{k-1}(-c)/sqrt(k!),
    ReLU:  f_0 = h Phi(c) + s phi(c),   f_1 = s Phi(c),   f_k = s phi(c) He_{k-2}(-c)/sqrt(k!).

For other activations, averages over z use the trapezoid rule, whose error falls exponentially for a function that is
analytic near the real line, and which is compared with half the step.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ..model import Activation

_REACH = 7.5
_TOLERANCE = 1e-8
_ORDERS = (6, 12, 24, 48, 96, 192, 384)
_BLOCK_NUMBERS = 2**21


def averaged_products(
    activation: Activation, shift: FloatArray, deviation: FloatArray, correlation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(1/n) sum_v E[sigma(h_iv + s_i u_i) sigma(h_jv + s_j u_j)], and (1/n) sum_v f_1(h_iv, s_i).

    Parameters
    ----------
    shift : h, (features, n).
    deviation : s, (features,), above 0.
    correlation : r, (features, features).

    Returns
    -------
    The matrix (features, features) and the vector (features,).

    Raises
    ------
    InvalidArgument : an activation with breakpoints other than relu and sign (use sampled noise draws).
    AccuracyNotReached : the series over the orders or the rule does not converge.
    """
    if activation == Activation.named("sin"):
        return _sine_products(shift, deviation, correlation)
    if activation.breakpoints:
        if activation not in (Activation.named("relu"), Activation.named("sign")):
            raise InvalidArgument(
                "activation",
                activation.name,
                "smooth, relu or sign where the noise is averaged; give noise_draws for another kink or jump",
            )
        if not shift.any():
            return _CENTRED[activation.name](deviation, correlation)
    return _series_products(activation, shift, deviation, correlation)


def _sine_products(
    shift: FloatArray, deviation: FloatArray, correlation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """sin sin = [cos(difference) - cos(sum)]/2, and E cos(h + s z) = exp(-s^2/2) cos h."""
    samples = shift.shape[1]
    sine, cosine = np.sin(shift), np.cos(shift)
    damping = np.exp(-0.5 * deviation**2)
    covariance = correlation * np.multiply.outer(deviation, deviation)
    products = np.cosh(covariance) * (sine @ sine.T) + np.sinh(covariance) * (cosine @ cosine.T)
    products *= np.multiply.outer(damping, damping) / samples
    return products, deviation * damping * cosine.mean(axis=1)


def _relu_products(deviation: FloatArray, correlation: FloatArray) -> tuple[FloatArray, FloatArray]:
    r = np.clip(correlation, -1.0, 1.0)
    arc = (np.sqrt(1.0 - r**2) + r * (np.pi - np.arccos(r))) / (2.0 * np.pi)
    return np.multiply.outer(deviation, deviation) * arc, 0.5 * deviation


def _sign_products(deviation: FloatArray, correlation: FloatArray) -> tuple[FloatArray, FloatArray]:
    products = 2.0 / np.pi * np.arcsin(np.clip(correlation, -1.0, 1.0))
    return products, np.full(len(deviation), math.sqrt(2.0 / np.pi))


_CENTRED = {"relu": _relu_products, "sign": _sign_products}


# ------------------------------------------------------------------------------------------------------- series


def _series_products(
    activation: Activation, shift: FloatArray, deviation: FloatArray, correlation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    r = correlation.copy()
    np.fill_diagonal(r, 0.0)
    largest = float(np.abs(r).max(initial=0.0))
    samples = shift.shape[1]
    for orders in _ORDERS:
        table, square = _hermite_averages(activation, shift, deviation, orders)
        diagonal = square.mean(axis=1)
        left = np.maximum(diagonal - (table**2).sum(axis=0).mean(axis=1), 0.0)
        if largest**orders * float(left.max()) <= _TOLERANCE * float(diagonal.mean()):
            break
    else:
        raise AccuracyNotReached(
            f"activation {activation.name!r}: {orders} orders in the noise leave {left.max():.2g}"
        )
    power = np.ones_like(r)
    products = np.zeros_like(r)
    for values in table:
        products += power * (values @ values.T)
        power *= r
    products /= samples
    np.fill_diagonal(products, diagonal)
    return products, table[1].mean(axis=1)


def _hermite_averages(
    activation: Activation, shift: FloatArray, deviation: FloatArray, orders: int
) -> tuple[FloatArray, FloatArray]:
    """f_k for k < orders, (orders, features, n), and E sigma^2, (features, n)."""
    if activation.breakpoints:
        return _closed_averages(activation.name, shift, deviation[:, None], orders)
    # The orders oscillate as fast as sqrt(order).
    step = min(0.4 / max(1.0, float(deviation.max()) / 0.6), 3.4 / (math.sqrt(orders) + 6.0))
    rule = _rule(step, orders)
    _require_convergence(activation, shift, deviation, orders, step)
    features, samples = shift.shape
    table, square = np.empty((orders, features, samples)), np.empty((features, samples))
    block = max(1, _BLOCK_NUMBERS // (samples * len(rule[0])))
    for start in range(0, features, block):
        part = slice(start, start + block)
        table[:, part], square[part] = _average(activation, shift[part], deviation[part], *rule)
    return table, square


def _closed_averages(
    name: str, shift: FloatArray, deviation: FloatArray, orders: int
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import ndtr

    c = shift / deviation
    density, below = np.exp(-0.5 * c**2) / math.sqrt(2.0 * np.pi), ndtr(c)
    table = np.empty((orders, *shift.shape))
    first = 1 if name == "sign" else 2
    if name == "sign":
        table[0] = 2.0 * below - 1.0
        square, factor = np.ones_like(c), 2.0 * density
    else:
        table[0], table[1] = shift * below + deviation * density, deviation * below
        square = (shift**2 + deviation**2) * below + shift * deviation * density
        factor = deviation * density
    before, now = np.zeros_like(c), np.ones_like(c)
    for k in range(first, orders):
        # Normalised Hermite polynomials, of order k - first.
        j = k - first
        table[k] = factor * now / math.sqrt(math.prod(range(j + 1, k + 1)))
        before, now = now, (-c * now - math.sqrt(j) * before) / math.sqrt(j + 1.0)
    return table, square


def _rule(step: float, orders: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes, weights, and weights times normalised Hermite polynomials (nodes, orders)."""
    half = math.ceil((_REACH + 0.5 * math.sqrt(orders)) / step)
    z: FloatArray = np.asarray(step * np.arange(-half, half + 1), dtype=np.float64)
    weights = np.exp(-0.5 * z**2) * (step / math.sqrt(2.0 * math.pi))
    columns = np.empty((len(z), orders))
    before, now = np.zeros_like(z), np.ones_like(z)
    for k in range(orders):
        columns[:, k] = weights * now
        before, now = now, (z * now - math.sqrt(k) * before) / math.sqrt(k + 1.0)
    return z, weights, columns


def _average(
    activation: Activation,
    shift: FloatArray,
    deviation: FloatArray,
    z: FloatArray,
    weights: FloatArray,
    columns: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    values = activation(shift[:, :, None] + deviation[:, None, None] * z)
    return np.moveaxis(values @ columns, -1, 0), (values**2) @ weights


def _require_convergence(
    activation: Activation, shift: FloatArray, deviation: FloatArray, orders: int, step: float
) -> None:
    """The rule against half its step, at the feature of the largest deviation."""
    worst = int(np.argmax(deviation))
    probe = shift[worst : worst + 1, :16], deviation[worst : worst + 1]
    coarse, square = _average(activation, *probe, *_rule(step, orders))
    fine, _ = _average(activation, *probe, *_rule(0.5 * step, orders))
    error = float(np.abs(coarse - fine).max())
    if not error <= _TOLERANCE * math.sqrt(float(square.max())):
        raise AccuracyNotReached(
            f"activation {activation.name!r}: averages over the noise are off by {error:.2g}; it is not smooth enough"
        )
