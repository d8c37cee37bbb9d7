r"""First passage of a noised training point: when does another training point become its nearest one?

The backward process with the score of n points a_mu is the exact time reversal of "pick a point a_s, noise it". The
time at which a backward trajectory changes its nearest training point for the last time (nearest to x_t among
exp(-t) a_mu) has therefore the law of the first time at which a forward path from a random point a_s has another
nearest point. In the variables

    y = exp(t) x_t = a_s + W(tau),    tau = exp(2t) - 1,

W is a standard Brownian motion, and the first passage is its exit from the Voronoi cell of a_s: it crosses the plane
halfway to a_mu at the distance |a_mu - a_s| / 2. Between two monitored times a plane at the distances h, h' from the
two ends, both inside, is crossed with probability exp(-2 h h' / (tau' - tau)) (Brownian bridge, exact for one plane).
With ``bridge=True`` a path leaves in an interval with the probability that belongs to independent crossings of the
planes, which is exact where one plane matters and off only by the overlap of several in one interval; the passage is
put uniformly into its interval. With ``bridge=False`` a passage is seen only at the monitored times, as in a backward
run with the same steps, and the times come out late by an amount of the order of the square root of the step.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (collapse time of a trajectory).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import DataLaw
from ...errors import InsufficientSamples, InvalidArgument
from ...glossary import dataset
from ...numerics.blocks import map_blocks
from ...presentation import Tabular
from ...progress import keep
from ...statistics.estimate import Estimate
from .collapse import data_stream, draw_data

if TYPE_CHECKING:
    import xarray

# exp(-2 h h' / (tau' - tau)) is below 3e-16 where h h' is above this times (tau' - tau).
_CLOSE = 18.0
_ENTRIES = 1_000_000  # of a (paths, points) array


@dataclass(frozen=True, repr=False)
class FirstPassage(Tabular):
    """First-passage times of independent paths.

    Attributes
    ----------
    times : (instances, walkers). Instances are independent; walkers of one share its points.
    """

    times: FloatArray

    @property
    def mean(self) -> Estimate:
        """Mean time, with its error over instances."""
        return Estimate.from_samples(self.times.mean(axis=1))

    @property
    def deviation(self) -> Estimate:
        """Standard deviation of the time over walkers and instances; error and bias by the jackknife over instances."""
        count = len(self.times)
        first, second = self.times.mean(axis=1), (self.times**2).mean(axis=1)
        whole = np.sqrt(second.mean() - first.mean() ** 2)
        without = np.sqrt((second.sum() - second) / (count - 1) - ((first.sum() - first) / (count - 1)) ** 2)
        return Estimate.from_samples(count * whole - (count - 1) * without)

    def records(self) -> list[dict[str, Any]]:
        """Mean and standard deviation of the time."""
        return [
            {"observable": name, "value": float(found.mean), "standard_error": float(found.standard_error)}
            for name, found in (("mean", self.mean), ("deviation", self.deviation))
        ]

    def to_dataset(self) -> xarray.Dataset:
        """The time of every walker of every instance."""
        return dataset({"time": (("instance", "walker"), self.times)}, {})


def simulate_first_passage(
    law: DataLaw,
    samples: int,
    *,
    walkers: int = 200,
    instances: int = 16,
    step: float = 0.02,
    times: ArrayLike | None = None,
    horizon: float = 12.0,
    bridge: bool = True,
    seed: int = 0,
    threads: int = 1,
) -> FirstPassage:
    """First times at which forward paths from random training points have another nearest training point.

    Parameters
    ----------
    law : GaussianMixture, Covariance, DiscreteProduct or CurieWeiss.
    samples : n, training points of an instance, at least 2.
    walkers : forward paths of an instance, spread evenly over its points.
    instances : independent sets of training points, at least 2.
    step : of the monitoring, in diffusion time.
    times : monitored times, increasing and above 0, instead of multiples of ``step``; the last one is the horizon.
    horizon : latest time, above ``step``.
    bridge : also see passages between the monitored times.
    seed : of the random streams; the training points do not depend on how the paths are monitored.
    threads : the bits of the result do not depend on it.

    Raises
    ------
    InvalidArgument : an argument out of its domain.
    InsufficientSamples : a path that has not left by the horizon, or two equal points.
    """
    validation.integer("samples", samples, minimum=2)
    validation.integer("walkers", walkers, minimum=1)
    validation.integer("instances", instances, minimum=2)
    monitored = _monitored(step, horizon, times)

    def passages(instance: int) -> FloatArray:
        rng = data_stream(seed, "first passage", law, samples, instance)
        points = draw_data(law, samples, rng)[0]
        return first_passage_times(points, np.arange(walkers) % samples, monitored, rng, bridge=bridge)

    return FirstPassage(np.stack(map_blocks(passages, instances, threads=threads)))


def first_passage_times(
    points: FloatArray, sources: IntArray, times: FloatArray, rng: np.random.Generator, *, bridge: bool = True
) -> FloatArray:
    """First-passage times of one forward path from each source.

    Parameters
    ----------
    points : (n, d), all different.
    sources : (paths,) indices of points.
    times : monitored times, increasing and above 0.
    rng, bridge : as for :func:`simulate_first_passage`.
    """
    size = max(1, _ENTRIES // len(points))
    centred = points - points.mean(axis=0)
    blocks = [sources[start : start + size] for start in range(0, len(sources), size)]
    return np.concatenate([_block(centred, block, times, rng, bridge) for block in blocks])


def _block(
    points: FloatArray, sources: IntArray, times: FloatArray, rng: np.random.Generator, bridge: bool
) -> FloatArray:
    own = points[sources]
    squares = np.einsum("ij,ij->i", points, points)
    squared = squares[sources][:, None] - 2.0 * own @ points.T + squares
    rows = np.arange(len(sources))
    squared[rows, sources] = np.inf
    if squared.min() <= 0.0:
        raise InsufficientSamples("two training points are equal: no first passage between them")
    distance = np.sqrt(squared)
    height = 0.5 * distance  # of the path above each plane
    result = np.empty(len(sources))
    alive = rows
    clock = before = 0.0
    for time in times:
        later = float(np.expm1(2.0 * time))
        elapsed = later - clock
        move = np.sqrt(elapsed) * rng.standard_normal(own.shape)
        climb = np.einsum("ij,ij->i", move, own)[:, None] - move @ points.T
        climb /= distance
        climb[np.arange(len(own)), sources] = 0.0
        new = height + climb
        left = new.min(axis=1) < 0.0
        if bridge:
            left |= rng.random(len(own)) < _crossing(height, new, elapsed)
            result[alive[left]] = before + (time - before) * rng.random(int(left.sum()))
        else:
            result[alive[left]] = time
        stay = ~left
        if not stay.any():
            return result
        if not stay.all():
            alive, sources, own, distance, new = (
                entry[stay] for entry in (alive, sources, own, distance, new)
            )
        height, clock, before = new, later, time
    raise InsufficientSamples(
        f"{len(alive)} of {len(rows)} paths keep their nearest point up to time {times[-1]:g}: take a later horizon"
    )


def _crossing(height: FloatArray, new: FloatArray, elapsed: float) -> FloatArray:
    """Probability that a path with these heights at the two ends of an interval crossed a plane between them."""
    product = height * new
    row, column = np.nonzero(product < _CLOSE * elapsed)
    single = np.exp(np.minimum(-2.0 / elapsed * product[row, column], 0.0))
    stayed = np.zeros(len(height))
    with np.errstate(divide="ignore"):
        np.add.at(stayed, row, np.log1p(-single))
    return np.negative(np.expm1(stayed))


def _monitored(step: float, horizon: float, times: ArrayLike | None) -> FloatArray:
    if times is not None:
        monitored = validation.array("times", times, ndim=1, above=0.0)
        if (np.diff(monitored) <= 0.0).any():
            raise InvalidArgument("times", monitored, "increasing")
        return monitored
        return monitored
    size, end = validation.positive("step", step), validation.positive("horizon", horizon)
    if end <= size:
        raise InvalidArgument("horizon", horizon, f"above step = {size:g}")
    return np.arange(1.0, np.ceil(end / size) + 1.0) * size


keep(simulate_first_passage, "instances")
