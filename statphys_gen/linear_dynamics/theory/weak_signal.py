r"""Weak signals: one direction of singular value tau sqrt(d) in noise of unit variance, d -> infinity.

Units: everything over sqrt(d). The target is tau u v^T + E/sqrt(d), whose bulk has the quarter-circle law
rho(s) = sqrt(4 - s^2)/pi on [0, 2]; the threshold c is in units of sqrt(d), the time t in units of 1/sqrt(d).

For tau > 1 there is an outlier at tau + 1/tau with (u.u^)(v.v^) = 1 - 1/tau^2; below it spreads over the bulk:

    u^T f(T) v = (4 tau/pi) int_0^(pi/2) f(2 cos th) sin(2 th) sin(th) / [(1 - tau^2)^2 + 4 tau^2 sin^2 th] dth
                 + 1_{tau > 1} (1 - 1/tau^2) f(tau + 1/tau)

for odd f (``derivations/linear_dynamics/overlap.py``). Several signals: each by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.quadrature import integrate
from ..model import in_range
from .modes import mode

SOURCE = "derivations/linear_dynamics/overlap.py"
_LIMIT = "for d -> infinity and w -> infinity, in units of sqrt(d)"
_TOLERANCE = 1e-12
# Panel edges of an integral over a mode's singular value, in units of the scales of the mode: threshold and 1/time.
_GRADES = np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0])


def quarter_circle_mean(
    function: Callable[[FloatArray], FloatArray], edges: ArrayLike = (), width: float = 1.0
) -> FloatArray:
    """int_0^2 rho(s) function(s) ds of a positive function, which maps (nodes,) to (..., nodes); relative accuracy.

    It changes its form at the ``edges``, elsewhere over distances of ``width``: 1 for functions of a mode, whose scales
    are among its edges.
    """

    # s = 2 sin(phi) keeps its digits where slow modes, s -> 0, are all that is left.
    def integrand(phi: FloatArray) -> FloatArray:
        return np.asarray(np.cos(phi) ** 2 * function(2.0 * np.sin(phi)))

    return np.asarray(4.0 / np.pi * _integral(integrand, np.pi / 2.0, _angles(edges), width))


def spiked_bulk(
    function: Callable[[FloatArray], FloatArray], spike: float, edges: ArrayLike = (), width: float = 1.0
) -> FloatArray:
    """The continuous part of u^T f(T) v for an odd function f of singular values, positive for positive ones.

    Edges and width as above.
    """
    # The denominator (1 - tau^2)^2 + 4 tau^2 sin^2 at 1/tau is that at tau over tau^4.
    small = min(spike, 1.0 / spike)
    gap = abs(spike - 1.0) / max(spike, 1.0) * (1.0 + small)
    factor = spike if spike <= 1.0 else small**3
    angles = _angles(edges)
    near = (
        gap / (2.0 * small) * 10.0 ** np.arange(-1.0, 10.0)
    )  # a narrow line, with a tail over many times its width

    # The half where s is large in theta, s = 2 cos(theta), with the narrow line at 0; the other half as above.
    def large(theta: FloatArray) -> FloatArray:
        sine = np.sin(theta)
        weight = np.sin(2.0 * theta) * sine / (gap**2 + (2.0 * small * sine) ** 2)
        return np.asarray(weight * function(2.0 * np.cos(theta)))

    def few(phi: FloatArray) -> FloatArray:
        cosine = np.cos(phi)
        weight = np.sin(2.0 * phi) * cosine / (gap**2 + (2.0 * small * cosine) ** 2)
        return np.asarray(weight * function(2.0 * np.sin(phi)))

    found = _integral(large, np.pi / 4.0, np.concatenate([np.pi / 2.0 - angles, near]), width)
    found = found + _integral(few, np.pi / 4.0, np.concatenate([angles, np.pi / 2.0 - near]), width)
    return np.asarray(4.0 * factor / np.pi * found)


def _integral(
    integrand: Callable[[FloatArray], FloatArray], upper: float, breakpoints: FloatArray, width: float
) -> FloatArray:
    points = np.unique(breakpoints[(breakpoints > 0.0) & (breakpoints < upper)])
    return np.asarray(
        integrate(
            integrand,
            0.0,
            upper,
            width=_angle(width),
            tolerance=_TOLERANCE,
            relative=True,
            breakpoints=points,
        ).value
    )


def _angle(width: float) -> float:
    """The smallest distance in theta that is ``width`` in the singular value, or over which the weights vary."""
    return 0.5 * min(1.0, width)


def _angles(edges: ArrayLike) -> FloatArray:
    """phi of the singular values 2 sin(phi) at which an integrand changes."""
    found = np.unique(np.asarray(edges, dtype=np.float64))
    return np.asarray(np.arcsin(found[(found > 0.0) & (found < 2.0)] / 2.0))


def mode_edges(threshold: float, training_time: FloatArray) -> FloatArray:
    """Singular values at which the amplitude as a function of the singular value changes its form."""
    times = training_time[training_time > 0.0]
    with np.errstate(over="ignore"):  # what is infinite is no edge
        rates = np.array([1.0 / times.max(), 1.0 / times.min()]) if times.size else np.empty(0)
        return np.outer(np.concatenate([[threshold], rates]), _GRADES).ravel()


@states("exact as N -> infinity", _LIMIT, source=SOURCE, verification="derived and simulated")
def spiked_overlap(
    function: Callable[[FloatArray], FloatArray], spike: float, edges: ArrayLike = (), *, width: float
) -> FloatArray:
    """u^T f(T) v for an odd function f of singular values; ``function`` maps (nodes,) to (..., nodes).

    Parameters
    ----------
    function : f, for arguments above 0, where it is nowhere negative.
    spike : tau, above 0.
    edges : singular values at which f changes abruptly.
    width : elsewhere f varies over distances of ``width`` and no shorter ones, above 0.
    """
    tau = in_range("spike", spike)
    bulk = spiked_bulk(function, tau, edges, validation.positive("width", width))
    if tau <= 1.0:
        return bulk
    place = np.array([tau + 1.0 / tau])
    return np.asarray(bulk + (1.0 - 1.0 / tau) * (1.0 + 1.0 / tau) * np.asarray(function(place))[..., 0])


@states("exact as N -> infinity", _LIMIT, source=SOURCE, verification="derived and simulated")
def overlap(spike: ArrayLike, threshold: float, training_time: ArrayLike) -> FloatArray:
    """u^T A(t) v: how much of a weak signal the network has learned, in units of sqrt(d).

    Parameters
    ----------
    spike : tau (k,) or a number, above 0: singular values of the signal over sqrt(d).
    threshold : c over sqrt(d), above 0.
    training_time : sqrt(d) t (m,) or a number, at least 0.

    Returns
    -------
    (k, m), without the axes that were numbers.
    """
    spikes, c, times = _checked(spike, threshold, training_time)
    shape = spikes.shape + times.shape
    flat = times.ravel()
    rows = [
        spiked_overlap(lambda s: mode(s, c, flat[:, None])[0], float(tau), mode_edges(c, flat), width=1.0)
        for tau in spikes.ravel()
    ]
    return np.asarray(rows).reshape(shape)


@states("exact as N -> infinity", _LIMIT, source=SOURCE, verification="derived and simulated")
def bulk_second_moment(threshold: float, training_time: ArrayLike) -> FloatArray:
    """Mean of a(s)^2 over the quarter circle: |A(t)|^2/d of noise alone, in units of d. Arguments as for overlap."""
    _, c, times = _checked(1.0, threshold, training_time)
    flat = times.ravel()
    found = quarter_circle_mean(lambda s: mode(s, c, flat[:, None])[0] ** 2, mode_edges(c, flat))
    return found.reshape(times.shape)


@states("exact as N -> infinity", "for d -> infinity", source=SOURCE, verification="derived and simulated")
def outlier(spike: ArrayLike) -> FloatArray:
    """Singular value tau + 1/tau of the target that separates from the bulk, over sqrt(d); NaN for tau at most 1."""
    tau = _spikes(spike)
    return np.where(tau > 1.0, tau + 1.0 / tau, np.nan)


@states("exact as N -> infinity", "for d -> infinity", source=SOURCE, verification="derived and simulated")
def active_fraction(threshold: ArrayLike) -> FloatArray:
    """Share of the bulk of noise above the threshold (over sqrt(d)): the noise that is learned actively."""
    c = np.minimum(validation.array("threshold", threshold, above=0.0), 2.0)
    return np.asarray((2.0 * np.arccos(c / 2.0) - c * np.sqrt((2.0 - c) * (2.0 + c)) / 2.0) / np.pi)


def _spikes(spike: ArrayLike) -> FloatArray:
    spikes = validation.array("spike", spike, above=0.0)
    for entry in (spikes.min(), spikes.max()):
        in_range("spike", float(entry))
    return spikes


def _checked(
    spike: ArrayLike, threshold: float, training_time: ArrayLike
) -> tuple[FloatArray, float, FloatArray]:
    spikes = _spikes(spike)
    times = validation.array("training_time", training_time, at_least=0.0)
    for name, entry in (("spike", spikes), ("training_time", times)):
        if entry.ndim > 1:
            raise InvalidArgument(name, entry, "a number or a one-dimensional array")
    return spikes, in_range("threshold", threshold), times
