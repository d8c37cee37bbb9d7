r"""Collapse onto the training points, measured on finite samples of a law of the data: posterior weights.

n points a_mu are drawn from the law. A *noised training point* x_t = exp(-t) a_s + sqrt(D_t) z, s uniform, is the state
at time t of the backward process with the score of the n points; a *fresh* x_t has the law of the data behind it
instead. With w_mu(x_t) the posterior weights over the n points,

    H(mu | x_t) = E[-sum_mu w_mu log w_mu] = E[-log w_s],      Y(t) = E[sum_mu w_mu^2] = E[w_s]

for noised training points, both exactly; the first forms have the smaller variance. Collapse is the fall of H to 0 and
the rise of Y to 1. For fresh points the same sums measure the condensation of the posterior.

Every estimate is an average over instances, independent sets of training points, of the average over noised points of
each; its error is over instances, so that it contains the randomness of the training points.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (excess entropy, collapse); Biroli, Mezard, arXiv
2306.03518. First passages are in :mod:`statphys_gen.diffusion.simulation.first_passage`, backward runs in
:mod:`statphys_gen.diffusion.simulation.collapse_trajectories`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.covariance import Covariance
from ...data.laws import CurieWeiss, DataLaw, GaussianMixture
from ...data.sampling import NoisedMixture, sample_curie_weiss
from ...errors import InsufficientSamples, InvalidArgument
from ...numerics.blocks import map_blocks
from ...numerics.posterior import ROWS, EmpiricalPosterior, PosteriorSums
from ...presentation import Curves
from ...progress import keep
from ...statistics.estimate import Estimate
from ...statistics.streams import generator

_Reading = Callable[[PosteriorSums], FloatArray]


@dataclass(frozen=True, repr=False)
class SimulatedCollapse(Curves):
    """Averages over noised training points; every estimate has the shape of ``time``.

    With classes resolved, a first axis counts the classes. The averages of a class are over its sources; the two
    forms of H and of Y then differ, and those of the source (``surprise``, ``source_weight``) belong to the class.

    Attributes
    ----------
    time : the diffusion times.
    entropy : H(mu|x_t) in nats, as the average of the entropy of the posterior.
    surprise : the same number as E[-log w_s]; of larger variance.
    participation : Y(t) = E sum_mu w_mu^2.
    source_weight : the same number as E[w_s].
    top_one : probability that the source has the largest weight.
    log_ratio : E log(Z_others / Z_source), the mean logarithm of the weight of all others over that of the source.
    condensation : E sum w^2 of the posterior without the source.
    """

    further = ("class", "first")
    time: FloatArray
    entropy: Estimate
    surprise: Estimate
    participation: Estimate
    source_weight: Estimate
    top_one: Estimate
    log_ratio: Estimate
    condensation: Estimate


@dataclass(frozen=True, repr=False)
class SimulatedCondensation(Curves):
    """Averages over fresh points; every estimate has the shape of ``time``.

    Attributes
    ----------
    time : the diffusion times.
    entropy : mean entropy of the posterior over the n points, in nats.
    participation : E sum_mu w_mu^2.
    top_weight : mean of the largest weight.
    """

    time: FloatArray
    entropy: Estimate
    participation: Estimate
    top_weight: Estimate


_PLANTED: dict[str, _Reading] = {
    "entropy": lambda sums: sums.entropy,
    "surprise": lambda sums: sums.source_surprise,
    "participation": lambda sums: sums.participation,
    "source_weight": lambda sums: sums.source_weight,
    "top_one": lambda sums: sums.source_first.astype(np.float64),
    "log_ratio": lambda sums: sums.log_ratio,
    "condensation": lambda sums: sums.participation_of_others,
}
_FRESH: dict[str, _Reading] = {
    "entropy": lambda sums: sums.entropy_of_others,
    "participation": lambda sums: sums.participation_of_others,
    "top_weight": lambda sums: sums.top_weight,
}


def simulate_collapse(
    law: DataLaw,
    time: ArrayLike,
    samples: int,
    *,
    walkers: int = 1000,
    instances: int = 16,
    radius: float = 1.0,
    by_class: bool = False,
    seed: int = 0,
    threads: int = 1,
) -> SimulatedCollapse:
    """Entropy, participation and top-1 of the posterior of noised training points.

    Parameters
    ----------
    law : GaussianMixture, Covariance, DiscreteProduct or CurieWeiss.
    time : diffusion times, any shape, above 0; all times of an instance share points and noise.
    samples : n, training points of an instance, at least 2.
    walkers : noised points of an instance, spread evenly over its training points.
    instances : independent sets of training points, at least 2.
    radius : factor of the noise, in [0, 10]: x = exp(-t) a_s + radius sqrt(D_t) z. Other values than 1 probe the
        basin of attraction; the identities above then do not hold.
    by_class : resolve the averages by the component of the source, for a GaussianMixture.
    seed : of the random streams.
    threads : the bits of the result do not depend on it.

    Raises
    ------
    InvalidArgument : an argument out of its domain.
    InsufficientSamples : an instance without a source of some class.
    """
    times, flat = _times(time)
    _sizes(samples, walkers, instances)
    factor = validation.inside("radius", radius, 0.0, 10.0, closed=True)
    classes = _class_count(law) if by_class else 0

    def means(instance: int) -> FloatArray:
        rng = data_stream(seed, "collapse", law, samples, instance, radius=factor)
        points, components = draw_data(law, samples, rng)
        sources = np.arange(walkers) % samples
        values = _read(EmpiricalPosterior(points), flat, sources, None, _PLANTED, rng, factor)
        if not by_class:
            return values.mean(axis=2)
        return np.stack([_class_mean(values, components[sources] == k, k) for k in range(classes)], axis=1)

    mean = np.stack(map_blocks(means, instances, threads=threads))
    shape = ((classes,) if by_class else ()) + times.shape
    estimates = {
        name: Estimate.from_samples(mean[:, i].reshape(instances, *shape)) for i, name in enumerate(_PLANTED)
    }
    return SimulatedCollapse(times, **estimates)


def simulate_condensation(
    law: DataLaw,
    time: ArrayLike,
    samples: int,
    *,
    walkers: int = 1000,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> SimulatedCondensation:
    """Entropy, participation and largest weight of the posterior of fresh points, x_t ~ P_t.

    Parameters and errors as for :func:`simulate_collapse`; ``walkers`` counts the fresh points of each instance.
    """
    times, flat = _times(time)
    _sizes(samples, walkers, instances)

    def means(instance: int) -> FloatArray:
        rng = data_stream(seed, "condensation", law, samples, instance)
        posterior = EmpiricalPosterior(draw_data(law, samples, rng)[0])
        fresh = draw_data(law, walkers, rng)[0]
        return _read(posterior, flat, None, fresh, _FRESH, rng, 1.0).mean(axis=2)

    mean = np.stack(map_blocks(means, instances, threads=threads))
    estimates = {
        name: Estimate.from_samples(mean[:, i].reshape(instances, *times.shape))
        for i, name in enumerate(_FRESH)
    }
    return SimulatedCondensation(times, **estimates)


def simulate_posterior_variance(
    law: DataLaw,
    time: float,
    samples: int,
    *,
    walkers: int = 1000,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Variance of each coordinate of the data under the posterior over the n points, for fresh x_t; shape (d,).

    Parameters and errors as for :func:`simulate_collapse`, with one time. The Jacobian of the empirical score along
    coordinate i is -1/D_t + exp(-2t) / D_t^2 times this variance.
    """
    t = validation.positive("time", time)
    _sizes(samples, walkers, instances)
    scale = np.exp(-t)
    width = -np.expm1(-2.0 * t)

    def means(instance: int) -> FloatArray:
        rng = data_stream(seed, "posterior variance", law, samples, instance, time=t)
        points = draw_data(law, samples, rng)[0]
        fresh = draw_data(law, walkers, rng)[0]
        total = np.zeros(points.shape[1])
        for start in range(0, walkers, ROWS):
            block = fresh[start : start + ROWS]
            x = scale * block + np.sqrt(width) * rng.standard_normal(block.shape)
            weights = posterior_weights(points, x, t)
            total += (weights @ points**2 - (weights @ points) ** 2).sum(axis=0)
        return total / walkers

    return Estimate.from_samples(np.stack(map_blocks(means, instances, threads=threads)))


def posterior_weights(points: FloatArray, x: FloatArray, time: float) -> FloatArray:
    """w_mu(x) of n points of equal multiplicity for the rows of x; shape (rows, n), held as a whole."""
    scaled = np.exp(-time) * points
    logs = x @ scaled.T - 0.5 * np.einsum("ij,ij->i", scaled, scaled)
    logs /= -np.expm1(-2.0 * time)
    logs -= logs.max(axis=1, keepdims=True)
    weights = np.exp(logs, out=logs)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def draw_data(law: DataLaw, count: int, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """Independent data (count, d) and their components (count,), all 0 where the law has none."""
    require_law(law)
    if isinstance(law, GaussianMixture):
        mixture = NoisedMixture(law)
        components = mixture.draw_components(count, rng)
        return mixture.sample(components, 0.0, rng), components
    if isinstance(law, CurieWeiss):
        return sample_curie_weiss(law, count, rng), np.zeros(count, dtype=np.int64)
    if isinstance(law, Covariance):
        shape = count, law.finite_dimension()
        deviations = np.repeat(np.sqrt(law.eigenvalues), law.multiplicities.astype(np.int64))
        return deviations * rng.standard_normal(shape), np.zeros(count, dtype=np.int64)
    places = np.searchsorted(
        np.cumsum(law.probabilities)[:-1], rng.random((count, law.dimension)), side="right"
    )
    return law.values[places], np.zeros(count, dtype=np.int64)


def data_stream(
    seed: int, purpose: str, law: DataLaw, samples: int, instance: int, **parameters: float | str | None
) -> np.random.Generator:
    """The stream of one instance, its training points and all that is done with them.

    ``parameters`` are the others that matter.
    """
    require_law(law)
    return generator(seed, {"purpose": purpose, "law": law, "samples": samples, **parameters}, instance)


def require_law(law: DataLaw) -> None:
    if not isinstance(law, DataLaw):
        raise InvalidArgument("law", law, "a GaussianMixture, Covariance, DiscreteProduct or CurieWeiss")


def _times(time: ArrayLike) -> tuple[FloatArray, FloatArray]:
    times = validation.array("time", time, above=0.0)
    return times, times.ravel()


def _sizes(samples: int, walkers: int, instances: int) -> None:
    validation.integer("samples", samples, minimum=2)
    validation.integer("walkers", walkers, minimum=1)
    validation.integer("instances", instances, minimum=2)


def _class_count(law: DataLaw) -> int:
    if not isinstance(law, GaussianMixture):
        raise InvalidArgument("by_class", True, "False for a law without components")
    return law.classes


def _class_mean(values: FloatArray, chosen: NDArray[np.bool_], k: int) -> FloatArray:
    if not chosen.any():
        raise InsufficientSamples(f"no noised point of class {k} in an instance: draw more walkers")
    return np.asarray(values[..., chosen].mean(axis=-1))


def _read(
    posterior: EmpiricalPosterior,
    times: FloatArray,
    sources: IntArray | None,
    fresh: FloatArray | None,
    readings: dict[str, _Reading],
    rng: np.random.Generator,
    radius: float,
) -> FloatArray:
    """Every reading at every time for every noised point: (readings, times, walkers)."""
    behind = sources if sources is not None else fresh
    assert behind is not None
    parts = []
    for start in range(0, len(behind), ROWS):
        rows = slice(start, start + ROWS)
        noise = radius * rng.standard_normal((len(behind[rows]), posterior.points.shape[1]))
        sums = posterior.sums(
            times,
            noise,
            sources=None if sources is None else sources[rows],
            data=None if fresh is None else fresh[rows],
        )
        parts.append(np.stack([read(sums) for read in readings.values()]))
    return np.concatenate(parts, axis=2)


keep(simulate_collapse, "instances")
keep(simulate_condensation, "instances")
keep(simulate_posterior_variance, "instances")
