r"""One state of a spherical mixture at temperature T: posterior, free energy, its gradient and Hessian.

With points x of weight w and r_k = x - mu_k,

    P_k(x) ~ pi_k exp(-|x - mu_k|^2/2T),  sum_k P_k = 1;      f = -T < log sum_k pi_k exp(-|x - mu_k|^2/2T) >,
    df/dmu_k = -<P_k r_k>,    H_kl = delta_kl <P_k> 1 - (1/T) [ delta_kl <P_k r_k r_k^T> - <P_k P_l r_k r_l^T> ].
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...data.dataset import DataSet
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...numerics.quadrature import legendre_rule
from ..model import WeightedPoints

Law = WeightedPoints | DataSet | GaussianMixture | ArrayLike
_REACH, _PANEL, _ORDER = 9.0, 0.15, 8  # of the quadrature of one Gaussian, in its standard deviations
_LEAST_PANELS, _MOST_PANELS = 600, 40_000
_LEAST_REACH = 1e-70  # of the points from their mean, and its inverse the largest


def weighted_points(law: Law, argument: str = "law") -> WeightedPoints:
    """The atoms of a data set or of an array (n, D), with multiplicities as weights, or the nodes of a quadrature of a
    mixture in dimension 1.

    Raises
    ------
    InvalidArgument : none of these; a mixture in more dimensions, or one whose classes differ too much in width for
        one rule.
    """
    if isinstance(law, WeightedPoints):
        return law
    if not isinstance(law, GaussianMixture):
        plain = (
            law if isinstance(law, DataSet) else DataSet.from_arrays(validation.array(argument, law, ndim=2))
        )
        plain = plain.without_labels()
        return WeightedPoints(plain.points, plain.weights, plain.samples)
    if law.dimension != 1:
        raise InvalidArgument(argument, law, "of dimension 1 here; of more dimensions sample it, as points")
    centres, widths = (
        law.means[:, 0],
        np.sqrt([float(np.ravel(law.covariance(k))[0]) for k in range(law.classes)]),
    )
    wide = widths > 0.0
    nodes, weights = [centres[~wide]], [law.weights[~wide]]
    if wide.any():
        lower, upper = (centres - _REACH * widths)[wide].min(), (centres + _REACH * widths)[wide].max()
        # The posterior of two components at the lowest temperatures turns over within a fraction of the total width.
        panels = int(
            np.clip(np.ceil((upper - lower) / (_PANEL * widths[wide].min())), _LEAST_PANELS, _MOST_PANELS)
        )
        if panels == _MOST_PANELS:
            raise InvalidArgument(argument, law, "a mixture whose widths differ by less than a factor 300")
        rule = legendre_rule(np.linspace(lower, upper, panels + 1), _ORDER)
        density = np.zeros(len(rule.nodes))
        for centre, width, weight in zip(centres[wide], widths[wide], law.weights[wide], strict=True):
            z = (rule.nodes - centre) / width
            density += weight * np.exp(-0.5 * z * z) / (width * np.sqrt(2.0 * np.pi))
        kept = density > 0.0
        nodes.append(rule.nodes[kept])
        weights.append((density * rule.weights)[kept])
    shares = np.concatenate(weights)
    return WeightedPoints(np.concatenate(nodes)[:, None], shares / shares.sum())


def moments(law: WeightedPoints) -> tuple[FloatArray, FloatArray]:
    """Mean (D,) and covariance (D, D), with the weights of the law (1/N, never 1/(N - 1)).

    Points that differ by the rounding of their mean are equal, and the covariance is 0.

    Raises
    ------
    InvalidArgument : points in a unit in which squares and cubes of their distances overflow or vanish.
    """
    mean = law.weights @ law.points
    if (law.points == law.points[0]).all():
        return law.points[0].copy(), np.zeros((law.dimension, law.dimension))
    centred = law.points - mean
    checked_reach(float(np.abs(centred).max()))
    return mean, (centred * law.weights[:, None]).T @ centred


def checked_reach(reach: float) -> None:
    """Whether points so far from their mean have moments and their quotients."""
    if not _LEAST_REACH <= reach <= 1.0 / _LEAST_REACH:
        allowed = (
            f"of points whose distances from their mean reach {_LEAST_REACH:g} to {1.0 / _LEAST_REACH:g}"
        )
        raise InvalidArgument("law", reach, f"{allowed}: take another unit")


def top_direction(covariance: FloatArray) -> tuple[float, FloatArray]:
    """Largest eigenvalue and its direction, its largest entry positive."""
    values, vectors = np.linalg.eigh(covariance)
    vector = vectors[:, -1]
    return float(values[-1]), vector * np.sign(vector[np.abs(vector).argmax()])


def linear_temperature(law: Law) -> float:
    """T_c, the largest eigenvalue of the covariance: below it a lone centroid is unstable against a split.

    Raises
    ------
    InvalidArgument : all points are equal, so that there is no transition.
    """
    if isinstance(law, GaussianMixture):
        value = float(np.linalg.eigvalsh(mixture_covariance(law)[1])[-1])
    else:
        value = top_direction(moments(weighted_points(law))[1])[0]
    if not value > 0.0:
        raise InvalidArgument("law", value, "of points that are not all equal: there is no transition")
    return value


def full_covariance(law: GaussianMixture, k: int) -> FloatArray:
    """(D, D) covariance of one class."""
    entry = law.covariance(k)
    if np.ndim(entry) == 2:
        return np.asarray(entry)
    return np.diag(np.broadcast_to(entry, (law.dimension,)))


def mixture_covariance(law: GaussianMixture) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of a mixture in any dimension."""
    mean = law.weights @ law.means
    shift = law.means - mean
    full = [full_covariance(law, k) for k in range(law.classes)]
    reach = max(float(np.abs(shift).max()), float(np.sqrt(max(c.max() for c in full))))
    if reach > 0.0:
        checked_reach(reach)
    within = sum(law.weights[k] * c for k, c in enumerate(full))
    return mean, within + (shift * law.weights[:, None]).T @ shift


def checked_temperatures(temperature: ArrayLike) -> FloatArray:
    """(m,) temperatures above 0."""
    return np.atleast_1d(validation.array("temperature", temperature, above=0.0)).ravel()


@dataclass(frozen=True, eq=False)
class Mixture:
    """Components at ``centroids`` (K, D) with ``weights`` (K,), at ``temperature`` T, on the points of ``law``.

    Everything is computed once, at construction.
    """

    law: WeightedPoints
    centroids: FloatArray
    weights: FloatArray
    temperature: float
    posterior: FloatArray = field(init=False)
    log_sum: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        x, T = self.law.points, self.temperature
        squares = ((x[:, None, :] - self.centroids) ** 2).sum(axis=2)
        with np.errstate(divide="ignore"):
            terms = np.log(self.weights) - squares / (2.0 * T)
        largest = terms.max(axis=1, keepdims=True)
        posterior = np.exp(terms - largest)
        total = posterior.sum(axis=1, keepdims=True)
        object.__setattr__(self, "posterior", posterior / total)
        object.__setattr__(self, "log_sum", (largest + np.log(total))[:, 0])

    @property
    def log_likelihood(self) -> float:
        """< log sum_k pi_k exp(-|x - mu_k|^2/2T) >."""
        return float(self.law.weights @ self.log_sum)

    @property
    def shares(self) -> FloatArray:
        """(K,) <P_k>."""
        return self.law.weights @ self.posterior

    @property
    def means(self) -> FloatArray:
        """(K, D) <P_k x>/<P_k>, where EM moves the centroids; a component without points stays."""
        shares = self.shares
        moved = (self.posterior * self.law.weights[:, None]).T @ self.law.points
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(shares[:, None] > 0.0, moved / shares[:, None], self.centroids)

    def pulls(self) -> FloatArray:
        """(K, D) <P_k (x - mu_k)>, minus the gradient of f."""
        weighted = self.posterior * self.law.weights[:, None]
        found = np.empty_like(self.centroids)
        for k, mu in enumerate(self.centroids):
            found[k] = weighted[:, k] @ (self.law.points - mu)
        return found

    def moved(self, centroids: FloatArray, weights: FloatArray | None = None) -> Mixture:
        """The same law and temperature with other components."""
        return Mixture(self.law, centroids, self.weights if weights is None else weights, self.temperature)

    def local_covariance(self, members: list[int]) -> FloatArray:
        """C_g = <P_g (x - mu_g)(x - mu_g)^T>/<P_g> of the group of these components, which lie at one point."""
        p = self.posterior[:, members].sum(axis=1) * self.law.weights
        r = self.law.points - self.centroids[members[0]]
        return (r * p[:, None]).T @ r / p.sum()

    def groups(self, closer: float = 1e-5) -> list[list[int]]:
        """Components that lie at one point (within ``closer`` sqrt(T)), in the order of the first of each."""
        found: list[list[int]] = []
        for k, mu in enumerate(self.centroids):
            for group in found:
                if ((self.centroids[group[0]] - mu) ** 2).sum() <= closer**2 * self.temperature:
                    group.append(k)
                    break
            else:
                found.append([k])
        return found

    def hessian(self, groups: list[list[int]] | None = None) -> FloatArray:
        """(GD, GD) Hessian of f by the positions of components, or of groups that move together."""
        x, w, T = self.law.points, self.law.weights, self.temperature
        members = [[k] for k in range(len(self.centroids))] if groups is None else groups
        p = np.stack([self.posterior[:, g].sum(axis=1) for g in members], axis=1)
        count, dimension = len(members), x.shape[1]
        parts = [(x - self.centroids[g[0]]) * p[:, [j]] for j, g in enumerate(members)]
        score = np.concatenate(parts, axis=1)
        found = (score * w[:, None]).T @ score / T
        for j, g in enumerate(members):
            block = slice(j * dimension, (j + 1) * dimension)
            r = x - self.centroids[g[0]]
            found[block, block] += (w @ p[:, j]) * np.eye(dimension) - (r * (p[:, j] * w)[:, None]).T @ r / T
        assert found.shape == (count * dimension, count * dimension)
        return (found + found.T) / 2.0
