r"""Clones by Euler steps of the backward process, and the bias of the steps.

The backward process with the exact score of the mixture, in full dimension, time decreasing by h:

    x  <-  x + h (x + 2 grad log P_t(x)) + sqrt(2 h) xi,    xi ~ N(0, I),

started at the stationary law N(0, I) at a late time (``horizon`` T; the error of that start is of order
exp(-2T) |m|^2). Euler's method has weak order 1: the probability of a class is off by a multiple of h. The exact
kernel of :mod:`.backward_kernel` is its limit h -> 0, so the Euler scheme serves to study
discretisation and to stand for what is usually run.

For two isotropic classes at +-m the projection u = m.x/|m| obeys the same equation in one dimension, with half
distance |m| between the classes and the same variance: :func:`reduced_clones_langevin` takes these coefficients
and is a *reduced simulation*, to be checked against the full one.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture, block_size, draw_index
from ...errors import InvalidArgument
from ...numerics.blocks import map_blocks
from ...statistics.estimate import Estimate
from ...statistics.proportions import estimate_proportion
from ...statistics.streams import generator
from .backward_kernel import Label, class_reader, experiment_key

Grid = Literal["uniform", "adapted"]


def simulate_clones_langevin(
    mixture: GaussianMixture,
    time: ArrayLike,
    *,
    walkers: int = 1000,
    steps: int = 1000,
    horizon: float = 10.0,
    end: float = 0.0,
    grid: Grid = "uniform",
    label: Label = "sign",
    groups: ArrayLike | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Probability that two Euler runs which part at time t end in the same class.

    One run goes from ``horizon`` to ``end``; at every branch time a second run parts from it. Estimates at different
    branch times share the first run and are correlated.

    Parameters
    ----------
    mixture : the law of the data, K components in dimension d; isotropic ones use a compiled kernel.
    time : branch times, any shape, in [end, horizon].
    walkers : number of independent first runs, at least 2.
    steps : Euler steps from ``horizon`` to ``end``; a branch time off the grid divides a step.
    horizon : T, where the run starts at N(0, I).
    end : where the classes are read, at least 0.
    grid : "uniform" in time, or "adapted", with h proportional to the smallest variance of P_t within a class, for
        narrow classes (see :func:`step_grid`).
    label : "sign" (default, what is done in practice), or "component": drawn from p(k|x_end).
    groups, seed, threads : as for :func:`~statphys_gen.diffusion.simulate_clones`.

    Raises
    ------
    InvalidArgument : a time outside [end, horizon]; end = 0 on an adapted grid, or with the label "component", for a
        singular covariance.

    Approximation: weak order 1 in the step, and exp(-2 horizon) |m|^2 in the start.
    """
    law, read = NoisedMixture(mixture), class_reader(mixture, label, groups)
    times, points = _branching_grid(law, time, steps, horizon, end, grid)
    validation.integer("walkers", walkers, minimum=2)
    if label == "component" and end == 0.0 and law.smallest_variance <= 0.0:
        raise InvalidArgument("end", end, "above 0 for the label component with a singular covariance")
    branches, places = np.unique(times.ravel(), return_inverse=True)
    size = block_size(mixture.dimension, walkers)
    key = experiment_key("clones by Euler steps", mixture, label) | {
        "grid": grid,
        "steps": steps,
        "horizon": horizon,
        "end": end,
    }

    def final_classes(x: FloatArray, rng: np.random.Generator) -> IntArray:
        components = (
            draw_index(law.posterior(x, end), rng) if label == "component" else np.zeros(len(x), np.int64)
        )
        return read(x, components)

    def agreements(block: int) -> IntArray:
        rng = generator(seed, key, block)
        x = rng.standard_normal((min(size, walkers - block * size), mixture.dimension))
        parted: list[IntArray] = []
        start = points[0]
        for branch in branches[::-1]:
            euler(law, x, points[(points <= start) & (points >= branch)], rng)
            clone = x.copy()
            euler(law, clone, points[points <= branch], rng)
            parted.append(final_classes(clone, rng))
            start = branch
        euler(law, x, points[points <= start], rng)
        first = final_classes(x, rng)
        return np.array([(first == second).sum() for second in parted[::-1]])

    events = np.sum(map_blocks(agreements, -(-walkers // size), threads=threads), axis=0)
    return estimate_proportion(events[places].reshape(times.shape), walkers)


def reduced_clones_langevin(
    half_distance: float,
    variance: float,
    time: ArrayLike,
    *,
    weight: float = 0.5,
    walkers: int = 1000,
    steps: int = 1000,
    horizon: float = 10.0,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Reduced simulation: the projection on m of the clones of two isotropic classes, for any dimension.

    Parameters
    ----------
    half_distance : |m|, half the distance between the two means, above 0.
    variance : of both classes in every direction, above 0.
    weight : of the class at +m.
    time, walkers, steps, horizon, seed, threads : as for :func:`simulate_clones_langevin`; the label is "sign".
    """
    projected = GaussianMixture.two_classes(
        1, half_distance, validation.positive("variance", variance), weight
    )
    return simulate_clones_langevin(
        projected, time, walkers=walkers, seed=seed, steps=steps, horizon=horizon, threads=threads
    )


def step_bias(
    mixture: GaussianMixture,
    time: float,
    *,
    steps: ArrayLike,
    walkers: int = 1000,
    horizon: float = 10.0,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Clone agreement (label "sign") of the Euler scheme for each number of steps, shape of ``steps``.

    Weak order 1 shows as a bias that is linear in 1/steps; its limit is
    ``simulate_clones(mixture, time, label="sign")``. The numbers of steps have independent streams.
    """
    counts = validation.array("steps", steps, ndim=1, at_least=1.0)
    estimates = [
        simulate_clones_langevin(
            mixture, time, walkers=walkers, seed=seed, steps=int(count), horizon=horizon, threads=threads
        )
        for count in counts
    ]
    return Estimate.stack(estimates)


def step_grid(start: float, end: float, steps: int, smallest_variance: float | None = None) -> FloatArray:
    """Decreasing times from ``start`` to ``end``, shape (steps + 1,).

    Uniform without a variance. With the smallest variance s2 of the data within a class, uniform in
    log(exp(2t) - 1 + s2) / 2, so that h is proportional to 1 - (1 - s2) exp(-2t), the smallest variance of P_t within a
    class, whose inverse is the stiffness of the score.
    """
    if smallest_variance is None:
        return np.linspace(start, end, steps + 1)
    ends = [0.5 * np.log(np.expm1(2.0 * t) + smallest_variance) for t in (start, end)]
    uniform = np.linspace(ends[0], ends[1], steps + 1)
    points = 0.5 * np.log1p(np.exp(2.0 * uniform) - smallest_variance)
    points[0], points[-1] = start, end
    return points


def euler(law: NoisedMixture, x: FloatArray, points: FloatArray, rng: np.random.Generator) -> None:
    """Euler steps along the decreasing times ``points``, in place on the rows of x."""
    mixture = law.mixture
    if mixture.covariance_kind == "isotropic":
        from .kernels import euler_isotropic

        variances = np.ascontiguousarray(np.broadcast_to(mixture.covariances, mixture.classes))
        euler_isotropic(rng, x, points, np.log(mixture.weights), mixture.means, variances)
        return
    for t, h in zip(points[:-1], points[:-1] - points[1:], strict=True):
        x += h * (x + 2.0 * law.score(x, float(t)))
        x += np.sqrt(2.0 * h) * rng.standard_normal(x.shape)


def _branching_grid(
    law: NoisedMixture, time: ArrayLike, steps: int, horizon: float, end: float, grid: str
) -> tuple[FloatArray, FloatArray]:
    """The branch times, and the decreasing grid with them inserted."""
    validation.integer("steps", steps, minimum=1)
    validation.choice("grid", grid, ["uniform", "adapted"])
    validation.non_negative("end", end)
    validation.positive("horizon", horizon)
    times = validation.array("time", time, at_least=0.0)
    if end >= horizon:
        raise InvalidArgument("end", end, f"below horizon = {horizon:g}")
    if times.min() < end or times.max() > horizon:
        outside = times.min() if times.min() < end else times.max()
        raise InvalidArgument("time", float(outside), f"in [end, horizon] = [{end:g}, {horizon:g}]")
    variance = law.smallest_variance if grid == "adapted" else None
    if variance == 0.0 and end == 0.0:
        raise InvalidArgument("end", end, "above 0 on an adapted grid with a singular covariance")
    points = np.union1d(step_grid(horizon, end, steps, variance), times.ravel())
    return times, points[::-1].copy()
