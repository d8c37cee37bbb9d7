"""Theory beside simulation for a law of the user's: speciation by clones and U-turns, collapse, first passages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..approximation import Approximation, approximation_of
from ..arrays import FloatArray
from ..comparison import Observable, Observables
from ..data.covariance import Covariance
from ..data.laws import CurieWeiss, DataLaw, GaussianMixture, dimension_of
from ..errors import InvalidArgument
from ..progress import finished
from ..statistics.estimate import Estimate
from .simulation.backward_kernel import simulate_clones, simulate_u_turn
from .simulation.beyond_gaussian import simulate_curie_weiss_clones, simulate_curie_weiss_u_turn
from .simulation.collapse import simulate_collapse
from .simulation.first_passage import simulate_first_passage
from .theory.clones import clone_agreement
from .theory.curie_weiss import curie_weiss_agreement, curie_weiss_agreement_from_sum
from .theory.excess_entropy import excess_entropy, gaussian_window
from .theory.finite_size_collapse import isotropic_collapse
from .theory.spectral_average import class_spectrum
from .theory.trajectory_collapse import trajectory_collapse


def compare(
    law: DataLaw,
    time: ArrayLike,
    samples: int | None = None,
    *,
    walkers: int = 1000,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """All that applies to the law: clones and U-turns where it has classes, collapse and first passages of ``samples``.

    Parameters
    ----------
    law : GaussianMixture, Covariance of a finite dimension, DiscreteProduct or CurieWeiss without tilt.
    time : diffusion times (T,), above 0.
    samples : n, training points of an instance; without it nothing is said on collapse.
    walkers : repetitions within an instance. Clones have no training points: their pairs are instances * walkers.
    instances : independent sets of training points, at least 2.
    seed, threads : the bits of the result do not depend on the threads.

    Raises
    ------
    InvalidArgument : an argument out of its domain, or a law without classes and no ``samples``.
    """
    if samples is None and not _has_classes(law):
        raise InvalidArgument("samples", samples, "given for a law without classes")
    run: dict[str, Any] = {"seed": seed, "threads": threads}
    experiments: list[Callable[[], Observables]] = []
    if _has_classes(law):
        experiments.append(lambda: compare_clones(law, time, walkers=instances * walkers, **run))
    if samples is not None:
        run_of_sets = run | {"walkers": walkers, "instances": instances}
        experiments += [
            lambda: compare_collapse(law, time, samples, **run_of_sets),
            lambda: compare_first_passage(law, samples, **run_of_sets),
        ]
    parts = finished(lambda experiment: experiment(), experiments, "experiments")
    return Observables(tuple(row for part in parts for row in part))


def compare_clones(
    law: DataLaw, time: ArrayLike, *, walkers: int = 10_000, seed: int = 0, threads: int = 1
) -> Observables:
    """``clone_agreement`` of two backward runs that share x_t, and ``u_turn``, an unchanged class; one probability.

    Parameters
    ----------
    law : a GaussianMixture of at least 2 classes, or CurieWeiss without tilt.
    time : diffusion times (T,), above 0.
    walkers : pairs of runs, and runs, for each time.
    """
    times = _times(time)
    if isinstance(law, GaussianMixture) and law.classes > 1:
        theory = clone_agreement(law, times)
        value, error, approximation = theory.value, theory.error, theory.approximation
        clones = simulate_clones(law, times, walkers=walkers, seed=seed, threads=threads)
        turns = simulate_u_turn(law, times, walkers=walkers, seed=seed, threads=threads)
    elif isinstance(law, CurieWeiss):
        predict = curie_weiss_agreement if law.inverse_temperature > 1.0 else curie_weiss_agreement_from_sum
        value, approximation = predict(law, times), approximation_of(predict)
        error = np.zeros_like(value)
        clones = simulate_curie_weiss_clones(law, times, walkers=walkers, seed=seed, threads=threads)
        turns = simulate_curie_weiss_u_turn(law, times, walkers=walkers, seed=seed, threads=threads)
    else:
        raise InvalidArgument("law", type(law).__name__, "a law with at least 2 classes")
    rows = [
        _observable(name, estimate[k], float(value[k]), approximation, t, theory_error=float(error[k]))
        for k, t in enumerate(times.tolist())
        for name, estimate in (("clone_agreement", clones), ("u_turn", turns))
    ]
    return Observables(tuple(rows))


def compare_collapse(
    law: DataLaw,
    time: ArrayLike,
    samples: int,
    *,
    walkers: int = 1000,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """Posterior of noised training points: ``entropy``, ``participation``, ``excess_entropy`` (per dimension, leading
    order) and, for isotropic Gaussian data, ``own_nearest``, the probability that the own point is the nearest.

    Isotropic Gaussian data are compared with the exact law at n and d, all other laws with a Gaussian window.

    Parameters
    ----------
    law : GaussianMixture, Covariance of a finite dimension, DiscreteProduct or CurieWeiss without tilt.
    time : diffusion times (T,), above 0.
    samples : n, training points of an instance.
    walkers, instances : noised points of an instance, and independent sets of training points.
    """
    times = _times(time)
    validation.integer("samples", samples, minimum=2)
    log_samples, variance = float(np.log(samples)), _isotropic_variance(law)
    curves = simulate_collapse(
        law, times, samples, walkers=walkers, instances=instances, seed=seed, threads=threads
    )
    spent = curves.entropy
    excess = Estimate(
        spent.mean / dimension_of(law), spent.standard_error / dimension_of(law), spent.degrees_of_freedom
    )
    leading = np.maximum(excess_entropy(law, times, log_samples), 0.0)
    if variance is not None:
        exact = isotropic_collapse(dimension_of(law), variance, samples, times)
        said = approximation_of(isotropic_collapse)
        columns = [
            ("entropy", curves.entropy, exact.entropy, said),
            ("participation", curves.participation, exact.participation, said),
            ("own_nearest", curves.top_one, exact.own_nearest, said),
        ]
    else:
        window, said = gaussian_window(law, times, log_samples), approximation_of(gaussian_window)
        columns = [
            ("entropy", curves.entropy, window.entropy, said),
            ("participation", curves.participation, window.participation, said),
        ]
    columns.append(("excess_entropy", excess, leading, approximation_of(excess_entropy)))
    rows = [
        _observable(name, estimate[k], float(predicted[k]), approximation, t)
        for k, t in enumerate(times.tolist())
        for name, estimate, predicted, approximation in columns
    ]
    return Observables(tuple(rows))


def compare_first_passage(
    law: DataLaw,
    samples: int,
    *,
    walkers: int = 200,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """``passage_time`` and its ``passage_width``: the last change of the nearest training point of a trajectory.

    Parameters
    ----------
    law : GaussianMixture, Covariance of a finite dimension, DiscreteProduct or CurieWeiss without tilt. Where it has no
        theory, or too few samples for it, the observables say why.
    samples : n, training points of an instance.
    walkers, instances : paths of an instance, and independent sets of training points.
    """
    passages = simulate_first_passage(
        law, samples, walkers=walkers, instances=instances, seed=seed, threads=threads
    )
    mean: float | None = None
    width: float | None = None
    reason = ""
    try:
        theory = trajectory_collapse(law, float(np.log(samples)))
        mean, width = float(theory.mean), float(theory.width)
    except InvalidArgument as refusal:
        reason = str(refusal)
    approximation = approximation_of(trajectory_collapse)
    return Observables(
        (
            Observable("passage_time", passages.mean, mean, str(approximation), reason),
            Observable("passage_width", passages.deviation, width, str(approximation), reason),
        )
    )


def _observable(
    name: str,
    estimate: Estimate,
    theory: float,
    approximation: Approximation,
    time: float,
    *,
    theory_error: float = 0.0,
) -> Observable:
    return Observable(
        name, estimate, theory, str(approximation), theory_error=theory_error, parameters={"time": time}
    )


def _times(time: ArrayLike) -> FloatArray:
    return validation.array("time", np.atleast_1d(np.asarray(time)), ndim=1, above=0.0)


def _has_classes(law: DataLaw) -> bool:
    return isinstance(law, CurieWeiss) or (isinstance(law, GaussianMixture) and law.classes > 1)


def _isotropic_variance(law: DataLaw) -> float | None:
    """The variance of isotropic Gaussian data, above 0; None for all other laws."""
    if isinstance(law, GaussianMixture):
        if law.classes > 1 or not law.covariances.any():
            return None
        law = class_spectrum(law, 0)
    if not isinstance(law, Covariance) or law.eigenvalues.min() != law.eigenvalues.max():
        return None
    return float(law.eigenvalues[0])
