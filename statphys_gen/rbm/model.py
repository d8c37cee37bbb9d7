r"""What is studied: the laws of the units, the couplings, the temperature convention and the fields.

P(s, h) ~ prod_i rho_s(s_i) prod_a rho_h(h_a) exp(sum_ia W_ia s_i h_a + fields) with N visible units s_i; what W is, in
units of g, say the couplings.

Convention "sqrt-beta": g = sqrt(beta), the priors do not depend on the temperature, fields are added to the log-weight
as given. Convention "beta": g = beta, rho_h ~ exp(-beta U) with the whole of U, and fields are multiplied by beta. The
prior of the visible units is the same in both.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from .. import validation
from ..errors import InvalidArgument
from ..units.base import Prior
from ..units.continuous import Gaussian
from ..units.discrete import Binary, ZeroOne
from .couplings.base import Couplings
from .couplings.patterns import Patterns
from .couplings.rules import checked_condensed, refuse_contradictions

VISIBLE_NAMES = ("binary", "zero-one", "gaussian")


def visible_prior(name: str = "binary") -> Prior:
    """The law of a visible unit: "binary" (+-1, weight 1 each), "zero-one" (weight 1 each), "gaussian" (variance 1)."""
    validation.choice("visible", name, VISIBLE_NAMES)
    return {"binary": Binary(weight=1.0), "zero-one": ZeroOne(), "gaussian": Gaussian()}[name]


@dataclass(frozen=True)
class Model:
    """A restricted Boltzmann machine with random couplings. A model that exists can be solved.

    Parameters
    ----------
    hidden : prior of the hidden units.
    temperature : T = 1/beta, above 0.
    load : patterns per visible unit, at least 0; 0 for ``Repeated``. For ``LowRank`` it is hidden per visible units.
    convention : "sqrt-beta" or "beta", see above; always explicit.
    visible : prior of the visible units; default +-1 with weight 1 each.
    couplings : ``Patterns`` (default), ``LowRank``, ``Bidirectional``, ``Repeated``, or a class of your own.
    visible_field : uniform field on the visible units; default 0.
    pattern_field : field F along the first pattern (or u^1), F xi_i^1 on unit i; default 0, and 0 unless
        ``condensed`` is 1 or there are spikes.
    condensed : number L of patterns with which the state has the same finite overlap, an integer of at least 0
        (default 1); for diluted patterns their mean number on a visible unit, above 0. For ``LowRank`` the number of
        leading spikes that may have finite overlaps.

    Raises
    ------
    InvalidArgument : naming the argument that is out of its domain or contradicts another.
    """

    hidden: Prior
    temperature: float
    load: float
    convention: str = field(kw_only=True)
    visible: Prior = field(default_factory=visible_prior)
    couplings: Couplings = field(default_factory=Patterns)
    visible_field: float = 0.0
    pattern_field: float = 0.0
    condensed: float = 1

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, Prior):
            raise InvalidArgument("hidden", self.hidden, "a prior of statphys_gen.units")
        if not isinstance(self.visible, Binary | ZeroOne | Gaussian):
            raise InvalidArgument("visible", self.visible, "a binary, zero-one or gaussian prior")
        if not isinstance(self.couplings, Couplings):
            raise InvalidArgument("couplings", self.couplings, "couplings such as Patterns()")
        values: dict[str, Any] = {
            "temperature": validation.positive("temperature", self.temperature),
            "load": validation.non_negative("load", self.load),
            "visible_field": validation.finite("visible_field", self.visible_field),
            "pattern_field": validation.finite("pattern_field", self.pattern_field),
            "condensed": checked_condensed(self.condensed, self.couplings.law),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        refuse_contradictions(
            hidden=self.hidden.name,
            convention=self.convention,
            load=self.load,
            has_load=self.couplings.has_load,
            corrected=self.couplings.corrected,
            pattern_field=self.pattern_field,
            single=self.couplings.one_pattern(self.couplings.groups(self.condensed)),
        )

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
        """The ``beta`` that the verbs of the hidden prior take, and what the fields are multiplied by: 1 or beta."""
        return 1.0 if self.convention == "sqrt-beta" else self.inverse_temperature

    @property
    def layer_ratio(self) -> float:
        """Hidden per visible units."""
        return float(self.couplings.ratio(self.load))

    def replace(self, **changes: Any) -> Model:
        """A copy with other parameters, its own or those of its couplings, checked anew."""
        own = {entry.name for entry in dataclasses.fields(self)}
        couplings = changes.pop("couplings", self.couplings)
        inner = {name: changes.pop(name) for name in set(changes) - own}
        return dataclasses.replace(
            self, couplings=couplings.replace(**inner) if inner else couplings, **changes
        )

    def _repr_latex_(self) -> str:
        power = "" if self.convention == "sqrt-beta" else r"\beta"
        root = r"\sqrt\beta" if self.convention == "sqrt-beta" else r"\beta"
        parts = ((self.visible_field, r"\sum_is_i"), (self.pattern_field, r"\sum_i\xi_i^1s_i"))
        fields = "".join(f"{value:+g}{power}{what}" for value, what in parts if value)
        return (
            rf"$P(s,h)\propto\prod_i\rho_s(s_i)\prod_a\rho_h(h_a)\exp\Big(\sum_{{ia}}W_{{ia}}s_ih_a{fields}\Big),\quad "
            rf"{self.couplings.latex},\quad g={root},\ T={self.temperature:g}$"
        )
