"""Monte Carlo of finite networks: order parameters with errors over instances.

The simulation draws the couplings of the definition and the units from their own densities; nothing of the theory
enters. Expectation values are those of a branch: chains that start at a pattern stay in retrieval for a time that grows
exponentially with the size, and chains that start at random do not find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InsufficientSamples, InvalidArgument
from ...glossary import attributes, dataset
from ...numerics.blocks import map_blocks
from ...presentation import Tabular
from ...progress import keep
from ...statistics.estimate import Estimate
from ..model import Model
from .gibbs import STARTS, Chains, Settings
from .network import Network, draw_network, stream
from .packed import make_chains

if TYPE_CHECKING:
    import xarray

# Makes the stream of one instance for a purpose.
Streams = Callable[[str], np.random.Generator]
# Sweeps between two records of the overlaps of pairs of chains.
_PAIR_INTERVAL = 2


@dataclass(frozen=True, repr=False)
class Measurement(Tabular):
    """Averages over sweeps and chains, for every instance of the disorder.

    Attributes
    ----------
    values : for each observable one number for each instance (several with ``condensed`` above 1 for the overlaps):
        ``overlap`` m, ``hidden_overlap`` (of the carrying unit over sqrt(N), or of the hidden patterns),
        ``edwards_anderson_overlap`` q, ``self_overlap`` Q, ``hidden_edwards_anderson_overlap`` r,
        ``hidden_self_overlap`` R (both without the units that carry condensed patterns), ``interaction``
        (1/N) sum_ia W_ia s_i h_a, ``spin_glass_susceptibility`` (1/N) sum_ij <s_i; s_j>^2 (with at least 4 chains),
        ``overlap_square`` and ``overlap_fourth_power`` (moments of the overlap of two chains).
    controls : numbers of every instance whose expectation over the disorder is exactly 0, (instances, controls): they
        share the noise of the disorder with the observables.
    """

    values: dict[str, FloatArray]
    controls: FloatArray

    def estimate(self, observable: str, *, controlled: bool = False) -> Estimate:
        """Mean over the instances with its standard error.

        Parameters
        ----------
        observable : name of an entry of ``values``.
        controlled : subtract the part that a linear regression on the controls explains; the mean is the same for
            infinitely many instances, and its error smaller. Each control costs a degree of freedom.
        """
        values = self.values[validation.choice("observable", observable, tuple(self.values))]
        return controlled_estimate(values, self.controls) if controlled else Estimate.from_samples(values)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """All observables, without controls."""
        return {name: Estimate.from_samples(values) for name, values in self.values.items()}

    def records(self) -> list[dict[str, Any]]:
        """One row for each observable: mean, over patterns of equal overlap too, and standard error."""
        means = {name: values.reshape(len(values), -1).mean(axis=1) for name, values in self.values.items()}
        return [
            {"observable": name, "value": float(found.mean), "standard_error": float(found.standard_error)}
            for name, found in Measurement(means, self.controls).estimates.items()
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Every number, with the dimension ``instance`` (and ``pattern`` where there are several)."""
        axes = ("instance", "pattern")
        return dataset({name: (axes[: entry.ndim], entry) for name, entry in self.values.items()}, {})


@dataclass(frozen=True, repr=False)
class MeasurementSeries(Tabular):
    """Measurements along an axis (temperature, step size), in its order.

    Attributes
    ----------
    axis, points : its name and its points.
    measurements : one at each.
    """

    axis: str
    points: FloatArray
    measurements: tuple[Measurement, ...]

    def __len__(self) -> int:
        return len(self.measurements)

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.measurements)

    def __getitem__(self, index: int) -> Measurement:
        return self.measurements[index]

    def records(self) -> list[dict[str, Any]]:
        """Those of every measurement, with the point."""
        pairs = zip(self.points.tolist(), self, strict=True)
        return [{self.axis: point} | record for point, found in pairs for record in found.records()]

    def to_dataset(self) -> xarray.Dataset:
        """Every number, with the axis as the first dimension."""
        import xarray

        axis = xarray.DataArray(self.points, dims=self.axis, name=self.axis, attrs=attributes(self.axis))
        return xarray.concat([found.to_dataset() for found in self], axis, join="override")


def controlled_estimate(values: FloatArray, controls: FloatArray) -> Estimate:
    """Mean of ``values`` (instances, ...) by regression on controls (instances, k) of known expectation 0."""
    count, number = controls.shape
    if number == 0:
        return Estimate.from_samples(values)
    if count < number + 3:
        raise InsufficientSamples(
            f"{count} instances with {number} controls: at least {number + 3} are needed"
        )
    design = np.concatenate([np.ones((count, 1)), controls], axis=1)
    flat = values.reshape(count, -1)
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ flat
    freedom = count - number - 1
    residual = flat - design @ coefficients
    error = np.sqrt(np.square(residual).sum(axis=0) / freedom * inverse[0, 0])
    shape = values.shape[1:]
    return Estimate(coefficients[0].reshape(shape), error.reshape(shape), np.full(shape, float(freedom)))


def simulate(
    model: Model,
    visible_units: int,
    instances: int,
    *,
    chains: int = 16,
    sweeps: int = 400,
    burn_in: int | None = None,
    start: str = "random",
    seed: int = 0,
    threads: int = 1,
) -> Measurement:
    """Block Gibbs sampling of independent networks.

    Parameters
    ----------
    model : any model but one with diluted patterns; its ``size`` is not used.
    visible_units : N.
    instances : independent draws of the disorder, at least 2.
    chains : independent chains of each instance, at least 2 (q and r are overlaps of different chains); 4 for the
        spin-glass susceptibility. Default 16.
    sweeps : sweeps that are measured, default 400.
    burn_in : sweeps before; default half of ``sweeps``.
    start : "pattern" for the retrieval branch, "random" (default) for the state without it.
    seed : default 0.
    threads : instances at the same time; the result does not depend on it.

    Raises
    ------
    InvalidArgument : an argument outside its domain, or numbers of units that are no integers.
    """
    burn_in = checked_run(model, visible_units, instances, chains, sweeps, burn_in, seed)
    validation.choice("start", start, STARTS)

    def work(network: Network, rng: Streams) -> list[dict[str, FloatArray]]:
        state = make_chains(network, rng(f"chains from {start}"), Settings.of(model, chains), start)
        return measure(state, sweeps, burn_in=burn_in)

    (found,) = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    return found


def measured(
    work: Callable[[Network, Streams], list[dict[str, FloatArray]]],
    model: Model,
    visible_units: int,
    instances: int,
    *,
    seed: int,
    threads: int,
) -> list[Measurement]:
    """A measurement from each entry of what ``work`` returns for every instance; it gets the network, and a function
    that makes the stream for a purpose."""

    def one(instance: int) -> tuple[list[dict[str, FloatArray]], FloatArray]:
        network = draw_network(model, visible_units, seed=seed, instance=instance)
        found = work(network, lambda purpose: stream(model, visible_units, seed, instance, purpose))
        return found, network.controls()

    blocks = map_blocks(one, instances, threads=threads)
    controls = np.stack([own for _, own in blocks])
    return [
        Measurement(
            {name: np.stack([np.asarray(found[k][name]) for found, _ in blocks]) for name in first}, controls
        )
        for k, first in enumerate(blocks[0][0])
    ]


def checked_run(
    model: Model, visible_units: int, instances: int, chains: int, sweeps: int, burn_in: int | None, seed: int
) -> int:
    """Refuse before any work what no instance can have; the number of sweeps before the measured ones."""
    if not isinstance(model, Model):
        raise InvalidArgument("model", model, "a Model")
    validation.integer("visible_units", visible_units, minimum=2)
    validation.integer("instances", instances, minimum=2)
    validation.integer("chains", chains, minimum=2)
    validation.integer("sweeps", sweeps, minimum=1)
    validation.integer("seed", seed, minimum=0)
    return sweeps // 2 if burn_in is None else validation.integer("burn_in", burn_in, minimum=0)


def increasing(argument: str, values: Sequence[float]) -> FloatArray:
    """At least two positive numbers in increasing order."""
    checked = validation.array(argument, values, ndim=1, above=0.0)
    if len(checked) < 2 or not (np.diff(checked) > 0).all():
        raise InvalidArgument(argument, list(values), "at least two, increasing")
    return checked


def measure(
    state: Chains,
    sweeps: int,
    *,
    burn_in: int = 0,
    groups: int = 1,
    each: Callable[[Chains], None] | None = None,
) -> list[dict[str, FloatArray]]:
    """Averages over ``sweeps`` sweeps after ``burn_in`` others, for each of ``groups`` equal groups of chains.

    Successive chains make a group and have the same settings. ``each`` is called after every measured sweep.
    """
    for _ in range(burn_in):
        state.sweep()
    averages = Averages(state, groups)
    for k in range(sweeps):
        state.sweep(averages.visible, averages.hidden)
        averages.add(state, with_pairs=k % _PAIR_INTERVAL == 0)
        if each is not None:
            each(state)
    return [averages.results(k) for k in range(groups)]


class Averages:
    """Sums over the sweeps, for every chain; averages over the chains of a group."""

    def __init__(self, state: Chains, groups: int) -> None:
        self.network = state.network
        # What the sweeps add the states of every unit to.
        self.visible, self.hidden = np.zeros_like(state.visible), np.zeros_like(state.hidden)
        self.size = len(self.visible) // groups
        self.pairs = [Pairs() for _ in range(groups)]
        self.records = 0
        self.overlap, self.carried = np.zeros_like(state.overlaps()), np.zeros_like(state.hidden_overlaps())
        chains = len(self.visible)
        self.visible_square, self.hidden_square = np.zeros(chains), np.zeros(chains)
        self.interaction = np.zeros(chains)

    def rows(self, group: int) -> slice:
        return slice(group * self.size, (group + 1) * self.size)

    def add(self, state: Chains, *, with_pairs: bool) -> None:
        self.records += 1
        self.overlap += state.overlaps()
        self.carried += state.hidden_overlaps()
        self.visible_square += state.visible_squares
        self.hidden_square += state.hidden_squares
        if self.network.condensed:
            carrying = state.hidden[:, : self.network.condensed].astype(np.float64)
            self.hidden_square -= np.einsum("ca,ca->c", carrying, carrying)
        self.interaction += state.settings.coupling * state.interaction
        if with_pairs:
            visible = state.visible
            for k, pairs in enumerate(self.pairs):
                pairs.add(visible[self.rows(k)])

    def results(self, group: int) -> dict[str, FloatArray]:
        """The observables of one group of chains."""
        network, rows, share = self.network, self.rows(group), 1.0 / self.records
        n, m = network.visible_units, network.hidden_units - network.condensed
        hidden = self.hidden[rows, network.condensed :]
        return {
            "overlap": _plain(share * self.overlap[rows].mean(axis=0)),
            "hidden_overlap": _plain(share * self.carried[rows].mean(axis=0)),
            "edwards_anderson_overlap": _between(self.visible[rows] * np.float32(share)),
            "self_overlap": np.asarray(share * self.visible_square[rows].mean() / n),
            "hidden_edwards_anderson_overlap": _between(hidden * np.float32(share)),
            "hidden_self_overlap": np.asarray(share * self.hidden_square[rows].mean() / max(m, 1)),
            "interaction": np.asarray(share * self.interaction[rows].mean() / n),
            **self.pairs[group].results(n),
        }


def _plain(values: FloatArray) -> FloatArray:
    return np.asarray(values[0] if len(values) == 1 else values)


def _between(means: NDArray[np.float32]) -> FloatArray:
    """Mean over units and pairs of different chains of the product of their averages."""
    chains, units = means.shape
    if units == 0:
        return np.asarray(0.0)
    total = np.square(means.sum(axis=0, dtype=np.float64)).sum()
    same = np.square(means, dtype=np.float64).sum()
    return np.asarray((total - same) / (chains * (chains - 1) * units))


class Pairs:
    """Moments of the overlaps of independent chains, by averages over sets of different chains only."""

    def __init__(self) -> None:
        self.records = 0
        self.square = self.fourth = self.three = self.four = 0.0
        self.with_four = False

    def add(self, visible: NDArray[np.float32]) -> None:
        chains = len(visible)
        g = (visible @ visible.T).astype(np.float64) / visible.shape[1]
        np.fill_diagonal(g, 0.0)
        squares = np.square(g)
        rows, total = g.sum(axis=1), g.sum()
        two = squares.sum()
        three = np.square(rows).sum() - two
        self.records += 1
        self.square += two / (chains * (chains - 1))
        self.fourth += np.square(squares).sum() / (chains * (chains - 1))
        self.with_four = chains >= 4
        if self.with_four:
            four = total * total - 2.0 * two - 4.0 * three
            self.three += three / (chains * (chains - 1) * (chains - 2))
            self.four += four / (chains * (chains - 1) * (chains - 2) * (chains - 3))

    def results(self, units: int) -> dict[str, FloatArray]:
        count = self.records
        result = {
            "overlap_square": np.asarray(self.square / count),
            "overlap_fourth_power": np.asarray(self.fourth / count),
        }
        if self.with_four:
            connected = self.square - 2.0 * self.three + self.four
            result["spin_glass_susceptibility"] = np.asarray(units * connected / count)
        return result


keep(simulate, "instances")
