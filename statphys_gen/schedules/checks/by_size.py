"""Predictions of infinite size against samples at three sizes, by which their limits are approached.

Sizes are dimensions of drawn data, half distances of two classes, and numbers of training draws. Every limit is
approached as one over the size; data of one size are drawn independently of those of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check, Kind
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ..model import Autoencoder, TimeGrid, TwoClasses, interpolant
from ..simulation.autoencoder import (
    simulate_details,
    simulate_generation,
    simulate_speciation,
    simulate_weight,
)
from ..simulation.samplers import simulate_two_classes
from ..simulation.training import simulate_bias, simulate_training
from ..theory.autoencoder_details import autoencoder_details, autoencoder_generation
from ..theory.autoencoder_speciation import autoencoder_speciation, autoencoder_weight
from ..theory.crossovers import ve_crossover
from ..theory.limits import limit
from ..theory.windows import bias_variance, weight_variance


def checks() -> list[Check]:
    return [
        _details(),
        _generation(),
        _speciation(),
        _weight(),
        _limit(),
        _crossover(),
        _bias(),
        _budget(),
    ]


def _by_size(
    what: str,
    prediction: str,
    predicting: Callable[..., object],
    theory: Callable[[], ArrayLike | Estimate],
    at: Callable[[int, int, int], Estimate],
    sizes: Sequence[float],
    counts: Sequence[int],
    design: dict[str, Any],
    *,
    size: str = "dimension",
    count: str = "instances",
    kind: Kind = "general",
    resolution: float = 0.02,
    model: Any = None,
) -> Check:
    """``at(place, count, seed)`` simulates the size at this place of ``sizes``; shape (quantities,)."""

    def simulate(seed: int) -> Estimate:
        return componentwise_limit(sizes, [at(k, number, seed) for k, number in enumerate(counts)])

    return Check(
        f"{what}, by size",
        f"{prediction}, extrapolated in one over the size",
        approximation_of(predicting),
        theory=theory,
        simulate=simulate,
        resolution=resolution,
        kind=kind,
        sizes={size: list(sizes), count: list(counts), **design},
        model=model,
        id="schedules-by-size-" + what.replace(" ", "-"),
    )


def _details() -> Check:
    model, scales = Autoencoder((4, 3), 0.5, 0.4, noise_draws=3), (0.8, 0.7)
    dimensions = (100, 200, 400)

    def theory() -> FloatArray:
        found = autoencoder_details(model, *scales)
        return np.array([found.skip, found.output_overlap, found.output_norm_squared, found.loss])

    return _by_size(
        "details of an autoencoder",
        "skip, overlap and norm of the output weights, and loss",
        autoencoder_details,
        theory,
        lambda k, count, seed: simulate_details(model, *scales, dimensions[k], instances=count, seed=seed),
        dimensions,
        (1600, 800, 400),
        {"noise_scale": scales[0], "data_scale": scales[1]},
        model=model,
    )


def _generation() -> Check:
    model, dimensions, steps = Autoencoder((3, 2), 0.64, 0.4, noise_draws=2), (400, 800, 1600), 250

    def theory() -> FloatArray:
        found = autoencoder_generation(model)
        return np.array([found.mean_overlap, found.detail_std])

    return _by_size(
        "generation by an autoencoder",
        "overlap and standard deviation of the flow",
        autoencoder_generation,
        theory,
        lambda k, count, seed: simulate_generation(
            model, dimensions[k], steps=steps, instances=count, seed=seed
        )[:2],
        dimensions,
        (180, 90, 45),
        {"steps": steps, "levels": [1e4, 1e-3]},
        model=model,
    )


def _speciation() -> Check:
    model, time, dimensions = Autoencoder((4, 2), 0.49, 0.2, 0.06), 1.4, (1000, 2000, 4000)

    def theory() -> FloatArray:
        found = autoencoder_speciation(model, time)
        return np.array([found.input_overlap, found.bias, found.output_overlap, found.loss])

    def at(place: int, count: int, seed: int) -> Estimate:
        found = simulate_speciation(model, time, dimensions[place], instances=count, seed=seed)
        return Estimate.stack([found[k] for k in (0, 2, 3, 4)])

    return _by_size(
        "speciation of an autoencoder",
        "overlap and bias of the input, overlap of the output, and loss, at one dilated time",
        autoencoder_speciation,
        theory,
        at,
        dimensions,
        (80, 40, 24),
        {"dilated_time": time},
        model=model,
    )


def _weight() -> Check:
    model, dilation, steps, walkers = Autoencoder((4, 2), 0.49, 0.2, 0.06), 2.0, 2, 3000
    dimensions = (1000, 2000, 4000)

    def at(place: int, count: int, seed: int) -> Estimate:
        found = simulate_weight(
            model, dilation, steps, dimensions[place], walkers, instances=count, seed=seed
        )
        return Estimate.stack([found])

    def theory() -> Estimate:
        return Estimate.stack([autoencoder_weight(model, dilation, steps)])

    return _by_size(
        "weight by trained autoencoders",
        "share of the samples that the network of the end sends to the larger class",
        autoencoder_weight,
        theory,
        at,
        dimensions,
        (54, 38, 26),
        {"dilation": dilation, "steps": steps, "walkers": walkers},
        model=model,
    )


def _plane(norm: float) -> TwoClasses:
    """Two classes in two dimensions, as far apart as those of norm |m| in any."""
    return TwoClasses(2, norm / math.sqrt(2.0), 0.36, 0.72)


def _limit() -> Check:
    name, steps, kappa, norms = "dilated-vp-linear", 8, 2.2, (10.0, 20.0, 40.0)

    def theory() -> FloatArray:
        found = limit(name, 0.72, 0.36, steps, kappa)
        assert found.detail_std is not None
        return np.array([found.weight, found.detail_std])

    def at(place: int, count: int, seed: int) -> Estimate:
        grid = TimeGrid.uniform(interpolant(name, norms[place], kappa), steps)
        found = simulate_two_classes(_plane(norms[place]), grid, count, seed=seed)
        return Estimate.stack([found["weight"], found["detail_std"]])

    return _by_size(
        f"limit of {name}",
        "weight and details",
        limit,
        theory,
        at,
        norms,
        (250_000, 250_000, 250_000),
        {"steps": steps, "dilation": kappa, "variance": 0.36, "weight": 0.72},
        size="norms",
        count="walkers",
    )


def _crossover() -> Check:
    ratio, steps, dimension = 1.7, (30, 60, 120), 40
    norms = tuple(0.6 * count / ratio for count in steps)

    def at(place: int, count: int, seed: int) -> Estimate:
        classes = TwoClasses(dimension, norms[place] / math.sqrt(dimension), 0.36, 0.72)
        grid = TimeGrid.uniform(interpolant("ve-linear", norms[place]), steps[place])
        found = simulate_two_classes(classes, grid, count, seed=seed)["detail_std"]
        return Estimate.stack(
            [Estimate(found.mean / 0.6, found.standard_error / 0.6, found.degrees_of_freedom)]
        )

    return _by_size(
        "crossover of ve-linear",
        "details over sigma at sigma K/sqrt(d) = 1.7",
        ve_crossover,
        lambda: np.atleast_1d(ve_crossover(ratio)),
        at,
        norms,
        (10_000, 10_000, 10_000),
        {"steps": list(steps), "ratio": ratio, "variance": 0.36, "weight": 0.72, "coordinates": dimension},
        size="norms",
        count="walkers",
    )


# On a line, and of a far separation, so that details add nothing to the variance of a learned bias.
_LINE = TwoClasses(1, 25.0, 0.36, 0.72)


def _bias() -> Check:
    shares, draws = (0.8, 1.5, 4.0), (200, 400, 800)

    def theory() -> FloatArray:
        squares = (np.array(shares) * _LINE.norm) ** 2
        return np.asarray(
            np.sqrt(bias_variance(_LINE.squared_norm / (squares + _LINE.variance), _LINE.weight))
        )

    def at(place: int, count: int, seed: int) -> Estimate:
        found = [simulate_bias(_LINE, share * _LINE.norm, draws[place], count, seed=seed) for share in shares]
        return Estimate.stack(found)

    return _by_size(
        "bias of a network",
        "standard deviation of the learned log-odds times the root of the draws, at three noise levels",
        bias_variance,
        theory,
        at,
        draws,
        (8000, 8000, 8000),
        {"levels": list(shares)},
        size="training_draws",
        count="trainings",
        kind="spread",
        resolution=0.1,
        model=_LINE,
    )


def _budget() -> Check:
    """Reported: a standard deviation to a few per cent at every size, not its limit."""
    norm, count, trainings, draws = _LINE.norm, 28, 2000, (100, 200, 400)
    levels = np.geomspace(20.0 * norm, 0.6 * norm, count).tolist()
    # Right below the last of them, which so stands for half a step, as in the trapezoidal rule.
    below = (*np.geomspace(0.5999 * norm, 0.02 * norm, 18).tolist(), 0.0)

    def theory() -> FloatArray:
        return np.array([math.sqrt(weight_variance(_LINE, levels, [each] * count)) for each in draws])

    def simulate(seed: int) -> Estimate:
        return Estimate.stack(
            [simulate_training(_LINE, levels, [each] * count, below, trainings, seed=seed) for each in draws]
        )

    return Check(
        "weight after training, by size",
        "standard deviation of the weight over trainings, with as many draws of every noise level, for three numbers",
        approximation_of(weight_variance),
        theory=theory,
        simulate=simulate,
        resolution=0.1,
        kind="spread",
        sizes={
            "training_draws": list(draws),
            "levels": [levels[0], levels[-1]],
            "grid": count,
            "below": [below[0], below[-1]],
            "trainings": trainings,
        },
        model=_LINE,
        judged=False,
        reason="leading order in one over the draws of a level; the next order is that of the variance of a bias, "
        "some units over the draws, relative to this one",
        # The variance of a learned bias is at least two over the draws and of that order where the weight is decided.
        bound=0.1,
        id="schedules-by-size-weight-after-training",
    )
