r"""The replica-symmetric saddle point of every ensemble: order parameters, free entropy and its stability.

Order parameters per layer: overlaps m_k of the visible and mbar_k of the hidden units with the condensed patterns,
self-overlaps Q = E <s^2>, R = E <h^2> and Edwards-Anderson overlaps q = E <s>^2, r = E <h>^2 (E over units and
disorder). With x = Q - q, y = R - r, hidden per visible units alpha and g_n the coupling of the noise, the free
entropy per visible unit A = lim (1/N) E log Z is stationary in::

    patterns       A = -alpha g_n^2 (QR - qr)/2 - g^2 Omega sum_k m_k^2 / 2 + E log Z_s + alpha E log Z_h
    low-rank       A = -alpha g_n^2 (QR - qr)/2 - alpha g sum_k w_k m_k mbar_k + E log Z_s + alpha E log Z_h
    bidirectional  A = -(load/2) [log(1 - D) - a (x r + q y) / (1 - D)] - [t_s Q + v_s x + alpha (t_h R + v_h y)] / 2
                       - alpha g sum_k m_k mbar_k + E log Z_s + alpha E log Z_h,     a = alpha g_n^2, D = a x y
                   t_s = load a y / (1 - D), v_s = load a (r + a q y^2) / (1 - D)^2,  t_h = load g_n^2 x / (1 - D), ...

where Z_s is the partition function of a visible unit at the quadratic tilt t_s in the field sum_k signal_k xi_k +
sqrt(v_s) z, and Z_h that of a hidden unit; in the first two ensembles t_s = alpha g_n^2 y, v_s = alpha g_n^2 r,
t_h = g_n^2 x, v_h = g_n^2 q. g_n^2 is g^2 E xi^2 (patterns), g^2 noise^2 (low-rank), g^2 (E xi^2)^2 (bidirectional).
The overlap of a state with a pattern is carried by one hidden unit in ``patterns`` (it needs an unbounded prior:
Omega > 0, or a finite size, where the condensed unit is treated exactly), by all of them in the other ensembles.

Derivation: derivations/rbm/replica_symmetric.py, and derivations/rbm/bidirectional.py for bidirectional machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...units.base import Prior
from ...units.continuous import Spherical
from ...units.discrete import Binary
from ..model import Model
from .single_site import TOLERANCE, Classes, LayerLaw, Moments, classes, layer_moments

# Continuous parameters of a model that a batch may run over, besides those of the hidden prior.
PARAMETERS = (
    "temperature",
    "load",
    "layer_ratio",
    "noise",
    "spike",
    "visible_field",
    "pattern_field",
    "density",
    "size",
)


@dataclass(frozen=True)
class Values:
    """The parameters of a batch as arrays (points,)."""

    beta: FloatArray
    g: FloatArray
    power: FloatArray
    alpha: FloatArray
    load: FloatArray
    noise_coupling: FloatArray
    spikes: FloatArray
    uniform: FloatArray
    along: FloatArray
    size: FloatArray | None
    hidden: LayerLaw
    visible: LayerLaw
    classes_visible: Classes
    classes_hidden: Classes


@dataclass(frozen=True)
class State:
    """Order parameters of a batch, arrays (points,), the overlaps (points, groups)."""

    overlap: FloatArray
    hidden_overlap: FloatArray
    q: FloatArray
    Q: FloatArray
    r: FloatArray
    R: FloatArray

    def replaced(self, **changes: FloatArray) -> State:
        return State(**{**self.__dict__, **changes})


class Batch:
    """A model with some of its continuous parameters turned into batch axes.

    Parameters
    ----------
    model : everything that is not batched.
    names : the batched parameters: of ``PARAMETERS`` or continuous parameters of the hidden prior.
    groups : numbers of condensed patterns with equal overlaps; (model.condensed,) by default.
    """

    def __init__(self, model: Model, names: Sequence[str], groups: Sequence[float] | None = None) -> None:
        for name in names:
            allowed = (*PARAMETERS, *model.hidden.continuous)
            if name not in allowed:
                raise InvalidArgument("parameter", name, "one of " + ", ".join(allowed))
        self.model = model
        self.names = tuple(names)
        self.given = groups
        self._refuse_meaningless()
        self.groups = self._groups(groups)
        self.even = self._is_even(model.visible, ("visible_field",), model.visible_field)
        self._fixed_classes: dict[str, Classes] = {}

    def _refuse_meaningless(self) -> None:
        model, names = self.model, self.names
        if "layer_ratio" in names and model.ensemble not in ("bidirectional", "repeated"):
            raise InvalidArgument("layer_ratio", "varied", "varied as the load in this ensemble")
        if {"noise", "spike"} & set(names) and model.ensemble != "low-rank":
            raise InvalidArgument("ensemble", model.ensemble, "low-rank to vary noise or spike")
        if "spike" in names and len(model.spikes) != 1:
            raise InvalidArgument("spikes", model.spikes, "one spike, to vary its strength")
        if "density" in names and model.patterns.law != "sparse":
            raise InvalidArgument("patterns", model.patterns.law, "sparse to vary the density")
        if "size" in names and model.ensemble != "patterns":
            raise InvalidArgument("ensemble", model.ensemble, "patterns to vary the size")
        if "load" in names and model.ensemble == "repeated":
            raise InvalidArgument("load", "varied", "0 for the ensemble repeated")

    def _groups(self, groups: Sequence[float] | None) -> tuple[float, ...]:
        model = self.model
        if model.ensemble == "low-rank":
            if groups is not None:
                raise InvalidArgument(
                    "groups", groups, "None for the ensemble low-rank: every spike is a group"
                )
            chosen: tuple[float, ...] = (1.0,) * min(int(model.condensed), len(model.spikes))
        elif groups is None:
            chosen = (float(model.condensed),) if model.condensed else ()
        else:
            chosen = tuple(float(n) for n in groups)
            if not all(n >= 1 and n == int(n) for n in chosen):
                raise InvalidArgument("groups", groups, "integers of at least 1")
        along = "pattern_field" in self.names or model.pattern_field != 0.0
        if along and (not chosen or chosen[0] != 1.0 or model.patterns.law == "diluted"):
            raise InvalidArgument(
                "pattern_field", model.pattern_field, "0 unless the first group is one pattern"
            )
        return chosen

    def _is_even(self, prior: Prior, fields: tuple[str, ...], value: float) -> bool:
        return prior.symmetric and value == 0.0 and not set(fields) & set(self.names)

    @property
    def has_paramagnet(self) -> bool:
        """True when q = r = 0 solves the equations: symmetric priors and no field."""
        still = self._is_even(self.model.visible, ("visible_field",), self.model.visible_field)
        along = "pattern_field" in self.names or self.model.pattern_field != 0.0
        return still and not along and self.model.hidden.symmetric

    @property
    def fixed_visible(self) -> bool:
        """Q = 1 for +-1 visible units."""
        return isinstance(self.model.visible, Binary)

    @property
    def fixed_hidden(self) -> bool:
        """R = 1 for +-1 and for spherical hidden units (the latter but for the condensed one)."""
        return isinstance(self.model.hidden, Binary | Spherical)

    def values(self, *arrays: FloatArray) -> Values:
        """The parameters of a batch, in the order of ``names``; all arrays (points,)."""
        given = dict(zip(self.names, arrays, strict=True))
        points = len(arrays[0]) if arrays else 1
        model = self.model

        def get(name: str) -> FloatArray:
            value = given.get(name)
            return np.full(points, float(getattr(model, name))) if value is None else value

        beta = 1.0 / get("temperature")
        own = model.convention == "sqrt-beta"
        g = np.sqrt(beta) if own else beta
        power = np.ones(points) if own else beta
        load = get("load")
        tied = model.ensemble in ("patterns", "low-rank")
        density = get("density") if "density" in given else np.full(points, model.patterns.variance)
        spikes = np.tile(np.asarray(model.spikes, dtype=np.float64), (points, 1))
        if "spike" in given:
            spikes = given["spike"][:, None]
        scale = {"patterns": np.sqrt(density), "low-rank": get("noise")}.get(model.ensemble, density)
        size = get("size") if "size" in given or model.size is not None else None
        parameters = {name: given[name] for name in model.hidden.continuous if name in given}
        laws = self._classes(model, density if "density" in given else None)
        return Values(
            beta=beta,
            g=g,
            power=power,
            alpha=load if tied else get("layer_ratio"),
            load=load,
            noise_coupling=g * scale,
            spikes=spikes[:, : len(self.groups)],
            uniform=power * get("visible_field"),
            along=power * get("pattern_field"),
            size=size,
            hidden=LayerLaw(model.hidden, power, parameters),
            visible=LayerLaw(model.visible, np.ones(()), {}),
            classes_visible=laws[0],
            classes_hidden=laws[1],
        )

    def _classes(self, model: Model, density: FloatArray | None) -> tuple[Classes, Classes]:
        even_hidden = model.hidden.symmetric
        if density is not None:
            return (
                classes(model.patterns, self.groups, density, self.even),
                classes(model.patterns, self.groups, density, even_hidden),
            )
        if not self._fixed_classes:
            fixed = np.array([model.patterns.density])
            self._fixed_classes["visible"] = classes(model.patterns, self.groups, fixed, self.even)
            self._fixed_classes["hidden"] = classes(model.patterns, self.groups, fixed, even_hidden)
        return self._fixed_classes["visible"], self._fixed_classes["hidden"]

    # ------------------------------------------------------------------------------------------------ fields

    def tail(self, v: Values, overlap: FloatArray) -> FloatArray:
        """Omega of the condensed hidden units towards the sign of the overlap, (points, groups)."""
        prior, power = v.hidden.columns()
        plus, minus = prior.tail_coefficient(1, power), prior.tail_coefficient(-1, power)
        above = np.broadcast_to(np.asarray(plus), v.g.shape)[:, None]
        below = np.broadcast_to(np.asarray(minus), v.g.shape)[:, None]
        return np.where(overlap >= 0, above, below)

    def visible_signal(self, v: Values, state: State, curvature: FloatArray | None = None) -> FloatArray:
        """Coefficient of xi_u in the field of a visible unit, (points, groups)."""
        ensemble = self.model.ensemble
        if not self.groups:
            return np.zeros_like(state.overlap)
        if ensemble == "low-rank":
            signal = (v.alpha * v.g)[:, None] * v.spikes * state.hidden_overlap
        elif ensemble != "patterns":
            signal = (v.alpha * v.g)[:, None] * state.hidden_overlap
        elif v.size is not None:
            root = np.sqrt(v.size)[:, None]
            signal = v.g[:, None] / root * self._condensed_unit(v, state.overlap)[1]
        elif isinstance(self.model.hidden, Spherical):
            signal = (v.g**2)[:, None] * state.overlap / self._multiplier(v, state)[:, None]
        else:
            signal = (v.g**2)[:, None] * self.tail(v, state.overlap) * state.overlap
        signal = np.array(signal)
        signal[:, 0] += v.along
        return signal

    def _condensed_unit(self, v: Values, overlap: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log-partition and mean of the condensed hidden units of a finite network, in the field g sqrt(N) m."""
        if v.size is None or isinstance(self.model.hidden, Spherical):
            raise InvalidArgument("size", self.model.size, "None for spherical hidden units")
        field = (v.g * np.sqrt(v.size))[:, None] * overlap
        prior, power = v.hidden.rows(slice(None))
        flat = [np.asarray(f(0.0, field[:, :, None], power)) for f in (prior.log_partition, prior.mean)]
        return flat[0][:, :, 0], flat[1][:, :, 0]

    def _multiplier(self, v: Values, state: State) -> FloatArray:
        """Lagrange multiplier of spherical hidden units in ``patterns``, one of which carries each overlap."""
        tilt = v.noise_coupling**2 * (state.Q - state.q)
        random = v.noise_coupling**2 * state.q
        carried = v.g**2 * (v.classes_visible.multiplicity * state.overlap**2).sum(axis=1) / v.alpha
        c = 0.5 + np.sqrt(0.25 + random + carried)
        for _ in range(60):
            # The mean square falls with the curvature c and is convex in it: Newton's steps stay on one side.
            square = 1.0 / c + random / c**2 + carried / (c + tilt) ** 2
            slope = -1.0 / c**2 - 2.0 * random / c**3 - 2.0 * carried / (c + tilt) ** 3
            step = (square - 1.0) / slope
            c = np.maximum(c - step, 0.1 * c)
            if np.all(~(np.abs(step) > 1e-16 * c)):
                break
        return np.asarray(c + tilt)

    def hidden_moments(
        self, v: Values, state: State, full: bool = False, tolerance: float = TOLERANCE
    ) -> Moments:
        """Averages over the hidden layer in the field of the visible one; q, Q, m of ``state`` enter (and r, R, in
        bidirectional)."""
        tilt, variance = self.hidden_noise(v, state)
        zero = np.zeros_like(state.q)
        signal = np.zeros_like(state.overlap)
        if self.model.ensemble == "patterns":
            if isinstance(self.model.hidden, Spherical):
                return self._spherical_moments(v, state, tilt, variance)
            quiet = Classes(np.zeros((1, 0)), np.ones((1, 1)), np.ones((1, 0)), np.zeros((1, 1)))
            return layer_moments(
                v.hidden,
                quiet,
                tilt,
                _root(variance),
                zero,
                zero[:, None][:, :0],
                full=full,
                tolerance=tolerance,
            )
        if self.groups:
            signal = v.g[:, None] * state.overlap
            if self.model.ensemble == "low-rank":
                signal = signal * v.spikes
        return layer_moments(
            v.hidden, v.classes_hidden, tilt, _root(variance), zero, signal, full=full, tolerance=tolerance
        )

    def _spherical_moments(self, v: Values, state: State, tilt: FloatArray, variance: FloatArray) -> Moments:
        multiplier = self._multiplier(v, state)
        c = multiplier - tilt
        log = 0.5 * variance / c - 0.5 * np.log(c) + 0.5 * (multiplier - 1.0)
        none = np.full_like(c, np.nan)
        return Moments(
            np.zeros_like(state.overlap), variance / c**2, 1.0 / c, np.zeros_like(c), 1.0 / c**2, log, none
        )

    def visible_moments(
        self, v: Values, state: State, full: bool = False, tolerance: float = TOLERANCE
    ) -> Moments:
        """Averages over the visible layer in the field of the hidden one."""
        tilt, variance = self.visible_noise(v, state)
        signal = self.visible_signal(v, state)
        return layer_moments(
            v.visible,
            v.classes_visible,
            tilt,
            _root(variance),
            v.uniform,
            signal,
            full=full,
            tolerance=tolerance,
        )

    def visible_noise(self, v: Values, state: State) -> tuple[FloatArray, FloatArray]:
        """Quadratic tilt and variance of the random field of a visible unit."""
        square = v.noise_coupling**2
        x, y = state.Q - state.q, state.R - state.r
        if self.model.ensemble in ("patterns", "low-rank"):
            return v.alpha * square * y, v.alpha * square * state.r
        a = square * v.alpha
        rest = self._remainder(v, a * x * y)
        return v.load * a * y / rest, v.load * a * (state.r + a * state.q * y * y) / rest**2

    def hidden_noise(self, v: Values, state: State) -> tuple[FloatArray, FloatArray]:
        """Quadratic tilt and variance of the random field of a hidden unit."""
        square = v.noise_coupling**2
        x, y = state.Q - state.q, state.R - state.r
        if self.model.ensemble in ("patterns", "low-rank"):
            return square * x, square * state.q
        a = square * v.alpha
        rest = self._remainder(v, a * x * y)
        return v.load * square * x / rest, v.load * square * (state.q + a * state.r * x * x) / rest**2

    def _remainder(self, v: Values, product: FloatArray) -> FloatArray:
        """1 - D, NaN where the integral over the pairs of patterns diverges; irrelevant at load 0."""
        rest = np.where(v.load > 0, 1.0 - product, 1.0)
        return np.where(rest > 0, rest, np.nan)

    # ------------------------------------------------------------------------------------------- predictions

    def free_entropy(
        self, v: Values, state: State, moments: tuple[Moments, Moments] | None = None
    ) -> FloatArray:
        """A at any values of the order parameters; stationary at the solution. ``moments``: both layers, if known."""
        hidden, visible = moments or (
            self.hidden_moments(v, state, full=True),
            self.visible_moments(v, state, full=True),
        )
        layers = visible.log_partition + v.alpha * hidden.log_partition
        return np.asarray(layers + self._noise_term(v, state) + self._signal_term(v, state))

    def interaction(self, v: Values, state: State) -> FloatArray:
        """g dA/dg, the mean of sum_ia W_ia s_i h_a per visible unit, in the limit of large networks."""
        square = v.noise_coupling**2
        Q, q, R, r = state.Q, state.q, state.R, state.r
        number = v.classes_visible.multiplicity
        overlaps = state.overlap * state.hidden_overlap
        if self.model.ensemble == "patterns":
            noise = v.alpha * square * (Q * R - q * r)
            return np.asarray(noise - 2.0 * self._signal_term(v, state))
        if self.model.ensemble == "low-rank":
            noise = v.alpha * square * (Q * R - q * r)
            return np.asarray(noise + v.alpha * v.g * (v.spikes * overlaps).sum(axis=1))
        a = square * v.alpha
        x, y = Q - q, R - r
        rest = self._remainder(v, a * x * y)
        noise = v.load * a * (x * y / rest + (x * r + q * y) / rest**2)
        return np.asarray(noise + v.alpha * v.g * (number * overlaps).sum(axis=1))

    def _noise_term(self, v: Values, state: State) -> FloatArray:
        square = v.noise_coupling**2
        Q, q, R, r = state.Q, state.q, state.R, state.r
        if self.model.ensemble in ("patterns", "low-rank"):
            return np.asarray(-0.5 * v.alpha * square * (Q * R - q * r))
        # The overlap of the replicas and its conjugate, minus the free entropy of the pairs of patterns.
        a = square * v.alpha
        x, y = Q - q, R - r
        rest = self._remainder(v, a * x * y)
        pairs = np.log(rest) - a * (x * r + q * y) / rest
        tilt_s, random_s = self.visible_noise(v, state)
        tilt_h, random_h = self.hidden_noise(v, state)
        conjugate_s = tilt_s * Q + random_s * (Q - q)
        conjugate_h = tilt_h * R + random_h * (R - r)
        return np.asarray(-0.5 * (v.load * pairs + conjugate_s + v.alpha * conjugate_h))

    def _signal_term(self, v: Values, state: State) -> FloatArray:
        if not self.groups:
            return np.zeros_like(state.q)
        number = v.classes_visible.multiplicity
        if self.model.ensemble == "low-rank":
            return np.asarray(-v.alpha * v.g * (v.spikes * state.overlap * state.hidden_overlap).sum(axis=1))
        if self.model.ensemble != "patterns":
            return np.asarray(-v.alpha * v.g * (number * state.overlap * state.hidden_overlap).sum(axis=1))
        if v.size is not None:
            log, mean = self._condensed_unit(v, state.overlap)
            field = v.g[:, None] * state.overlap * mean / np.sqrt(v.size)[:, None]
            return np.asarray((number * (log / v.size[:, None] - field)).sum(axis=1))
        omega = self.tail(v, state.overlap)
        if isinstance(self.model.hidden, Spherical):
            omega = 1.0 / self._multiplier(v, state)[:, None]
        return np.asarray(-0.5 * v.g**2 * (number * omega * state.overlap**2).sum(axis=1))

    def stability(
        self, v: Values, state: State, moments: tuple[Moments, Moments] | None = None
    ) -> dict[str, FloatArray]:
        """Replicon, spin-glass susceptibility and stability against patterns, from the second moments of both layers.

        In the replicon sector a change of (q, r) is mapped to T (q, r); ``replicon`` is 1 - (spectral radius of T)^2,
        which for ``patterns`` is 1 minus the de Almeida-Thouless product alpha g^4 E(var s)^2 E(var h)^2.
        """
        hidden, visible = moments or (
            self.hidden_moments(v, state, full=True),
            self.visible_moments(v, state, full=True),
        )
        square = v.noise_coupling**2
        x, y = visible.spread, hidden.spread
        vs, vh = visible.spread_squared, hidden.spread_squared
        if self.model.ensemble in ("patterns", "low-rank"):
            t_ss, t_sh, t_hs, t_hh = 0.0 * vs, vs * v.alpha * square, vh * square, 0.0 * vh
        else:
            a = square * v.alpha
            rest = self._remainder(v, a * x * y) ** 2
            t_ss, t_sh = v.load * vs * a * a * y * y / rest, v.load * vs * a / rest
            t_hs, t_hh = v.load * vh * square / rest, v.load * vh * square * a * x * x / rest
        radius = 0.5 * (t_ss + t_hh) + np.sqrt(0.25 * (t_ss - t_hh) ** 2 + t_sh * t_hs)
        determinant = (1.0 - t_ss) * (1.0 - t_hh) - t_sh * t_hs
        other, within = self._pattern_stability(v, state, visible, hidden)
        return {
            "replicon": 1.0 - radius**2,
            # Without any fluctuation left the susceptibility is 0.
            "inverse_spin_glass_susceptibility": determinant / (np.maximum(vs, 1e-300) * (1.0 - t_hh)),
            "pattern_stability": other,
            "mixture_stability": within,
        }

    def _pattern_stability(
        self, v: Values, state: State, visible: Moments, hidden: Moments
    ) -> tuple[FloatArray, FloatArray]:
        """1 minus the gain of an overlap with a further pattern, and of unequal overlaps within the first group."""
        x, y = visible.spread, hidden.spread
        square = v.noise_coupling**2
        if self.model.ensemble == "patterns":
            prior, power = v.hidden.columns()
            omega = np.asarray(
                np.maximum(prior.tail_coefficient(1, power), prior.tail_coefficient(-1, power))
            )
            if isinstance(self.model.hidden, Spherical):
                omega = 1.0 / self._multiplier(v, state)
            return np.asarray(1.0 - square * omega * x), np.asarray(1.0 - v.g**2 * omega * visible.imbalance)
        product = v.alpha * v.g**2
        if self.model.ensemble == "low-rank":
            spikes = np.asarray(self.model.spikes) if "spike" not in self.names else v.spikes[0]
            strongest = np.max(spikes, initial=0.0) if "spike" not in self.names else v.spikes[:, 0]
            scale = self.model.patterns.variance
            return np.asarray(1.0 - product * (strongest * scale) ** 2 * x * y), np.full_like(x, np.nan)
        within = 1.0 - product * visible.imbalance * hidden.imbalance
        return np.asarray(1.0 - v.alpha * square * x * y), np.asarray(within)


def _root(variance: FloatArray) -> FloatArray:
    """Square root, NaN for a negative variance."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(variance)
