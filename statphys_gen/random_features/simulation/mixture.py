r"""The law on which a small score network is trained: a mixture of isotropic Gaussians, with its exact score.

Data are drawn from

    P(x) = sum_k w_k N(x; m_k, v_k I),

and noised to x_t = exp(-t) x + sqrt(D) xi, D = 1 - exp(-2t), whose law is again such a mixture, with means exp(-t) m_k
and variances exp(-2t) v_k + D. A training set is the mixture of n points of variance 0 (:meth:`Mixture.of_points`): its
score is the one that a network which has memorized its training set has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument


@dataclass(frozen=True, eq=False)
class Mixture:
    """sum_k w_k N(m_k, v_k I).

    Parameters
    ----------
    weights : w, (K,), positive, summing to 1.
    means : m, (K, d).
    variances : v, a number or (K,), at least 0.
    """

    weights: FloatArray
    means: FloatArray
    variances: FloatArray

    def __init__(self, weights: ArrayLike, means: ArrayLike, variances: ArrayLike) -> None:
        fractions = validation.probability_vector("weights", weights)
        places = validation.array("means", means, shape=(len(fractions), None))
        spread = validation.array("variances", variances, at_least=0.0)
        if spread.shape not in ((), fractions.shape):
            raise InvalidArgument("variances", variances, f"a number or {len(fractions)} numbers")
        spread = np.array(np.broadcast_to(spread, fractions.shape))
        for name, entry in (("weights", fractions), ("means", places), ("variances", spread)):
            entry.setflags(write=False)
            object.__setattr__(self, name, entry)

    @classmethod
    def two_classes(cls, dimension: int, separation: float = 1.0, variance: float = 1.0) -> Mixture:
        """Equal classes at +-separation (1, ..., 1) with the covariance ``variance`` times the identity."""
        d = validation.integer("dimension", dimension, minimum=1)
        mean = np.full(d, validation.non_negative("separation", separation))
        return cls([0.5, 0.5], [mean, -mean], validation.positive("variance", variance))

    @classmethod
    def of_points(cls, points: ArrayLike) -> Mixture:
        """The empirical law of ``points`` (n, d)."""
        places = validation.array("points", points, shape=(None, None))
        return cls(np.full(len(places), 1.0 / len(places)), places, 0.0)

    @property
    def dimension(self) -> int:
        return int(self.means.shape[1])

    @property
    def variance(self) -> float:
        """E |x - E x|^2 / d."""
        centre = self.weights @ self.means
        between = float(self.weights @ ((self.means - centre) ** 2).sum(axis=1)) / self.dimension
        return float(self.weights @ self.variances) + between

    def sample(self, count: int, rng: np.random.Generator) -> FloatArray:
        """(count, d) independent points."""
        validation.integer("count", count, minimum=1)
        classes = rng.choice(len(self.weights), count, p=self.weights)
        noise = rng.standard_normal((count, self.dimension))
        return np.asarray(self.means[classes] + np.sqrt(self.variances[classes])[:, None] * noise)

    def clean(self, x: ArrayLike, time: float) -> FloatArray:
        """E[x_0 | x_t = x], (count, d): the best guess of the clean data; the score is (exp(-t) clean - x) / D."""
        noised = validation.array("x", x, shape=(None, self.dimension))
        signal, noise = math.exp(-validation.positive("time", time)), -math.expm1(-2.0 * time)
        total = signal**2 * self.variances + noise
        squares = (
            (noised**2).sum(axis=1)[:, None]
            - 2.0 * signal * noised @ self.means.T
            + signal**2 * (self.means**2).sum(axis=1)
        )
        logarithm = np.log(self.weights) - 0.5 * self.dimension * np.log(total) - 0.5 * squares / total
        logarithm -= logarithm.max(axis=1, keepdims=True)
        posterior = np.exp(logarithm)
        posterior /= posterior.sum(axis=1, keepdims=True)
        # In class k: m_k + (exp(-t) v_k / total_k)(x - exp(-t) m_k).
        gain = signal * self.variances / total
        return np.asarray(
            (posterior * (1.0 - signal * gain)) @ self.means + (posterior @ gain)[:, None] * noised
        )

    def score(self, x: ArrayLike, time: float) -> FloatArray:
        """grad log P_t at x, (count, d)."""
        noise = -math.expm1(-2.0 * validation.positive("time", time))
        return (math.exp(-time) * self.clean(x, time) - np.asarray(x)) / noise
