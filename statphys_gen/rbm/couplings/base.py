r"""What every ensemble of couplings can do: verbs that draw, for simulations, and verbs that average, for the theory.

N visible units s, alpha N hidden units h, weights W = g W_0. Order parameters per layer: overlaps m_k of the visible
and mbar_k of the hidden units with the condensed patterns, self-overlaps Q = E <s^2>, R = E <h^2> and Edwards-Anderson
overlaps q = E <s>^2, r = E <h>^2 (E over units and disorder); x = Q - q, y = R - r. The averaged partition function of
replicas leaves independent units: a visible one at the quadratic tilt t_s in the field
sum_k signal_k xi_k + sqrt(v_s) z with normal z, a hidden one at t_h in its own field. The free entropy per visible unit

    A = noise_entropy + signal_entropy + E log Z_s + alpha E log Z_h,

which is stationary in all order parameters. A new ensemble is one class: a frozen dataclass derived from
:class:`Couplings` or from one of ours, with the verbs in which it differs; ``conformance`` tries it.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray, SingleArray
from ...errors import InvalidArgument
from ...units.base import Prior
from .entries import Classes, draw_entries
from .rules import checked_law

Own = TypeVar("Own", bound="Couplings")
Pair = tuple[FloatArray, FloatArray]

# Couplings of one network that is drawn: 8 GiB in single precision.
_MOST_ENTRIES = 2**31


@dataclass(frozen=True)
class LayerLaw:
    """The prior of a layer, its power beta and, for batches over them, its parameters; arrays are (points,)."""

    prior: Prior
    power: FloatArray
    parameters: Mapping[str, FloatArray] = field(default_factory=dict)

    def rows(self, index: NDArray[np.intp]) -> LayerLaw:
        """Those of some points."""
        own = {name: values[index] for name, values in self.parameters.items()}
        return LayerLaw(self.prior, self.power[index] if self.power.ndim else self.power, own)

    def shaped(self, *axes: None) -> tuple[Prior, FloatArray]:
        """Prior and power of all points; ``axes`` (each None) follow the points."""
        index = (slice(None), *axes)
        power = self.power[index] if self.power.ndim else self.power
        if not self.parameters:
            return self.prior, power
        return self.prior.with_arrays(
            **{name: values[index] for name, values in self.parameters.items()}
        ), power


@dataclass(frozen=True)
class State:
    """Order parameters of a batch, arrays (points,), the overlaps (points, groups)."""

    overlap: FloatArray
    hidden_overlap: FloatArray
    q: FloatArray
    Q: FloatArray
    r: FloatArray
    R: FloatArray

    @property
    def x(self) -> FloatArray:
        """Q - q."""
        return self.Q - self.q

    @property
    def y(self) -> FloatArray:
        """R - r."""
        return self.R - self.r


@dataclass(frozen=True)
class Moments:
    """Averages over a layer, each of shape (points,), but ``overlaps`` (points, groups).

    ``overlaps`` are E Xi_u <x> / multiplicity, ``glass`` E <x>^2, ``spread`` E var x, ``spread_squared`` E (var x)^2,
    ``imbalance`` the response of the overlaps of a group to fields that sum to zero over the group.
    """

    overlaps: FloatArray
    glass: FloatArray
    spread: FloatArray
    mean: FloatArray
    spread_squared: FloatArray
    log_partition: FloatArray
    imbalance: FloatArray


@dataclass(frozen=True)
class Values:
    """The parameters of a batch, arrays (points,).

    ``alpha`` is hidden per visible units, ``power`` the beta of the hidden prior, ``noise_coupling`` g_n, ``uniform``
    and ``along`` the fields on the visible units as they enter the log-weight; ``couplings`` has arrays in place of the
    parameters that vary, ``classes_*`` are the laws of the condensed entries on a unit.
    """

    beta: FloatArray
    g: FloatArray
    power: FloatArray
    alpha: FloatArray
    load: FloatArray
    noise_coupling: FloatArray
    uniform: FloatArray
    along: FloatArray
    couplings: Couplings
    hidden: LayerLaw
    visible: LayerLaw
    classes_visible: Classes
    classes_hidden: Classes

    @property
    def multiplicity(self) -> FloatArray:
        """Condensed patterns in each group, (points or 1, groups)."""
        return self.classes_visible.multiplicity

    def rows(self, index: NDArray[np.intp]) -> Values:
        """Those of some points."""
        picked: dict[str, Any] = {
            name: value[index] if isinstance(value, np.ndarray) else value.rows(index)
            for name, value in vars(self).items()
        }
        return Values(**picked)


class Drawn(NamedTuple):
    """One draw: W_0 of shape (visible, hidden), the patterns on the visible units (visible, K), and those on the hidden
    ones (hidden, K) or None where each pattern belongs to one hidden unit; float32."""

    weights: SingleArray
    patterns: SingleArray
    hidden_patterns: SingleArray | None


@dataclass(frozen=True)
class Couplings:
    """Base of all ensembles; what it does not leave open is right for noise of independent entries of variance
    (noise_scale)^2 / N and patterns that are carried by the whole hidden layer with ``strengths`` w_k::

        A = -alpha g_n^2 (QR - qr)/2 - alpha g sum_k w_k m_k mbar_k + E log Z_s + alpha E log Z_h,
        t_s = alpha g_n^2 y,  v_s = alpha g_n^2 r,  t_h = g_n^2 x,  v_h = g_n^2 q,   signals alpha g w mbar and g w m.

    Parameters
    ----------
    law, density : of the entries of the patterns, "binary" (default), "sparse" (density in
        (0, 1]), "gaussian" or "diluted".

    Attributes
    ----------
    carried_by_layer : False where one hidden unit carries the overlap with a pattern.
    joint : True where the noise of either layer depends on both, so that all order parameters are unknowns.
    has_load : False where the number of patterns stays finite.
    of_pairs : True where W_0 is (1/N) sum_k xi^k eta^k and nothing else.
    """

    law: str = field(default="binary", kw_only=True)
    density: float = field(default=1.0, kw_only=True)

    name: ClassVar[str]
    latex: ClassVar[str]
    carried_by_layer: ClassVar[bool] = True
    joint: ClassVar[bool] = False
    has_load: ClassVar[bool] = True
    of_pairs: ClassVar[bool] = False

    def __post_init__(self) -> None:
        density = checked_law(self.law, self.density, self.carried_by_layer)
        object.__setattr__(self, "density", density)

    @property
    def continuous(self) -> tuple[str, ...]:
        """Parameters that a batch may run over."""
        return ("density",) if self.law == "sparse" else ()

    @property
    def corrected(self) -> bool:
        """Whether the theory is corrected for a finite size."""
        return False

    def ratio(self, load: Any) -> Any:
        """Hidden per visible units."""
        return load

    def replace(self: Own, **changes: Any) -> Own:
        """A copy with other parameters, checked anew."""
        known = [entry.name for entry in dataclasses.fields(self)]
        for name, value in changes.items():
            if name not in known:
                raise InvalidArgument(name, value, f"left out: {self.name} couplings have {', '.join(known)}")
        return dataclasses.replace(self, **changes)

    # ------------------------------------------------------------------------------------------- verbs that draw

    def draw(self, rng: np.random.Generator, units: int, load: float, condensed: int) -> Drawn:
        """W_0 and the patterns of one network of so many visible units."""
        raise NotImplementedError

    def carriers(self, condensed: int) -> int:
        """Hidden units that carry a condensed pattern each: the first ones."""
        return 0

    def controls(self, drawn: Drawn, load: float, condensed: int, one_sided: bool) -> FloatArray:
        """Numbers of one draw that follow the noise on the condensed patterns and whose expectation is exactly 0; none
        by default. ``one_sided``: the visible units are not negative."""
        return np.zeros(0)

    def entries(self, rng: np.random.Generator, shape: tuple[int, ...]) -> SingleArray:
        """Independent entries of patterns."""
        return draw_entries(self.law, self.density, rng, shape)

    # ---------------------------------------------------------------------------------------- verbs that average

    def with_arrays(self: Own, **parameters: FloatArray) -> Own:
        """A copy with arrays (points,) in place of some parameters."""
        batch = copy.copy(self)
        for name, values in parameters.items():
            object.__setattr__(batch, name, values)
        return batch

    def rows(self: Own, index: NDArray[np.intp]) -> Own:
        """Some of the points of such a copy."""
        arrays = {name: value[index] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return self.with_arrays(**arrays)

    @property
    def noise_scale(self) -> Any:
        """g_n / g."""
        return 1.0

    def groups(self, condensed: float, asked: Sequence[float] | None = None) -> tuple[float, ...]:
        """Numbers of condensed patterns with equal overlaps: one group unless other ones are asked for."""
        if asked is None:
            return (float(condensed),) if condensed else ()
        if not all(n >= 1 and n == int(n) for n in asked):
            raise InvalidArgument("groups", asked, "integers of at least 1")
        return tuple(float(n) for n in asked)

    def one_pattern(self, groups: tuple[float, ...]) -> bool:
        """Whether the first of these groups is one pattern, along which a field may act."""
        return groups[:1] == (1.0,) and self.law != "diluted"

    def strengths(self, groups: int | None = None) -> FloatArray:
        """w_k of the first groups (default all), (points or 1, groups or 1)."""
        return np.ones((1, 1))

    @property
    def condenses(self) -> bool:
        """Whether the paramagnet can lose its stability to an overlap at a finite load."""
        return False

    def visible_noise(self, v: Values, state: State) -> Pair:
        """Quadratic tilt t_s and variance v_s of the random field of a visible unit."""
        square = v.noise_coupling**2
        return v.alpha * square * state.y, v.alpha * square * state.r

    def hidden_noise(self, v: Values, state: State) -> Pair:
        """t_h and v_h of a hidden unit."""
        square = v.noise_coupling**2
        return square * state.x, square * state.q

    def noise_entropy(self, v: Values, state: State) -> FloatArray:
        """The term of the noise in the free entropy."""
        square = v.noise_coupling**2
        return np.asarray(-0.5 * v.alpha * square * (state.Q * state.R - state.q * state.r))

    def noise_interaction(self, v: Values, state: State) -> FloatArray:
        """Mean of sum_ia W_ia s_i h_a per visible unit without that of the signal."""
        square = v.noise_coupling**2
        return np.asarray(v.alpha * square * (state.Q * state.R - state.q * state.r))

    def transfer(self, v: Values, visible: Moments, hidden: Moments) -> tuple[Pair, Pair]:
        """In the replicon sector a change of (q, r) is mapped to T (q, r): the rows of T."""
        square = v.noise_coupling**2
        vs, vh = visible.spread_squared, hidden.spread_squared
        return (0.0 * vs, vs * v.alpha * square), (vh * square, 0.0 * vh)

    def visible_signal(self, v: Values, state: State) -> FloatArray:
        """Coefficient of xi_u in the field of a visible unit, (points, groups), without the field along a pattern."""
        return (v.alpha * v.g)[:, None] * self.strengths(state.overlap.shape[1]) * state.hidden_overlap

    def hidden_signal(self, v: Values, state: State) -> FloatArray:
        """Coefficient of eta_u in the field of a hidden unit, (points, groups of the hidden layer)."""
        return v.g[:, None] * state.overlap * self.strengths(state.overlap.shape[1])

    def signal_entropy(self, v: Values, state: State) -> FloatArray:
        """The term of the signal in the free entropy."""
        weights = self.strengths(state.overlap.shape[1]) * v.multiplicity
        return np.asarray(-v.alpha * v.g * (weights * state.overlap * state.hidden_overlap).sum(axis=1))

    def signal_interaction(self, v: Values, state: State) -> FloatArray:
        """The part of the signal in the mean of sum_ia W_ia s_i h_a per visible unit."""
        weights = self.strengths(state.overlap.shape[1]) * v.multiplicity
        return np.asarray(v.alpha * v.g * (weights * (state.overlap * state.hidden_overlap)).sum(axis=1))

    def pattern_stability(self, v: Values, state: State, visible: Moments, hidden: Moments) -> Pair:
        """1 minus the gain of an overlap with a further pattern (the strongest), and of unequal overlaps within the
        first group (NaN where there is no such group)."""
        strongest = self.strengths().max(axis=1, initial=0.0)
        gain = v.alpha * v.g**2 * (strongest * self.density) ** 2 * visible.spread * hidden.spread
        return np.asarray(1.0 - gain), np.full_like(gain, np.nan)


def whole(argument: str, ratio: float, units: int) -> int:
    """ratio * units where that is a positive integer."""
    count = round(ratio * units)
    if count < 1 or abs(count - ratio * units) > 1e-9 * max(count, 1):
        raise InvalidArgument(
            "visible_units", units, f"such that {argument} * visible_units is a positive integer"
        )
    if count * units > _MOST_ENTRIES:
        raise InvalidArgument(
            "visible_units", units, f"such that {argument} * visible_units**2, of couplings, is at most 2**31"
        )
    return count
