r"""Curie-Weiss data: the two modes at finite size, and what dilated schedules make of them as the size grows.

Data P(a) ~ exp(J M^2/(2d) + H M/d), M = sum_i a_i (:class:`~statphys_gen.data.CurieWeiss`). In the limit the modes have
magnetisation +-m*, m* = tanh(J m*), and log-odds 2 H m*. In the first half of a dilated variance-preserving schedule
the sum of the coordinates follows the map of two Gaussian classes with m* for their separation. In the second half
every coordinate follows

    x' = x + (dtau/(1-tau)) (tanh(J m + g x) - x),  g = tau/(1-tau)^2,             (linear)
    x' = x + (dtau/(1-tau^2)) (tanh(J m + g x) - tau x),  g = tau/(1-tau^2),       (trigonometric)

with m the solution of m = E tanh(J m + g x) over the law of x, of the sign that the first half decided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtr, ndtri

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.curie_weiss import class_moments, log_magnetisation_weights
from ...data.laws import CurieWeiss
from ...errors import AccuracyNotReached, InvalidArgument
from ...presentation import Scalars
from .isotropic_map import bracket
from .limits import first_half
from .start import share_above

_SOURCE = "derivations/schedules/curie_weiss.py"
_REACH = 8.6
_PANELS = 80
_RULE = np.polynomial.legendre.leggauss(12)
_PASSES = 30
_MOST_STEPS = 400
_CHEBYSHEV = 16
_LEGENDRE = 60


@dataclass(frozen=True, repr=False)
class Modes(Scalars):
    """The modes of a Curie-Weiss law at finite size and in the limit.

    Attributes
    ----------
    weight : probability of a positive magnetisation; of 0, half.
    mode_magnetisation : mean magnetisation of a spin in the positive mode.
    mode_fluctuation : d times the variance of the magnetisation per spin in it.
    spontaneous_magnetisation : m*, in the limit.
    asymptotic_weight : 1/(1 + exp(-2 H m*)), in the limit.
    """

    weight: float
    mode_magnetisation: float
    mode_fluctuation: float
    spontaneous_magnetisation: float
    asymptotic_weight: float


@states(
    "exact", "at any size; the last two in the limit", source=_SOURCE, verification="derived and simulated"
)
def curie_weiss_modes(model: CurieWeiss) -> Modes:
    """Weight, magnetisation and fluctuation of the positive mode; an inverse temperature up to 1 is refused."""
    moments = class_moments(model)
    logs = log_magnetisation_weights(model)
    law = np.exp(logs - np.logaddexp.reduce(logs))
    d = model.dimension
    magnetisation = (2.0 * np.arange(d + 1.0) - d) / d
    positive = np.where(magnetisation > 0.0, law, 0.0) + np.where(magnetisation == 0.0, 0.5 * law, 0.0)
    weight = float(positive.sum())
    if not weight > 1e-290:
        raise AccuracyNotReached("the positive mode has a weight below 1e-290")
    mean = float(positive @ magnetisation) / weight
    spread = float(positive @ (magnetisation - mean) ** 2) / weight
    return Modes(weight, mean, d * spread, moments.magnetisation, moments.weight)


@dataclass(frozen=True, repr=False)
class CurieWeissLimit(Scalars):
    """What a dilated schedule generates of a large Curie-Weiss law.

    Attributes
    ----------
    weight : share of the samples of positive magnetisation.
    magnetisation : mean of the signs of the coordinates, over the samples of the positive mode.
    saturated_magnetisation, saturated_mean : mean of the signs, and of the coordinates themselves, of samples of which
        the first half left no doubt (T = 1). These three are None for infinitely many steps.
    """

    weight: float
    magnetisation: float | None
    saturated_magnetisation: float | None
    saturated_mean: float | None


@states(
    "exact as N -> infinity",
    "at a fixed number of steps",
    source=_SOURCE,
    verification="derived and simulated",
)
def curie_weiss_limit(
    inverse_temperature: float,
    tilt: float,
    dilation: float,
    steps: float,
    schedule: str = "dilated-vp-linear",
) -> CurieWeissLimit:
    """Weight and magnetisation that a dilated schedule with uniform Euler steps generates as the size grows.

    Parameters
    ----------
    inverse_temperature, tilt : J above 1, and H.
    dilation : kappa, above 0; tau = kappa/sqrt(d) at half time.
    steps : K, from 2 to 400, or infinity.
    schedule : "dilated-vp-linear" or "dilated-vp-trigonometric".

    Raises
    ------
    InvalidArgument : an inverse temperature at which there are no modes; an odd number of steps of which the first of
        the second half finds none, J E sech^2(g z) <= 1 at its noise level: no mode is chosen there.
    """
    coupling, field = (
        validation.positive("inverse_temperature", inverse_temperature),
        validation.finite("tilt", tilt),
    )
    kappa = validation.positive("dilation", dilation)
    validation.choice("schedule", schedule, ("dilated-vp-linear", "dilated-vp-trigonometric"))
    moments = class_moments(CurieWeiss(2, coupling, field))
    m, h = moments.magnetisation, field * moments.magnetisation
    if steps == math.inf:
        return CurieWeissLimit(share_above(float(expit(2.0 * h)), h, kappa * m), None, None, None)
    count = validation.integer("steps", steps, minimum=2, maximum=_MOST_STEPS)

    coordinates = _Coordinates(coupling, m, count, schedule.endswith("linear"))

    def decided(xi: float) -> float:
        """Log-odds of the modes after the first half, or what has their sign."""
        mu = first_half(h, m, count, kappa, xi)
        return mu if count % 2 else h + kappa * m * mu

    if count % 2 and not coordinates.ordered():
        raise InvalidArgument(
            "steps",
            count,
            "even, or more: the first step of the second half finds no modes at its noise level",
        )
    edge = brentq(decided, *bracket(decided, -1.0, 1.0), xtol=1e-15, rtol=1e-15)
    saturated = coordinates.after(1.0)
    weight = float(ndtr(-edge))
    if count % 2:
        return CurieWeissLimit(weight, saturated[0], saturated[0], saturated[1])
    # Averaged over the starts of the positive mode; the outcome is smooth in T = tanh(log-odds).
    nodes = np.cos(np.pi * (np.arange(_CHEBYSHEV) + 0.5) / _CHEBYSHEV)
    values = np.array([coordinates.after(0.5 * (1.0 + x))[0] for x in nodes])
    series = np.polynomial.chebyshev.Chebyshev.fit(nodes, values, _CHEBYSHEV - 1)
    x, shares = np.polynomial.legendre.leggauss(_LEGENDRE)
    ranks = 0.5 * (1.0 + x) * weight
    settled = np.array([math.tanh(decided(-xi)) for xi in ndtri(ranks)])
    mean = float(0.5 * shares @ series(2.0 * settled - 1.0))
    return CurieWeissLimit(weight, mean, *saturated)


class _Coordinates:
    """The law of one coordinate through the second half, as an increasing function of its standard normal start.

    At every step this function is smooth but near the start from which the posterior mean of the coordinate is 0.
    Panels
    shrink towards these places, which are found anew until the outcome stays.
    """

    def __init__(self, coupling: float, magnetisation: float, steps: int, linear: bool) -> None:
        self.coupling, self.magnetisation, self.linear = coupling, magnetisation, linear
        first = (steps + 1) // 2
        self.taus = [(2 * j - steps) / steps for j in range(first, steps)]
        self.step = 2.0 / steps
        self.bends: list[tuple[float, float]] = []

    def ordered(self) -> bool:
        """Whether the posterior of a coordinate's start, N(0, 1), has a magnetisation at the first step."""
        xi, bell = self._panels()
        slope = 1.0 - np.tanh(self._gain(self.taus[0]) * xi) ** 2
        return self.coupling * float(bell @ slope) > 1.0

    def _gain(self, tau: float) -> float:
        """g."""
        return tau / (1.0 - tau) ** 2 if self.linear else tau / ((1.0 - tau) * (1.0 + tau))

    def after(self, settled: float) -> tuple[float, float]:
        """Mean sign and mean of the coordinates where the first half left T."""
        before = self._run(settled)
        for _ in range(_PASSES):
            found = self._run(settled)
            if max(abs(a - b) for a, b in zip(found, before, strict=True)) < 1e-11:
                return found
            before = found
        raise AccuracyNotReached(f"the law of a coordinate did not settle in {_PASSES} passes")

    def _panels(self) -> tuple[FloatArray, FloatArray]:
        """Nodes of Gauss and Legendre, and their weights under the normal law."""
        edges = [np.linspace(-_REACH, _REACH, _PANELS + 1)]
        for place, slope in self.bends:
            doublings = max(1, math.ceil(math.log2(max(2.0, slope))))
            away = 0.5 ** np.arange(1, doublings + 1)
            edges.append(place + np.concatenate([away, -away, [0.0]]))
        ends = np.unique(np.clip(np.concatenate(edges), -_REACH, _REACH))
        x, shares = _RULE
        half = 0.5 * np.diff(ends)[:, None]
        nodes = (ends[:-1, None] + half * (1.0 + x)).ravel()
        weights = (half * shares).ravel() * np.exp(-0.5 * nodes**2)
        return nodes, weights / weights.sum()

    def _run(self, settled: float) -> tuple[float, float]:
        xi, bell = self._panels()
        x, slope, bends = xi.copy(), np.ones_like(xi), []
        for tau in self.taus:
            if tau == 0.0:
                bent, rate = np.full_like(x, self.magnetisation * settled), np.zeros_like(x)
            else:
                gain = self._gain(tau)
                field = self.coupling * self._posterior_mean(gain, x, bell) + gain * x
                bent = np.tanh(field)
                rate = gain * (1.0 - bent * bent)
                bends.append((_zero(xi, field, gain * slope), gain * float(slope[np.abs(field).argmin()])))
            if self.linear:
                size = self.step / (1.0 - tau)
                x, slope = x + size * (bent - x), slope * (1.0 - size + size * rate)
            else:
                size = self.step / ((1.0 - tau) * (1.0 + tau))
                x, slope = x + size * (bent - tau * x), slope * (1.0 - size * tau + size * rate)
        edge = _zero(xi, x, slope)
        bends.append((edge, float(slope[np.abs(x).argmin()])))
        self.bends = bends
        return 1.0 - 2.0 * float(ndtr(edge)), float(bell @ x)

    def _posterior_mean(self, gain: float, x: FloatArray, bell: FloatArray) -> float:
        """The positive solution of m = E tanh(J m + g x), by Newton's method from above, where it is concave."""
        m = 1.0
        for _ in range(200):
            bent = np.tanh(self.coupling * m + gain * x)
            value = float(bell @ bent) - m
            after = m - value / (self.coupling * float(bell @ (1.0 - bent * bent)) - 1.0)
            if abs(after - m) < 1e-14:
                return after
            m = after if 0.0 < after <= 1.0 else 0.5 * m
        raise AccuracyNotReached("no posterior mean of the magnetisation was found")


def _zero(xi: FloatArray, value: FloatArray, slope: FloatArray) -> float:
    """Root of an increasing function: of the cubic with its values and slopes at two neighbouring nodes."""
    k = int(np.searchsorted(value, 0.0))
    if k in (0, len(value)):
        return float(xi[min(k, len(value) - 1)])
    width = float(xi[k] - xi[k - 1])
    a, b = float(value[k - 1]), float(value[k])
    p, q = float(slope[k - 1]) * width, float(slope[k]) * width

    def cubic(t: float) -> float:
        s = 1.0 - t
        return a * s * s * (1.0 + 2.0 * t) + b * t * t * (1.0 + 2.0 * s) + p * t * s * s - q * s * t * t

    return float(xi[k - 1]) + width * brentq(cubic, 0.0, 1.0, xtol=1e-14)
