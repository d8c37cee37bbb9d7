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
from .modes import mode

SOURCE = "derivations/linear_dynamics/overlap.py"
_LIMIT = "for d -> infinity and w -> infinity, in units of sqrt(d)"
_TOLERANCE = 1e-12
# Panel edges of an integral over a mode's singular value, in units of the scales of the mode: threshold and 1/time.
_GRADES = np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0])


def quarter_circle_mean(
    function: Callable[[FloatArray], FloatArray], edges: ArrayLike = (), width: float = 1.0
) -> FloatArray:
    """int_0^2 rho(s) function(s) ds; ``function`` maps (nodes,) to (..., nodes), and changes at the ``edges``,
    elsewhere over distances of ``width``: 1 for functions of a mode, whose scales are among its edges."""

    def integrand(theta: FloatArray) -> FloatArray:
        return np.asarray(np.sin(theta) ** 2 * function(2.0 * np.cos(theta)))

    found = integrate(
        integrand, 0.0, np.pi / 2.0, width=_angle(width), tolerance=_TOLERANCE, breakpoints=_angles(edges)
    )
    return np.asarray(4.0 / np.pi * found.value)


def spiked_bulk(
    function: Callable[[FloatArray], FloatArray], spike: float, edges: ArrayLike = (), width: float = 1.0
) -> FloatArray:
    """The continuous part of u^T f(T) v for an odd function f of singular values; edges and width as above."""
    gap = abs(1.0 - spike) * (1.0 + spike) / (2.0 * spike)

    def integrand(theta: FloatArray) -> FloatArray:
        sine = np.sin(theta)
        weight = np.sin(2.0 * theta) * sine / (gap**2 + sine**2) / (4.0 * spike**2)
        return np.asarray(weight * function(2.0 * np.cos(theta)))

    near = gap * np.array([0.1, 1.0, 10.0])
    points = np.concatenate([_angles(edges), near[(near > 0.0) & (near < np.pi / 2.0)]])
    found = integrate(
        integrand,
        0.0,
        np.pi / 2.0,
        width=_angle(width),
        tolerance=_TOLERANCE,
        breakpoints=np.unique(points),
    )
    return np.asarray(4.0 * spike / np.pi * found.value)


def _angle(width: float) -> float:
    """The smallest distance in theta that is ``width`` in the singular value, or over which the weights vary."""
    return 0.5 * min(1.0, width)


def _angles(edges: ArrayLike) -> FloatArray:
    """Theta of the singular values 2 cos(theta) at which an integrand changes."""
    found = np.unique(np.asarray(edges, dtype=np.float64))
    return np.arccos(found[(found > 0.0) & (found < 2.0)] / 2.0)


def mode_edges(threshold: float, training_time: FloatArray) -> FloatArray:
    """Singular values at which the amplitude as a function of the singular value changes its form."""
    times = training_time[training_time > 0.0]
    rates = np.array([1.0 / times.max(), 1.0 / times.min()]) if times.size else np.empty(0)
    return np.outer(np.concatenate([[threshold], rates]), _GRADES).ravel()


@states("exact as N -> infinity", _LIMIT, source=SOURCE, verification="derived and simulated")
def spiked_overlap(
    function: Callable[[FloatArray], FloatArray], spike: float, edges: ArrayLike = (), *, width: float
) -> FloatArray:
    """u^T f(T) v for an odd function f of singular values; ``function`` maps (nodes,) to (..., nodes).

    Parameters
    ----------
    function : f, for arguments above 0.
    spike : tau, above 0.
    edges : singular values at which f changes abruptly.
    width : elsewhere f varies over distances of ``width`` and no shorter ones, above 0.
    """
    tau = validation.positive("spike", spike)
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
    tau = validation.array("spike", spike, above=0.0)
    return np.where(tau > 1.0, tau + 1.0 / tau, np.nan)


@states("exact as N -> infinity", "for d -> infinity", source=SOURCE, verification="derived and simulated")
def active_fraction(threshold: ArrayLike) -> FloatArray:
    """Share of the bulk of noise above the threshold (over sqrt(d)): the noise that is learned actively."""
    c = np.minimum(validation.array("threshold", threshold, above=0.0), 2.0)
    return np.asarray((2.0 * np.arccos(c / 2.0) - c * np.sqrt((2.0 - c) * (2.0 + c)) / 2.0) / np.pi)


def _checked(
    spike: ArrayLike, threshold: float, training_time: ArrayLike
) -> tuple[FloatArray, float, FloatArray]:
    spikes = validation.array("spike", spike, above=0.0)
    times = validation.array("training_time", training_time, at_least=0.0)
    for name, entry in (("spike", spikes), ("training_time", times)):
        if entry.ndim > 1:
            raise InvalidArgument(name, entry, "a number or a one-dimensional array")
    return spikes, validation.positive("threshold", threshold), times
