"""Chains of block Gibbs sampling: all hidden units given the visible ones, then all visible given the hidden.

Many chains of one network share its couplings, so that a sweep is two products of matrices (float32) and two passes
that draw the units. Every chain has its own coupling g, prior power beta, and fields: chains at several temperatures,
or along a path of a thermodynamic integration, make one batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray, SingleArray
from ...errors import InvalidArgument
from ...units.base import Prior
from ...units.continuous import Gaussian, Mixture, ReLU, SoftThreshold
from ...units.custom import FromLogDensity
from ...units.discrete import Discrete
from ..model import Model
from .network import Network
from .tabulated import tables_of

STARTS = ("pattern", "random")
# Generators of random words side by side.
_LANES = 16


@dataclass(frozen=True)
class Settings:
    """What may differ between the chains of a batch, each of shape (chains,).

    Attributes
    ----------
    coupling : g, by which W_0 is multiplied.
    power : beta of the hidden priors.
    offset : uniform field on the visible units, as it enters the log-weight.
    along : field along the first pattern, as it enters the log-weight.
    """

    coupling: FloatArray
    power: FloatArray
    offset: FloatArray
    along: FloatArray

    @classmethod
    def of(cls, model: Model, chains: int, **changes: ArrayLike) -> Settings:
        """Those of a model, the same for every chain except for ``changes``."""
        scale = model.prior_power
        values: dict[str, Any] = {
            "coupling": model.coupling,
            "power": model.prior_power,
            "offset": scale * model.visible_field,
            "along": scale * model.pattern_field,
        }
        filled = {
            name: np.broadcast_to(np.asarray(value, dtype=np.float64), (chains,)).copy()
            for name, value in (values | changes).items()
        }
        return cls(**filled)


class Products:
    """Products of the states of many chains with W_0, through the pairs of patterns where that is less work."""

    def __init__(self, network: Network) -> None:
        first = second = network.weights
        visible, hidden = first.shape
        pairs, eta = network.patterns.shape[1], network.hidden_patterns
        self.factored = network.model.couplings.of_pairs and 2 * pairs * (visible + hidden) < visible * hidden
        if self.factored and eta is not None:
            first, second = network.patterns / np.float32(visible), eta
        self._first, self._second = first, second
        self._first_transposed = np.ascontiguousarray(first.T)
        self._second_transposed = np.ascontiguousarray(second.T) if self.factored else first

    def to_hidden(self, visible: SingleArray, out: SingleArray) -> None:
        """Fields on the hidden units, without the coupling g."""
        if self.factored:
            np.matmul(visible @ self._first, self._second_transposed, out=out)
        else:
            np.matmul(visible, self._first, out=out)

    def to_visible(self, hidden: SingleArray, out: SingleArray) -> None:
        """Fields on the visible units, without the coupling g."""
        if self.factored:
            np.matmul(hidden @ self._second, self._first_transposed, out=out)
        else:
            np.matmul(hidden, self._first_transposed, out=out)


class Chains:
    """Chains of one network, advanced together.

    Attributes
    ----------
    visible, hidden : states, (chains, units), float32.
    interaction : sum_ia (W_0)_ia s_i h_a of each chain, of the last sweep.
    visible_squares, hidden_squares : sum_i s_i^2 and sum_a h_a^2 of each chain, of the last sweep.

    Parameters
    ----------
    network : the instance.
    rng : stream of the dynamics.
    settings : of every chain; their number is that of the chains.
    start : "pattern": aligned with the condensed pattern (or with the sum of several); "random": independent units
        without couplings and fields.
    """

    def __init__(
        self, network: Network, rng: np.random.Generator, settings: Settings, start: str = "random"
    ) -> None:
        self.network, self.rng = network, rng
        chains = len(settings.coupling)
        self.use(settings)
        self._products = Products(network)
        self.hidden = np.zeros((chains, network.hidden_units), dtype=np.float32)
        self.visible = starting_states(network, rng, chains, start)
        self._lanes = rng.integers(0, 2**32, size=(4, _LANES), dtype=np.uint32)
        largest = chains * max(network.visible_units, network.hidden_units)
        self._words = np.empty(2 * largest + _LANES, dtype=np.uint32)
        self._noise = np.empty(largest + 1, dtype=np.float32)
        self._no_sums = np.empty((0, 1), dtype=np.float32)
        self._no_pattern = np.zeros(network.hidden_units, dtype=np.float32)
        self._along = network.along
        self.interaction = np.zeros(chains)
        self.visible_squares, self.hidden_squares = np.zeros(chains), np.zeros(chains)

    def use(self, settings: Settings) -> None:
        """Continue with other settings."""
        self.settings = settings
        self._single = {
            name: getattr(settings, name).astype(np.float32)
            for name in ("coupling", "power", "offset", "along")
        }
        self._zero = np.zeros(len(settings.coupling), dtype=np.float32)
        self._one = np.ones_like(self._zero)

    def sweep(self, visible_sums: SingleArray | None = None, hidden_sums: SingleArray | None = None) -> None:
        """Draw the hidden, then the visible units of every chain; the states are added to the sums."""
        model = self.network.model
        self._products.to_hidden(self.visible, self.hidden)
        self._draw(model.hidden, self.hidden, hidden_sums, self.hidden_squares, hidden=True)
        self._products.to_visible(self.hidden, self.visible)
        self._draw(model.visible, self.visible, visible_sums, self.visible_squares, hidden=False)

    def set_visible(self, states: NDArray[Any]) -> None:
        """Continue from these visible states, (chains, visible units)."""
        self.visible = np.array(states, dtype=np.float32)

    def reorder(self, order: NDArray[np.intp]) -> None:
        """Row c continues with the state of row order[c]; the settings stay with the rows."""
        self.visible, self.hidden = self.visible[order], self.hidden[order]
        for rows in (self.interaction, self.visible_squares, self.hidden_squares):
            rows[:] = rows[order]

    def _draw(
        self, prior: Prior, field: SingleArray, sums: SingleArray | None, squares: FloatArray, *, hidden: bool
    ) -> None:
        """Replace the fields by states drawn in them."""
        from . import kernels

        one, zero = self._single, self._zero
        power = one["power"] if hidden else self._one
        offset, along = (zero, zero) if hidden else (one["offset"], one["along"])
        pattern = self._no_pattern if hidden else self._along
        total = self._no_sums if sums is None else sums
        results = (total, self.interaction, squares)
        if isinstance(prior, Discrete) and len(prior.states) == 2:
            low, high = map(float, prior.states)
            bias = -power * np.float32(prior.energies[1] - prior.energies[0])
            kernels.two_states(
                self._bits(field.shape),
                field,
                one["coupling"],
                offset,
                along,
                pattern,
                low,
                high - low,
                bias,
                *results,
            )
        elif isinstance(prior, Discrete):
            values = prior.states.astype(np.float32)
            logs = -np.multiply.outer(power, np.asarray(prior.energies)).astype(np.float32)
            kernels.several_states(self._bits(field.shape), field, one["coupling"], values, logs, *results)
        elif isinstance(prior, Gaussian):
            noise = self._normals(field.shape)
            variance = np.float32(prior.variance_) / power
            kernels.normal_units(noise, field, one["coupling"], offset, along, pattern, variance, *results)
        elif isinstance(prior, Mixture):
            noise = self._normals(field.shape)
            kernels.mixture_units(
                self._bits(field.shape), noise, field, one["coupling"], prior.gaussian_weight, *results
            )
        elif isinstance(prior, ReLU | SoftThreshold):
            kernels.truncated_units(
                self._bits((len(field), 2 * field.shape[1])),
                self.rng,
                field,
                one["coupling"],
                prior.threshold,
                self.settings.power,
                isinstance(prior, SoftThreshold),
                *results,
            )
        elif isinstance(prior, FromLogDensity):
            self._draw_from_tables(prior, field, sums, squares)
        else:
            self._draw_by_prior(prior, field, sums, squares)

    def _draw_from_tables(
        self, prior: FromLogDensity, field: SingleArray, sums: SingleArray | None, squares: FloatArray
    ) -> None:
        """Chains of equal power share a table."""
        settings = self.settings
        for power in np.unique(settings.power):
            rows = np.flatnonzero(settings.power == power)
            raw = field[rows].astype(np.float64)
            total = settings.coupling[rows, None] * raw
            states = tables_of(prior, float(power)).draw(self.rng, total.ravel()).reshape(raw.shape)
            self.interaction[rows] = np.einsum("ca,ca->c", raw, states)
            squares[rows] = np.einsum("ca,ca->c", states, states)
            field[rows] = states
        if sums is not None:
            sums += field

    def _draw_by_prior(
        self, prior: Prior, field: SingleArray, sums: SingleArray | None, squares: FloatArray
    ) -> None:
        for c in range(len(field)):
            raw = field[c].astype(np.float64)
            state = prior.sample(self.rng, self.settings.coupling[c] * raw, float(self.settings.power[c]))
            self.interaction[c] = raw @ state
            squares[c] = state @ state
            field[c] = state
        if sums is not None:
            sums += field

    def _bits(self, shape: tuple[int, int]) -> NDArray[np.uint32]:
        """Random words; they are overwritten by the next call."""
        from . import kernels

        count = shape[0] * shape[1]
        words = self._words[: _LANES * -(-count // _LANES)]
        kernels.random_words(self._lanes, words)
        return words[:count].reshape(shape)

    def _normals(self, shape: tuple[int, int]) -> SingleArray:
        """Standard normal numbers; they are overwritten by the next call."""
        from . import kernels

        count = shape[0] * shape[1]
        even = count + count % 2
        kernels.normals(self._bits((even, 1)).reshape(-1), self._noise[:even])
        return self._noise[:count].reshape(shape)

    # ------------------------------------------------------------------------------------------------- observables

    def overlaps(self) -> FloatArray:
        """(1/N) sum_i xi_i^k s_i of every chain with the condensed patterns, (chains, L)."""
        number = max(1, int(self.network.model.condensed))
        patterns = self.network.patterns[:, :number]
        if patterns.shape[1] == 0:
            return np.zeros((len(self.visible), 1))
        return np.asarray(self.visible @ patterns, dtype=np.float64) / self.network.visible_units

    def hidden_overlaps(self) -> FloatArray:
        """h_k / sqrt(N) of the unit that carries the pattern, or (1/M) sum_a eta_a^k h_a; (chains, L)."""
        network = self.network
        number = max(1, int(network.model.condensed))
        if network.hidden_patterns is None:
            carried = self.hidden[:, :number]
            return np.asarray(carried, dtype=np.float64) / math.sqrt(network.visible_units)
        if network.hidden_patterns.shape[1] == 0:
            return np.zeros((len(self.hidden), 1))
        return np.asarray(self.hidden @ network.hidden_patterns[:, :number]) / float(network.hidden_units)


def starting_states(network: Network, rng: np.random.Generator, chains: int, start: str) -> SingleArray:
    """Visible states of the chains, see :class:`Chains`."""
    validation.choice("start", start, STARTS)
    prior = network.model.visible
    free = prior.sample(rng, np.zeros((chains, network.visible_units)))
    if start == "random":
        return free.astype(np.float32)
    if network.patterns.shape[1] == 0:
        raise InvalidArgument("start", start, "random in a network without patterns")
    aligned = np.broadcast_to(network.aligned(), free.shape)
    if prior.support[0] == 0.0:
        return np.where(aligned == 0.0, free, aligned > 0.0).astype(np.float32)
    return np.where(aligned == 0.0, free, aligned).astype(np.float32)
