"""Pairs of patterns of the two layers: bidirectional memories, with extensively or finitely many pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ... import validation
from ...arrays import FloatArray
from .base import Couplings, Drawn, Moments, Pair, State, Values, whole


@dataclass(frozen=True)
class Bidirectional(Couplings):
    r"""W_ia = (g/N) sum_k xi_i^k eta_a^k over load N pairs of patterns, alpha N hidden units; g_n = g E xi^2.

    With a = alpha g_n^2, x = Q - q, y = R - r and D = a x y::

        A = -(load/2) [log(1 - D) - a (x r + q y) / (1 - D)] - [t_s Q + v_s x + alpha (t_h R + v_h y)] / 2
            - alpha g sum_k m_k mbar_k + E log Z_s + alpha E log Z_h,
        t_s = load a y / (1 - D),        v_s = load a (r + a q y^2) / (1 - D)^2,
        t_h = load g_n^2 x / (1 - D),    v_h = load g_n^2 (q + a r x^2) / (1 - D)^2,

    and the signals are alpha g mbar_k on the visible, g m_k on the hidden units.

    Parameters
    ----------
    layer_ratio : alpha, hidden per visible units, above 0; default 1.
    law, density : of the entries of xi and eta, as for patterns.

    Source: Kurchan, Peliti, Saber, J. Phys. I France 4 (1994) 1627; derivations/rbm/bidirectional.py.
    """

    layer_ratio: float = 1.0

    name: ClassVar[str] = "bidirectional"
    latex: ClassVar[str] = r"W_{ia}=\frac gN\sum_k\xi_i^k\eta_a^k"
    joint: ClassVar[bool] = True
    of_pairs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "layer_ratio", validation.positive("layer_ratio", self.layer_ratio))

    @property
    def continuous(self) -> tuple[str, ...]:
        return (*super().continuous, "layer_ratio")

    def ratio(self, load: Any) -> Any:
        return self.layer_ratio

    def draw(self, rng: np.random.Generator, units: int, load: float, condensed: int) -> Drawn:
        hidden, pairs = whole("layer_ratio", self.layer_ratio, units), self._pairs(units, load, condensed)
        xi, eta = self.entries(rng, (units, pairs)), self.entries(rng, (hidden, pairs))
        return Drawn(np.asarray(xi @ eta.T / np.float32(units), dtype=np.float32), xi, eta)

    def _pairs(self, units: int, load: float, condensed: int) -> int:
        return whole("load", load, units)

    def controls(self, drawn: Drawn, load: float, condensed: int, one_sided: bool) -> FloatArray:
        """Squared overlaps of the first pair of patterns with the others."""
        if condensed > 1 or drawn.hidden_patterns is None:
            return np.zeros(0)
        xi, eta = drawn.patterns, drawn.hidden_patterns
        x = xi[:, 1:].T @ xi[:, 0].astype(np.float64) / np.sqrt(len(xi))
        y = eta[:, 1:].T @ eta[:, 0].astype(np.float64) / np.sqrt(len(eta))
        square = self.density * self.density
        return np.array([np.mean(x * x) / square - 1.0, np.mean(y * y) / square - 1.0, np.mean(x * y)])

    @property
    def noise_scale(self) -> Any:
        return self.density

    def _a(self, v: Values) -> FloatArray:
        return np.asarray(v.noise_coupling**2 * v.alpha)

    def _remainder(self, v: Values, x: FloatArray, y: FloatArray) -> FloatArray:
        """1 - D, NaN where the integral over the pairs of patterns diverges; irrelevant at load 0."""
        rest = np.where(v.load > 0, 1.0 - self._a(v) * x * y, 1.0)
        return np.where(rest > 0, rest, np.nan)

    def visible_noise(self, v: Values, state: State) -> Pair:
        a, y, rest = self._a(v), state.y, self._remainder(v, state.x, state.y)
        return v.load * a * y / rest, v.load * a * (state.r + a * state.q * y * y) / rest**2

    def hidden_noise(self, v: Values, state: State) -> Pair:
        square, x, rest = v.noise_coupling**2, state.x, self._remainder(v, state.x, state.y)
        return v.load * square * x / rest, v.load * square * (
            state.q + self._a(v) * state.r * x * x
        ) / rest**2

    def noise_entropy(self, v: Values, state: State) -> FloatArray:
        # The overlap of the replicas and its conjugate, minus the free entropy of the pairs of patterns.
        a, x, y = self._a(v), state.x, state.y
        rest = self._remainder(v, x, y)
        pairs = np.log(rest) - a * (x * state.r + state.q * y) / rest
        tilt_s, random_s = Bidirectional.visible_noise(self, v, state)
        tilt_h, random_h = Bidirectional.hidden_noise(self, v, state)
        conjugate_s = tilt_s * state.Q + random_s * x
        conjugate_h = tilt_h * state.R + random_h * y
        return np.asarray(-0.5 * (v.load * pairs + conjugate_s + v.alpha * conjugate_h))

    def noise_interaction(self, v: Values, state: State) -> FloatArray:
        a, x, y = self._a(v), state.x, state.y
        rest = self._remainder(v, x, y)
        return np.asarray(v.load * a * (x * y / rest + (x * state.r + state.q * y) / rest**2))

    def transfer(self, v: Values, visible: Moments, hidden: Moments) -> tuple[Pair, Pair]:
        a, square = self._a(v), v.noise_coupling**2
        x, y = visible.spread, hidden.spread
        vs, vh = visible.spread_squared, hidden.spread_squared
        rest = self._remainder(v, x, y) ** 2
        return (v.load * vs * a * a * y * y / rest, v.load * vs * a / rest), (
            v.load * vh * square / rest,
            v.load * vh * square * a * x * x / rest,
        )

    def pattern_stability(self, v: Values, state: State, visible: Moments, hidden: Moments) -> Pair:
        square = v.noise_coupling**2
        within = 1.0 - v.alpha * v.g**2 * visible.imbalance * hidden.imbalance
        return np.asarray(1.0 - v.alpha * square * visible.spread * hidden.spread), np.asarray(within)


@dataclass(frozen=True)
class Repeated(Bidirectional):
    r"""W_ia = (g/N) sum_k xi_i^k eta_a^k over finitely many pairs, as many as the model has ``condensed``; load 0.

    Every pattern is carried by extensively many hidden units, and there is no noise::

        A = -alpha g sum_k m_k mbar_k + E log Z_s + alpha E log Z_h,     signals alpha g mbar_k and g m_k.

    Parameters
    ----------
    layer_ratio : alpha, hidden per visible units, above 0; default 1.
    law, density : of the entries of xi and eta, as for patterns.
    """

    name: ClassVar[str] = "repeated"
    has_load: ClassVar[bool] = False

    def _pairs(self, units: int, load: float, condensed: int) -> int:
        return max(1, condensed)

    def controls(self, drawn: Drawn, load: float, condensed: int, one_sided: bool) -> FloatArray:
        return np.zeros(0)
