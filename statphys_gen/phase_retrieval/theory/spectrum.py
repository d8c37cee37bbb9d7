r"""Spectra of Hessians for any law of the curvatures: density, left edge, signal outlier and its overlap.

With S(z) = (1/N) Tr (H0 - z)^-1, H0 = H + mu I, alpha = samples_per_dimension and the moments of :mod:`.curvature_law`,

    z(S) = (alpha first - 1)/S                           (generalised Marchenko-Pastur law)
    soft edge: alpha second(S) = 1 at S = S_- < S_max,   z'(S_-) = 0
    hard edge: alpha second(S_max) <= 1,                 S_- = S_max
    signal outlier: alpha (first - signal_first) = 1 at S < S_-,  it exists iff the left side exceeds 1 at S_-
    |<v, w*>|^2/N = (1 - m^2) (1 - alpha second) / (1 - alpha second + alpha signal_second).

The left sides of edge and outlier equation are increasing where they cross 1, so each has one solution or none. A hard
edge appears where curvatures near their infimum are so rare that the density vanishes exponentially there: a finite
matrix shows its smallest eigenvalues well inside. All eigenvalues are those of H, the multiplier subtracted.

Valid at m = 0 at any time of gradient descent, and at any m at its start; later at m != 0 the bulk is exact, the
outlier is not (it couples to the history of the descent).

Every prediction takes the model. It is that of the Hessian at the start of the descent, unless another law of the
curvatures is given: of a state, of a later time, of points, of a spectral initialisation. Loss and overlap then are
those of the law, and the model only says how many samples there are. A curve over samples_per_dimension is asked for by
an array of that name, which takes the place of the model's.

Source: derivations/phase_retrieval/spectrum.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...glossary import dataset
from ...numerics.roots import bracketed
from ...presentation import Tabular
from ...solution import Solution, Status
from ..model import PhaseRetrieval, check_model
from .curvature_law import CurvatureLaw
from .initial_law import initial_curvature_law

if TYPE_CHECKING:
    import xarray

_SOURCE = "derivations/phase_retrieval/spectrum.py"
_VALID = "at overlap 0 at any time, at any overlap at the start; the bulk always"
_EPS = float(np.finfo(np.float64).eps)
# Below S_max by this factor, where a moment that diverges there is still a number.
_JUST_BELOW = 1.0 - 1e-13
_MOMENT_TOLERANCE = 1e-7
# Steps, each three times as long as the last, from S_max down to the smallest S.
_DESCENT = 8


@dataclass(frozen=True, repr=False)
class HessianSpectrum(Tabular):
    """Edge, outlier and multiplier of the Hessian at each samples_per_dimension.

    Attributes
    ----------
    samples_per_dimension : of the batch's shape.
    bulk_edge : :func:`left_edge`.
    edge_kind : "soft" or "hard", of the batch's shape.
    outlier : :func:`signal_outlier`; no solution where there is none.
    lagrange_multiplier : mu, of the batch's shape.
    """

    samples_per_dimension: FloatArray
    bulk_edge: Solution
    edge_kind: NDArray[np.str_]
    outlier: Solution
    lagrange_multiplier: FloatArray

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each batch entry, in C order."""
        rows = []
        outliers, edges = self.outlier.records(), self.bulk_edge.records()
        others = (
            self.edge_kind.ravel(),
            self.lagrange_multiplier.ravel(),
            self.samples_per_dimension.ravel(),
        )
        for edge, outlier, kind, multiplier, alpha in zip(edges, outliers, *others, strict=True):
            exists = outlier["status"] in (str(Status.CONVERGED), str(Status.NEAR_CRITICAL))
            # That there is none is an answer; that it was not found is not.
            known = exists or outlier["status"] == str(Status.NO_SOLUTION)
            rows.append(
                {
                    "samples_per_dimension": float(alpha),
                    "bulk_edge": edge["position"],
                    "edge_kind": str(kind),
                    "outlier": outlier["position"] if exists else None,
                    "outlier_overlap_squared": outlier["overlap_squared"] if exists else None,
                    "lagrange_multiplier": float(multiplier),
                    "outlier_status": outlier["status"],
                    "status": edge["status"] if known else outlier["status"],
                    "residual": edge["residual"],
                    "error": max(edge["error"], outlier["error"]) if exists else edge["error"],
                    "approximation": edge["approximation"],
                }
            )
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """Along samples_per_dimension; NaN where there is no outlier."""
        axes = axes_of(self.samples_per_dimension)
        arrays = {
            "bulk_edge": self.bulk_edge["position"],
            "edge_kind": self.edge_kind,
            "outlier": self.outlier["position"],
            "outlier_overlap_squared": self.outlier["overlap_squared"],
            "lagrange_multiplier": self.lagrange_multiplier,
            "outlier_status": self.outlier.status,
            "status": np.where(
                self.outlier.good | (self.outlier.status == Status.NO_SOLUTION),
                self.bulk_edge.status,
                self.outlier.status,
            ).astype(np.int8),
            "residual": self.bulk_edge.residual,
            "error": np.fmax(self.bulk_edge.error, self.outlier.error),
        }
        return dataset(
            {name: (axes, entry) for name, entry in arrays.items()},
            {"samples_per_dimension": (axes, self.samples_per_dimension)},
            self.bulk_edge.approximation,
        )


def lagrange_multiplier(
    model: PhaseRetrieval, *, law: CurvatureLaw | None = None, samples_per_dimension: ArrayLike | None = None
) -> FloatArray:
    """mu = samples_per_dimension E F y, of the shape of samples_per_dimension; arguments as of :func:`left_edge`."""
    chosen, alpha = chosen_law(model, law, samples_per_dimension)
    return np.asarray(alpha * chosen.multiplier_per_sample)


def chosen_law(
    model: PhaseRetrieval, law: CurvatureLaw | None, samples_per_dimension: ArrayLike | None = None
) -> tuple[CurvatureLaw, FloatArray]:
    """The law, that of the start by default, and samples_per_dimension, at most a line of them."""
    check_model(model)
    chosen = initial_curvature_law(model.loss, overlap=model.overlap) if law is None else _checked(law)
    return chosen, ratios(model, samples_per_dimension)


def ratios(model: PhaseRetrieval, samples_per_dimension: ArrayLike | None) -> FloatArray:
    """samples_per_dimension of the model, or those that take their place."""
    if samples_per_dimension is None:
        return np.asarray(model.samples_per_dimension)
    return validation.array("samples_per_dimension", samples_per_dimension, above=0.0)


def axes_of(samples_per_dimension: FloatArray) -> tuple[str, ...]:
    """Names of the axes of a batch."""
    count = samples_per_dimension.ndim
    return ("samples_per_dimension",) if count == 1 else tuple(f"axis_{k}" for k in range(count))


def _checked(law: CurvatureLaw) -> CurvatureLaw:
    if not isinstance(law, CurvatureLaw):
        raise InvalidArgument("law", law, "a CurvatureLaw, such as initial_curvature_law(loss)")
    return law


def require_left_edge(law: CurvatureLaw) -> None:
    """Refuse laws of curvatures without lower bound: their spectrum has no left edge."""
    if math.isinf(_checked(law).lower_bound):
        raise InvalidArgument("law", law.name, "bounded below: the spectrum has no left edge otherwise")


def require_multiplier(law: CurvatureLaw) -> None:
    if math.isinf(_checked(law).multiplier_per_sample):
        raise InvalidArgument(
            "law", law.name, "of finite mean force: the Lagrange multiplier is infinite (offset 0)"
        )


def stieltjes_limits(law: CurvatureLaw) -> tuple[float, float]:
    """(S_max, a value just below it that can be evaluated); the second is 2^60 at most if S_max is infinite."""
    largest = law.largest_argument
    if math.isfinite(largest):
        return largest, largest * _JUST_BELOW
    grid = 2.0 ** np.arange(-40.0, 61.0)
    second = law.moments(grid).second
    end = np.flatnonzero(second >= second[-1] * (1.0 - 1e-12))[0]
    return largest, float(grid[end])


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def left_edge(
    model: PhaseRetrieval, *, law: CurvatureLaw | None = None, samples_per_dimension: ArrayLike | None = None
) -> Solution:
    """Left edge of the bulk of the Hessian.

    Parameters
    ----------
    model : its loss has curvatures bounded below and a finite mean force, unless ``law`` takes its place.
    law : of the curvatures; by default that at the start of the descent.
    samples_per_dimension : alpha above 0, any shape; by default that of the model, a scalar.

    Returns
    -------
    Solution of the shape of ``samples_per_dimension`` with ``position`` lambda_- and ``stieltjes`` S_-; S_- = S_max
    where the edge is hard.

    Raises
    ------
    AccuracyNotReached : the moments of the law are not resolved at a hard edge.
    """
    chosen, alpha = chosen_law(model, law, samples_per_dimension)
    return _left_edge(chosen, alpha, *_edge(chosen, alpha))


def _left_edge(law: CurvatureLaw, alpha: FloatArray, edge: Solution, hard: NDArray[np.bool_]) -> Solution:
    require_multiplier(law)
    mu = alpha * law.multiplier_per_sample
    s = np.where(edge.good, edge["stieltjes"], 1.0)
    place = position(law, s, alpha) - mu
    error = _position_error(law, s, np.where(edge.good, edge.error, 0.0), alpha, mu)
    if math.isinf(law.largest_argument):
        # Less than one positive curvature for each direction: H0 is singular, and its spectrum ends at 0.
        place = np.where(hard, -mu, place)
        error = np.where(hard, 8 * _EPS * np.abs(mu), error)
    return Solution(
        {"position": place, "stieltjes": edge["stieltjes"]},
        edge.status,
        edge.residual,
        np.maximum(error, edge.error),
        edge.iterations,
        approximation_of(left_edge),
    )


def _edge(law: CurvatureLaw, alpha: FloatArray) -> tuple[Solution, NDArray[np.bool_]]:
    """S_- of each alpha, and whether the edge is hard."""
    require_left_edge(law)
    largest, below = stieltjes_limits(law)
    top = float(law.moments(np.array([below])).second[0].real)
    hard = np.asarray(alpha * top <= 1.0)
    if hard.any():
        _require_resolved(law, below)
    soft = _in_logarithm(
        lambda s, a: a * law.responses(s)[1] - 1.0,
        below,
        alpha,
        lambda s, a: a * law.moment_error(s),
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


def _in_logarithm(
    function: Callable[[FloatArray, FloatArray], Any],
    upper: ArrayLike,
    alpha: FloatArray,
    residual_error: Callable[[FloatArray, FloatArray], FloatArray],
) -> Solution:
    """The S below ``upper`` at which a function of (S, alpha) changes its sign, once at most, and from -1 at S = 0.

    S ranges over many decades: it is sought in its logarithm, downwards from ``upper`` in growing steps. Where the
    function is still negative at ``upper``, by more than its error, there is no solution.
    """
    top = np.log(np.broadcast_to(np.asarray(upper, dtype=np.float64), alpha.shape)).reshape(-1)
    flat = alpha.reshape(-1)
    low = top - 0.5
    high = top.copy()
    with np.errstate(all="ignore"):
        for _ in range(_DESCENT):
            above = np.flatnonzero(~(function(np.exp(low), flat) < 0.0))
            if not len(above):
                break
            high[above] = low[above]
            low[above] -= 2.0 * (top[above] - low[above])
    found = bracketed(
        lambda x, a: np.asarray(function(np.exp(x), a)),
        low.reshape(alpha.shape),
        high.reshape(alpha.shape),
        parameters=[alpha],
        tolerance=1e-9,
        accuracy=1e-6,
        name="stieltjes",
        residual_error=lambda x, a: residual_error(np.exp(x), a),
    )
    end = np.exp(top)
    with np.errstate(all="ignore"):
        negative = np.asarray(function(end, flat)) < -np.asarray(residual_error(end, flat))
    status = np.where(negative.reshape(alpha.shape), Status.NO_SOLUTION, found.status).astype(np.int8)
    place = np.exp(np.where(found.good, found["stieltjes"], 0.0))
    # Beyond half the range of floats the error is that of the logarithm anyway.
    error = place * np.expm1(np.minimum(found.error, 300.0))
    return Solution({"stieltjes": place}, status, found.residual, error, found.iterations)


def edge_argument(law: CurvatureLaw, alpha: float) -> float:
    """S_- alone, without an error estimate."""
    from scipy.optimize import brentq

    largest, below = stieltjes_limits(law)

    def excess(s: float) -> float:
        return alpha * float(law.responses(np.array([s]))[1][0]) - 1.0

    if excess(below) <= 0.0:
        _require_resolved(law, below)
        return largest if math.isfinite(largest) else below
    low = 0.5 * below
    while excess(low) >= 0.0:
        low *= 0.25
    return float(brentq(excess, low, below, xtol=1e-300, rtol=1e-14))


def _require_resolved(law: CurvatureLaw, argument: float) -> None:
    error = float(law.moment_error(np.array([argument]))[0])
    if error > _MOMENT_TOLERANCE:
        raise AccuracyNotReached(
            f"{law.name}: the moments at the hard edge have an error of {error:.2g}, allowed are "
            f"{_MOMENT_TOLERANCE:g}"
        )


def position(law: CurvatureLaw, s: FloatArray, alpha: FloatArray) -> FloatArray:
    """z(S)."""
    return np.asarray((alpha * law.responses(s)[0] - 1.0) / s)


def _position_error(
    law: CurvatureLaw, s: FloatArray, error: FloatArray, alpha: FloatArray, mu: FloatArray
) -> FloatArray:
    """Error of z(S) from that of S, of the moments, and from rounding."""
    moments = law.moments(s)
    slope = np.abs(1.0 - alpha * moments.second) / s**2
    rounding = 8 * _EPS * (1.0 + alpha * np.abs(moments.first)) / s + 8 * _EPS * np.abs(mu)
    # At a soft edge the slope vanishes and the second derivative, of order 1/S^3, counts.
    total = slope * error + 4.0 * error**2 / s**3 + rounding + alpha * law.moment_error(s) / s
    return np.asarray(total)


@states(
    "exact as N -> infinity",
    f"{_VALID}; means over instances approach it as 1/N from the dimension outlier_dimension on",
    source=_SOURCE,
    verification="derived and simulated",
)
def signal_outlier(
    model: PhaseRetrieval, *, law: CurvatureLaw | None = None, samples_per_dimension: ArrayLike | None = None
) -> Solution:
    """The eigenvalue below the bulk whose eigenvector points to the signal.

    Parameters
    ----------
    As for :func:`left_edge`.

    Returns
    -------
    Solution of the shape of ``samples_per_dimension`` with ``position``, ``stieltjes`` and ``overlap_squared`` =
    |<v, w*>|^2 / N of the normalised eigenvector v; *no solution* where there is no outlier.
    """
    chosen, alpha = chosen_law(model, law, samples_per_dimension)
    require_multiplier(chosen)
    return _outlier(chosen, alpha, _edge(chosen, alpha)[0])


def _outlier(law: CurvatureLaw, alpha: FloatArray, edge: Solution) -> Solution:
    _, below = stieltjes_limits(law)
    upper = np.where(edge.good, np.minimum(edge["stieltjes"], below), below)
    found = _in_logarithm(
        lambda s, a: _criterion(law, s, a) - 1.0,
        upper,
        alpha,
        lambda s, a: 2.0 * a * law.moment_error(s),
    )
    status = np.where(edge.good, found.status, edge.status).astype(np.int8)
    good = status <= Status.NEAR_CRITICAL
    s = np.where(good, found["stieltjes"], 0.5 * upper)
    mu = alpha * law.multiplier_per_sample
    error = np.where(good, found.error, 0.0)
    moments = law.moments(s)
    overlap = _overlap_squared(law, s, alpha)
    steps = [
        np.abs(_overlap_squared(law, np.clip(s + k * error, 0.5 * s, upper), alpha) - overlap)
        for k in (1, -1)
    ]
    quadrature = 4.0 * alpha * law.moment_error(s) + 32 * _EPS * (1.0 + alpha * moments.signal_second)
    spread = np.maximum(*steps) + quadrature * (1.0 - law.overlap**2)
    position_error = _position_error(law, s, error, alpha, mu)
    return Solution(
        {
            "position": position(law, s, alpha) - mu,
            "stieltjes": s,
            "overlap_squared": np.clip(overlap, 0.0, 1.0),
        },
        status,
        found.residual,
        np.maximum(np.maximum(position_error, error), spread),
        found.iterations,
        approximation_of(signal_outlier),
    )


def _criterion(law: CurvatureLaw, s: FloatArray, alpha: FloatArray) -> FloatArray:
    moments = law.moments(s)
    return np.asarray(alpha * (moments.first - moments.signal_first))


def _overlap_squared(law: CurvatureLaw, s: FloatArray, alpha: FloatArray) -> FloatArray:
    moments = law.moments(s)
    rest = 1.0 - alpha * moments.second
    return np.asarray((1.0 - law.overlap**2) * rest / (rest + alpha * moments.signal_second))


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def outlier_criterion(
    model: PhaseRetrieval, *, law: CurvatureLaw | None = None, samples_per_dimension: ArrayLike | None = None
) -> FloatArray:
    """B = alpha E (1 - u^2) r at the left edge: a signal outlier exists where B exceeds 1. Defined for offset 0 too.

    Parameters
    ----------
    As for :func:`left_edge`.
    """
    return criterion(*chosen_law(model, law, samples_per_dimension))


def criterion(law: CurvatureLaw, alpha: FloatArray) -> FloatArray:
    """B of one law at each alpha."""
    edge, _ = _edge(law, alpha)
    _, below = stieltjes_limits(law)
    return _criterion(law, np.minimum(edge.require()["stieltjes"], below), alpha)


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def hessian_spectrum(
    model: PhaseRetrieval, *, law: CurvatureLaw | None = None, samples_per_dimension: ArrayLike | None = None
) -> HessianSpectrum:
    """Edge with its kind, signal outlier and multiplier at each samples_per_dimension; see :class:`HessianSpectrum`.

    Parameters
    ----------
    As for :func:`left_edge`.
    """
    chosen, alpha = chosen_law(model, law, samples_per_dimension)
    argument, hard = _edge(chosen, alpha)
    edge = _left_edge(chosen, alpha, argument, hard)
    kind = np.where(hard, "hard", "soft")
    mu = np.asarray(alpha * chosen.multiplier_per_sample)
    return HessianSpectrum(alpha, edge, kind, _outlier(chosen, alpha, edge), mu)
