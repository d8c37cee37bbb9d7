"""One pattern for each hidden unit: Hopfield networks and their relatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...units.continuous import Spherical
from .base import Couplings, Drawn, Moments, Pair, State, Values, whole


@dataclass(frozen=True)
class Patterns(Couplings):
    r"""W_ia = g xi_i^a / sqrt(N), load N hidden units; g_n^2 = g^2 E xi^2. The free entropy per visible unit is::

        A = -load g_n^2 (QR - qr)/2 - g^2 Omega sum_k m_k^2 / 2 + E log Z_s + load E log Z_h,

    where a visible unit is at the tilt load g_n^2 (R - r) in the field g^2 Omega sum_k m_k xi_k + g_n sqrt(load r) z,
    and a hidden one at g_n^2 (Q - q) in g_n sqrt(q) z. The overlap of a state with a pattern is carried by one hidden
    unit, which needs an unbounded prior (tail coefficient Omega > 0) or a finite size.

    Parameters
    ----------
    law, density : of the entries, "binary" (default), "sparse" (density in (0, 1]), "gaussian" or "diluted".
    size : N of the finite-size corrected theory, at least 1, in which the condensed hidden unit is treated exactly:
        g^2 Omega m becomes (g/sqrt(N)) <h>(g sqrt(N) m); None (default) for the limit.

    Source: Barra, Genovese, Sollich, Tantari, arXiv 1702.05882; derivations/rbm/replica_symmetric.py, finite_size.py.
    """

    law: str = "binary"
    density: float = 1.0
    size: float | None = None

    name: ClassVar[str] = "patterns"
    latex: ClassVar[str] = r"W_{ia}=\frac{g}{\sqrt N}\xi_i^a"
    carried_by_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size is not None and validation.finite("size", self.size) < 1.0:
            raise InvalidArgument("size", self.size, "a finite number, at least 1")

    @property
    def continuous(self) -> tuple[str, ...]:
        return (*super().continuous, "size")

    @property
    def corrected(self) -> bool:
        return self.size is not None

    def draw(self, rng: np.random.Generator, units: int, load: float, condensed: int) -> Drawn:
        xi = self.entries(rng, (units, whole("load", load, units)))
        return Drawn(np.asarray(xi / np.float32(np.sqrt(units)), dtype=np.float32), xi, None)

    def carriers(self, condensed: int) -> int:
        return condensed

    def controls(self, drawn: Drawn, load: float, condensed: int, one_sided: bool) -> FloatArray:
        """How strongly the other patterns act on the first one; of sparse patterns moments of the condensed sum too."""
        sparse = self.law == "sparse"
        number = max(1, condensed)
        if number > 1 and not sparse:
            return np.zeros(0)
        total = drawn.patterns[:, :number].astype(np.float64).sum(axis=1)
        variance = number * self.density
        controls = [np.mean(total * total) / variance - 1.0] * sparse
        if sparse and one_sided:
            controls.append(np.mean(total) / np.sqrt(variance))
        others = drawn.weights[:, number:]
        if others.shape[1]:
            y = others.T @ total
            controls.append(np.mean(y * y) / (variance * self.density) - 1.0)
        return np.array(controls)

    @property
    def noise_scale(self) -> Any:
        return np.sqrt(self.density)

    def visible_signal(self, v: Values, state: State) -> FloatArray:
        if self.size is not None:
            return v.g[:, None] / self._root(v) * self._condensed_unit(v, state.overlap)[1]
        if isinstance(v.hidden.prior, Spherical):
            return (v.g**2)[:, None] * state.overlap / multiplier(v, state)[:, None]
        return (v.g**2)[:, None] * tail(v, state.overlap) * state.overlap

    def hidden_signal(self, v: Values, state: State) -> FloatArray:
        return np.zeros((len(v.beta), 0))

    def signal_entropy(self, v: Values, state: State) -> FloatArray:
        if self.size is not None:
            root = self._root(v)
            log, mean = self._condensed_unit(v, state.overlap)
            field = v.g[:, None] * state.overlap * mean / root
            return np.asarray((v.multiplicity * (log / self._units(v) - field)).sum(axis=1))
        if isinstance(v.hidden.prior, Spherical):
            omega = 1.0 / multiplier(v, state)[:, None]
        else:
            omega = tail(v, state.overlap)
        return np.asarray(-0.5 * v.g**2 * (v.multiplicity * omega * state.overlap**2).sum(axis=1))

    def signal_interaction(self, v: Values, state: State) -> FloatArray:
        return -2.0 * self.signal_entropy(v, state)

    def pattern_stability(self, v: Values, state: State, visible: Moments, hidden: Moments) -> Pair:
        if isinstance(v.hidden.prior, Spherical):
            omega = 1.0 / multiplier(v, state)
        else:
            prior, power = v.hidden.shaped()
            omega = np.asarray(
                np.maximum(prior.tail_coefficient(1, power), prior.tail_coefficient(-1, power))
            )
        return np.asarray(1.0 - v.noise_coupling**2 * omega * visible.spread), np.asarray(
            1.0 - v.g**2 * omega * visible.imbalance
        )

    def _units(self, v: Values) -> FloatArray:
        return np.broadcast_to(np.asarray(self.size, dtype=np.float64), v.beta.shape)[:, None]

    def _root(self, v: Values) -> FloatArray:
        return np.sqrt(self._units(v))

    def _condensed_unit(self, v: Values, overlap: FloatArray) -> Pair:
        """log-partition and mean of the condensed hidden units of a finite network, in the field g sqrt(N) m."""
        field = v.g[:, None] * self._root(v) * overlap
        prior, power = v.hidden.shaped(None, None)
        log, mean = (np.asarray(f(0.0, field[:, :, None], power)) for f in (prior.log_partition, prior.mean))
        return log[:, :, 0], mean[:, :, 0]


def tail(v: Values, overlap: FloatArray) -> FloatArray:
    """Omega of the hidden units towards the sign of the overlap, (points, groups)."""
    prior, power = v.hidden.shaped()
    plus, minus = (np.asarray(prior.tail_coefficient(side, power)) for side in (1, -1))
    above, below = (np.broadcast_to(omega, v.g.shape)[:, None] for omega in (plus, minus))
    return np.where(overlap >= 0, above, below)


@np.errstate(invalid="ignore", divide="ignore")
def multiplier(v: Values, state: State) -> FloatArray:
    """Lagrange multiplier of spherical hidden units, one of which carries each overlap; NaN without hidden units."""
    tilt = v.noise_coupling**2 * state.x
    random = v.noise_coupling**2 * state.q
    carried = v.g**2 * (v.multiplicity * state.overlap**2).sum(axis=1) / v.alpha
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
