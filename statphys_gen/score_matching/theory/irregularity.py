"""How irregular an empirical score is: total variation, small-noise value, and what the paper proves of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...approximation import states
from ...presentation import Scalars
from ..model import NoisedSample
from .empirical_score import SOURCE, distinct, optimal_risk
from .variation import total_variation
from .weights import pieces


@states(
    "leading order", "in the noise scale, sigma -> 0 at fixed points", source=SOURCE, verification="derived"
)
def small_noise_total_variation(sample: NoisedSample) -> float:
    """sum_i (mu delta_i)^2/(2 sigma^4) min(pi_-, pi_+)(mu (x_i + x_{i+1})/2), delta_i = x_{i+1} - x_i."""
    centres = sample.data_scale * distinct(sample)[0]
    middles, gaps = 0.5 * (centres[1:] + centres[:-1]), np.diff(centres)
    edges, first, last = pieces(sample)
    k = np.minimum(np.searchsorted(edges, middles, side="right"), len(first)) - 1
    share = (middles - edges[k]) / (edges[k + 1] - edges[k])
    weight = first[k] + share * (last[k] - first[k])
    return float(((gaps / sample.noise_scale) ** 2 * weight).sum() / (2.0 * sample.noise_scale**2))


@dataclass(frozen=True)
class Bounds(Scalars):
    """What the paper proves of an empirical score; inequalities, not predictions.

    Attributes
    ----------
    lower_bound, lower_bound_applies : of TV(s*), mu^3 n Delta^3/(2^12 sigma^4), Delta the least distance of two points;
        proved for distinct points with 16 n^3 exp(-mu^2 Delta^2/(4 sigma^2)) <= 1.
    risk_bound, risk_bound_applies : above R(s*), (4 mu^2 (x_n - x_1)^2/sigma^4) exp(-mu^2 Delta^2/(32 sigma^2)); proved
        for distinct points with Delta >= 2 sigma/mu.
    low_risk_bound, low_risk_bound_applies : below TV(s) of every score s of risk at most 1/(16 n sigma^2),
        mu n^2 Delta/(2^11 sigma^2); proved for distinct points with Delta >= 8 sigma/mu.
    theorem_learning_rate : 2^12 sigma^2/(mu n^2 Delta), above which the excess risk of every stable minimum is bounded
        below, for sigma smaller than a number that is not known.
    """

    lower_bound: float
    lower_bound_applies: bool
    risk_bound: float
    risk_bound_applies: bool
    low_risk_bound: float
    low_risk_bound_applies: bool
    theorem_learning_rate: float


@states("exact", "inequalities, each under its condition", source=SOURCE, verification="derived")
def bounds(sample: NoisedSample) -> Bounds:
    """The bounds of theorem 4, corollary 3, proposition 7 and theorem 8 (of version 1), with their conditions."""
    points, _ = distinct(sample)
    n, mu, sigma = sample.samples, sample.data_scale, sample.noise_scale
    least, ties = float(np.diff(points).min()), len(points) < n
    ratio = mu * least / sigma
    with np.errstate(under="ignore"):
        return Bounds(
            lower_bound=ratio**3 * n / 2.0**12 / sigma,
            lower_bound_applies=not ties and bool(16.0 * n**3 * np.exp(-(ratio**2) / 4.0) <= 1.0),
            risk_bound=float(
                4.0 * (mu * (points[-1] - points[0]) / sigma) ** 2 / sigma**2 * np.exp(-(ratio**2) / 32.0)
            ),
            risk_bound_applies=not ties and ratio >= 2.0,
            low_risk_bound=ratio * n**2 / 2.0**11 / sigma,
            low_risk_bound_applies=not ties and ratio >= 8.0,
            theorem_learning_rate=2.0**12 * sigma / (n**2 * ratio),
        )


@dataclass(frozen=True)
class Irregularity(Scalars):
    """Irregularity and risk of an empirical score.

    Attributes
    ----------
    noise_scale : sigma.
    total_variation : TV(s*).
    small_noise_total_variation : its leading order in sigma.
    risk : R(s*).
    largest_learning_rate : 1/(2 TV(s*)), above which a network whose score is s* is no stable minimum.
    """

    noise_scale: float
    total_variation: float
    small_noise_total_variation: float
    risk: float
    largest_learning_rate: float


@states("exact", source=SOURCE, verification="derived")
def irregularity(sample: NoisedSample) -> Irregularity:
    """Total variation, its small-noise value, the risk of s*, and the learning rate that follows.

    Raises
    ------
    AccuracyNotReached : as :func:`total_variation` and :func:`~statphys_gen.score_matching.optimal_risk`.
    """
    variation = total_variation(sample)
    return Irregularity(
        sample.noise_scale,
        variation,
        small_noise_total_variation(sample),
        optimal_risk(sample),
        0.5 / variation if variation > 0.0 else np.inf,
    )
