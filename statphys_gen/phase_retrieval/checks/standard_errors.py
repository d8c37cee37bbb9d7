"""Standard errors that functions of this system state, against the scatter of their results over seeds.

Of each quantity the variance over independent seeds is divided by the mean of the squared standard errors, which is 1
where these are right; its square root is compared with 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...numerics.blocks import map_blocks
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import Loss, PhaseRetrieval
from ..schedule import geometric_steps
from ..simulation.descent import simulate_descent
from ..simulation.hessians import simulate_hessian, simulate_smoothed_density, simulate_spectral_overlap
from ..theory.bbp_time import bbp_time
from ..theory.dmft import descent_dynamics, gradient_flow_dynamics
from ..theory.initial_law import initial_curvature_law
from ..theory.sampled_law import sampled_spectrum

_RESOLUTION = 0.5
# Two seeds never share a stream: they are numbered from the check's seed on.
_STRIDE = 1_000
_SEEDS = 120


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [_dynamics(), _flow(), _time(), _instances(), _points()]


def _ratios(values: FloatArray, errors: FloatArray) -> Estimate:
    """(quantities,): scatter over seeds in units of the stated error, from (seeds, quantities)."""
    count = len(values)
    squares = (values - values.mean(axis=0)) ** 2 * (count / (count - 1.0)) / (errors**2).mean(axis=0)
    # Leaving one seed out moves both the scatter and the stated error.
    left_out = np.array(
        [
            np.var(np.delete(values, k, axis=0), axis=0, ddof=1)
            / np.delete(errors**2, k, axis=0).mean(axis=0)
            for k in range(count)
        ]
    )
    root = np.sqrt(squares.mean(axis=0))
    spread = np.sqrt((count - 1.0) / count * ((np.sqrt(left_out) - root) ** 2).sum(axis=0))
    return Estimate(root, spread, np.full(root.shape, count - 1.0))


def _check(
    name: str,
    prediction: str,
    source: Callable[..., object],
    one: Callable[[int], list[tuple[float, float]]],
    quantities: int,
    sizes: dict[str, object],
    seeds: int = _SEEDS,
) -> Check:
    """``one`` maps a seed to (value, standard error) of each quantity."""

    def simulate(seed: int) -> Estimate:
        start = seed % 2**20 * _STRIDE
        rows = np.array(map_blocks(lambda k: one(start + k), seeds))
        return _ratios(rows[:, :, 0], rows[:, :, 1])

    return Check(
        name,
        prediction,
        approximation_of(source),
        theory=lambda: np.ones(quantities),
        simulate=simulate,
        resolution=_RESOLUTION,
        kind="standard error",
        sizes=sizes | {"seeds": seeds},
    )


def _pairs(*estimates: Estimate) -> list[tuple[float, float]]:
    return [(float(e.mean), float(e.standard_error)) for e in estimates]


def _dynamics() -> Check:
    model = PhaseRetrieval(Loss.normalised(0.8), 5.0)
    steps = geometric_steps(6, 0.008, 1.04, 0.1)

    def one(seed: int) -> list[tuple[float, float]]:
        found = descent_dynamics(model, steps, paths=2048, replicas=6, seed=seed).require()
        names = ("correlation", "energy", "lagrange_multiplier", "outlier_criterion", "overlap_growth")
        estimates = [found.estimate(name)[6] for name in names]
        spectra = found.spectra([6])
        edge = spectra["bulk_edge"]
        assert edge is not None
        return _pairs(*estimates, edge[0])

    return _check(
        "standard errors of the dynamics",
        "scatter of correlation, energy, multiplier, outlier criterion, growth and edge over their standard errors",
        descent_dynamics,
        one,
        6,
        {"offset": 0.8, "samples_per_dimension": 5.0, "steps": 6, "paths": 2048, "replicas": 6},
    )


def _flow() -> Check:
    model = PhaseRetrieval(Loss.normalised(0.8), 3.0)
    steps = geometric_steps(4, 0.008, 1.04, 0.1)

    def one(seed: int) -> list[tuple[float, float]]:
        found = gradient_flow_dynamics(model, steps, paths=1024, replicas=6, seed=seed).require()
        return _pairs(*(found.estimate(name)[4] for name in ("correlation", "energy")))

    return _check(
        "standard errors of the gradient flow",
        "scatter of correlation and energy over their standard errors",
        gradient_flow_dynamics,
        one,
        2,
        {"offset": 0.8, "samples_per_dimension": 3.0, "steps": 4, "paths": 1024, "replicas": 6},
    )


def _time() -> Check:
    model = PhaseRetrieval(Loss.normalised(), 1.6)
    steps = geometric_steps(32, 0.01, 1.05, 0.1)

    def one(seed: int) -> list[tuple[float, float]]:
        values = bbp_time(descent_dynamics(model, steps, paths=2048, replicas=8, seed=seed)).values
        return _pairs(Estimate.from_samples(values))

    return _check(
        "standard errors of the time of the loss of the outlier",
        "scatter of the time over its standard error",
        bbp_time,
        one,
        1,
        {"offset": 1.0, "samples_per_dimension": 1.6, "steps": 32, "paths": 2048, "replicas": 8},
    )


def _instances() -> Check:
    model = PhaseRetrieval(Loss.normalised(0.6), 9.0, 0.2)

    def one(seed: int) -> list[tuple[float, float]]:
        descents = simulate_descent(
            model, 24, step_sizes=[0.004] * 3, instances=8, starts=2, record=[0, 3], seed=seed
        )
        hessians = simulate_hessian(model, 24, instances=12, seed=seed)
        density = simulate_smoothed_density(
            model, 24, positions=[1.0], smoothing=1.0, instances=12, seed=seed
        )
        spectral = simulate_spectral_overlap(model, 24, instances=12, seed=seed)
        descended = [descents.estimate(name)[1] for name in ("energy", "lagrange_multiplier", "overlap")]
        of_hessians = [hessians.estimate(name) for name in ("unshifted_outlier", "overlap_squared")]
        return _pairs(*descended, *of_hessians, density[0], spectral)

    return _check(
        "standard errors of simulations",
        "scatter of energy, multiplier, overlap, outlier, its overlap, density and spectral overlap over their errors",
        initial_curvature_law,
        one,
        7,
        {"offset": 0.6, "samples_per_dimension": 9.0, "overlap": 0.2, "dimension": 24, "instances": [8, 12]},
        seeds=160,
    )


def _points() -> Check:
    model = PhaseRetrieval(Loss.normalised(0.9), 8.0)

    def one(seed: int) -> list[tuple[float, float]]:
        # Pairs (y, t) of independent Gaussians, as at a random start of many dimensions.
        points = np.random.default_rng([seed, 5]).standard_normal((4000, 2))
        found = sampled_spectrum(model, points, blocks=20)
        names = ("lagrange_multiplier", "outlier_criterion", "outlier_overlap_squared")
        return _pairs(*(found[name] for name in names))

    return _check(
        "standard errors of spectra of points",
        "scatter of multiplier, outlier criterion and squared overlap over their jackknife errors",
        initial_curvature_law,
        one,
        3,
        {"offset": 0.9, "samples_per_dimension": 8.0, "points": 4000, "blocks": 20},
    )
