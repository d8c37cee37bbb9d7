"""What is proved of a score network: its total variation from above, and the curvature of the risk from below."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...approximation import states
from ...presentation import Scalars
from ..model import NoisedSample, ScoreNetwork
from .empirical_score import SOURCE, distinct
from .network_risk import arrays, sharpness
from .weights import partial_moments


@dataclass(frozen=True)
class NetworkBounds(Scalars):
    """What is proved of a network whose outer weights are at most A = max |v_l| in size; inequalities, not predictions.

    The curvature is the largest eigenvalue of E grad s grad s^T by outer weights and biases; where the network is the
    empirical score the Hessian is twice that matrix.

    Attributes
    ----------
    total_variation : TV(s), with the weight pi.
    variation_bound : above it, m lambda_max/4 + sqrt(R)/2 + A/(sqrt(2 pi) sigma) max{sqrt(2 n R),
        (sqrt(2 pi e) A sigma n R)^(1/3)} (proposition 6). At a minimum that descent with the learning rate eta does not
        leave, the first term is at most 1/(2 eta).
    curvature_bound : below the curvature, |E grad s|^2 = sum_l ((E relu_l)^2 + v_l^2 P_l^2)/m^2.
    noised_variation_bound : below that one, 2/m times the total variation with the weight pi~.
    published_curvature_bound : 2/m times TV(s) (proposition 10): its published proof has a gap, and no network is known
        whose curvature is below.
    excess_risk_bound : below the excess risk of a minimum that is stable above the learning rate of theorem 8,
        pi n^5 mu^3 Delta^3/(2^36 sqrt(e) A^4 sigma^4), Delta the least distance of two points; proved for distinct
        points and noise scales below a number that is not known. Infinite where all outer weights are 0.
    """

    total_variation: float
    variation_bound: float
    curvature_bound: float
    noised_variation_bound: float
    published_curvature_bound: float
    excess_risk_bound: float


@states("exact", "inequalities, each under its condition", source=SOURCE, verification="derived")
def network_bounds(sample: NoisedSample, network: ScoreNetwork) -> NetworkBounds:
    """The bounds of propositions 6 and 10 and theorem 8 (of version 1) for a network with inner weights +-1.

    Raises
    ------
    InvalidArgument : other inner weights.
    AccuracyNotReached : as :func:`~statphys_gen.score_matching.sharpness`.
    """
    inner, outer, bias = arrays(network)
    found = sharpness(sample, network)
    m, n, mu, sigma = len(inner), sample.samples, sample.data_scale, sample.noise_scale
    above, right, below, left = partial_moments(sample, -inner * bias)
    mass, ramp = np.where(inner > 0.0, above, below), np.where(inner > 0.0, right, left)
    largest, risk = float(np.abs(outer).max()), max(found.risk, 0.0)
    spread = max(
        math.sqrt(2.0 * n * risk),
        (math.sqrt(2.0 * math.pi * math.e) * largest * sigma * n * risk) ** (1.0 / 3.0),
    )
    gap = mu * float(np.diff(distinct(sample)[0]).min())
    scale = 2.0**36 * math.sqrt(math.e) * largest**4 * sigma**4
    return NetworkBounds(
        total_variation=found.total_variation,
        variation_bound=0.25 * m * found.largest_eigenvalue
        + 0.5 * math.sqrt(risk)
        + largest / (math.sqrt(2.0 * math.pi) * sigma) * spread,
        curvature_bound=float(np.sum(ramp**2 + (outer * mass) ** 2)) / m**2,
        noised_variation_bound=2.0 / m * found.noised_total_variation,
        published_curvature_bound=2.0 / m * found.total_variation,
        excess_risk_bound=math.pi * n**5 * gap**3 / scale if scale > 0.0 else math.inf,
    )
