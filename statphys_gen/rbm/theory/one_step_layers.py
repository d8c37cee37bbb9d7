"""Averages of a +-1 unit over the two Gaussian fields of one step of replica-symmetry breaking, at T >= 0.

The unit sees b = signal + sqrt(s_0) z_0 + sqrt(s_1 - s_0) z_1; <...> is the average over z_1 weighted with exp(p l(b)),
l(b) = T log 2cosh(b/T), and E the average over z_0. At T = 0 (l = |b|) the inner one is in closed form, and at
temperatures much below the width of z_1 it is that and what the fields |b| < 20 T change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ...arrays import FloatArray
from ...numerics.quadrature import Rule, gaussian_rule
from ...numerics.special import log_two_cosh

# Steepness of the integrands shared by a block of points, and the largest one.
_RATIO, _STEEPEST = 1.5, 1000.0
# Largest exponent p l in a weight.
_LARGEST = 600.0
# Width of the inner field over the temperature from which on it is broad, and a rule on the fields 0 < b < 20 T.
_BROAD = 20.0
# Numbers in an array of a block of points.
_BLOCK = 2**21
_X, _W = np.polynomial.legendre.leggauss(48)
_FIELDS, _FIELD_WEIGHTS = 10.0 * (1.0 + _X), 10.0 * _W


@dataclass(frozen=True)
class LayerAverages:
    """Averages over one layer: m, q_0, X_1, Lambda and its derivative by p at fixed fields, and the mean squares of the
    responses within and of the states, E <(beta (1 - tanh^2))^2> (NaN at T = 0) and E (d<tanh>/db)^2."""

    overlap: FloatArray
    outer: FloatArray
    response: FloatArray
    value: FloatArray
    slope: FloatArray
    within: FloatArray
    between: FloatArray


def layer_averages(
    signal: FloatArray, s0: FloatArray, s1: FloatArray, p: FloatArray, temperature: float, refine: float
) -> LayerAverages:
    result = np.full((len(p), 7), np.nan)
    with np.errstate(all="ignore"):
        width = np.sqrt(s1 - s0)
        # Along z_0 the averages vary as normal distribution functions of base/width and as tanh(p base).
        steep = np.sqrt(s0) * (p + 0.6 / width)
        if temperature > 0:
            steep = np.minimum(steep, np.sqrt(s0) / temperature + p)
        level = np.ceil(np.log(np.maximum(steep, 1.0)) / np.log(_RATIO))
        broad = width >= _BROAD * temperature
    usable = np.isfinite(level) & (steep < _STEEPEST)
    # The weight moves z_1 by up to p width, and the inner rule reaches one unit further than its accuracy needs.
    near = (p * (np.abs(signal) + 10.0 * (np.sqrt(s0) + width)) < _LARGEST) & (p * width < 1.2)
    usable &= broad | near
    for k, far in {(float(level[i]), bool(broad[i])) for i in np.flatnonzero(usable)}:
        rows = np.flatnonzero(usable & (level == k) & (broad == far))
        outer = gaussian_rule(refine * _RATIO**k, 1e-13)
        base = signal[rows, None] + np.sqrt(s0[rows])[:, None] * outer.nodes
        if temperature == 0.0:
            parts = _ground(base, width[rows, None], p[rows, None])
        elif far:
            size = max(1, _BLOCK // (len(_FIELDS) * base.shape[1]))
            blocks = [rows[start : start + size] for start in range(0, len(rows), size)]
            bases = np.split(base, range(size, len(rows), size))
            columns = [
                _cold(own, width[block, None], p[block, None], temperature)
                for own, block in zip(bases, blocks, strict=True)
            ]
            parts = tuple(np.concatenate(column) for column in zip(*columns, strict=True))
        else:
            inner = gaussian_rule(refine * max(float(width[rows].max()) / temperature, 1.0), 1e-15)
            parts = _thermal(base, width[rows], p[rows], temperature, inner)
        mean, response, log, loss, within, local = parts
        value = outer.average(log) / p[rows]
        firsts = (outer.average(mean), outer.average(mean * mean), outer.average(response), value)
        slope = (outer.average(loss) - value) / p[rows]
        squares = outer.average(within), outer.average(local * local)
        result[rows] = np.stack([*firsts, slope, *squares], axis=1)
    return LayerAverages(*result.T)


def _ground(base: FloatArray, width: FloatArray, p: FloatArray) -> tuple[FloatArray, ...]:
    """T = 0: tanh is the sign, l the modulus. exp(p|b|) is averaged on either side of b = 0 in closed form."""
    u, shift = base / width, p * width
    right = p * base + log_ndtr(u + shift)
    left = -p * base + log_ndtr(shift - u)
    total = np.logaddexp(right, left)
    mean = np.tanh(0.5 * (right - left))
    log = total + 0.5 * shift * shift
    # The weight of the field 0, relative to E exp(p|b|).
    zero = np.exp(-0.5 * u * u - log) / np.sqrt(2.0 * np.pi)
    loss = base * mean + width * (shift + 2.0 * zero)
    response = 2.0 * zero / width
    return mean, response, log, loss, np.full_like(mean, np.nan), response + p * (1.0 - mean * mean)


def _cold(base: FloatArray, width: FloatArray, p: FloatArray, temperature: float) -> tuple[FloatArray, ...]:
    """T far below the width: the averages at T = 0 and the change of the integrands at |b| < 20 T, over the weight
    exp(p |b|)."""
    mean, _, log, loss, _, _ = _ground(base, width, p)
    T = temperature
    far = np.exp(-2.0 * _FIELDS)
    excess = np.log1p(far)
    tanh, rest = (1.0 - far) / (1.0 + far), 4.0 * far / (1.0 + far) ** 2
    sums = np.zeros((5, *base.shape))
    for side in (1.0, -1.0):
        z = (side * T * _FIELDS - base[..., None]) / width[..., None]
        # The density of b times exp(p |b|), over the average of the latter.
        weight = np.exp(p[..., None] * T * _FIELDS - 0.5 * z * z - log[..., None])
        weight *= T * _FIELD_WEIGHTS / (np.sqrt(2.0 * np.pi) * width[..., None])
        power = p[..., None] * T * excess
        grown = weight * np.exp(power)
        sums[0] += (weight * np.expm1(power)).sum(axis=-1)
        sums[1] += side * (grown * tanh - weight).sum(axis=-1)
        sums[2] += (grown * rest).sum(axis=-1) / T
        sums[3] += (grown * rest * rest).sum(axis=-1) / T**2
        sums[4] += T * (grown * (_FIELDS + excess) - weight * _FIELDS).sum(axis=-1)
    ratio = 1.0 + sums[0]
    mean, loss = (mean + sums[1]) / ratio, (loss + sums[4]) / ratio
    response, within = sums[2] / ratio, sums[3] / ratio
    local = response + p * (1.0 - T * response - mean * mean)
    return mean, response, log + np.log1p(sums[0]), loss, within, local


def _thermal(
    base: FloatArray, width: FloatArray, p: FloatArray, temperature: float, rule: Rule
) -> tuple[FloatArray, ...]:
    """T > 0, row by row: the averages over z_1 at the equidistant points of ``base``."""
    spacing, own = base[:, 1] - base[:, 0], width * (rule.nodes[1] - rule.nodes[0])
    rows = []
    for k in range(len(base)):
        if spacing[k] > own[k] / 8.0:
            parts = int(np.ceil(spacing[k] / own[k]))
            rows.append(_correlated(base[k], spacing[k] / parts, parts, width[k], p[k], temperature, rule))
        else:
            # The common grid would be much finer than the integrand needs.
            field = base[k, :, None] + width[k] * rule.nodes
            rows.append(_tilted(field, p[k], temperature, lambda values: values @ rule.weights))
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def _correlated(
    base: FloatArray, step: float, parts: int, width: float, p: float, temperature: float, rule: Rule
) -> tuple[FloatArray, ...]:
    """The integrands on one grid for all points of ``base``, correlated with the density of z_1."""
    reach = int(np.ceil(rule.nodes[-1] * width / step))
    field = base[0] + step * np.arange(-reach, (len(base) - 1) * parts + reach + 1)
    distance = step / width * np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * distance**2) * (step / width / np.sqrt(2.0 * np.pi))
    return _tilted(field, p, temperature, lambda values: np.correlate(values, kernel, "valid")[::parts])


def _tilted(
    field: FloatArray, p: float, temperature: float, average: Callable[[FloatArray], FloatArray]
) -> tuple[FloatArray, ...]:
    """Averages weighted with exp(p l), from ``average`` over z_1 of functions of the field."""
    energy = temperature * log_two_cosh(field / temperature)
    weight = np.exp(p * energy)
    total = average(weight)
    tanh = np.tanh(field / temperature)
    mean = average(weight * tanh) / total
    rest = 1.0 - tanh * tanh
    weighted = weight * rest
    response = average(weighted) / total / temperature
    within = average(weighted * rest) / total / temperature**2
    log = np.log(total)
    local = response + p * (1.0 - temperature * response - mean * mean)
    return mean, response, log, average(weight * energy) / total, within, local
