"""Averages over one layer of independent units in a Gaussian random field: the single-site problem of every ensemble.

A unit sees the quadratic tilt a and the field b = uniform + sum_u signal_u Xi_u + amplitude z, with z normal and Xi_u
the sum of the entries of the patterns of group u on that unit (patterns of a group have the same overlap). From the
verbs of its prior come E Xi_u <x>, E <x>, E <x>^2, E var x, E (var x)^2 and E log Z.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...numerics.quadrature import Rule, gaussian_rule
from ...units.continuous import Gaussian, Spherical
from ...units.discrete import Binary
from ..couplings.base import LayerLaw, Moments
from ..couplings.entries import Classes
from .broad_fields import BROAD, broad_averages

# Error of the Gaussian averages relative to the size of the integrand, and that of the first, rough iterations.
TOLERANCE = 1e-13
ROUGH = 1e-5
# Steepness of the integrand shared by the points of one block: the first value, and the ratio of successive ones.
_GENTLE, _RATIO = 0.25, 1.3
_STEEPEST = 2000.0
# Numbers per block, so that the temporary arrays stay in the cache.
_BLOCK = 2**16


def layer_moments(
    law: LayerLaw,
    condensed: Classes,
    a: FloatArray,
    amplitude: FloatArray,
    uniform: FloatArray,
    signal: FloatArray,
    *,
    full: bool,
    tolerance: float = TOLERANCE,
) -> Moments:
    """The averages for every point; the last four only when ``full`` (NaN otherwise), NaN where Z diverges."""
    points = len(a)
    fluctuating = amplitude
    if condensed.values is None:
        fluctuating = np.sqrt(amplitude**2 + (condensed.multiplicity * signal**2).sum(axis=1))
        base = uniform[:, None]
    else:
        base = uniform[:, None] + signal @ condensed.values.T
    if isinstance(law.prior, Gaussian | Spherical):
        return _gaussian_layer(law, condensed, a, fluctuating, base, signal)
    table = np.full((points, 7), np.nan)
    overlaps = np.full((points, condensed.groups), np.nan)
    prior, power = law.shaped()
    with np.errstate(all="ignore"):
        steep = fluctuating * prior.steepness(a, power)
    usable = np.isfinite(steep) & np.isfinite(base).all(axis=1) & np.isfinite(a)
    broad = usable & (steep >= BROAD) & isinstance(prior, Binary)
    if broad.any():
        index = np.flatnonzero(broad)
        overlaps[index], table[index] = _broad(
            law, condensed.rows(index), a[index], fluctuating[index], base[index], full
        )
    # Without any mean field all means are odd in z.
    even = law.prior.symmetric and not base.any()
    for index, rule in blocks(steep, usable & ~broad, tolerance, base.shape[1], even):
        overlaps[index], table[index] = _block(
            law, condensed.rows(index), a[index], fluctuating[index], base[index], rule, full, index
        )
    if even:
        overlaps[:], table[:, 2] = np.where(usable[:, None], 0.0, np.nan), np.where(usable, 0.0, np.nan)
    glass, spread, mean, squared, log, imbalance = table[:, :6].T
    if condensed.values is None:
        overlaps = signal * spread[:, None]
    return Moments(overlaps, glass, spread, mean, squared, log, imbalance)


def blocks(
    steep: FloatArray, usable: NDArray[np.bool_], tolerance: float, columns: int = 1, even: bool = False
) -> Iterator[tuple[NDArray[np.intp], Rule]]:
    """Points whose integrands are about equally steep, in numbers that keep ``columns`` arrays of them in the cache,
    each with the rule for the average over z (over z >= 0 if all integrands are ``even``). Points that are not usable
    or too steep are left out."""
    with np.errstate(all="ignore"):
        bucket = np.ceil(np.log(np.maximum(steep, _GENTLE) / _GENTLE) / math.log(_RATIO) - 1e-12)
    usable = usable & (steep < _STEEPEST)
    for level in np.unique(bucket[usable]):
        rule = _rule(int(level), tolerance, even)
        chosen = np.flatnonzero(usable & (bucket == level))
        size = max(1, _BLOCK // (columns * len(rule.nodes)))
        for start in range(0, len(chosen), size):
            yield chosen[start : start + size], rule


@lru_cache(maxsize=256)
def _rule(level: int, tolerance: float, even: bool) -> Rule:
    rule = gaussian_rule(_GENTLE * _RATIO**level, tolerance)
    if not even:
        return rule
    centre = len(rule.nodes) // 2
    weights = 2.0 * rule.weights[centre:]
    weights[0] = rule.weights[centre]
    return Rule(rule.nodes[centre:], weights)


def _binary_moments(field: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """tanh, 1 - tanh^2 and log 2cosh from one exponential, the second without cancellation."""
    distance = np.abs(field)
    unlikely = np.exp(-2.0 * distance)
    inverse = 1.0 / (1.0 + unlikely)
    log = np.log1p(unlikely)
    log += distance
    mean = np.copysign((1.0 - unlikely) * inverse, field)
    unlikely *= 4.0
    unlikely *= inverse
    unlikely *= inverse
    return mean, unlikely, log


def _block(
    law: LayerLaw,
    condensed: Classes,
    a: FloatArray,
    amplitude: FloatArray,
    base: FloatArray,
    rule: Rule,
    full: bool,
    index: NDArray[np.intp],
) -> tuple[FloatArray, FloatArray]:
    """Averages for points whose integrands are equally steep; columns as in ``layer_moments``."""
    prior, power = law.rows(index).shaped(None, None)
    field = base[:, :, None] + amplitude[:, None, None] * rule.nodes
    tilt = a[:, None, None]

    def node_average(values: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("pcn,n->pc", values, rule.weights))

    with np.errstate(all="ignore"):
        if isinstance(prior, Binary) and not full:
            mean = np.tanh(field)
            glass = node_average(mean * mean)
            spread = 1.0 - glass
        else:
            if isinstance(prior, Binary):
                mean, variance, log = _binary_moments(field)
                log += 0.5 * tilt + prior.log_base
            elif full:
                log, mean, variance = prior.log_partition_and_moments(tilt, field, power)
            else:
                mean, variance = prior.mean_and_variance(tilt, field, power)
            glass, spread = node_average(mean * mean), node_average(variance)
        centre = node_average(mean)
    squared = log_average = np.full_like(glass, np.nan)
    if full:
        with np.errstate(all="ignore"):
            squared, log_average = node_average(variance**2), node_average(log)
    return _gathered(condensed, glass, spread, centre, squared, log_average, full)


def _broad(
    law: LayerLaw,
    condensed: Classes,
    a: FloatArray,
    amplitude: FloatArray,
    base: FloatArray,
    full: bool,
) -> tuple[FloatArray, FloatArray]:
    """The same for +-1 units in fields so broad that a rule in z would need very many nodes."""
    assert isinstance(law.prior, Binary)
    centre, spread, squared, _, log = broad_averages(base, np.broadcast_to(amplitude[:, None], base.shape))
    log = log + 0.5 * a[:, None] + law.prior.log_base
    return _gathered(condensed, 1.0 - spread, spread, centre, squared, log, full)


def _gathered(
    condensed: Classes,
    glass: FloatArray,
    spread: FloatArray,
    centre: FloatArray,
    squared: FloatArray,
    log: FloatArray,
    full: bool,
) -> tuple[FloatArray, FloatArray]:
    """Averages over the classes of entries, from those at each class, (points, classes)."""
    weights = condensed.weights
    table = np.full((len(glass), 7), np.nan)
    table[:, 0] = (weights * glass).sum(axis=1)
    table[:, 1] = (weights * spread).sum(axis=1)
    table[:, 2] = (weights * centre).sum(axis=1)
    overlaps = np.zeros((len(glass), condensed.groups))
    if condensed.values is not None:
        overlaps = np.einsum("pc,cu->pu", weights * centre, condensed.values) / condensed.multiplicity
    if full:
        table[:, 3] = (weights * squared).sum(axis=1)
        table[:, 4] = (weights * log).sum(axis=1)
        table[:, 5] = _imbalance(condensed, spread)
    return overlaps, table


def _imbalance(condensed: Classes, spread: FloatArray) -> FloatArray:
    """E[sum_i xi_i^2 var]/L - E[sum_(i != j) xi_i xi_j var]/(L (L-1)): response to opposite fields in one group."""
    if condensed.groups != 1:
        return np.full(len(spread), np.nan)
    if condensed.values is None:
        return np.asarray((condensed.weights * spread).sum(axis=1))
    number = condensed.multiplicity[:, 0]
    pairs = np.where(number > 1, number * (number - 1.0), np.nan)
    if condensed.diluted:
        # Two of the many patterns rarely meet on one unit.
        pairs = np.full_like(number, np.inf)
    filled = (condensed.weights * condensed.occupation * spread).sum(axis=1)
    both = condensed.values[:, 0] ** 2 - condensed.occupation
    return np.asarray(filled / number - (condensed.weights * both * spread).sum(axis=1) / pairs)


def _gaussian_layer(
    law: LayerLaw,
    condensed: Classes,
    a: FloatArray,
    amplitude: FloatArray,
    base: FloatArray,
    signal: FloatArray,
) -> Moments:
    """Gaussian and spherical units in closed form: the field enters by its first two moments only."""
    weights = condensed.weights
    square = (weights * base**2).sum(axis=1) + amplitude**2
    mean_field = (weights * base).sum(axis=1)
    prior, power = law.shaped()
    if isinstance(prior, Spherical):
        c = 0.5 + np.sqrt(0.25 + square)
        log = 0.5 * square / c - 0.5 * np.log(c) + 0.5 * (c - 1.0) + 0.5 * a
    else:
        assert isinstance(prior, Gaussian)
        c = power / prior.variance_ - a
        c = np.where(c > 0, c, np.nan)
        log = 0.5 * square / c - 0.5 * np.log(c * prior.variance_ / power)
    if condensed.values is None:
        overlaps = signal / c[:, None]
    else:
        response = np.einsum("pc,cu->pu", weights * base, condensed.values)
        overlaps = response / condensed.multiplicity / c[:, None]
    spread = 1.0 / c
    imbalance = _imbalance(condensed, np.broadcast_to(spread[:, None], (len(a), weights.shape[1])))
    return Moments(overlaps, square / c**2, spread, mean_field / c, spread**2, log, imbalance)
