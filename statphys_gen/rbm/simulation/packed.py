"""Block Gibbs sampling of +-1 units with +-1 patterns, 64 units to a word.

With one pattern for each hidden unit the field of a unit is g (N - 2 k)/sqrt(N) with k the number of places in which
its pattern differs from the other layer: an exclusive or and a count of bits. Its probability to be +1 depends on k
alone and is read from a table, rounded to 2^-32.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...arrays import SingleArray
from ...units.discrete import Binary
from ..couplings.patterns import Patterns
from .gibbs import Chains, Settings
from .network import Network

Words = NDArray[np.uint64]


def can_pack(network: Network) -> bool:
    """True for +-1 units in both layers and +-1 patterns, one for each hidden unit."""
    model = network.model
    binary = isinstance(model.visible, Binary) and isinstance(model.hidden, Binary)
    return binary and type(model.couplings) is Patterns and model.couplings.law == "binary"


class PackedChains(Chains):
    """The chains of :class:`~statphys_gen.rbm.simulation.gibbs.Chains`, with packed states."""

    _visible_words: Words
    _hidden_words: Words

    def __init__(
        self, network: Network, rng: np.random.Generator, settings: Settings, start: str = "random"
    ) -> None:
        super().__init__(network, rng, settings, start)
        n, m = network.visible_units, network.hidden_units
        self._of_hidden = pack(np.ascontiguousarray(network.patterns.T))
        self._of_visible = pack(network.patterns)
        self._kinds = (np.zeros(m, dtype=np.uint8), (self._along < 0).astype(np.uint8))
        self.visible_squares[:], self.hidden_squares[:] = n, m

    def use(self, settings: Settings) -> None:
        super().use(settings)
        rows = np.stack([settings.coupling, settings.offset, settings.along], axis=1)
        different, table = np.unique(rows, axis=0, return_inverse=True)
        self._table = np.asarray(table.reshape(-1), dtype=np.int64)
        n, m = self.network.visible_units, self.network.hidden_units
        coupling, offset, along = (different[:, k, None, None] / math.sqrt(n) ** (k == 0) for k in range(3))
        signs = np.array([1.0, -1.0])[:, None]
        on_hidden = coupling * (n - 2.0 * np.arange(n + 1))
        on_visible = coupling * (m - 2.0 * np.arange(m + 1)) + offset + along * signs
        self._thresholds = _thresholds(on_hidden), _thresholds(on_visible)

    def sweep(self, visible_sums: SingleArray | None = None, hidden_sums: SingleArray | None = None) -> None:
        self._draw_layer(0, self._visible_words, self._hidden_words, self._of_hidden, hidden_sums)
        self._draw_layer(1, self._hidden_words, self._visible_words, self._of_visible, visible_sums)
        self.interaction /= math.sqrt(self.network.visible_units)

    def _draw_layer(
        self, layer: int, given: Words, drawn: Words, patterns: Words, sums: SingleArray | None
    ) -> None:
        from . import kernels_packed

        sizes = self.network.hidden_units, self.network.visible_units
        units, length = sizes[layer], sizes[1 - layer]
        kernels_packed.packed_units(
            self._bits((len(given), units)),
            units,
            length,
            patterns,
            given,
            self._thresholds[layer],
            self._table,
            self._kinds[layer],
            drawn,
            self._no_sums if sums is None else sums,
            self.interaction,
        )

    def reorder(self, order: NDArray[np.intp]) -> None:
        self._visible_words = self._visible_words[order]
        self._hidden_words = self._hidden_words[order]
        self.interaction[:] = self.interaction[order]

    @property
    def visible(self) -> SingleArray:
        return unpack(self._visible_words, self.network.visible_units)

    @visible.setter
    def visible(self, states: SingleArray) -> None:
        self._visible_words = pack(states)

    @property
    def hidden(self) -> SingleArray:
        return unpack(self._hidden_words, self.network.hidden_units)

    @hidden.setter
    def hidden(self, states: SingleArray) -> None:
        self._hidden_words = pack(states)


def pack(signs: SingleArray) -> Words:
    """Rows of +-1 as 64-bit words."""
    from . import kernels_packed

    return np.asarray(kernels_packed.pack(np.ascontiguousarray(signs)))


def unpack(words: Words, length: int) -> SingleArray:
    """Rows of +-1 from 64-bit words."""
    from . import kernels_packed

    return np.asarray(kernels_packed.unpack(words, length))


def _thresholds(field: NDArray[np.float64]) -> NDArray[np.uint32]:
    """2^32 P(+1) in a field."""
    probability = 1.0 / (1.0 + np.exp(np.minimum(-2.0 * field, 700.0)))
    return np.asarray(np.minimum(np.rint(2.0**32 * probability), 2.0**32 - 1.0), dtype=np.uint32)


def make_chains(
    network: Network, rng: np.random.Generator, settings: Settings, start: str = "random"
) -> Chains:
    """Packed chains where both layers and the patterns are +-1, and otherwise those in floating-point numbers."""
    return (PackedChains if can_pack(network) else Chains)(network, rng, settings, start)
