r"""One step of replica-symmetry breaking for Hopfield networks and bidirectional memories of +-1 units, at T >= 0.

In units that stay finite at T = 0 (X_1 = beta (1 - q_1), p = beta times the Parisi parameter,
X_2 = X_1 + p (q_1 - q_0), fields divided by beta), a unit sees the field b = signal + sqrt(s_0) z_0 +
sqrt(s_1 - s_0) z_1, and with l(b) = T log 2cosh(b/T) and <...> the average over z_1 weighted with exp(p l)

    m = E <tanh(b/T)>,   q_0 = E <tanh>^2,   X_1 = E <1 - tanh^2> / T,   Lambda = E log E exp(p l) / p.

Hopfield (Gaussian hidden units of variance 1, both conventions agree): signal m, c_k = 1 - X_k,
s_0 = load q_0 / c_2^2, s_1 = s_0 + load (1/c_2 - 1/c_1) / p. Bidirectional (+-1 units, convention "beta"):
signal alpha mbar, D_k = alpha X_k Y_k, s_0 = load alpha (r_0 + alpha Y_2^2 q_0) / (1 - D_2)^2,
s_1 = s_0 + load alpha (Y_2/(1 - D_2) - Y_1/(1 - D_1)) / p, and so for the hidden layer. The Parisi parameter makes the
free energy stationary.

Source: Crisanti, Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95 (1994) 249.
Derivation: derivations/rbm/one_step.py.
"""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...units.continuous import Gaussian
from ...units.discrete import Binary
from ..couplings.pairs import Bidirectional
from ..couplings.patterns import Patterns
from ..model import Model
from .one_step_layers import LayerAverages, layer_averages

# Error of the averages over the layers, relative to the integrands; the tests double the nodes.
QUADRATURE = 1e-11
_DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


class OneStepEquations:
    """Unknowns X_1, X_2 - X_1, 1/p, for bidirectional memories also Y_1, Y_2 - Y_1, and last the overlaps of retrieval.

    These stay of order 0.1 to 1 from weakly broken retrieval (p = 100, q_1 - q_0 = 1e-3) to the glass.
    """

    def __init__(self, model: Model, retrieval: bool, temperature: float, refine: float = 1.0) -> None:
        self.two_layers = model.couplings.joint
        self.alpha = model.layer_ratio if self.two_layers else 1.0
        self.temperature = temperature
        # T log of the weights of the states of a unit.
        weights = [unit.log_base for unit in (model.visible, model.hidden) if isinstance(unit, Binary)]
        self.base = temperature * sum(w * n for w, n in zip(weights, (1.0, self.alpha), strict=False))
        self.retrieval = retrieval
        names = ["response", "breaking", "inverse_parisi"]
        names += ["hidden_response", "hidden_breaking"] * self.two_layers
        names += (["overlap"] + ["hidden_overlap"] * self.two_layers) * retrieval
        self.names = tuple(names)
        self.refine = refine

    def columns(self, x: FloatArray) -> dict[str, FloatArray]:
        """The unknowns by name, and p, q_0, r_0."""
        c = {name: x[:, k] for k, name in enumerate(self.names)}
        with np.errstate(all="ignore"):
            c["p"] = 1.0 / c["inverse_parisi"]
            c["q_0"] = 1.0 - self.temperature * c["response"] - c["breaking"] / c["p"]
            if self.two_layers:
                c["r_0"] = 1.0 - self.temperature * c["hidden_response"] - c["hidden_breaking"] / c["p"]
        return c

    def noise(
        self, c: dict[str, FloatArray], load: FloatArray, p: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Free energy of the noise, and s_0, s_1, t_0, t_1."""
        T = self.temperature
        X1, q0 = c["response"], c["q_0"]
        X2 = X1 + p * (1.0 - T * X1 - q0)
        with np.errstate(all="ignore"):
            if not self.two_layers:
                c1, c2 = _above(1.0 - X1), _above(1.0 - X2)
                s0 = load * q0 / c2**2
                s1 = s0 + load * (1.0 / c2 - 1.0 / c1) / p
                value = 0.5 * load * (q0 / c2 - T * np.log(c1) - np.log(c2 / c1) / p)
                return value, s0, s1, s0, s1
            Y1, r0 = c["hidden_response"], c["r_0"]
            Y2 = Y1 + p * (1.0 - T * Y1 - r0)
            a = self.alpha
            e1, e2 = _above(1.0 - a * X1 * Y1), _above(1.0 - a * X2 * Y2)
            s0 = load * a * (r0 + a * Y2**2 * q0) / e2**2
            s1 = s0 + load * a * (Y2 / e2 - Y1 / e1) / p
            t0 = load * (q0 + a * X2**2 * r0) / e2**2
            t1 = t0 + load * (X2 / e2 - X1 / e1) / p
            random = a * (X2 * r0 + Y2 * q0) / e2
            value = 0.5 * load * (random - T * np.log(e1) - np.log(e2 / e1) / p)
            return value, s0, s1, t0, t1

    def layers(
        self, c: dict[str, FloatArray], fields: tuple[FloatArray, ...]
    ) -> tuple[LayerAverages, LayerAverages | None]:
        s0, s1, t0, t1 = fields
        m = c.get("overlap", np.zeros_like(s0))
        p, T = c["p"], self.temperature
        if not self.two_layers:
            return layer_averages(m, s0, s1, p, T, self.refine), None
        n = c.get("hidden_overlap", np.zeros_like(s0))
        return layer_averages(self.alpha * n, s0, s1, p, T, self.refine), layer_averages(
            m, t0, t1, p, T, self.refine
        )

    def free_entropy_over_beta(self, x: FloatArray, load: FloatArray) -> FloatArray:
        """-f per visible unit, with the weights of the priors."""
        c = self.columns(x)
        p, T = c["p"], self.temperature
        value, *fields = self.noise(c, load, p)
        first, second = self.layers(c, tuple(fields))
        s0, s1, t0, t1 = fields
        q1 = 1.0 - T * c["response"]
        total = self.base + value + first.value - 0.5 * (s1 * c["response"] + p * (s1 * q1 - s0 * c["q_0"]))
        m = c.get("overlap", np.zeros_like(p))
        if second is None:
            return np.asarray(total - 0.5 * m * m)
        r1 = 1.0 - T * c["hidden_response"]
        hidden = second.value - 0.5 * (t1 * c["hidden_response"] + p * (t1 * r1 - t0 * c["r_0"]))
        n = c.get("hidden_overlap", np.zeros_like(p))
        return np.asarray(total + self.alpha * (hidden - m * n))

    def residual(self, x: FloatArray, load: FloatArray) -> FloatArray:
        """The equations with the replica-symmetric root q_0 = q_1 divided out."""
        c = self.columns(x)
        p, T = c["p"], self.temperature
        _, *fields = self.noise(c, load, p)
        first, second = self.layers(c, tuple(fields))
        s0, s1, t0, t1 = fields
        gap = 1.0 - T * c["response"] - c["q_0"]
        image = 1.0 - T * first.response - first.outer
        step = 2e-2 * p
        slope = sum(
            w * (self.noise(c, load, p + k * step)[0] - self.noise(c, load, p - k * step)[0])
            for k, w in enumerate(_DIFFERENCE, 1)
        )
        q1 = 1.0 - T * c["response"]
        stationary = slope / step + first.slope - 0.5 * (s1 * q1 - s0 * c["q_0"])
        columns = {"response": c["response"] - first.response, "breaking": (gap - image) / gap}
        if second is not None:
            r1 = 1.0 - T * c["hidden_response"]
            stationary = stationary + self.alpha * (second.slope - 0.5 * (t1 * r1 - t0 * c["r_0"]))
            there = r1 - c["r_0"]
            columns["hidden_response"] = c["hidden_response"] - second.response
            columns["hidden_breaking"] = (there - (1.0 - T * second.response - second.outer)) / there
            columns["hidden_overlap"] = c.get("hidden_overlap", p) - second.overlap
        columns["inverse_parisi"] = stationary / gap**2
        columns["overlap"] = c.get("overlap", p) - first.overlap
        return np.stack([columns[name] for name in self.names], axis=1)

    def replicons(self, x: FloatArray, load: FloatArray) -> tuple[FloatArray, FloatArray]:
        """1 minus the gain of a further breaking of symmetry within the states, and between them."""
        c = self.columns(x)
        p, T = c["p"], self.temperature
        _, *fields = self.noise(c, load, p)
        first, second = self.layers(c, tuple(fields))
        X1, X2 = c["response"], c["response"] + p * (1.0 - T * c["response"] - c["q_0"])
        if second is None:
            return 1.0 - load * first.within / (1.0 - X1) ** 2, 1.0 - load * first.between / (1.0 - X2) ** 2
        Y1 = c["hidden_response"]
        Y2 = Y1 + p * (1.0 - T * Y1 - c["r_0"])
        pairs = ((X1, Y1, first.within, second.within), (X2, Y2, first.between, second.between))
        inner, outer = (self._two_layers_replicon(*pair, load) for pair in pairs)
        return inner, outer

    def _two_layers_replicon(
        self, X: FloatArray, Y: FloatArray, own: FloatArray, other: FloatArray, load: FloatArray
    ) -> FloatArray:
        a = self.alpha
        rest = (1.0 - a * X * Y) ** 2
        first, last = load * own * (a * Y) ** 2 / rest, load * other * a * X * X / rest
        product = load**2 * a * own * other / rest**2
        return np.asarray(1.0 - (0.5 * (first + last) + np.sqrt(0.25 * (first - last) ** 2 + product)) ** 2)

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        upper = {"response": 1.0 if not self.two_layers else np.inf}
        lower = {"inverse_parisi": self.temperature}
        return (
            np.array([lower.get(name, 0.0) for name in self.names]),
            np.array([upper.get(name, np.inf) for name in self.names]),
        )


def _above(value: FloatArray) -> FloatArray:
    return np.where(value > 0, value, np.nan)


def checked(model: Model, temperature: float) -> None:
    """Refuse what is neither a Hopfield network nor a bidirectional memory of +-1 units."""
    couplings = model.couplings
    if not isinstance(model.visible, Binary):
        raise InvalidArgument("visible", model.visible.name, "binary in the one-step theory")
    if type(couplings) not in (Patterns, Bidirectional) or couplings.corrected:
        raise InvalidArgument("couplings", couplings, "Patterns() or Bidirectional() in the one-step theory")
    if couplings.joint:
        if not isinstance(model.hidden, Binary):
            raise InvalidArgument("hidden", model.hidden.name, "binary in bidirectional memories")
        if model.convention != "beta" and temperature != 1.0:
            raise InvalidArgument("convention", model.convention, "beta in bidirectional memories")
    elif not isinstance(model.hidden, Gaussian) or model.hidden.tail_coefficient() != 1.0:
        raise InvalidArgument("hidden", model.hidden.name, "gaussian of variance 1, one for each pattern")
    if couplings.law != "binary" or model.pattern_field or model.visible_field or model.condensed != 1:
        raise InvalidArgument(
            "model", "fields, mixtures or other patterns", "without these in the one-step theory"
        )
