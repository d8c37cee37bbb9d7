r"""Classes with a common covariance of any spectrum: exact weights and details, at a cost without the dimension.

In the eigenbasis of the covariance the denoiser is u_i x_i + (1 - u_i) sum_c P_c mu_ci up to scales, linear but for the
posterior P of the classes. Every solver's state is therefore linear in the start and in the posteriors so far, and the
logits at evaluation k are

    l_kc = log w_c - (1/2) sum_i mu_ci^2/t_ki + xi_kc + sum_{j<k} sum_c' R_{kc,jc'} P_jc',    t = S^2 + lambda,

with xi Gaussian of low rank: the projections of the start. The class of a sample is that of Bayes' rule at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...numerics.sobol import LARGEST_DIMENSION, scrambled_sobol
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import Grid
from .program import Program, increasing_by_construction, program_of
from .start import share_above

_SOURCE = "derivations/schedules/common_covariance.py"
_SCRAMBLES = 16
_POINTS_ON_A_LINE = 64  # of each scramble, where the leading component is integrated exactly
_POINTS = 4096
_REACH = 9.0
_SCAN = 65
_HALVINGS = 50
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class ClassSpectrum:
    """Classes seen from the eigenvalues of their common covariance.

    Attributes
    ----------
    weights : (C,) of the classes.
    eigenvalues, multiplicities : (U,) distinct eigenvalues and how often each occurs.
    products : (U, C, C) scalar products of the class means, less the centre, within each eigenspace.
    by_sign : whether the class of a sample is the sign of its projection on the difference of two opposite means, not
        that of Bayes' rule.
    origin : (U, C) scalar products of the centre, the mean of the data, with the class means less it; None where the
        centre is the origin. Differences of means far from the origin keep their digits.
    """

    weights: FloatArray
    eigenvalues: FloatArray
    multiplicities: FloatArray
    products: FloatArray
    by_sign: bool = False
    origin: FloatArray | None = None

    @classmethod
    def of(cls, mixture: GaussianMixture) -> ClassSpectrum:
        """Of a mixture; covariances that differ are replaced by their mean."""
        means, weights = mixture.means, mixture.weights
        shape = (mixture.classes, *mixture.covariances.shape[1:])
        pooled = np.tensordot(weights, np.broadcast_to(mixture.covariances, shape), 1)
        if pooled.ndim == 0:
            one, count = np.array([float(pooled)]), np.array([float(mixture.dimension)])
            centre, rest = _centred(weights, means)
            return cls(weights, one, count, (rest @ rest.T)[None], origin=(rest @ centre)[None])
        if pooled.ndim == 2:
            eigenvalues, vectors = np.linalg.eigh(pooled)
            # Rounding of a matrix of lower rank is no variance.
            floor = len(pooled) * 2.3e-16 * abs(eigenvalues[-1])
            eigenvalues, means = np.where(eigenvalues > floor, eigenvalues, 0.0), means @ vectors
        else:
            eigenvalues = pooled
        return cls.from_directions(weights, eigenvalues, means)

    @classmethod
    def from_directions(
        cls, weights: FloatArray, eigenvalues: FloatArray, means: FloatArray
    ) -> ClassSpectrum:
        """From the variance of each direction and the means (C, d) along them."""
        distinct, places = np.unique(eigenvalues, return_inverse=True)
        centre, rest = _centred(weights, means)
        products = np.zeros((len(distinct), len(weights), len(weights)))
        np.add.at(products, places, np.einsum("ci,ei->ice", rest, rest))
        origin = np.zeros((len(distinct), len(weights)))
        np.add.at(origin, places, (rest * centre).T)
        return cls(weights, distinct, np.bincount(places).astype(np.float64), products, origin=origin)

    @property
    def classes(self) -> int:
        return len(self.weights)

    @property
    def trace(self) -> float:
        """Sum of all eigenvalues."""
        return float(self.eigenvalues @ self.multiplicities)

    def half_difference(self, a: int = 0, b: int = 1) -> FloatArray:
        """(U,) squared half difference of two class means within each eigenspace."""
        p = self.products
        return np.maximum(0.25 * (p[:, a, a] + p[:, b, b] - 2.0 * p[:, a, b]), 0.0)

    def separates(self) -> bool:
        """Whether two class means differ."""
        scale = np.abs(self.products).sum()
        gaps = [self.half_difference(a, b).sum() for a in range(self.classes) for b in range(a)]
        return any(gap > 1e-24 * scale for gap in gaps)

    def require_positive(self) -> None:
        """Refuse a direction without variance, in which Bayes' rule at zero noise is not defined."""
        smallest = float(self.eigenvalues.min())
        if smallest <= 0.0:
            raise InvalidArgument(
                "covariances",
                smallest,
                "positive definite: an eigenvalue is 0, and the class at zero noise undefined",
            )


def _centred(weights: FloatArray, means: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mean of the data, and the class means less it; differences below their rounding are none."""
    centre = weights @ means
    rest = means - centre
    rounding = 4.0 * np.finfo(np.float64).eps * np.abs(means).max(axis=0)
    return centre, np.where(np.abs(rest) > rounding, rest, 0.0)


@states(
    "exact",
    "for classes with a common covariance; with its mean a heuristic for others",
    source=_SOURCE,
    verification="derived and simulated",
)
def generated_weights(mixture: GaussianMixture | ClassSpectrum, grid: Grid, *, seed: int = 0) -> Estimate:
    """Weights of the classes that a grid generates, by Bayes' rule at the end; (C,).

    Parameters
    ----------
    mixture : the law of the data, of positive definite covariance; the start "zero" is the origin of the data.
    grid : of steps.
    seed : of the points over which the start is averaged. Two classes of isotropic covariance need none, and the
        standard error is then that of rounding.

    Raises
    ------
    InvalidArgument : a covariance without an inverse.
    """
    spectrum = mixture if isinstance(mixture, ClassSpectrum) else ClassSpectrum.of(mixture)
    spectrum.require_positive()
    if spectrum.classes == 1:
        return Estimate(np.ones(1), np.zeros(1), np.ones(1))
    logits = _Logits(spectrum, program_of(grid))
    key = {
        "purpose": "weights of a schedule",
        "weights": spectrum.weights,
        "eigenvalues": spectrum.eigenvalues,
    }
    key |= {"products": spectrum.products, "noise": list(logits.program.noise)}
    streams = [generator(seed, key, k) for k in range(_SCRAMBLES)]
    if spectrum.classes > 2:
        shares = np.stack([logits.shares(_normals(_POINTS, logits.rank, rng)) for rng in streams])
        return Estimate.from_samples(shares)
    increasing = all(
        increasing_by_construction(logits.program, grid, float(value)) for value in spectrum.eigenvalues
    )
    if logits.rank == 1:
        first = logits.on_lines(np.zeros((1, 0)), increasing)
        exact = np.array([first.mean(), 1.0 - first.mean()])
        return Estimate(exact, np.full(2, 1e-15), np.full(2, _SCRAMBLES - 1.0))
    found = [
        logits.on_lines(_normals(_POINTS_ON_A_LINE, logits.rank - 1, rng), increasing).mean()
        for rng in streams
    ]
    return Estimate.from_samples(np.stack([found, 1.0 - np.array(found)], axis=1))


def shares_of_data(spectrum: ClassSpectrum, *, seed: int = 0) -> Estimate:
    """(C,) shares of the data on the sides of the classes: their weights, but for classes that overlap.

    Parameters
    ----------
    spectrum : of positive eigenvalues.
    seed : of the points over which more than two classes are averaged.
    """
    spectrum.require_positive()
    weights, count = spectrum.weights, spectrum.classes
    scale = 1.0 / spectrum.eigenvalues[:, None, None]
    if count <= 2:
        first = 1.0
        if count == 2:
            root = math.sqrt(float((spectrum.half_difference() * scale[:, 0, 0]).sum()))
            threshold = 0.0 if spectrum.by_sign else 0.5 * math.log(weights[0] / weights[1])
            first = share_above(float(weights[0]), threshold, root)
        return Estimate(np.array([first, 1.0 - first])[:count], np.zeros(count), np.ones(count))
    gram = (spectrum.products * scale).sum(axis=0)
    eigenvalues, vectors = np.linalg.eigh(gram)
    factor = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    bias = np.log(weights) - 0.5 * np.diag(gram)
    found = np.zeros((_SCRAMBLES, count))
    for replica in range(_SCRAMBLES):
        rng = generator(seed, {"purpose": "shares of classes", "weights": weights, "gram": gram}, replica)
        noise = bias + _normals(_POINTS, count, rng) @ factor.T
        for own in range(count):
            winner = (noise + gram[own]).argmax(axis=1)
            found[replica] += weights[own] * np.bincount(winner, minlength=count) / _POINTS
    return Estimate.from_samples(found)


def _normals(points: int, dimensions: int, rng: np.random.Generator) -> FloatArray:
    """(points, dimensions) normal variables of a scrambled net, and random ones beyond its dimensions."""
    net = min(dimensions, LARGEST_DIMENSION)
    parts = [ndtri(scrambled_sobol(points, net, rng)).T] if net else []
    return np.concatenate([*parts, rng.standard_normal((points, dimensions - net))], axis=1)


class _Logits:
    """Log-odds of the classes against the last one, at every evaluation and at the end."""

    def __init__(self, spectrum: ClassSpectrum, program: Program) -> None:
        self.program, classes = program, spectrum.classes
        evaluations = len(program.updates)
        values, gram = spectrum.eigenvalues, spectrum.products
        mean = gram @ spectrum.weights if program.start == "mean" else np.zeros(gram.shape[:2])
        against = gram[:, :-1] - gram[:, -1:]  # (U, C-1, C)
        squares = np.einsum("ucc->uc", gram)
        origin = np.zeros(gram.shape[:2]) if spectrum.origin is None else spectrum.origin
        outwards = origin[:, :-1] - origin[:, -1:]
        moving = set(program.data) == {1.0}
        differences = against[:, :, :-1] - against[:, :, -1:]
        odds = np.log(spectrum.weights[:-1] / spectrum.weights[-1])
        at_end = np.zeros_like(odds) if spectrum.by_sign else odds
        self.bias = np.empty((evaluations + 1, classes - 1))
        self.response = np.zeros((evaluations + 1, evaluations, classes - 1, classes))
        readings = np.empty((evaluations + 1, len(values)))

        def read(e: int, state: FloatArray, a: float, b: float) -> FloatArray:
            spread = a * a + values * b * b
            at_start = b / spread * state[0]
            self.bias[e] = (odds if e < evaluations else at_end) - 0.5 * np.einsum(
                "u,uc->c", b * b / spread, squares[:, :-1] - squares[:, -1:]
            )
            self.bias[e] += np.einsum("u,uc->c", at_start, mean[:, :-1] - mean[:, -1:])
            # What the state has of the centre, less that of the data at this level: none, of a solver that moves with
            # the data.
            lag = state[0] * (program.start == "mean") + state[1 : e + 1].sum(axis=0) - b
            if moving:
                lag = -state[0] * (program.start == "zero")
            self.bias[e] += np.einsum("u,uc->c", b / spread * lag, outwards)
            if e:
                self.response[e, :e] = np.einsum("ju,uce->jce", state[1 : e + 1] * (b / spread), against)
            readings[e] = at_start
            return spread

        def denoise(e: int, state: FloatArray) -> FloatArray:
            a, b = program.noise[e], program.data[e]
            spread = read(e, state, a, b)
            guess = state * (b * values / spread)
            guess[e + 1] += a * a / spread
            return np.asarray(guess)

        start = np.zeros((evaluations + 1, len(values)))
        start[0] = 1.0
        read(evaluations, program.run(start, denoise), 0.0, 1.0)
        self._factorise(readings, differences)

    def _factorise(self, readings: FloatArray, differences: FloatArray) -> None:
        rows, width = self.bias.shape
        covariance = np.einsum("ku,uce,ju->kcje", readings, differences, readings).reshape(rows * width, -1)
        covariance *= self.program.deviation**2
        eigenvalues, vectors = np.linalg.eigh(covariance)
        kept = eigenvalues > _NEGLIGIBLE * eigenvalues[-1]
        # A single step to the data mean leaves nothing of the start.
        kept[-1] = True
        factors = (vectors[:, kept] * np.sqrt(np.maximum(eigenvalues[kept], 0.0)))[:, ::-1]
        # The leading component points towards the first class at the end.
        factors[:, 0] *= np.sign(factors[-width, 0]) or 1.0
        self.factors = factors.reshape(rows, width, -1)
        self.rank = self.factors.shape[2]

    def end(self, normals: FloatArray) -> FloatArray:
        """(n, C-1) log-odds at the end from standard normal components (n, rank)."""
        rows, width = self.bias.shape
        posteriors = np.empty((len(normals), rows - 1, width + 1))
        flat = posteriors.reshape(len(normals), -1)
        for e in range(rows):
            logits = self.bias[e] + normals @ self.factors[e].T
            if e:
                reach = e * (width + 1)
                logits = logits + flat[:, :reach] @ self.response[e, :e].transpose(0, 2, 1).reshape(
                    reach, width
                )
            if e == rows - 1:
                break
            if width == 1:
                posteriors[:, e, 0] = expit(logits[:, 0])
                posteriors[:, e, 1] = expit(-logits[:, 0])
            else:
                full = np.concatenate([logits, np.zeros((len(normals), 1))], axis=1)
                full = np.exp(full - full.max(axis=1, keepdims=True))
                posteriors[:, e] = full / full.sum(axis=1, keepdims=True)
        return np.asarray(logits)

    def shares(self, normals: FloatArray) -> FloatArray:
        """(C,) share of the points that end in each class."""
        logits = self.end(normals)
        winner = np.concatenate([logits, np.zeros((len(logits), 1))], axis=1).argmax(axis=1)
        return np.bincount(winner, minlength=logits.shape[1] + 1) / len(logits)

    def on_lines(self, normals: FloatArray, increasing: bool) -> FloatArray:
        """(n,) probability of the first class over the leading component, given the others (n, rank - 1)."""

        def last(rows: FloatArray, z: FloatArray) -> FloatArray:
            return self.end(np.concatenate([z[:, None], rows], axis=1))[:, 0]

        count = len(normals)
        if increasing:
            return ndtr(-self._halved(last, normals, np.full(count, -_REACH), np.full(count, _REACH)))
        grid = np.linspace(-_REACH, _REACH, _SCAN)
        signs = np.stack([last(normals, np.full(count, z)) > 0.0 for z in grid])
        total = np.where(signs[-1], 1.0, 0.0)
        places, rows = np.nonzero(signs[1:] != signs[:-1])
        if len(rows):
            roots = self._halved(last, normals[rows], grid[places], grid[places + 1], signs[places, rows])
            np.add.at(total, rows, np.where(signs[places, rows], 1.0, -1.0) * ndtr(roots))
        return total

    @staticmethod
    def _halved(
        last: Callable[[FloatArray, FloatArray], FloatArray],
        normals: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        falling: bool | NDArray[np.bool_] = False,
    ) -> FloatArray:
        """Sign changes between two ends, from below to above 0 or, where ``falling``, the reverse."""
        for _ in range(_HALVINGS):
            middle = 0.5 * (lower + upper)
            above = (last(normals, middle) > 0.0) != falling
            lower, upper = np.where(above, lower, middle), np.where(above, middle, upper)
        return 0.5 * (lower + upper)


def log_ratios(eigenvalues: FloatArray, grid: Grid) -> FloatArray:
    """log of the generated over the true standard deviation, in directions of positive variance orthogonal to means."""
    from .isotropic_map import detail_std

    with np.errstate(divide="ignore"):
        return np.asarray(np.log(detail_std(eigenvalues, grid)) - 0.5 * np.log(eigenvalues))


def detail_error(spectrum: ClassSpectrum, grid: Grid, shares: FloatArray | None = None) -> float:
    """Root mean square of the log ratios of details, weighted by variance or by given shares of the eigenvalues."""
    positive = spectrum.eigenvalues > 0.0
    if shares is None:
        shares = spectrum.eigenvalues * spectrum.multiplicities / spectrum.trace
    ratios = log_ratios(spectrum.eigenvalues[positive], grid)
    return math.sqrt(float(validation.array("shares", shares)[positive] @ ratios**2))
