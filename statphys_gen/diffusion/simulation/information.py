r"""The information of a noised point on its source, and the collapse of few points, measured with many points.

With N points of the law, Z_source and Z_others the posterior weights of the source and of all others, at any N

    I(t)  <=  log(N - 1) - E log(Z_others / Z_source),

with equality as N -> infinity: Z_others / (N - 1) is an average over independent points, and the bound is off by half
of its relative variance, to second order (p - 1/(N - 1))/2 with p the participation of the posterior without the
source. This is subtracted; what remains is of higher order in p. N points therefore show where n << N points collapse,
I(t) = log n, without the finite-size offset of n points themselves.

With the noise multiplied by a radius, E log(Z_others / Z_source) = log(N/n) is where a point exp(-t) a_s +
radius sqrt(D_t) z ceases to belong to a_s among n points: the edge of its basin.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ... import validation
from ...arrays import FloatArray
from ...data.laws import DataLaw
from ...errors import InsufficientSamples, InvalidArgument
from ...numerics.blocks import map_blocks
from ...numerics.posterior import ROWS, EmpiricalPosterior
from ...statistics.estimate import Estimate
from .collapse import data_stream, draw_data, simulate_collapse

_MeanLogRatio = Callable[[float, float], float]


def simulate_information(
    law: DataLaw,
    time: ArrayLike,
    samples: int,
    *,
    walkers: int = 1000,
    instances: int = 16,
    by_class: bool = False,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """log(N - 1) - E log(Z_others / Z_source) in nats, less its bias of second order: I(t) as N grows.

    Parameters
    ----------
    law, time, walkers, instances, by_class, seed, threads : as for
        :func:`~statphys_gen.diffusion.simulate_collapse`; with ``by_class`` a first axis counts the
        classes of the source, and the information contains that on the class.
    samples : N, at least 2.
    """
    curves = simulate_collapse(
        law,
        time,
        samples,
        seed=seed,
        walkers=walkers,
        instances=instances,
        by_class=by_class,
        threads=threads,
    )
    ratio, p = curves.log_ratio, curves.condensation
    bias = 0.5 * (p.mean - 1.0 / (samples - 1.0))
    # The errors add at most.
    error = ratio.standard_error + 0.5 * p.standard_error
    return Estimate(np.log(samples - 1.0) - ratio.mean - bias, error, ratio.degrees_of_freedom)


def simulate_information_time(
    law: DataLaw,
    samples: int,
    log_samples: float,
    *,
    radius: float = 1.0,
    source_class: int | None = None,
    walkers: int = 500,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """The time at which n of the N points would balance the source: E log(Z_others / Z_source) = log((N - 1)/n).

    Parameters
    ----------
    law : the law of the data.
    samples : N, at least 2.
    log_samples : log n, above 0 and below log(N - 1); far below it for a small bias.
    walkers, instances, seed, threads : as for :func:`simulate_information`.
    radius : factor of the noise, in [0, 10]; 1 gives the collapse time, 0 the onset of traps.
    source_class : only sources of this component of a GaussianMixture.

    Returns
    -------
    Estimate over instances of the root for each.
    """
    target = _target(samples, log_samples)
    factor = validation.inside("radius", radius, 0.0, 10.0, closed=True)

    def root(ratio: _MeanLogRatio) -> float:
        return _root(lambda s: ratio(0.5 * float(np.log1p(np.exp(2.0 * s))), factor) - target, -8.0, 8.0)

    purpose, parameters = "information time", {"log_samples": float(log_samples), "radius": factor}
    places = _each(root, purpose, law, samples, seed, walkers, instances, source_class, threads, **parameters)
    return Estimate.from_samples(0.5 * np.log1p(np.exp(2.0 * places)))


def simulate_basin_radius(
    law: DataLaw,
    time: float,
    samples: int,
    log_samples: float,
    *,
    walkers: int = 500,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """The radius of the noise, in units of sqrt(D_t) per coordinate, at which n of the N points balance the source.

    Parameters as for :func:`simulate_information_time`; ``time`` is between the times where the radius is 0 and 10.
    """
    target, t = _target(samples, log_samples), validation.positive("time", time)

    def root(ratio: _MeanLogRatio) -> float:
        return _root(lambda radius: ratio(t, radius) - target, 0.0, 10.0)

    purpose, parameters = "basin radius", {"log_samples": float(log_samples), "time": t}
    return Estimate.from_samples(
        _each(root, purpose, law, samples, seed, walkers, instances, None, threads, **parameters)
    )


def simulate_information_slope(
    law: DataLaw,
    time: float,
    samples: int,
    *,
    step: float = 0.05,
    walkers: int = 1000,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """[I(time + step) - I(time - step)] / (2 step) of the information of :func:`simulate_information`, in nats.

    Parameters as there; ``step`` is below ``time``. The noise is the same at both times.
    """
    t, h = validation.positive("time", time), validation.positive("step", step)
    validation.integer("samples", samples, minimum=2)
    if h >= t:
        raise InvalidArgument("step", step, f"below time = {t:g}")

    def slope(ratio: _MeanLogRatio) -> float:
        return (ratio(t - h, 1.0) - ratio(t + h, 1.0)) / (2.0 * h)

    purpose = "information slope"
    return Estimate.from_samples(
        _each(slope, purpose, law, samples, seed, walkers, instances, None, threads, time=t)
    )


def _target(samples: int, log_samples: float) -> float:
    validation.integer("samples", samples, minimum=2)
    logarithm = validation.positive("log_samples", log_samples)
    if logarithm >= np.log(samples - 1.0):
        raise InvalidArgument(
            "log_samples", log_samples, f"below log(samples - 1) = {np.log(samples - 1.0):.6g}"
        )
    return float(np.log(samples - 1.0) - logarithm)


def _root(function: Callable[[float], float], lower: float, upper: float) -> float:
    """Of an increasing function."""
    if function(lower) > 0.0 or function(upper) < 0.0:
        raise InsufficientSamples(
            "the balance does not change sign: the points are too few, or of too few dimensions"
        )
    return float(brentq(function, lower, upper, xtol=1e-6))


def _each(
    reading: Callable[[_MeanLogRatio], float],
    purpose: str,
    law: DataLaw,
    samples: int,
    seed: int,
    walkers: int,
    instances: int,
    source_class: int | None,
    threads: int,
    **parameters: float,
) -> FloatArray:
    """One number for each instance, from evaluations that share points, sources and noise.

    ``parameters`` are what else the streams are made of.
    """
    validation.integer("walkers", walkers, minimum=1)
    validation.integer("instances", instances, minimum=2)

    def of_instance(instance: int) -> float:
        rng = data_stream(seed, purpose, law, samples, instance, source_class=source_class, **parameters)
        points, components = draw_data(law, samples, rng)
        members = np.arange(samples) if source_class is None else np.flatnonzero(components == source_class)
        if len(members) == 0:
            raise InsufficientSamples(f"no point of class {source_class} in an instance: draw more samples")
        sources = members[np.arange(walkers) % len(members)]
        noise = rng.standard_normal((walkers, points.shape[1]))
        posterior = EmpiricalPosterior(points)

        def mean_log_ratio(time: float, radius: float) -> float:
            total = 0.0
            for start in range(0, walkers, ROWS):
                rows = slice(start, start + ROWS)
                sums = posterior.sums(np.array([time]), radius * noise[rows], sources=sources[rows])
                bias = 0.5 * (sums.participation_of_others - 1.0 / (samples - 1.0))
                total += float((sums.log_ratio + bias).sum())
            return total / walkers

        return reading(mean_log_ratio)

    return np.array(map_blocks(of_instance, instances, threads=threads))
