"""Theory beside finite instances for one problem of a user's: the Hessian at the start, and the end of a descent.

Instances have a finite dimension: where nothing else is said the difference from the theory contains corrections of
order 1/N.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import validation
from ..approximation import approximation_of
from ..arrays import FloatArray
from ..errors import InvalidArgument, NotConverged, StatphysError
from ..statistics.estimate import Estimate
from .model import PhaseRetrieval
from .simulation.descent import Labels, simulate_descent
from .simulation.hessians import simulate_hessian, simulate_hessian_path
from .theory.curvature_laws import initial_weights
from .theory.dmft import descent_dynamics
from .theory.spectrum import hessian_spectrum, lagrange_multiplier


@dataclass(frozen=True)
class Comparison:
    """One observable.

    Attributes
    ----------
    observable : its name.
    estimate : of the simulation, a scalar.
    theory, theory_error : None where there is no theory; ``reason`` then says why.
    approximation : how exact the theory is.
    """

    observable: str
    estimate: Estimate
    theory: float | None
    theory_error: float | None
    reason: str | None
    approximation: str

    @property
    def z(self) -> float | None:
        """(simulation - theory)/error of the difference; None without theory."""
        if self.theory is None:
            return None
        error = math.hypot(float(self.estimate.standard_error), self.theory_error or 0.0)
        return (float(self.estimate.mean) - self.theory) / error if error > 0.0 else None


def compare_start(
    problem: PhaseRetrieval,
    dimension: int,
    instances: int,
    seed: int,
    *,
    labels: Labels = "signal",
    threads: int = 1,
) -> list[Comparison]:
    """Energy, multiplier, smallest eigenvalue, signal outlier and its overlap of the Hessian before any step."""
    found = simulate_hessian(problem, dimension, instances, seed, labels=labels, threads=threads)
    law = initial_weights(problem.loss, problem.overlap)
    ratio = problem.samples_per_dimension
    energy = None if law.energy_per_sample is None else ratio * law.energy_per_sample
    multiplier = float(lagrange_multiplier(law, ratio))
    text = str(approximation_of(initial_weights))
    rows = [
        _finite("energy", found.estimate("energy"), energy, text),
        _finite("lagrange_multiplier", found.estimate("lagrange_multiplier"), multiplier, text),
    ]
    outlier: dict[str, Any] = {}
    edge = reason = None
    try:
        spectrum = hessian_spectrum(law, ratio)
        edge = float(spectrum.bulk_edge.require()["position"])
        outlier = {name: float(spectrum.outlier[name]) for name in ("position", "overlap_squared")}
        if math.isnan(outlier["position"]):
            outlier, reason = {}, "the Hessian has no signal outlier"
    except (InvalidArgument, StatphysError) as error:
        reason = str(error)
    text = str(approximation_of(hessian_spectrum))
    if labels == "null":
        smallest = found.estimate("next_eigenvalue")
        return [*rows, _finite("smallest_eigenvalue", smallest, edge, text, reason)]
    for name, quantity, key in (
        ("outlier", "outlier", "position"),
        ("outlier_overlap_squared", "overlap_squared", "overlap_squared"),
    ):
        rows.append(_finite(name, found.estimate(quantity), outlier.get(key), text, reason))
    next_one = found.estimate("next_eigenvalue")
    return [*rows, _finite("next_eigenvalue", next_one, edge, text, reason)]


def compare_descent(
    problem: PhaseRetrieval,
    dimension: int,
    instances: int,
    seed: int,
    step_sizes: FloatArray,
    *,
    temperature: float = 0.0,
    starts: int = 1,
    labels: Labels = "signal",
    paths: int = 4096,
    replicas: int = 6,
    threads: int = 1,
) -> list[Comparison]:
    """Correlation with the start, energy, multiplier and, for a warm start, overlap after all steps.

    Raises
    ------
    NotConverged : a simulated descent diverged.
    """
    validation.integer("paths", paths, 100)
    validation.integer("replicas", replicas, 2)
    steps = len(step_sizes)
    found = simulate_descent(
        problem,
        dimension,
        instances,
        seed,
        step_sizes,
        temperature=temperature,
        starts=starts,
        labels=labels,
        record=[0, steps],
        threads=threads,
    ).require()
    names = ["correlation", "energy", "lagrange_multiplier"]
    names += ["overlap"] if problem.overlap != 0.0 else []
    predicted, reason = _predicted(problem, step_sizes, temperature, paths, replicas, seed, threads, names)
    text = str(approximation_of(descent_dynamics))
    rows = []
    for name in names:
        estimate = found.estimate(name)
        last = estimate[0, 1] if name == "correlation" else estimate[1]
        value, error = predicted.get(name, (None, None))
        rows.append(Comparison(name, last, value, error, reason, text))
    return rows


def compare_hessian_after(
    problem: PhaseRetrieval,
    dimension: int,
    instances: int,
    seed: int,
    step_sizes: FloatArray,
    *,
    temperature: float = 0.0,
    paths: int = 4096,
    replicas: int = 6,
    threads: int = 1,
) -> list[Comparison]:
    """Signal outlier, its overlap, and the next eigenvalue after all steps, at an overlap that is held at 0.

    Raises
    ------
    InvalidArgument : a start at another overlap, for which the outlier of a later step is not known.
    NotConverged : a simulated descent diverged.
    """
    validation.integer("paths", paths, 100)
    validation.integer("replicas", replicas, 2)
    if isinstance(problem, PhaseRetrieval) and problem.overlap != 0.0:
        raise InvalidArgument("overlap", problem.overlap, "0: the outlier couples to the history otherwise")
    last = len(step_sizes)
    (found,) = simulate_hessian_path(
        problem,
        dimension,
        instances,
        seed,
        step_sizes,
        [last],
        hold_overlap=True,
        temperature=temperature,
        threads=threads,
    )
    predicted: dict[str, Estimate | None] = {}
    reason: str | None = None
    try:
        dynamics = descent_dynamics(
            problem, step_sizes, temperature, paths=paths, replicas=replicas, seed=seed, threads=threads
        )
        predicted = dynamics.require().spectra([last])
    except (InvalidArgument, NotConverged) as error:
        reason = str(error)
    rows = []
    for name, quantity, key in (
        ("outlier", "outlier", "outlier"),
        ("outlier_overlap_squared", "overlap_squared", "outlier_overlap_squared"),
        ("next_eigenvalue", "next_eigenvalue", "bulk_edge"),
    ):
        theory = predicted.get(key)
        value = None if theory is None else float(theory.mean[0])
        error_of = None if theory is None else float(theory.standard_error[0])
        why = None if theory is not None else reason or "the Hessian has no signal outlier"
        text = str(approximation_of(descent_dynamics))
        rows.append(Comparison(name, found.estimate(quantity), value, error_of, why, text))
    return rows


def _predicted(
    problem: PhaseRetrieval,
    step_sizes: FloatArray,
    temperature: float,
    paths: int,
    replicas: int,
    seed: int,
    threads: int,
    names: list[str],
) -> tuple[dict[str, tuple[float, float]], str | None]:
    try:
        dynamics = descent_dynamics(
            problem, step_sizes, temperature, paths=paths, replicas=replicas, seed=seed, threads=threads
        ).require()
    except (InvalidArgument, NotConverged) as error:
        return {}, str(error)
    last = {name: dynamics.estimate(name)[len(step_sizes)] for name in names}
    return {name: (float(e.mean), float(e.standard_error)) for name, e in last.items()}, None


def _finite(
    name: str, estimate: Estimate, theory: float | None, approximation: str, reason: str | None = None
) -> Comparison:
    if theory is not None and not np.isfinite(theory):
        theory, reason = None, "the theoretical value is infinite"
    return Comparison(name, estimate, theory, None, None if theory is not None else reason, approximation)
