r"""Zero temperature: capacities, ground states and their energies in closed form (+-1 visible units).

One hidden unit for each pattern. As T -> 0 with C = beta (Q - q) finite, a hidden unit sits at the maximum h* of
C h^2/2 + z h - U(h), and r = E h*^2 = Omega^2 F / (1 - Omega C)^2 with F = E (z - threshold)_+^2 (both signs for a
two-sided prior; F = 1 for the Gaussian). With y = Omega m / sqrt(2 load p r) and patterns of density p,

    m = p erf(y),     sqrt(2 load F / p) = G(y) = erf(y)/y - (2/sqrt(pi)) (p exp(-y^2) + 1 - p),

so that the load is an explicit function of y and its largest value is the capacity. In the convention "sqrt-beta" only
the tail of the prior survives: F = 1 for two tails, 1/2 for one. For bounded hidden units Omega = 0: one of them cannot
carry a pattern of an infinite network, and the capacity is 0.

Bidirectional memories with +-1 units in both layers: see :func:`capacity`. Derivation:
derivations/rbm/zero_temperature.py and derivations/rbm/bidirectional_ground_state.py.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import erf, erfc

from ... import validation
from ...approximation import states
from ...errors import InvalidArgument
from ...presentation import Scalars
from ...units.continuous import Gaussian, ReLU, SoftThreshold
from ...units.discrete import Binary
from ..couplings.pairs import Bidirectional
from ..couplings.patterns import Patterns
from ..model import Model

_SOURCE = "Amit, Gutfreund, Sompolinsky, Ann. Phys. 173 (1987) 30; derivations/rbm/zero_temperature.py"
_WHERE = "T = 0, N -> infinity; symmetry is broken below at_temperature, which grows with the threshold"
_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
# Layer ratio below which the hidden layer is better taken as the visible one.
_FEW_HIDDEN = 0.1
_ULP = {"xtol": 1e-300, "rtol": 4 * 2.220446049250313e-16}


@dataclass(frozen=True, repr=False)
class GroundState(Scalars):
    """A replica-symmetric state at T = 0.

    Attributes
    ----------
    load, overlap : the load and m; of a capacity, the largest load with retrieval and the overlap there.
    response : C = lim beta (Q - q), in units of 1/Omega; the product D of both layers of a bidirectional memory.
    noise : r, mean square of the hidden averages.
    energy : per visible unit, the self-interaction of the visible units (-load/2 for Hopfield) included.
    at_temperature : replica symmetry is broken below this temperature, to leading order in it; 0 if nowhere.
    reason : why the capacity is 0, or empty.
    """

    load: float
    overlap: float
    response: float
    noise: float
    energy: float
    at_temperature: float
    reason: str = ""


@dataclass(frozen=True)
class _Tail:
    """What T = 0 needs of a hidden prior: Omega, F = E (z - theta)_+^2 and H = P(z > theta), summed over the signs."""

    omega: float
    square: float
    active: float

    @classmethod
    def of(cls, model: Model) -> _Tail | None:
        """None for bounded priors."""
        hidden = model.hidden
        if max(hidden.tail_coefficient(1), hidden.tail_coefficient(-1)) == 0.0:
            return None
        if model.convention == "sqrt-beta":
            tails = [hidden.tail_coefficient(side) for side in (1, -1)]
            both = 0.5 * sum(tail == max(tails) for tail in tails)
            return cls(max(tails), both, both)
        if isinstance(hidden, Gaussian):
            return cls(hidden.tail_coefficient(), 1.0, 1.0)
        if isinstance(hidden, ReLU):
            return cls(1.0, *_beyond(hidden.threshold, -math.inf))
        if isinstance(hidden, SoftThreshold):
            square, active = _beyond(hidden.threshold, 0.0)
            return cls(1.0, 2.0 * square, 2.0 * active)
        raise InvalidArgument(
            "hidden", hidden.name, "gaussian, relu, soft-threshold or bounded at zero temperature"
        )


def _beyond(threshold: float, lowest: float) -> tuple[float, float]:
    """E (z - theta)^2 and the probability, both for z > max(theta, lowest)."""
    edge = max(threshold, lowest)
    density = math.exp(-0.5 * edge * edge) / math.sqrt(2.0 * math.pi) if math.isfinite(edge) else 0.0
    probability = 0.5 * erfc(edge / math.sqrt(2.0))
    square = (1.0 + threshold * threshold) * probability + (edge - 2.0 * threshold) * density
    return float(square), float(probability)


def _gain(y: float, p: float) -> float:
    return float(erf(y) / y - _TWO_OVER_ROOT_PI * (p * math.exp(-y * y) + 1.0 - p))


def _gain_slope(y: float, p: float) -> float:
    gauss = _TWO_OVER_ROOT_PI * math.exp(-y * y)
    return float(gauss / y - erf(y) / (y * y) + 2.0 * p * y * gauss)


def _steepest(p: float) -> float:
    """The y with the largest load: the derivative of the gain changes sign once between these ends."""
    return float(brentq(_gain_slope, 0.5, 6.0, args=(p,), **_ULP))


def _state(y: float, load: float, tail: _Tail, p: float) -> GroundState:
    """Everything at the point y of the curve; y = 0 is the glass."""
    width = p * math.exp(-y * y) + 1.0 - p
    if y > 0:
        overlap = p * float(erf(y))
        scaled = _TWO_OVER_ROOT_PI * y * width / float(erf(y))
    else:
        overlap = 0.0
        ratio = math.sqrt(2.0 * p / (math.pi * load * tail.square))
        scaled = ratio / (1.0 + ratio)
    noise = tail.omega**2 * tail.square / (1.0 - scaled) ** 2
    spread = math.sqrt(2.0 * load * p * noise / math.pi)
    field = tail.omega * overlap * p * float(erf(y)) + spread * width
    hidden = 0.5 * load * tail.omega * tail.square / (1.0 - scaled)
    energy = 0.5 * tail.omega * overlap**2 + 0.5 * load * scaled / tail.omega * noise - field - hidden
    marginal = math.sqrt(8.0 * load * p * noise / (9.0 * math.pi)) * (tail.active / tail.square) * width
    return GroundState(load, overlap, scaled, noise, energy, marginal)


def _checked(model: Model) -> tuple[_Tail | None, float]:
    if not isinstance(model.visible, Binary):
        raise InvalidArgument("visible", model.visible.name, "binary at zero temperature")
    couplings = model.couplings
    if type(couplings) is not Patterns or couplings.law not in ("binary", "sparse") or couplings.corrected:
        raise InvalidArgument(
            "couplings", couplings, "Patterns with binary or sparse entries and no size at zero temperature"
        )
    _refuse_more(model)
    return _Tail.of(model), couplings.density


def _refuse_more(model: Model) -> None:
    if model.condensed != 1 or model.pattern_field or model.visible_field:
        raise InvalidArgument("model", "fields or mixtures", "without these at zero temperature")


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived")
def capacity(model: Model) -> GroundState:
    """The largest load with a retrieval state at T = 0, and the state there.

    Parameters
    ----------
    model : ``Patterns`` with +-1 visible units, or ``Bidirectional`` with +-1 units in both layers and binary
        patterns (any layer ratio; the load is that of the pairs); its load and temperature do not matter.

    The capacity is 0, with the reason, for bounded hidden units that carry one pattern each. For sparse patterns of
    density p <= 1/3 it is 0 too: the +-1 units outside a pattern make more noise than it can bear.
    """
    if type(model.couplings) is Bidirectional:
        return _bidirectional_capacity(model)
    tail, p = _checked(model)
    if tail is None:
        reason = "bounded hidden units, one pattern per hidden unit, N -> infinity"
        return GroundState(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, reason)
    if p <= 1.0 / 3.0:
        reason = "patterns of density at most 1/3 on +-1 units"
        return GroundState(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, reason)
    y = _steepest(p)
    return _state(y, 0.5 * p * _gain(y, p) ** 2 / tail.square, tail, p)


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived and simulated")
def retrieval_state(model: Model, load: float) -> GroundState:
    """The retrieval state at T = 0 and this load.

    Raises InvalidArgument when the load is above the capacity.
    """
    load = validation.positive("load", load)
    tail, p = _checked(model)
    largest = capacity(model)
    if load > largest.load or tail is None:
        raise InvalidArgument("load", load, f"at most the capacity, {largest.load:.12g}")
    target = math.sqrt(2.0 * load * tail.square / p)
    y_low = _steepest(p)
    # Beyond the maximum the gain falls to 0 as 1/y (p = 1), or through 0 for smaller densities.
    y_high = max(10.0, 2.0 / target)
    if target >= _gain(y_low, p):
        y = y_low
    else:
        y = float(brentq(lambda u: _gain(u, p) - target, y_low, y_high, **_ULP))
    return _state(y, load, tail, p)


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived and simulated")
def glass_state(model: Model, load: float) -> GroundState:
    """The spin-glass state at T = 0 and this load (unbounded hidden units)."""
    load = validation.positive("load", load)
    tail, p = _checked(model)
    if tail is None:
        raise InvalidArgument("hidden", model.hidden.name, "an unbounded prior")
    return _state(0.0, load, tail, p)


@states("replica symmetric", _WHERE, source=_SOURCE, verification="derived")
def first_order_load(model: Model) -> GroundState:
    """The retrieval state at the load where it has the energy of the glass: below, it is the ground state."""
    tail, _ = _checked(model)
    if tail is None:
        raise InvalidArgument("hidden", model.hidden.name, "an unbounded prior")
    highest = capacity(model).load
    if highest == 0.0:
        raise InvalidArgument("density", model.couplings.density, "above 1/3 for a retrieval state")

    def difference(load: float) -> float:
        return retrieval_state(model, load).energy - glass_state(model, load).energy

    lowest = 1e-3 * highest
    if difference(highest) < 0:
        return retrieval_state(model, highest)
    return retrieval_state(model, float(brentq(difference, lowest, highest, **_ULP)))


def _bidirectional_capacity(model: Model) -> GroundState:
    """+-1 units in both layers: the load along the curve of (y_s, y_h), largest by a bracketed search.

    A visible unit sees alpha mbar xi + s z and a hidden one m eta + t z (both over beta), with

        s^2 = load alpha (1 + alpha C_h^2) / (1 - D)^2,   t^2 = load (1 + alpha C_s^2) / (1 - D)^2,   D = alpha C_s C_h,
        m = erf(y_s), y_s = alpha mbar / (s sqrt 2), C_s = sqrt(2/pi) exp(-y_s^2) / s, and so for the hidden layer.
    """
    if not (isinstance(model.hidden, Binary) and isinstance(model.visible, Binary)):
        raise InvalidArgument(
            "hidden", model.hidden.name, "binary, as the visible one, in bidirectional at T = 0"
        )
    if model.couplings.law != "binary":
        raise InvalidArgument("law", model.couplings.law, "binary in bidirectional memories at T = 0")
    _refuse_more(model)
    alpha = model.layer_ratio
    if alpha >= _FEW_HIDDEN:
        return _pairs_capacity(alpha)[0]
    # The same machine with its layers exchanged, whose couplings are 1/alpha times as strong: W = g/N_v times a sum.
    found, other = _pairs_capacity(1.0 / alpha)
    return dataclasses.replace(
        found,
        load=alpha * found.load,
        overlap=other,
        energy=alpha**2 * found.energy,
        at_temperature=alpha * found.at_temperature,
    )


def _pairs_capacity(alpha: float) -> tuple[GroundState, float]:
    """The capacity at a layer ratio that is not small, and the overlap of the hidden layer there."""

    def layers(y: float, u: float) -> tuple[float, float, float, float, float, float]:
        m, n = float(erf(y)), float(erf(u))
        s, t = alpha * n / (y * math.sqrt(2.0)), m / (u * math.sqrt(2.0))
        c = math.sqrt(2.0 / math.pi) * math.exp(-y * y) / s
        d = math.sqrt(2.0 / math.pi) * math.exp(-u * u) / t
        return m, n, s, t, c, d

    def mismatch(u: float, y: float) -> float:
        _, _, s, t, c, d = layers(y, u)
        return s * s * (1.0 + alpha * c * c) - t * t * alpha * (1.0 + alpha * d * d)

    def partner(y: float) -> float:
        return float(brentq(mismatch, 1e-3, 60.0, args=(y,), **_ULP))

    def load(y: float) -> float:
        _, _, _, t, c, d = layers(y, partner(y))
        remainder = 1.0 - alpha * c * d
        return t * t * remainder * abs(remainder) / (1.0 + alpha * c * c)

    def slope(y: float) -> float:
        # Eighth-order difference: exact to about 1e-12 with this step.
        weights, step = (4 / 5, -1 / 5, 4 / 105, -1 / 280), 2e-2
        return sum(w * (load(y + k * step) - load(y - k * step)) for k, w in enumerate(weights, 1)) / step

    grid = [0.4 + 0.1 * k for k in range(50)]
    best = max(grid, key=load)
    y = float(brentq(slope, best - 0.15, best + 0.15, xtol=1e-14, rtol=1e-14))
    u = partner(y)
    m, n, s, t, c, d = layers(y, u)
    largest, remainder = load(y), 1.0 - alpha * c * d
    energy = -alpha * (largest * (c + d) / remainder**2 + m * n)
    # E (var s)^2 is 4 T / 3 times the density of the field at 0; all gains of the replicon sector grow as 1/T.
    visible = 4.0 / 3.0 * math.exp(-y * y) / (s * math.sqrt(2.0 * math.pi)) * largest / remainder**2
    hidden = 4.0 / 3.0 * math.exp(-u * u) / (t * math.sqrt(2.0 * math.pi)) * largest / remainder**2
    first, last = visible * (alpha * d) ** 2, hidden * alpha * c * c
    marginal = 0.5 * (first + last) + math.sqrt(0.25 * (first - last) ** 2 + visible * hidden * alpha)
    return GroundState(largest, m, alpha * c * d, 1.0, energy, marginal), n
