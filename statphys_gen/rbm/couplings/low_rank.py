"""Noise and a few strong directions, as in trained machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from .base import Couplings, Drawn, whole


@dataclass(frozen=True)
class LowRank(Couplings):
    r"""W_ia = g (noise x_ia / sqrt(N) + sum_k w_k u_i^k v_a^k / N) with x normal, load N hidden units; g_n = g noise::

        A = -load g_n^2 (QR - qr)/2 - load g sum_k w_k m_k mbar_k + E log Z_s + load E log Z_h,

    where a visible unit is at the tilt load g_n^2 (R - r) in the field load g sum_k w_k mbar_k u_k +
    g_n sqrt(load r) z, and a hidden one at g_n^2 (Q - q) in g sum_k w_k m_k v_k + g_n sqrt(q) z.

    Parameters
    ----------
    noise : amplitude of the noise, at least 0; default 1.
    spikes : strengths w_k, positive; default none. The first ``condensed`` ones of the model may have overlaps.
    law, density : of the entries of u and v, as for patterns.

    Source: Decelle, Fissore, Furtlehner, J. Stat. Phys. 172 (2018) 1576; derivations/rbm/replica_symmetric.py.
    """

    noise: float = 1.0
    spikes: tuple[float, ...] = ()

    name: ClassVar[str] = "low-rank"
    latex: ClassVar[str] = r"W_{ia}=g\Big(\frac{\sigma}{\sqrt N}x_{ia}+\frac1N\sum_kw_ku_i^kv_a^k\Big)"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "noise", validation.non_negative("noise", self.noise))
        spikes = tuple(validation.positive(f"spikes[{k}]", w) for k, w in enumerate(self.spikes))
        object.__setattr__(self, "spikes", spikes)

    @property
    def continuous(self) -> tuple[str, ...]:
        return (*super().continuous, "noise", "spike")

    def replace(self, **changes: Any) -> LowRank:
        """As for all couplings; ``spike`` is the strength of the only one."""
        if "spike" in changes:
            changes = changes | {"spikes": self._only(changes["spike"])}
            del changes["spike"]
        return super().replace(**changes)

    def _only(self, strength: Any) -> tuple[Any, ...]:
        if len(self.spikes) != 1:
            raise InvalidArgument("spikes", self.spikes, "one spike, to vary its strength")
        return (strength,)

    def draw(self, rng: np.random.Generator, units: int, load: float, condensed: int) -> Drawn:
        hidden, ranks = whole("load", load, units), len(self.spikes)
        u, v = self.entries(rng, (units, ranks)), self.entries(rng, (hidden, ranks))
        noise = rng.standard_normal((units, hidden), dtype=np.float32) * np.float32(
            self.noise / np.sqrt(units)
        )
        strengths = np.asarray(self.spikes, dtype=np.float32) / np.float32(units)
        return Drawn(np.asarray(noise + (u * strengths) @ v.T, dtype=np.float32), u, v)

    def controls(self, drawn: Drawn, load: float, condensed: int, one_sided: bool) -> FloatArray:
        """How the noise acts on the first spike from both sides, and between its vectors."""
        if condensed > 1 or not self.spikes or self.noise == 0.0 or drawn.hidden_patterns is None:
            return np.zeros(0)
        n = len(drawn.patterns)
        noise = drawn.weights - (drawn.patterns * (np.asarray(self.spikes) / n)) @ drawn.hidden_patterns.T
        u, v = drawn.patterns[:, 0].astype(np.float64), drawn.hidden_patterns[:, 0].astype(np.float64)
        y = noise.T @ u / self.noise
        x = noise @ v / (self.noise * np.sqrt(load))
        return np.array([np.mean(y * y) / self.density - 1.0, np.mean(x * x) / self.density - 1.0, u @ x / n])

    def with_arrays(self, **parameters: FloatArray) -> LowRank:
        if "spike" in parameters:
            self._only(1.0)
            parameters = parameters | {"spikes": parameters.pop("spike")[:, None]}
        return super().with_arrays(**parameters)

    @property
    def noise_scale(self) -> Any:
        return self.noise

    def groups(self, condensed: float, asked: Sequence[float] | None = None) -> tuple[float, ...]:
        if asked is not None:
            raise InvalidArgument("groups", asked, "None for low-rank couplings: every spike is a group")
        return (1.0,) * min(int(condensed), len(self.spikes))

    def strengths(self, groups: int | None = None) -> FloatArray:
        return np.atleast_2d(np.asarray(self.spikes, dtype=np.float64))[:, :groups]

    @property
    def condenses(self) -> bool:
        return len(self.spikes) > 0
