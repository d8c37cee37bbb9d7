"""What is studied: the laws of the units, the couplings, the temperature convention and the fields.

P(s, h) ~ prod_i rho_s(s_i) prod_a rho_h(h_a) exp(sum_ia W_ia s_i h_a + fields) with N visible units s_i. The couplings:

- ``patterns``: W_ia = g xi_i^a / sqrt(N), one pattern for each hidden unit, load N of them.
- ``low-rank``: W_ia = g (noise x_ia / sqrt(N) + sum_k spikes_k u_i^k v_a^k / N), x normal, layer_ratio N hidden units.
- ``bidirectional``: W_ia = (g/N) sum_k xi_i^k eta_a^k over load N pairs of patterns, layer_ratio N hidden units.
- ``repeated``: the same with finitely many pairs (``condensed`` of them, load 0): every pattern is carried by
  extensively many hidden units.

Convention "sqrt-beta": g = sqrt(beta), the priors do not depend on the temperature, fields are added to the log-weight
as given. Convention "beta": g = beta, rho_h ~ exp(-beta U) with the whole of U, and fields are multiplied by beta. The
prior of the visible units is the same in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..units.base import Prior
from ..units.continuous import Gaussian
from ..units.discrete import Binary, ZeroOne

Convention = Literal["sqrt-beta", "beta"]
Ensemble = Literal["patterns", "low-rank", "bidirectional", "repeated"]

CONVENTIONS = ("sqrt-beta", "beta")
ENSEMBLES = ("patterns", "low-rank", "bidirectional", "repeated")
PATTERN_LAWS = ("binary", "sparse", "gaussian", "diluted")
VISIBLE_NAMES = ("binary", "zero-one", "gaussian")


@dataclass(frozen=True)
class Patterns:
    """Law of the independent entries of the patterns.

    Parameters
    ----------
    law : "binary", +-1 with equal probability (default); "sparse", +-1 with probability density/2 each and else 0, not
        rescaled, so that its variance is ``density``; "gaussian", standard normal; "diluted", the limit of the sparse
        law of density p -> 0 at fixed g sqrt(p) and fixed mean number p L of condensed patterns on a visible unit
        (theory only, ensemble ``patterns``): the coupling is then g sqrt(p), ``condensed`` is p L, overlaps are
        divided by p, and the sum of the condensed entries on a unit is a difference of two Poisson numbers.
    density : p in (0, 1], for the sparse law only; default 1.
    """

    law: str = "binary"
    density: float = 1.0

    def __post_init__(self) -> None:
        validation.choice("patterns", self.law, PATTERN_LAWS)
        object.__setattr__(self, "density", validation.inside("density", self.density, 0.0, 1.0, closed=True))
        if self.density == 0.0 or (self.law != "sparse" and self.density != 1.0):
            allowed = "above 0" if self.law == "sparse" else "1 unless the patterns are sparse"
            raise InvalidArgument("density", self.density, allowed)

    @property
    def variance(self) -> float:
        """E xi^2."""
        return self.density

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        """Independent entries."""
        if self.law == "gaussian":
            return rng.standard_normal(shape)
        if self.law == "diluted":
            raise InvalidArgument("patterns", self.law, "binary, sparse or gaussian in a finite network")
        sign = 2.0 * rng.integers(0, 2, shape) - 1.0
        if self.law == "binary":
            return np.asarray(sign, dtype=np.float64)
        return np.asarray(np.where(rng.random(shape) < self.density, sign, 0.0))


def visible_prior(name: str = "binary") -> Prior:
    """The law of a visible unit: "binary" (+-1, weight 1 each), "zero-one" (weight 1 each), "gaussian" (variance 1)."""
    validation.choice("visible", name, VISIBLE_NAMES)
    return {"binary": Binary(weight=1.0), "zero-one": ZeroOne(), "gaussian": Gaussian()}[name]


@dataclass(frozen=True)
class Model:
    """A restricted Boltzmann machine with random couplings.

    Parameters
    ----------
    hidden : prior of the hidden units.
    temperature : T = 1/beta, above 0.
    load : patterns per visible unit, at least 0; 0 for ``repeated``. For ``low-rank`` it is the layer ratio.
    convention : "sqrt-beta" or "beta", see above; always explicit.
    visible : prior of the visible units; default +-1 with weight 1 each.
    patterns : law of the patterns (and of u and v in ``low-rank``); default binary.
    ensemble : which couplings; default ``patterns``.
    layer_ratio : hidden per visible units; the load for ``patterns`` and ``low-rank``, else 1 by default.
    noise : amplitude of the noise in ``low-rank``, at least 0; default 1.
    spikes : strengths of the spikes in ``low-rank``, positive; default none.
    visible_field : uniform field on the visible units; default 0.
    pattern_field : field F along the first pattern (or u^1), F xi_i^1 on unit i; default 0.
    condensed : number L of patterns with which the state has the same finite overlap, an integer of at least 0
        (default 1); for diluted patterns their mean number on a visible unit, above 0. In ``low-rank`` the number of
        leading spikes that may have finite overlaps.
    size : N for the finite-size corrected theory; None (default) for the limit.

    Raises
    ------
    InvalidArgument : naming the argument that is out of its domain or contradicts another.
    """

    hidden: Prior
    temperature: float
    load: float
    convention: str = field(kw_only=True)
    visible: Prior = field(default_factory=visible_prior)
    patterns: Patterns = field(default_factory=Patterns)
    ensemble: str = "patterns"
    layer_ratio: float | None = None
    noise: float = 1.0
    spikes: tuple[float, ...] = ()
    visible_field: float = 0.0
    pattern_field: float = 0.0
    condensed: float = 1
    size: int | None = None

    def __post_init__(self) -> None:
        for name, entry in (("hidden", self.hidden), ("visible", self.visible)):
            if not isinstance(entry, Prior):
                raise InvalidArgument(name, entry, "a prior of statphys_gen.units")
        if not isinstance(self.visible, Binary | ZeroOne | Gaussian):
            raise InvalidArgument("visible", self.visible, "a binary, zero-one or gaussian prior")
        if not isinstance(self.patterns, Patterns):
            raise InvalidArgument("patterns", self.patterns, "a law made by Patterns(...)")
        validation.choice("convention", self.convention, CONVENTIONS)
        validation.choice("ensemble", self.ensemble, ENSEMBLES)
        values: dict[str, Any] = {
            "temperature": validation.positive("temperature", self.temperature),
            "load": validation.non_negative("load", self.load),
            "noise": validation.non_negative("noise", self.noise),
            "spikes": tuple(validation.positive(f"spikes[{k}]", w) for k, w in enumerate(self.spikes)),
            "visible_field": validation.finite("visible_field", self.visible_field),
            "pattern_field": validation.finite("pattern_field", self.pattern_field),
            "condensed": self._checked_condensed(),
            "layer_ratio": self._checked_layer_ratio(),
        }
        if self.size is not None:
            values["size"] = validation.integer("size", self.size, minimum=1)
        if self.convention == "beta" and self.hidden.name == "mixture":
            raise InvalidArgument("convention", "beta", "sqrt-beta for the mixture, which has no energy")
        if self.ensemble != "low-rank" and (values["spikes"] or values["noise"] != 1.0):
            raise InvalidArgument("ensemble", self.ensemble, "low-rank when noise or spikes are given")
        if self.ensemble == "repeated" and self.load != 0.0:
            raise InvalidArgument("load", self.load, "0 for the ensemble repeated (finitely many patterns)")
        if self.size is not None and self.ensemble != "patterns":
            raise InvalidArgument("size", self.size, "None except for the ensemble patterns")
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _checked_condensed(self) -> float:
        if self.patterns.law != "diluted":
            return validation.integer("condensed", self.condensed, minimum=0, maximum=1000)
        if self.ensemble != "patterns":
            raise InvalidArgument("ensemble", self.ensemble, "patterns when the patterns are diluted")
        return validation.inside("condensed", self.condensed, 0.0, 1000.0)

    def _checked_layer_ratio(self) -> float:
        tied = self.ensemble in ("patterns", "low-rank")
        if self.layer_ratio is None:
            return float(self.load) if tied else 1.0
        ratio = validation.non_negative("layer_ratio", self.layer_ratio)
        if tied and ratio != self.load:
            raise InvalidArgument("layer_ratio", ratio, f"equal to the load for the ensemble {self.ensemble}")
        return ratio

    @property
    def inverse_temperature(self) -> float:
        """beta = 1/T."""
        return 1.0 / self.temperature

    @property
    def coupling(self) -> float:
        """g: sqrt(beta) or beta."""
        beta = self.inverse_temperature
        return math.sqrt(beta) if self.convention == "sqrt-beta" else beta

    @property
    def prior_power(self) -> float:
        """The ``beta`` that the verbs of the hidden prior take: 1 or beta."""
        return 1.0 if self.convention == "sqrt-beta" else self.inverse_temperature

    @property
    def field_scale(self) -> float:
        """What the fields are multiplied by: 1 or beta."""
        return self.prior_power

    def with_(self, **changes: Any) -> Model:
        """A copy with other parameters, checked anew; the layer ratio follows the load where the two are tied."""
        if self.ensemble in ("patterns", "low-rank") and "layer_ratio" not in changes:
            changes["layer_ratio"] = None
        return replace(self, **changes)
