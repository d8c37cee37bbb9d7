r"""Excess risk of stochastic gradient descent around a minimum, to leading order in the learning rate.

With fresh noise in each of B samples a step, fluctuations in the eigenbasis of the Hessian (eigenvalues lambda_i)
settle at variances m eta C_ii/(B lambda_i (2 - m eta lambda_i)), C the covariance of the gradient of one sample, and

    E R - R_min = sum_i m eta C_ii/(2 B (2 - m eta lambda_i)),

which diverges at the learning rate eta_c = 2/(m lambda_max) where the minimum loses stability.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.quadrature import legendre_rule
from ..model import NoisedSample, ScoreNetwork
from .empirical_score import SOURCE, distinct
from .network_risk import arrays, risk_gradient, risk_hessian

_STATIONARY = 1e-6  # norm of a gradient that counts as none


@states("exact", source=SOURCE, verification="derived and simulated")
def gradient_covariance(sample: NoisedSample, network: ScoreNetwork) -> FloatArray:
    """Covariance of the gradient 2 (s(Y) + xi/sigma) grad s(Y) of one fresh sample, (2 m, 2 m), by quadrature.

    Raises
    ------
    InvalidArgument : inner weights other than +-1.
    AccuracyNotReached : two quadratures that share no node differ by more than 1e-9 of the trace.
    """
    inner, outer, bias = arrays(network)
    m, mu, sigma = len(inner), sample.data_scale, sample.noise_scale
    points, shares = distinct(sample)
    centres = mu * points
    step = 0.5 * sigma
    grid = step * np.unique(np.floor(centres / step)[:, None] + np.arange(-20.0, 21.0))
    edges = np.union1d(grid, np.clip(-inner * bias, grid[0], grid[-1]))
    found = []
    for order in (8, 11):
        rule = legendre_rule(edges, order)
        total = np.zeros((2 * m, 2 * m))
        for k in range(0, rule.nodes.size, 4096):
            y, weight = rule.nodes[k : k + 4096], rule.weights[k : k + 4096]
            active = inner * y[:, None] + bias > 0.0
            relu = np.where(active, inner * y[:, None] + bias, 0.0)
            slopes = np.concatenate([relu, active * outer], axis=1) / m
            u = (y[:, None] - centres) / sigma
            bell = np.exp(-0.5 * u * u) * shares / (np.sqrt(2.0 * np.pi) * sigma)
            square = ((relu @ outer / m)[:, None] + u / sigma) ** 2
            total += 4.0 * (slopes.T * ((bell * square).sum(axis=1) * weight)) @ slopes
        found.append(total)
    coarse, value = found
    if np.abs(value - coarse).max() > 1e-9 * max(np.trace(value), np.finfo(np.float64).tiny):
        raise AccuracyNotReached(
            "covariance of the gradient: two quadratures differ by more than 1e-9 of the trace"
        )
    gradient = risk_gradient(sample, network)
    return np.asarray(value - gradient[:, None] * gradient)


@states(
    "leading order",
    "in the learning rate, at a minimum of the population risk",
    source=SOURCE,
    verification="derived and simulated",
)
def stationary_excess_risk(
    sample: NoisedSample, network: ScoreNetwork, learning_rate: ArrayLike, *, batch: int = 1
) -> FloatArray:
    """Excess over the minimum, E R - R_min, that descent with fresh noise settles at; inf from eta_c on.

    Parameters
    ----------
    network : at a minimum of the population risk (:func:`~statphys_gen.score_matching.stationary_point`).
    learning_rate : eta, any shape, above 0; the update is theta <- theta - m eta times the mean gradient of the batch.
    batch : samples in each step.

    Raises
    ------
    InvalidArgument : the network is no minimum: its gradient is above 1e-6, or its Hessian has a negative eigenvalue.
    """
    eta = validation.array("learning_rate", learning_rate, above=0.0)
    size = validation.integer("batch", batch, minimum=1)
    norm = float(np.linalg.norm(risk_gradient(sample, network)))
    if norm > _STATIONARY:
        raise InvalidArgument(
            "network", f"gradient of norm {norm:.2g}", f"a minimum, with one of at most {_STATIONARY:g}"
        )
    values, vectors = np.linalg.eigh(risk_hessian(sample, network))
    if values[0] < -1e-9 * values[-1]:
        raise InvalidArgument(
            "network", f"eigenvalue {values[0]:.2g} of the Hessian", "a minimum, without negative ones"
        )
    noise = np.einsum("ji,jk,ki->i", vectors, gradient_covariance(sample, network), vectors)
    scaled = network.neurons * eta[..., None]
    room = 2.0 - scaled * values
    with np.errstate(divide="ignore"):
        terms = scaled * noise / (2.0 * size * room)
    return np.where((room > 0.0).all(axis=-1), terms.sum(axis=-1), np.inf)
