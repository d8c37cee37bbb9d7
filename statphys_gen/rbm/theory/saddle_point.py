r"""The replica-symmetric saddle point of any couplings: order parameters, free entropy and its stability.

Order parameters and free entropy are those of :class:`~statphys_gen.rbm.Couplings`, where each ensemble has its own
terms; the averages over the two layers are taken here. Derivation: derivations/rbm/replica_symmetric.py, and
derivations/rbm/bidirectional.py for bidirectional machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...units.continuous import Spherical
from ...units.discrete import Binary
from ..couplings.base import LayerLaw, Moments, State, Values
from ..couplings.entries import QUIET, Classes, classes
from ..couplings.patterns import multiplier
from ..model import Model
from .single_site import TOLERANCE, layer_moments

# Continuous parameters of a model that a batch may run over, besides those of its couplings and its hidden prior.
_OWN = ("temperature", "load", "visible_field", "pattern_field")


class Batch:
    """A model with some of its continuous parameters turned into batch axes.

    Parameters
    ----------
    model : everything that is not batched.
    names : the batched parameters: temperature, load, visible_field, pattern_field, or continuous parameters of the
        couplings or of the hidden prior.
    groups : numbers of condensed patterns with equal overlaps; those of the couplings by default.
    """

    def __init__(self, model: Model, names: Sequence[str], groups: Sequence[float] | None = None) -> None:
        self.model, self.names, self.given = model, tuple(names), groups
        couplings = model.couplings
        own = [name for name in _OWN if couplings.has_load or name != "load"]
        allowed = (*own, *couplings.continuous, *model.hidden.continuous)
        for name in names:
            if name not in allowed:
                raise InvalidArgument("parameter", name, "one of " + ", ".join(allowed))
        self.groups = couplings.groups(model.condensed, groups)
        self.along = "pattern_field" in names or model.pattern_field != 0.0
        if self.along and not couplings.one_pattern(self.groups):
            raise InvalidArgument("groups", self.groups, "one pattern first where a field acts along it")
        self.even = model.visible.symmetric and model.visible_field == 0.0 and "visible_field" not in names
        self.corrected = couplings.corrected or "size" in names
        self._fixed_classes: tuple[Classes, Classes] | None = None

    @property
    def noisy(self) -> bool:
        """Whether there are extensively many patterns."""
        return self.model.load > 0 or "load" in self.names

    @property
    def has_paramagnet(self) -> bool:
        """True when q = r = 0 solves the equations: symmetric priors and no field."""
        return self.even and not self.along and self.model.hidden.symmetric

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

        def among(names: Sequence[str]) -> dict[str, FloatArray]:
            return {name: given[name] for name in names if name in given}

        beta = 1.0 / get("temperature")
        own = model.convention == "sqrt-beta"
        g = np.sqrt(beta) if own else beta
        power = np.ones(points) if own else beta
        load = get("load")
        couplings = model.couplings.with_arrays(**among(model.couplings.continuous))
        laws = self._classes(given.get("density"))
        return Values(
            beta=beta,
            g=g,
            power=power,
            alpha=np.broadcast_to(couplings.ratio(load), beta.shape),
            load=load,
            noise_coupling=g * couplings.noise_scale,
            uniform=power * get("visible_field"),
            along=power * get("pattern_field"),
            couplings=couplings,
            hidden=LayerLaw(model.hidden, power, among(model.hidden.continuous)),
            visible=LayerLaw(model.visible, np.ones(())),
            classes_visible=laws[0],
            classes_hidden=laws[1],
        )

    def _classes(self, density: FloatArray | None) -> tuple[Classes, Classes]:
        """Laws of the condensed entries on a visible and on a hidden unit; made once where the density is fixed."""
        if density is None and self._fixed_classes is not None:
            return self._fixed_classes
        couplings = self.model.couplings
        chosen = np.array([couplings.density]) if density is None else density
        visible = classes(couplings.law, self.groups, chosen, self.even)
        hidden = QUIET
        if couplings.carried_by_layer:
            hidden = classes(couplings.law, self.groups, chosen, self.model.hidden.symmetric)
        if density is None:
            self._fixed_classes = visible, hidden
        return visible, hidden

    # ------------------------------------------------------------------------------------------------ layers

    def visible_signal(self, v: Values, state: State) -> FloatArray:
        """Coefficient of xi_u in the field of a visible unit, (points, groups)."""
        signal = np.array(v.couplings.visible_signal(v, state))
        if self.groups:
            signal[:, 0] += v.along
        return signal

    def hidden_moments(
        self, v: Values, state: State, full: bool = False, tolerance: float = TOLERANCE
    ) -> Moments:
        """Averages over the hidden layer in the field of the visible one; q, Q, m of ``state`` enter (and r, R, where
        the noise is joint)."""
        tilt, variance = v.couplings.hidden_noise(v, state)
        if isinstance(self.model.hidden, Spherical) and not v.couplings.carried_by_layer:
            return self._spherical_moments(v, state, tilt, variance)
        signal, none = v.couplings.hidden_signal(v, state), np.zeros_like(state.q)
        return layer_moments(
            v.hidden, v.classes_hidden, tilt, _root(variance), none, signal, full=full, tolerance=tolerance
        )

    def _spherical_moments(self, v: Values, state: State, tilt: FloatArray, variance: FloatArray) -> Moments:
        constraint = multiplier(v, state)
        c = constraint - tilt
        log = 0.5 * variance / c - 0.5 * np.log(c) + 0.5 * (constraint - 1.0)
        none = np.full_like(c, np.nan)
        return Moments(
            np.zeros_like(state.overlap), variance / c**2, 1.0 / c, np.zeros_like(c), 1.0 / c**2, log, none
        )

    def visible_moments(
        self, v: Values, state: State, full: bool = False, tolerance: float = TOLERANCE
    ) -> Moments:
        """Averages over the visible layer in the field of the hidden one."""
        tilt, variance = v.couplings.visible_noise(v, state)
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

    def both_moments(self, v: Values, state: State) -> tuple[Moments, Moments]:
        """All averages over the hidden and over the visible layer."""
        return self.hidden_moments(v, state, full=True), self.visible_moments(v, state, full=True)

    # ------------------------------------------------------------------------------------------- predictions

    def free_entropy(
        self, v: Values, state: State, moments: tuple[Moments, Moments] | None = None
    ) -> FloatArray:
        """A at any values of the order parameters; stationary at the solution. ``moments``: both layers, if known."""
        hidden, visible = moments or self.both_moments(v, state)
        layers = visible.log_partition + v.alpha * hidden.log_partition
        return np.asarray(layers + v.couplings.noise_entropy(v, state) + v.couplings.signal_entropy(v, state))

    def interaction(self, v: Values, state: State) -> FloatArray:
        """g dA/dg, the mean of sum_ia W_ia s_i h_a per visible unit, in the limit of large networks."""
        return np.asarray(v.couplings.noise_interaction(v, state) + v.couplings.signal_interaction(v, state))

    def stability(
        self, v: Values, state: State, moments: tuple[Moments, Moments] | None = None
    ) -> dict[str, FloatArray]:
        """Replicon, spin-glass susceptibility and stability against patterns, from the second moments of both layers.

        In the replicon sector a change of (q, r) is mapped to T (q, r); ``replicon`` is 1 - (spectral radius of T)^2,
        which for ``Patterns`` is 1 minus the de Almeida-Thouless product alpha g^4 E(var s)^2 E(var h)^2.
        """
        hidden, visible = moments or self.both_moments(v, state)
        (t_ss, t_sh), (t_hs, t_hh) = v.couplings.transfer(v, visible, hidden)
        radius = 0.5 * (t_ss + t_hh) + np.sqrt(0.25 * (t_ss - t_hh) ** 2 + t_sh * t_hs)
        determinant = (1.0 - t_ss) * (1.0 - t_hh) - t_sh * t_hs
        other, within = v.couplings.pattern_stability(v, state, visible, hidden)
        # Without any fluctuation left the susceptibility is 0.
        fluctuation = np.maximum(visible.spread_squared, 1e-300)
        return {
            "replicon": 1.0 - radius**2,
            "inverse_spin_glass_susceptibility": determinant / (fluctuation * (1.0 - t_hh)),
            "pattern_stability": other,
            "mixture_stability": within,
        }


def _root(variance: FloatArray) -> FloatArray:
    """Square root, NaN for a negative variance."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(variance)
