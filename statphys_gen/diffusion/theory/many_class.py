r"""Any number of classes: clone agreement of Gaussian mixtures, for the classes themselves or for groups of
them.

With p(k|x) the posterior of the class, and p_G the sum over a group G of classes,

    phi(t) = E_{x ~ P_t} sum_G p_G(x)^2 = sum_c w_c E_{x ~ class c} sum_G p_G(x)^2.

Common covariance S_t: only the K x K kernel K_kl = exp(-2t) (m_k - m)^T S_t^-1 (m_l - m) matters, m the mean
of the data. With a factorisation K = Y Y^T, Y of shape (K, r), the classes are unit Gaussians in r
dimensions at the rows of Y: exact at any dimension d. For r up to 3 the average is a product trapezoidal
rule, whose spacing follows from the analyticity of the posterior (its poles in coordinate j are at least pi
/ max_kl |Y_kj - Y_lj| from the real axis); otherwise randomised quasi-Monte Carlo, with a standard error
over independent scramblings.

Covariances that differ: exact in one dimension, and for isotropic covariances with collinear means (any two
classes), where the projection on the line of the means and the squared distance from that line are
sufficient. Else to leading order by the kernel whose squared distances are four times the pair signals
x_kl(t) of :mod:`statphys_gen.diffusion.theory.class_signal`; at large t it is the kernel of the means plus
exp(-4t)/2 Tr[(C_k - C)(C_l - C)], C = sum_k w_k C_k.

A bound that holds for every mixture, 1 - phi <= sum_{k<l} sqrt(w_k w_l) int sqrt(p_k p_l) dx, decides where
nothing is left to integrate. Source: derivations/diffusion/clone_agreement.py,
derivations/diffusion/class_kernel.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.binary_channel import two_class_agreement
from ...data.laws import GaussianMixture
from ...errors import AccuracyNotReached, InvalidArgument
from ...meaning import fingerprint
from ...numerics.quadrature import Rule, gaussian_rule, legendre_rule
from ...numerics.special import normal_density
from ...presentation import Curves
from .class_signal import check_times, covariance_spectra, excess_time, pairwise_signals, signal

Memberships = list[FloatArray]
LogLikelihood = Callable[[FloatArray], FloatArray]

_TOLERANCE = {0: 1e-13, 1: 1e-13, 2: 1e-12, 3: 1e-8}
_MOST_TERMS = 10_000_000  # of a product rule: nodes times classes squared
_CHUNK = 200_000  # nodes times classes in memory at once
_FAR = 16.5  # classes further apart than this many standard deviations do not see each other, to exp(-34)
_SCRAMBLINGS = 16
# Panels on a line: how many widths they reach out, after how many they grow with the distance, and how many there are.
_OUTERMOST, _GRADING, _MOST_PANELS = 9.5, 4.0, 100_000
_EPSILON = float(np.finfo(float).eps)


@dataclass(frozen=True, repr=False)
class ClassAgreement(Curves):
    """Agreement of clones on their class, or on their group of classes at several levels.

    Attributes
    ----------
    time : the diffusion times, any shape.
    value : of the shape of ``time``; with several levels these are a first axis.
    error : of value, numerical (quadrature) or statistical (quasi-Monte Carlo).
    """

    further = ("level", "first")
    time: FloatArray
    value: FloatArray
    error: FloatArray

    def level(self, index: int, time: FloatArray) -> ClassAgreement:
        """One level, in the shape of ``time``."""
        return ClassAgreement(
            time, self.value[index].reshape(time.shape), np.array(self.error[index]).reshape(time.shape)
        )


# ---------------------------------------------------------------------------------------------- kernels


def class_kernel(mixture: GaussianMixture, time: ArrayLike) -> FloatArray:
    """The K x K kernel at each time, shape (T, K, K), positive semi-definite.

    For different covariances the kernel whose squared distances K_kk + K_ll - 2 K_kl are 4 x_kl(t), with the
    negative eigenvalues that this can have beyond leading order set to 0.
    """
    times = np.atleast_1d(check_times(mixture, time)).ravel()
    if not mixture.common_covariance:
        projector = np.eye(mixture.classes) - 1.0 / mixture.classes
        kernels = -2.0 * projector @ pairwise_signals(mixture, times) @ projector
        values, vectors = np.linalg.eigh(kernels)
        return (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
    centred = mixture.means - mixture.weights @ mixture.means
    eigenvalues, vectors_of_covariance = covariance_spectra(mixture)[0]
    rotated = centred if vectors_of_covariance is None else centred @ vectors_of_covariance
    return np.stack([(rotated / (e + eigenvalues)) @ rotated.T for e in excess_time(times).tolist()])


def kernel_positions(kernel: FloatArray) -> tuple[FloatArray, float]:
    """Y with Y Y^T = kernel, without the directions that cannot matter; and the trace that was dropped."""
    values, vectors = np.linalg.eigh(kernel)
    kept = values > 1e-15 * max(1.0, float(values[-1]))
    dropped = float(np.abs(values[~kept]).sum())
    return (vectors[:, kept] * np.sqrt(values[kept]))[:, ::-1], dropped


# ------------------------------------------------------------------------------ averages over the posterior


def group_matrix(groups: ArrayLike | None, classes: int) -> FloatArray:
    """(K, G) zeros and ones: which class is in which group; the identity without groups."""
    if groups is None:
        return np.eye(classes)
    labels = np.asarray(groups)
    if labels.shape != (classes,):
        raise InvalidArgument("groups", groups, f"one label for each of the {classes} classes")
    names = np.unique(labels)
    return (labels[:, None] == names).astype(np.float64)


def _disagreement_at(log_joint: FloatArray, memberships: Memberships) -> FloatArray:
    """1 - sum_G p_G^2 for each way of grouping, shape (L, n), from the logarithms of w_k p_k(x), shape (K, n)."""
    posterior = np.exp(log_joint - log_joint.max(axis=0))
    posterior /= posterior.sum(axis=0)
    rows = []
    for membership in memberships:
        grouped = membership.T @ posterior
        rows.append((grouped * (1.0 - grouped)).sum(axis=0))
    return np.stack(rows)


def product_rule(
    rules: list[tuple[FloatArray, FloatArray]], tolerance: float
) -> tuple[FloatArray, FloatArray]:
    """Nodes (n, r) and weights (n,) of the product of one-dimensional rules (nodes, weights)."""
    if not rules:
        return np.zeros((1, 0)), np.ones(1)
    nodes = np.stack(
        [grid.ravel() for grid in np.meshgrid(*(rule[0] for rule in rules), indexing="ij")], axis=1
    )
    weights = rules[0][1]
    for rule in rules[1:]:
        weights = np.multiply.outer(weights, rule[1]).ravel()
    # Corners of a product of Gaussian rules carry nothing.
    kept = weights > 1e-5 * tolerance * weights.max()
    return nodes[kept], weights[kept]


def _weighted_disagreement(
    nodes: FloatArray, weights: FloatArray, log_joint: LogLikelihood, memberships: Memberships
) -> FloatArray:
    rows = max(1, _CHUNK // len(memberships[0]))
    total = np.zeros(len(memberships))
    for start in range(0, len(weights), rows):
        part = slice(start, start + rows)
        total += _disagreement_at(log_joint(nodes[part]), memberships) @ weights[part]
    return total


def _kernel_agreement(
    kernel: FloatArray, mixture: GaussianMixture, memberships: Memberships, seed: int
) -> tuple[FloatArray, float]:
    """phi for each way of grouping, and the error."""
    weights = mixture.weights
    positions, dropped = kernel_positions(kernel)
    plans = [view_from(c, positions, weights) for c in range(len(weights))]
    if sum(plan.terms for plan in plans) > _MOST_TERMS:
        return _quasi_monte_carlo(positions, mixture, memberships, seed, dropped)
    total = np.zeros(len(memberships))
    error = dropped
    for w, plan in zip(weights.tolist(), plans, strict=True):
        nodes, node_weights = product_rule(plan.rules(), plan.tolerance)
        seen = [membership[plan.near] for membership in memberships]
        total += w * _weighted_disagreement(nodes, node_weights, plan.log_joint, seen)
        error += w * (len(plan.slopes) + 1) * plan.tolerance
    return 1.0 - total, error


@dataclass(frozen=True)
class ClassView:
    """What a point of class c can be confused with: the classes near c, in coordinates with the origin at c."""

    near: NDArray[np.int64]
    positions: FloatArray
    log_weights: FloatArray
    slopes: list[float]

    @property
    def tolerance(self) -> float:
        return _TOLERANCE.get(len(self.slopes), 1e-8)

    @property
    def terms(self) -> float:
        """Nodes times classes of the product rule; infinite in more than three dimensions."""
        if len(self.slopes) not in _TOLERANCE:
            return math.inf
        return math.prod(len(nodes) for nodes, _ in self.rules()) * len(self.near)

    def rules(self) -> list[tuple[FloatArray, FloatArray]]:
        rules = [gaussian_rule(slope, self.tolerance) for slope in self.slopes]
        return [(rule.nodes, rule.weights) for rule in rules]

    def log_joint(self, points: FloatArray) -> FloatArray:
        return self.log_weights[:, None] + self.positions @ points.T


def view_from(c: int, positions: FloatArray, weights: FloatArray) -> ClassView:
    relative = positions - positions[c]
    near = np.flatnonzero((relative**2).sum(axis=1) <= _FAR**2)
    _, singular, right = np.linalg.svd(relative[near], full_matrices=False)
    local = relative[near] @ right[singular**2 > 1e-15 * max(1.0, float(singular.max(initial=0.0)) ** 2)].T
    slopes = 0.5 * np.abs(local[:, None, :] - local[None, :, :]).max(axis=(0, 1))
    return ClassView(near, local, np.log(weights[near]) - 0.5 * (local**2).sum(axis=1), slopes.tolist())


def _quasi_monte_carlo(
    positions: FloatArray, mixture: GaussianMixture, memberships: Memberships, seed: int, dropped: float
) -> tuple[FloatArray, float]:
    """Mean and standard error over independently scrambled Sobol sequences, the same points for every class."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    from ...statistics.streams import generator

    weights = mixture.weights
    log_weights = np.log(weights) - 0.5 * (positions**2).sum(axis=1)
    classes, rank = positions.shape
    # The same scramblings at all times: the result is a smooth function of time.
    key = {"purpose": "class agreement", "law": fingerprint(mixture), "rank": rank}
    exponent = min(15, max(5, int(math.log2(2.0**24 / (_SCRAMBLINGS * classes**2)))))

    def log_joint(points: FloatArray) -> FloatArray:
        return log_weights[:, None] + positions @ points.T

    estimates = np.zeros((_SCRAMBLINGS, len(memberships)))
    for replica in range(_SCRAMBLINGS):
        rng = generator(seed, key, replica)
        uniform = qmc.Sobol(rank, scramble=True, rng=rng).random_base2(exponent)
        nodes = ndtri(np.clip(uniform, 1e-12, 1.0 - 1e-12))
        share = np.full(len(nodes), 1.0 / len(nodes))
        for w, position in zip(weights.tolist(), positions, strict=True):
            estimates[replica] += w * _weighted_disagreement(nodes + position, share, log_joint, memberships)
    mean = estimates.mean(axis=0)
    error = float(estimates.std(axis=0, ddof=1).max()) / math.sqrt(_SCRAMBLINGS)
    # What happens once in fewer draws than were made shows neither in the mean nor in the standard error.
    unseen = min(_pairwise_bound_of(positions, weights), 1.0 / (_SCRAMBLINGS * 2**exponent))
    return 1.0 - mean, error + dropped + (unseen if float(mean.max()) < 0.01 else 0.0)


def _pairwise_bound_of(positions: FloatArray, weights: FloatArray) -> float:
    squared = ((positions[:, None, :] - positions[None, :, :]) ** 2).sum(axis=-1)
    terms = np.sqrt(np.outer(weights, weights)) * np.exp(-squared / 8.0)
    return float(0.5 * (terms.sum() - np.trace(terms)))


@states(
    "exact",
    "for a common covariance, at any dimension",
    source="derivations/diffusion/class_kernel.py",
    verification="derived and simulated",
)
def common_covariance_agreement(
    mixture: GaussianMixture, time: ArrayLike, *, groups: ArrayLike | None = None, seed: int = 0
) -> ClassAgreement:
    """Clone agreement of K classes with a common covariance.

    Parameters
    ----------
    mixture : a Gaussian mixture whose classes have the same covariance.
    time : diffusion times, any shape; above 0 if the covariance is singular.
    groups : (K,) labels; classes with the same label count as one. Default: every class by itself.
    seed : of the scramblings, used only where the means span more than three dimensions (or two that are far
        apart).

    Returns
    -------
    ClassAgreement of the shape of ``time``; ``error`` is the numerical error, or the standard error over 16
    scramblings.
    """
    times = check_times(mixture, time)
    if not mixture.common_covariance:
        raise InvalidArgument("mixture", "unequal covariances", "a mixture with a common covariance")
    return _with_groups(mixture, times, groups, seed)


def _with_groups(
    mixture: GaussianMixture, times: FloatArray, groups: ArrayLike | None, seed: int
) -> ClassAgreement:
    validation.integer("seed", seed, 0)
    membership = group_matrix(groups, mixture.classes)
    if mixture.classes == 2 and membership.shape[1] == 2:
        value = two_class_agreement(signal(mixture, times), float(mixture.weights[0]))
        return ClassAgreement(times, value, np.full(times.shape, 4.0 * _EPSILON))
    return by_kernel(mixture, times.ravel(), [membership], seed).level(0, times)


def by_kernel(
    mixture: GaussianMixture, times: FloatArray, memberships: Memberships, seed: int
) -> ClassAgreement:
    """phi by the kernel for several ways of grouping at once; shape (L, T)."""
    validation.integer("seed", seed, 0)
    kernels = class_kernel(mixture, times)
    return _collect(times, [_kernel_agreement(kernel, mixture, memberships, seed) for kernel in kernels])


def _collect(times: FloatArray, rows: list[tuple[FloatArray, float]]) -> ClassAgreement:
    value = np.stack([row[0] for row in rows], axis=1)
    error = np.maximum(np.array([row[1] for row in rows]), 4.0 * _EPSILON)
    return ClassAgreement(times, value, np.broadcast_to(error, value.shape))


@states(
    "leading order",
    "for classes that become distinguishable through many weak coordinates; corrections of relative order exp(-2t) "
    "in the covariance part, none in the part of the means if the covariances are equal",
    source="derivations/diffusion/class_kernel.py",
    verification="derived and simulated",
)
def gaussian_ratio_agreement(
    mixture: GaussianMixture, time: ArrayLike, *, groups: ArrayLike | None = None, seed: int = 0
) -> ClassAgreement:
    """Clone agreement of any Gaussian mixture as if the log-likelihood ratios of its classes were Gaussian.

    Two classes: the exact function of two classes at the signal x(t), a quarter of the symmetrised
    Kullback-Leibler divergence. More: the same signals of all pairs, joined in one kernel.

    Parameters and result as for :func:`common_covariance_agreement`. ``error`` is that of the numerics only.
    """
    times = check_times(mixture, time)
    return _with_groups(mixture, times, groups, seed)


# ---------------------------------------------------------------- covariances that differ, exactly


def has_exact_form(mixture: GaussianMixture) -> bool:
    """True where :func:`exact_agreement` applies: a common covariance, d = 1, or isotropic with collinear means."""
    if mixture.common_covariance or mixture.dimension == 1:
        return True
    return mixture.covariance_kind == "isotropic" and _line_of_means(mixture) is not None


def _line_of_means(mixture: GaussianMixture) -> FloatArray | None:
    """Positions of the means on the one line that holds them all, (K,); None if there is no such line."""
    centred = mixture.means - mixture.weights @ mixture.means
    _, singular, right = np.linalg.svd(centred, full_matrices=False)
    if len(singular) > 1 and singular[1] > 1e-12 * singular[0]:
        return None
    return centred @ right[0]


@states(
    "exact",
    "for one dimension, and for isotropic covariances with collinear means",
    source="derivations/diffusion/class_kernel.py",
    verification="derived and simulated",
)
def isotropic_agreement(
    mixture: GaussianMixture, time: ArrayLike, *, groups: ArrayLike | None = None
) -> ClassAgreement:
    """Clone agreement of isotropic classes of different variance whose means lie on a line; any two classes
    qualify.

    Parameters and result as for :func:`common_covariance_agreement`; raises
    :class:`~statphys_gen.errors.AccuracyNotReached` if a double integral does not reach 1e-10.
    """
    times = check_times(mixture, time)
    membership = group_matrix(groups, mixture.classes)
    return by_line(mixture, times.ravel(), [membership]).level(0, times)


def by_line(mixture: GaussianMixture, times: FloatArray, memberships: Memberships) -> ClassAgreement:
    """phi of isotropic classes with collinear means for several ways of grouping at once; shape (L, T)."""
    line = _line_of_means(mixture)
    if line is None or (mixture.covariance_kind != "isotropic" and mixture.dimension > 1):
        raise InvalidArgument(
            "mixture", mixture.covariance_kind, "in one dimension, or isotropic with collinear means"
        )
    variances = np.array([float(np.ravel(mixture.covariance(k))[0]) for k in range(mixture.classes)])
    rows = []
    for t in times.tolist():
        decay = math.exp(-t)
        noised = 1.0 + decay**2 * (variances - 1.0)
        rows.append(_isotropic_at(mixture, decay * line, noised, memberships))
    return _collect(times, rows)


def _isotropic_at(
    mixture: GaussianMixture, line: FloatArray, variances: FloatArray, memberships: Memberships
) -> tuple[FloatArray, float]:
    weights, d = mixture.weights, mixture.dimension
    bound = 0.0
    steepest = 0.5
    for k, m in combinations(range(len(weights)), 2):
        total = variances[k] + variances[m]
        log_overlap = 0.5 * d * math.log(2.0 * math.sqrt(variances[k] * variances[m]) / total)
        log_overlap -= (line[k] - line[m]) ** 2 / (4.0 * total)
        bound += math.sqrt(weights[k] * weights[m]) * math.exp(log_overlap)
        if log_overlap > -60.0:
            steepest = max(steepest, math.sqrt(-2.0 * log_overlap))
    if bound < 1e-15:
        return np.ones(len(memberships)), bound
    log_prefactor = np.log(weights) - 0.5 * d * np.log(variances)
    # Coordinates: the projection on the line of the means, if they differ, and the squared distance from
    # that line.
    on_line = int(d == 1 or line.any())
    degrees = d - on_line

    def log_joint(points: FloatArray) -> FloatArray:
        squares = sum(
            (points[:, :1] - line) ** 2 if j < on_line else points[:, j : j + 1]
            for j in range(points.shape[1])
        )
        return (log_prefactor - squares / (2.0 * variances)).T

    def total_at(slope: float) -> FloatArray:
        count = math.ceil(60.0 * slope) + 25  # nodes of a radius
        along = _along_line(line, np.sqrt(variances), slope) if on_line else Rule(np.zeros(1), np.ones(1))
        radii = chi_square_rule(degrees, count) if degrees else (np.zeros(1), np.ones(1))
        if len(along.nodes) * len(radii[0]) * len(weights) ** 2 > 16 * _MOST_TERMS:
            raise AccuracyNotReached(
                f"the integral of the clone agreement did not reach 1e-10 with {len(along.nodes)} nodes a side"
            )
        total = np.zeros(len(memberships))
        for k, w in enumerate(weights.tolist()):
            rules = []
            if on_line:
                width = math.sqrt(variances[k])
                density = normal_density((along.nodes - line[k]) / width) / width
                rules.append((along.nodes, along.weights * density))
            if degrees:
                rules.append((variances[k] * radii[0], radii[1]))
            nodes, node_weights = product_rule(rules, 1e-13)
            total += w * _weighted_disagreement(nodes, node_weights, log_joint, memberships)
        return total

    previous = total_at(steepest)
    while True:
        steepest *= 1.6
        total = total_at(steepest)
        change = float(np.abs(total - previous).max())
        if change < 1e-10:
            return 1.0 - total, change + 1e-14
        previous = total


def _along_line(line: FloatArray, widths: FloatArray, slope: float) -> Rule:
    """Gauss-Legendre panels over the line of the means, with respect to dx.

    A panel is as wide as the distance over which the classes there trade places: of the order of the width of a class
    near its mean, and of the distance from it further out, however narrow other classes are.
    """
    places, end = [float((line - _OUTERMOST * widths).min())], float((line + _OUTERMOST * widths).max())
    share = min(1.0, math.pi / slope)
    while places[-1] < end:
        step = share * float(np.maximum(widths, np.abs(places[-1] - line) / _GRADING).min())
        places.append(places[-1] + step)
        if len(places) > _MOST_PANELS:
            raise AccuracyNotReached("clone agreement: classes of too many different scales on one line")
    return legendre_rule(np.array(places), 16)


def chi_square_rule(degrees: int, count: int) -> tuple[FloatArray, FloatArray]:
    """Trapezoidal rule in the logarithm for the chi-square law: ``count`` nodes, positive, and their weights.

    The density of y = log(R/degrees) is exp(degrees/2 (y - exp(y) + 1)) up to a constant; the range ends
    where it has fallen by exp(-38), which are the two branches of Lambert's function.
    """
    from scipy.special import lambertw

    a = 1.0 + 76.0 / degrees
    if a < 600.0:
        ends = [float(-a - lambertw(-math.exp(-a), branch).real) for branch in (0, -1)]
    else:
        ends = [-a, math.log(a)]
    y = np.linspace(ends[0], max(ends[1], ends[0] + 1e-12), count)
    weights = np.exp(0.5 * degrees * (y - np.expm1(y)))
    return degrees * np.exp(y), weights / weights.sum()
