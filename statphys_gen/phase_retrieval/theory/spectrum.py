r"""Spectra of Hessians for any law of the weights: density, left edge, signal outlier and its overlap.

With S(z) = (1/N) Tr (H0 - z)^-1, H0 = H + mu I, alpha = samples_per_dimension and the moments of
:mod:`statphys_gen.phase_retrieval.theory.curvature_laws`,

    z(S) = (alpha first - 1)/S                           (generalised Marchenko-Pastur law)
    soft edge: alpha second(S) = 1 at S = S_- < S_max,   z'(S_-) = 0
    hard edge: alpha second(S_max) <= 1,                 S_- = S_max
    signal outlier: alpha (first - signal_first) = 1 at S < S_-,  it exists iff the left side exceeds 1 at S_-
    |<v, w*>|^2/N = (1 - m^2) (1 - alpha second) / (1 - alpha second + alpha signal_second).

The left sides of edge and outlier equation are increasing where they cross 1, so each has one solution or none. A hard
edge appears where weights near their infimum are so rare that the density vanishes exponentially there: a finite
matrix shows its smallest eigenvalues well inside. All eigenvalues are those of H, the multiplier subtracted.

Valid at m = 0 at any time of gradient descent, and at any m at its start; later at m != 0 the bulk is exact, the
outlier is not (it couples to the history of the descent).

Source: derivations/phase_retrieval/spectrum.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import ComplexArray, FloatArray
from ...errors import AccuracyNotReached, InsufficientSamples, InvalidArgument
from ...numerics.roots import bracketed
from ...solution import Solution, Status
from ...statistics.estimate import Estimate
from ..model import Loss
from .curvature_laws import Weights, sampled_weights
from .stieltjes_transform import stieltjes_on_bulk

_SOURCE = "derivations/phase_retrieval/spectrum.py"
_VALID = "at overlap 0 at any time, at any overlap at the start; the bulk always"
_EPS = float(np.finfo(np.float64).eps)
# Below S_max by this factor, where a moment that diverges there is still a number.
_JUST_BELOW = 1.0 - 1e-13
_MOMENT_TOLERANCE = 1e-7
# The quadrature error of a density is looked at in so many of its points.
_PROBES = 12
_DENSITY_TOLERANCE = 1e-6


@dataclass(frozen=True)
class HessianSpectrum:
    """Edge, outlier and multiplier of the Hessian at each samples_per_dimension.

    Attributes
    ----------
    bulk_edge : :func:`left_edge`.
    edge_kind : "soft" or "hard", of the batch's shape.
    outlier : :func:`signal_outlier`; no solution where there is none.
    lagrange_multiplier : mu, of the batch's shape.
    """

    bulk_edge: Solution
    edge_kind: NDArray[np.str_]
    outlier: Solution
    lagrange_multiplier: FloatArray

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each batch entry, in C order."""
        rows = []
        outliers, edges = self.outlier.records(), self.bulk_edge.records()
        pairs = zip(edges, outliers, self.edge_kind.ravel(), self.lagrange_multiplier.ravel(), strict=True)
        for edge, outlier, kind, multiplier in pairs:
            exists = outlier["status"] in (str(Status.CONVERGED), str(Status.NEAR_CRITICAL))
            rows.append(
                {
                    "bulk_edge": edge["position"],
                    "edge_kind": str(kind),
                    "outlier": outlier["position"] if exists else None,
                    "outlier_overlap_squared": outlier["overlap_squared"] if exists else None,
                    "lagrange_multiplier": float(multiplier),
                    "status": edge["status"],
                    "residual": edge["residual"],
                    "error": max(edge["error"], outlier["error"]) if exists else edge["error"],
                    "approximation": edge["approximation"],
                }
            )
        return rows


def lagrange_multiplier(weights: Weights, samples_per_dimension: ArrayLike) -> FloatArray:
    """mu = samples_per_dimension E F y, of the shape of its argument."""
    return _ratios(samples_per_dimension) * _checked(weights).multiplier_per_sample


def _checked(weights: Weights) -> Weights:
    if not isinstance(weights, Weights):
        raise InvalidArgument("weights", weights, "a law of weights, such as initial_weights(loss)")
    return weights


def _ratios(samples_per_dimension: ArrayLike) -> FloatArray:
    return validation.array("samples_per_dimension", samples_per_dimension, above=0.0)


def require_left_edge(weights: Weights) -> None:
    """Refuse laws whose weights have no lower bound: their spectrum has no left edge."""
    if math.isinf(_checked(weights).lower_bound):
        raise InvalidArgument(
            "weights", weights.name, "bounded below: the spectrum has no left edge otherwise"
        )


def _require_multiplier(weights: Weights) -> None:
    if math.isinf(_checked(weights).multiplier_per_sample):
        raise InvalidArgument(
            "weights", weights.name, "of finite mean force: the Lagrange multiplier is infinite (offset 0)"
        )


def stieltjes_limits(weights: Weights) -> tuple[float, float]:
    """(S_max, a value just below it that can be evaluated); the second is 2^60 at most if S_max is infinite."""
    largest = weights.largest_argument
    if math.isfinite(largest):
        return largest, largest * _JUST_BELOW
    grid = 2.0 ** np.arange(-40.0, 61.0)
    second = weights.moments(grid).second
    end = np.flatnonzero(second >= second[-1] * (1.0 - 1e-12))[0]
    return largest, float(grid[end])


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived")
def left_edge(weights: Weights, samples_per_dimension: ArrayLike) -> Solution:
    """Left edge of the bulk of the Hessian.

    Parameters
    ----------
    weights : their law, of which the infimum is finite and so is the mean force.
    samples_per_dimension : alpha above 0, any shape.

    Returns
    -------
    Solution of that shape with ``position`` lambda_- and ``stieltjes`` S_-; S_- = S_max where the edge is hard.

    Raises
    ------
    AccuracyNotReached : the moments of the law are not resolved at a hard edge.
    """
    _require_multiplier(weights)
    alpha = _ratios(samples_per_dimension)
    edge, _ = _edge(weights, alpha)
    mu = alpha * weights.multiplier_per_sample
    s = np.where(edge.good, edge["stieltjes"], 1.0)
    position = _position(weights, s, alpha) - mu
    error = _position_error(weights, s, np.where(edge.good, edge.error, 0.0), alpha, mu)
    return Solution(
        {"position": position, "stieltjes": edge["stieltjes"]},
        edge.status,
        edge.residual,
        np.maximum(error, edge.error),
        edge.iterations,
        approximation_of(left_edge),
    )


def _edge(weights: Weights, alpha: FloatArray) -> tuple[Solution, NDArray[np.bool_]]:
    """S_- of each alpha, and whether the edge is hard."""
    require_left_edge(weights)
    largest, below = stieltjes_limits(weights)
    top = float(weights.moments(np.array([below])).second[0].real)
    hard = np.asarray(alpha * top <= 1.0)
    if hard.any():
        _require_resolved(weights, below)
    lower = np.full(alpha.shape, 1e-14 * below)
    # The bracket of a hard edge has no root in it and is not used.
    soft = bracketed(
        lambda s, a: a * weights.responses(s)[1] - 1.0,
        lower,
        below,
        parameters=[alpha],
        tolerance=1e-9,
        accuracy=1e-6,
        name="stieltjes",
        residual_error=lambda s, a: a * weights.moment_error(s),
    )
    value = np.where(hard, largest if math.isfinite(largest) else below, soft["stieltjes"])
    return (
        Solution(
            {"stieltjes": value},
            np.where(hard, Status.CONVERGED, soft.status).astype(np.int8),
            np.where(hard, 0.0, soft.residual),
            np.where(hard, 8 * _EPS * np.abs(value), soft.error),
            np.where(hard, 1, soft.iterations),
        ),
        hard,
    )


def _edge_argument(weights: Weights, alpha: float) -> float:
    """S_- alone, without an error estimate."""
    from scipy.optimize import brentq

    largest, below = stieltjes_limits(weights)

    def excess(s: float) -> float:
        return alpha * float(weights.responses(np.array([s]))[1][0]) - 1.0

    if excess(below) <= 0.0:
        _require_resolved(weights, below)
        return largest if math.isfinite(largest) else below
    return float(brentq(excess, 1e-14 * below, below, xtol=1e-300, rtol=1e-14))


def _require_resolved(weights: Weights, argument: float) -> None:
    error = float(weights.moment_error(np.array([argument]))[0])
    if error > _MOMENT_TOLERANCE:
        raise AccuracyNotReached(
            f"{weights.name}: the moments at the hard edge have an error of {error:.2g}, allowed are "
            f"{_MOMENT_TOLERANCE:g}"
        )


def _position(weights: Weights, s: FloatArray, alpha: FloatArray) -> FloatArray:
    """z(S)."""
    return np.asarray((alpha * weights.responses(s)[0] - 1.0) / s)


def _position_error(
    weights: Weights, s: FloatArray, error: FloatArray, alpha: FloatArray, mu: FloatArray
) -> FloatArray:
    """Error of z(S) from that of S, of the moments, and from rounding."""
    moments = weights.moments(s)
    slope = np.abs(1.0 - alpha * moments.second) / s**2
    rounding = 8 * _EPS * (1.0 + alpha * np.abs(moments.first)) / s + 8 * _EPS * np.abs(mu)
    # At a soft edge the slope vanishes and the second derivative, of order 1/S^3, counts.
    total = slope * error + 4.0 * error**2 / s**3 + rounding + alpha * weights.moment_error(s) / s
    return np.asarray(total)


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def signal_outlier(weights: Weights, samples_per_dimension: ArrayLike) -> Solution:
    """The eigenvalue below the bulk whose eigenvector points to the signal.

    Parameters
    ----------
    As for :func:`left_edge`.

    Returns
    -------
    Solution of the shape of ``samples_per_dimension`` with ``position``, ``stieltjes`` and ``overlap_squared`` =
    |<v, w*>|^2 / N of the normalised eigenvector v; *no solution* where there is no outlier.
    """
    _require_multiplier(weights)
    alpha = _ratios(samples_per_dimension)
    edge, _ = _edge(weights, alpha)
    return _outlier(weights, alpha, edge)


def _outlier(weights: Weights, alpha: FloatArray, edge: Solution) -> Solution:
    _, below = stieltjes_limits(weights)
    upper = np.where(edge.good, np.minimum(edge["stieltjes"], below), below)
    found = bracketed(
        lambda s, a: _criterion(weights, s, a) - 1.0,
        1e-14 * upper,
        upper,
        parameters=[alpha],
        tolerance=1e-9,
        accuracy=1e-6,
        name="stieltjes",
        residual_error=lambda s, a: 2.0 * a * weights.moment_error(s),
    )
    status = np.where(edge.good, found.status, edge.status).astype(np.int8)
    good = status <= Status.NEAR_CRITICAL
    s = np.where(good, found["stieltjes"], 0.5 * upper)
    mu = alpha * weights.multiplier_per_sample
    error = np.where(good, found.error, 0.0)
    overlap = _overlap_squared(weights, s, alpha)
    steps = [
        np.abs(_overlap_squared(weights, np.clip(s + k * error, 0.5 * s, upper), alpha) - overlap)
        for k in (1, -1)
    ]
    quadrature = 4.0 * alpha * weights.moment_error(s) + 32 * _EPS * (1.0 + alpha)
    spread = np.maximum(*steps) + quadrature * (1.0 - weights.overlap**2)
    position_error = _position_error(weights, s, error, alpha, mu)
    return Solution(
        {
            "position": _position(weights, s, alpha) - mu,
            "stieltjes": s,
            "overlap_squared": np.clip(overlap, 0.0, 1.0),
        },
        status,
        found.residual,
        np.maximum(np.maximum(position_error, error), spread),
        found.iterations,
        approximation_of(signal_outlier),
    )


def _criterion(weights: Weights, s: FloatArray, alpha: FloatArray) -> FloatArray:
    moments = weights.moments(s)
    return np.asarray(alpha * (moments.first - moments.signal_first))


def _overlap_squared(weights: Weights, s: FloatArray, alpha: FloatArray) -> FloatArray:
    moments = weights.moments(s)
    rest = 1.0 - alpha * moments.second
    return np.asarray((1.0 - weights.overlap**2) * rest / (rest + alpha * moments.signal_second))


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived")
def outlier_criterion(weights: Weights, samples_per_dimension: ArrayLike) -> FloatArray:
    """B = alpha E (1 - u^2) r at the left edge: a signal outlier exists where B exceeds 1. Defined for offset 0 too."""
    alpha = _ratios(samples_per_dimension)
    edge, _ = _edge(weights, alpha)
    _, below = stieltjes_limits(weights)
    return _criterion(weights, np.minimum(edge.require()["stieltjes"], below), alpha)


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived")
def hessian_spectrum(weights: Weights, samples_per_dimension: ArrayLike) -> HessianSpectrum:
    """Edge with its kind, signal outlier and multiplier at each samples_per_dimension; see :class:`HessianSpectrum`."""
    alpha = _ratios(samples_per_dimension)
    edge = left_edge(weights, alpha)
    _, hard = _edge(weights, alpha)
    kind = np.where(hard, "hard", "soft")
    return HessianSpectrum(
        edge, kind, _outlier(weights, alpha, edge), lagrange_multiplier(weights, samples_per_dimension)
    )


# --------------------------------------------------------------------------------------------------------- density


@states("exact as N -> infinity", source=_SOURCE, verification="derived and simulated")
def spectral_density(
    weights: Weights, samples_per_dimension: float, positions: ArrayLike, *, smoothing: float = 0.0
) -> FloatArray:
    """Density of eigenvalues of the Hessian at ``positions``, of any shape; 0 to the left of the edge.

    Parameters
    ----------
    weights : of finite mean force; for a discrete law (an empirical sample) ask for a ``smoothing``.
    positions : eigenvalues of H, the multiplier subtracted.
    smoothing : half width of a Lorentzian with which the density is convoluted; 0 for the density itself.

    Raises
    ------
    NotConverged : the continuation stalled; AccuracyNotReached : the two quadrature rules of the law disagree.
    """
    _require_multiplier(weights)
    alpha = validation.positive("samples_per_dimension", samples_per_dimension)
    eta = validation.non_negative("smoothing", smoothing)
    if weights.sample is not None and eta == 0.0:
        raise InvalidArgument("smoothing", smoothing, "above 0 for an empirical sample")
    x = validation.array("positions", positions)
    z = x.reshape(-1) + alpha * weights.multiplier_per_sample
    edge, s_edge = -math.inf, math.nan
    if math.isfinite(weights.lower_bound):
        s_edge = _edge_argument(weights, alpha)
        edge = float(_position(weights, np.array([s_edge]), np.array([alpha]))[0])
    result = np.zeros(z.shape)
    inside = np.flatnonzero(z > edge + 1e-8 * (1.0 + abs(edge))) if eta == 0.0 else np.arange(len(z))
    if len(inside):
        s = stieltjes_on_bulk(
            weights, alpha, np.asarray(z[inside] + 1j * eta, dtype=np.complex128), edge, s_edge
        )
        probes = np.unique(np.linspace(0, len(s) - 1, _PROBES).astype(int))
        error = alpha * _response_error(weights, s[probes])
        if (error > _DENSITY_TOLERANCE).any():
            worst = int(np.argmax(error))
            raise AccuracyNotReached(
                f"spectral density at {float(x.reshape(-1)[inside[probes[worst]]]):.6g}: the moments of the weights "
                f"have an error of {error[worst]:.2g}, allowed are {_DENSITY_TOLERANCE:g}"
            )
        result[inside] = np.maximum(s.imag, 0.0) / np.pi
    return result.reshape(x.shape)


def _response_error(weights: Weights, s: ComplexArray) -> FloatArray:
    """The difference of the two rules of a law in the moments that make the bulk."""
    if weights.rules[1] is weights.rules[0]:
        return np.zeros(s.shape)
    with np.errstate(invalid="ignore"):
        difference = np.abs(weights.rules[0](s, False) - weights.rules[1](s, False)).max(axis=0)
    return np.asarray(np.where(np.isnan(difference), np.inf, difference))


def density_positions(
    weights: Weights, samples_per_dimension: float, points: int, *, upper: float | None = None
) -> tuple[FloatArray, float]:
    """Where to draw a density: positions from its edge on, dense there, and the distance of edge and mean eigenvalue.

    Parameters
    ----------
    points : at least 2.
    upper : the largest position; by default three times as far from the edge as the mean eigenvalue. The bulk of a
        loss with unbounded curvature has no right edge.
    """
    alpha = validation.positive("samples_per_dimension", samples_per_dimension)
    count = validation.integer("points", points, minimum=2)
    edge = float(left_edge(weights, alpha).require()["position"])
    # E r / S tends to E g as S -> 0; this is not smaller by more than a few percent.
    small = 1e-3 * stieltjes_limits(weights)[1]
    mean = float(weights.responses(np.array([small]))[0][0]) / small
    width = alpha * (mean - weights.multiplier_per_sample) - edge
    end = edge + 3.0 * width if upper is None else validation.finite("upper", upper)
    if not end > edge:
        raise InvalidArgument("upper", end, f"above the left edge, {edge:.6g}")
    share = np.linspace(0.0, 1.0, count) ** 2
    return edge * (1.0 - share) + end * share, width


# ------------------------------------------------------------------------------------------------- empirical samples


def sampled_spectrum(
    loss: Loss,
    samples: ArrayLike | str | Path,
    samples_per_dimension: float,
    overlap: float = 0.0,
    *,
    blocks: int = 20,
) -> dict[str, Estimate]:
    """Edge, outlier and multiplier from pairs (y, t) of a training run, with jackknife errors over blocks of pairs.

    Parameters
    ----------
    loss, samples, overlap : see :func:`.curvature_laws.sampled_weights`; independent pairs.
    samples_per_dimension : of the run whose Hessian is meant; the number of pairs may be another one.
    blocks : at least 5; each leaves one block of pairs out.

    Returns
    -------
    ``bulk_edge``, ``lagrange_multiplier``, ``outlier_criterion`` and, where every block has one, ``outlier`` and
    ``outlier_overlap_squared``. Where the edge of the true law is hard, the edge of a sample depends on its few
    smallest weights and approaches it only slowly with the number of pairs.
    """
    law = sampled_weights(loss, samples, overlap)
    count = validation.integer("blocks", blocks, minimum=5)
    alpha = validation.positive("samples_per_dimension", samples_per_dimension)
    assert law.sample is not None
    if len(law.sample) < 20 * count:
        raise InsufficientSamples(f"{len(law.sample)} pairs: {count} blocks need at least {20 * count}")
    full = _measured(law, alpha)
    rows = []
    for k in range(count):
        keep = np.arange(len(law.sample)) % count != k
        rows.append(_measured(sampled_weights(loss, law.sample[keep], overlap), alpha))
    result: dict[str, Estimate] = {}
    for name, value in full.items():
        left_out = np.array([row[name] for row in rows])
        if math.isnan(value) or np.isnan(left_out).any():
            continue
        spread = math.sqrt((count - 1) / count * float(((left_out - left_out.mean()) ** 2).sum()))
        result[name] = Estimate(np.asarray(value), np.asarray(spread), np.asarray(count - 1.0))
    return result


def _measured(law: Weights, alpha: float) -> dict[str, float]:
    spectrum = hessian_spectrum(law, alpha)
    spectrum.bulk_edge.require()
    return {
        "bulk_edge": float(spectrum.bulk_edge["position"]),
        "lagrange_multiplier": float(spectrum.lagrange_multiplier),
        "outlier_criterion": float(outlier_criterion(law, alpha)),
        "outlier": float(spectrum.outlier["position"]),
        "outlier_overlap_squared": float(spectrum.outlier["overlap_squared"]),
    }
