r"""Clone agreement: the probability that backward trajectories which share x_t end in the same class.

:func:`clone_agreement` takes any Gaussian mixture, picks the exact form where there is one, and otherwise
the labelled leading-order form. The forms can be called by their own names:

- two classes with a common covariance, as functions of the signal alone: :func:`two_class_agreement`,
  :func:`two_class_disagreement`, :func:`two_class_excess`, and the inverse :func:`signal_at_agreement`;
- K classes with a common covariance: :func:`common_covariance_agreement`;
- isotropic classes of different variance with collinear means: :func:`isotropic_agreement`; two of them with
  equal means: :func:`two_variance_agreement`;
- any mixture, leading order: :func:`gaussian_ratio_agreement`;
- the label by sign of a projection, for overlapping classes: :func:`sign_agreement`;
- levels of a tree of classes: :func:`hierarchical_agreement`, :func:`hierarchical_speciation_times`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...data.binary_channel import (
    two_class_agreement,
)
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...presentation import Curves
from ...solution import Solution, Status
from .class_signal import check_times, pairwise_signals
from .many_class import (
    ClassAgreement,
    by_kernel,
    by_line,
    common_covariance_agreement,
    gaussian_ratio_agreement,
    group_matrix,
    has_exact_form,
    isotropic_agreement,
)

Labels = list[NDArray[Any]]


@dataclass(frozen=True, repr=False)
class CloneAgreement(Curves):
    """Clone agreement of a mixture at T times.

    Attributes
    ----------
    time : (T,) the diffusion times.
    value : (T,) phi.
    error : (T,) numerical error of phi, or standard error where quasi-Monte Carlo was needed (four and more
        classes).
    signal : (T,) signal x(t) of the pair of classes that is furthest apart; 0 for a single class.
    approximation : how exact the formula is that was used.
    """

    time: FloatArray
    value: FloatArray
    error: FloatArray
    signal: FloatArray
    approximation: Approximation


@states(
    "exact",
    "for common covariances, one dimension, and isotropic classes with collinear means; otherwise leading order, "
    "as the result's own approximation says",
    source="derivations/diffusion/clone_agreement.py, derivations/diffusion/class_kernel.py",
    verification="derived and simulated",
)
def clone_agreement(
    mixture: GaussianMixture, time: ArrayLike, *, groups: ArrayLike | None = None, seed: int = 0
) -> CloneAgreement:
    """Probability phi(t) that two backward trajectories which share x_t end in the same class.

    The same number is the probability of an unchanged class in a U-turn (noise to t, then denoise), and
    E_{x ~ P_t} sum_k p(k|x)^2. It falls from at most 1 at t = 0 to sum_k w_k^2 as t -> infinity.

    Parameters
    ----------
    mixture : the law of the data; any number of classes, any covariances.
    time : diffusion times (T,), at least 0; above 0 if a covariance is singular.
    groups : (K,) labels; classes with the same label count as one. Default: every class by itself.
    seed : of quasi-Monte Carlo, used only where means span more than three dimensions.
    """
    validation.integer("seed", seed, 0)
    times = np.atleast_1d(check_times(mixture, time)).ravel()
    signals = pairwise_signals(mixture, times).max(axis=(1, 2))
    if mixture.common_covariance:
        result = common_covariance_agreement(mixture, times, groups=groups, seed=seed)
        approximation = approximation_of(common_covariance_agreement)
    elif has_exact_form(mixture):
        result = isotropic_agreement(mixture, times, groups=groups)
        approximation = approximation_of(isotropic_agreement)
    else:
        result = gaussian_ratio_agreement(mixture, times, groups=groups, seed=seed)
        approximation = approximation_of(gaussian_ratio_agreement)
    return CloneAgreement(times, result.value, result.error, signals, approximation)


# ------------------------------------------------------------------------------------- levels of a tree


def _check_levels(mixture: GaussianMixture, levels: Sequence[ArrayLike]) -> Labels:
    labels = [np.asarray(level) for level in levels]
    if not labels or any(level.shape != (mixture.classes,) for level in labels):
        raise InvalidArgument("levels", levels, f"one or more label arrays of length {mixture.classes}")
    for coarse, fine in pairwise(labels):
        for name in np.unique(fine):
            if len(np.unique(coarse[fine == name])) > 1:
                raise InvalidArgument(
                    "levels", levels, "from coarse to fine, each level splitting the one before"
                )
    return labels


@states(
    "exact",
    "where the clone agreement of the classes is; see clone_agreement",
    source="derivations/diffusion/class_kernel.py",
    verification="derived and simulated",
)
def hierarchical_agreement(
    mixture: GaussianMixture, time: ArrayLike, levels: Sequence[ArrayLike], *, seed: int = 0
) -> ClassAgreement:
    """Clone agreement of the groups of every level of a tree of classes; value and error of shape (L, T).

    Parameters
    ----------
    levels : L arrays of labels (K,), from coarse to fine: classes with equal labels are in the same group.
        Each level splits the groups of the one before. The classes themselves are the level ``range(K)``.
    """
    times = np.atleast_1d(check_times(mixture, time)).ravel()
    memberships = [group_matrix(level, mixture.classes) for level in _check_levels(mixture, levels)]
    if not mixture.common_covariance and has_exact_form(mixture):
        return by_line(mixture, times, memberships)
    return by_kernel(mixture, times, memberships, seed)


@states(
    "exact",
    "where the clone agreement of the classes is; as the time at which the criterion is met",
    source="derivations/diffusion/class_kernel.py",
    verification="derived and simulated",
)
def hierarchical_speciation_times(
    mixture: GaussianMixture, levels: Sequence[ArrayLike], *, seed: int = 0
) -> Solution:
    """The successive speciation times of the levels of a tree of classes, field ``time``, batch shape (L,).

    Clones that agree at a level agree at all coarser ones, so that c = phi_level / phi_(level before) is the
    probability of agreement at this level given the one before (1 before the first). The time of the level
    is where c is as far between its limits, (c - c_infinity) / (1 - c_infinity), as it is for two balanced
    classes at the signal x = 1: 0.5504. For a balanced binary tree with levels far apart this is the time
    ``bayes`` of the two branches of each node. No solution where the classes overlap so much that c never
    gets there.
    """
    labels = _check_levels(mixture, levels)
    target = 2.0 * float(two_class_agreement(1.0)) - 1.0
    rows = []
    for index in range(len(labels)):
        pair = labels[max(0, index - 1) : index + 1]
        rows.append(_level_time(mixture, pair, target, seed))
    time, error, residual, iterations, status = (np.array(column) for column in zip(*rows, strict=True))
    approximation = approximation_of(hierarchical_speciation_times)
    return Solution({"time": time}, status.astype(np.int8), residual, error, iterations, approximation)


def _level_time(
    mixture: GaussianMixture, levels: Labels, target: float, seed: int
) -> tuple[float, float, float, int, int]:
    """(time, error, residual, iterations, status) of the last of one or two levels."""

    def at(log_time: float) -> tuple[float, float]:
        result = hierarchical_agreement(mixture, [np.exp(log_time)], levels, seed=seed)
        value = result.value[-1, 0] / (result.value[0, 0] if len(levels) > 1 else 1.0)
        return value, float(result.error.sum())

    shares = [
        np.array([mixture.weights[level == name].sum() for name in np.unique(level)]) for level in levels
    ]
    limit = (shares[-1] ** 2).sum() / ((shares[0] ** 2).sum() if len(levels) > 1 else 1.0)

    def mismatch(log_time: float) -> float:
        return float((at(log_time)[0] - limit) / (1.0 - limit)) - target

    lower, upper = np.log(1e-6), 0.0
    if limit > 1.0 - 1e-12 or mismatch(lower) < 0.0:
        return 0.0, 0.0, 0.0, 0, Status.NO_SOLUTION
    while mismatch(upper) > 0.0:
        lower, upper = upper, upper + 0.5
    root, report = brentq(mismatch, lower, upper, xtol=1e-9, rtol=1e-9, full_output=True)
    slope = (mismatch(root + 1e-3) - mismatch(root - 1e-3)) / 2e-3
    residual = abs(mismatch(root))
    error = np.exp(root) * ((residual + at(root)[1] / (1.0 - limit)) / abs(slope) + 1e-9)
    return float(np.exp(root)), float(error), residual, report.iterations, Status.CONVERGED
