"""The density of eigenvalues of a Hessian, from the Stieltjes transform; see :mod:`.spectrum`."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import ComplexArray, FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ..model import PhaseRetrieval
from .curvature_law import CurvatureLaw
from .spectrum import chosen_law, edge_argument, left_edge, position, require_multiplier, stieltjes_limits
from .stieltjes_transform import stieltjes_on_bulk

_SOURCE = "derivations/phase_retrieval/spectrum.py"
# The quadrature error of a density is looked at in so many of its points.
_PROBES = 12
_DENSITY_TOLERANCE = 1e-6


@states("exact as N -> infinity", source=_SOURCE, verification="derived and simulated")
def spectral_density(
    model: PhaseRetrieval,
    positions: ArrayLike,
    *,
    law: CurvatureLaw | None = None,
    smoothing: float = 0.0,
) -> FloatArray:
    """Density of eigenvalues of the Hessian at ``positions``, of any shape; 0 to the left of the edge.

    Parameters
    ----------
    model : of finite mean force, unless ``law`` takes the place of its law.
    positions : eigenvalues of H, the multiplier subtracted.
    law : of the curvatures, by default that at the start of the descent; for a discrete one (of points) ask for a
        ``smoothing``.
    smoothing : half width of a Lorentzian with which the density is convoluted; 0 for the density itself.

    Raises
    ------
    NotConverged : the continuation stalled; AccuracyNotReached : the two quadrature rules of the law disagree.
    """
    chosen, ratio = chosen_law(model, law)
    require_multiplier(chosen)
    alpha = float(ratio)
    eta = validation.non_negative("smoothing", smoothing)
    if chosen.points is not None and eta == 0.0:
        raise InvalidArgument("smoothing", smoothing, "above 0 for a law of points")
    x = validation.array("positions", positions)
    z = x.reshape(-1) + alpha * chosen.multiplier_per_sample
    edge, s_edge = -math.inf, math.nan
    if math.isfinite(chosen.lower_bound):
        s_edge = edge_argument(chosen, alpha)
        edge = float(position(chosen, np.array([s_edge]), np.array([alpha]))[0])
    result = np.zeros(z.shape)
    inside = np.flatnonzero(z > edge + 1e-8 * (1.0 + abs(edge))) if eta == 0.0 else np.arange(len(z))
    if len(inside):
        s = stieltjes_on_bulk(
            chosen, alpha, np.asarray(z[inside] + 1j * eta, dtype=np.complex128), edge, s_edge
        )
        probes = np.unique(np.linspace(0, len(s) - 1, _PROBES).astype(int))
        error = alpha * _response_error(chosen, s[probes])
        if (error > _DENSITY_TOLERANCE).any():
            worst = int(np.argmax(error))
            raise AccuracyNotReached(
                f"spectral density at {float(x.reshape(-1)[inside[probes[worst]]]):.6g}: the moments of the law "
                f"have an error of {error[worst]:.2g}, allowed are {_DENSITY_TOLERANCE:g}"
            )
        result[inside] = np.maximum(s.imag, 0.0) / np.pi
    return result.reshape(x.shape)


def _response_error(law: CurvatureLaw, s: ComplexArray) -> FloatArray:
    """The difference of the two rules of a law in the moments that make the bulk."""
    if law.rules[1] is law.rules[0]:
        return np.zeros(s.shape)
    with np.errstate(invalid="ignore"):
        difference = np.abs(law.rules[0](s, False) - law.rules[1](s, False)).max(axis=0)
    return np.asarray(np.where(np.isnan(difference), np.inf, difference))


def density_positions(
    model: PhaseRetrieval, count: int, *, law: CurvatureLaw | None = None, upper: float | None = None
) -> tuple[FloatArray, float]:
    """Where to draw a density: positions from its edge on, dense there, and the distance of edge and mean eigenvalue.

    Parameters
    ----------
    model, law : as for :func:`spectral_density`.
    count : of the positions, at least 2.
    upper : the largest position; by default three times as far from the edge as the mean eigenvalue. The bulk of a
        loss with unbounded curvature has no right edge.
    """
    chosen, ratio = chosen_law(model, law)
    alpha = float(ratio)
    number = validation.integer("count", count, minimum=2)
    edge = float(left_edge(model, law=chosen).require()["position"])
    # E r / S tends to E g as S -> 0; this is not smaller by more than a few percent.
    small = 1e-3 * stieltjes_limits(chosen)[1]
    mean = float(chosen.responses(np.array([small]))[0][0]) / small
    width = alpha * (mean - chosen.multiplier_per_sample) - edge
    end = edge + 3.0 * width if upper is None else validation.finite("upper", upper)
    if not end > edge:
        raise InvalidArgument("upper", end, f"above the left edge, {edge:.6g}")
    share = np.linspace(0.0, 1.0, number) ** 2
    return edge * (1.0 - share) + end * share, width
