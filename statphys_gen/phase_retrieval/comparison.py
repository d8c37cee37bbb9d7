"""Theory beside finite instances of a user's model: the Hessian at the start, or the end of a descent.

Instances have a finite dimension: where nothing else is said the difference from the theory contains corrections of
order 1/N.
"""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from .. import validation
from ..approximation import approximation_of
from ..arrays import FloatArray
from ..comparison import Observable, Observables
from ..errors import InvalidArgument, NotConverged, StatphysError, Stopped
from ..statistics.estimate import Estimate
from .model import PhaseRetrieval, check_model
from .simulation.descent import simulate_descent
from .simulation.hessians import Hessians, simulate_hessian, simulate_hessian_path
from .simulation.instances import LABEL_LAWS, LabelLaw
from .theory.dmft import DescentDynamics, descent_dynamics
from .theory.initial_law import initial_curvature_law
from .theory.spectrum import hessian_spectrum

_NO_OUTLIER = "the Hessian has no signal outlier"
# Name of an observable, of the quantity of the simulated Hessians, and of the theory's.
_OF_HESSIANS = (
    ("outlier", "outlier", "outlier"),
    ("outlier_overlap_squared", "overlap_squared", "outlier_overlap_squared"),
    ("next_eigenvalue", "next_eigenvalue", "bulk_edge"),
)


def compare(
    model: PhaseRetrieval,
    dimension: int,
    *,
    instances: int,
    step_sizes: ArrayLike | None = None,
    starts: int = 1,
    temperature: float = 0.0,
    label_law: LabelLaw = "signal",
    hessian: bool = False,
    paths: int = 4096,
    replicas: int = 6,
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """Simulated instances beside the theory of N -> infinity.

    Parameters
    ----------
    model : with its overlap at the start.
    dimension, instances : N, and how many instances of it.
    step_sizes : of a descent, (K,); by default there is none. Without: energy, multiplier, signal outlier with its
        squared overlap, and next (for null labels smallest) eigenvalue of the Hessian at the start. With: correlation
        with the start, energy, multiplier and, for a warm start, overlap after all steps, beside dynamical mean-field
        theory.
    starts, temperature : of the descents, as for :func:`~statphys_gen.phase_retrieval.simulate_descent`.
    label_law : "signal", or "null" for labels that are independent of the sensing vectors.
    hessian : also the signal outlier, its squared overlap and the next eigenvalue after all steps, for descents whose
        overlap is held at 0.
    paths, replicas : of the theory, as for :func:`~statphys_gen.phase_retrieval.descent_dynamics`.
    seed, threads : of theory and simulation.

    Raises
    ------
    InvalidArgument : what only a descent has is given without one; ``hessian`` for a start at an overlap (the outlier
        of a later step is not known there) or with null labels.
    NotConverged : a simulated descent diverged.
    """
    check_model(model)
    validation.choice("label_law", label_law, LABEL_LAWS)
    validation.integer("paths", paths, 100)
    validation.integer("replicas", replicas, 2)
    if step_sizes is None:
        for name, value, usual in (
            ("starts", starts, 1),
            ("temperature", temperature, 0.0),
            ("hessian", hessian, False),
        ):
            if value != usual:
                raise InvalidArgument(name, value, "left out without step_sizes")
        found = simulate_hessian(
            model, dimension, instances=instances, label_law=label_law, seed=seed, threads=threads
        )
        return Observables((*_at_start(model, found), *_of_first_hessian(model, found)))
    if hessian and label_law == "null":
        raise InvalidArgument("hessian", hessian, "left out with null labels, which have no signal")
    if hessian and model.overlap != 0.0:
        raise InvalidArgument("overlap", model.overlap, "0: the outlier couples to the history otherwise")
    eta = validation.array("step_sizes", step_sizes, ndim=1, above=0.0)
    descents = simulate_descent(
        model,
        dimension,
        step_sizes=eta,
        instances=instances,
        starts=starts,
        temperature=temperature,
        label_law=label_law,
        record=[0, len(eta)],
        seed=seed,
        threads=threads,
    ).require()
    last = {name: descents.estimate(name)[1] for name in ("energy", "lagrange_multiplier")}
    last = {"correlation": descents.estimate("correlation")[0, 1]} | last
    if model.overlap != 0.0:
        last["overlap"] = descents.estimate("overlap")[1]
    dynamics, reason = _dynamics(model, eta, temperature, paths, replicas, seed, threads)
    rows = [_beside(name, estimate, *_predicted(dynamics, name, reason)) for name, estimate in last.items()]
    if hessian:
        (later,) = simulate_hessian_path(
            model,
            dimension,
            step_sizes=eta,
            record=[len(eta)],
            instances=instances,
            temperature=temperature,
            hold_overlap=True,
            seed=seed,
            threads=threads,
        )
        rows += _of_last_hessian(later, dynamics, reason)
    return Observables(tuple(rows))


# --------------------------------------------------------------------------------------------------------- the start


def _at_start(model: PhaseRetrieval, found: Hessians) -> list[Observable]:
    law, ratio = initial_curvature_law(model.loss, overlap=model.overlap), model.samples_per_dimension
    text = str(approximation_of(initial_curvature_law))
    energy = None if law.energy_per_sample is None else ratio * law.energy_per_sample
    theory = {"energy": energy, "lagrange_multiplier": ratio * law.multiplier_per_sample}
    rows = []
    for name, value in theory.items():
        infinite = value is not None and not math.isfinite(value)
        reason = "the theoretical value is infinite" if infinite else ""
        rows.append(_observable(name, found.estimate(name), None if infinite else value, text, reason))
    return rows


def _of_first_hessian(model: PhaseRetrieval, found: Hessians) -> list[Observable]:
    theory, reason = {}, ""
    try:
        spectrum = hessian_spectrum(model)
        spectrum.bulk_edge.require()
        (theory,) = spectrum.records()
    except (InvalidArgument, StatphysError) as error:
        reason = str(error)
    text = str(approximation_of(hessian_spectrum))
    if found.outlier is None:
        smallest, edge = found.estimate("next_eigenvalue"), theory.get("bulk_edge")
        return [_observable("smallest_eigenvalue", smallest, edge, text, reason)]
    return [
        _observable(name, found.estimate(quantity), theory.get(key), text, reason or _NO_OUTLIER)
        for name, quantity, key in _OF_HESSIANS
    ]


def _observable(name: str, estimate: Estimate, theory: float | None, text: str, reason: str) -> Observable:
    return Observable(name, estimate, theory, text, reason if theory is None else "")


# ------------------------------------------------------------------------------------------------------- the descent


def _dynamics(
    model: PhaseRetrieval,
    step_sizes: FloatArray,
    temperature: float,
    paths: int,
    replicas: int,
    seed: int,
    threads: int,
) -> tuple[DescentDynamics | None, str]:
    """The theory, or why there is none."""
    try:
        dynamics = descent_dynamics(
            model,
            step_sizes,
            temperature=temperature,
            paths=paths,
            replicas=replicas,
            seed=seed,
            threads=threads,
        )
        return dynamics.require(), ""
    except (InvalidArgument, NotConverged, Stopped) as error:
        return None, str(error)


def _predicted(dynamics: DescentDynamics | None, name: str, reason: str) -> tuple[Estimate | None, str]:
    return (None, reason) if dynamics is None else (dynamics.estimate(name)[len(dynamics.step_sizes)], "")


def _of_last_hessian(found: Hessians, dynamics: DescentDynamics | None, reason: str) -> list[Observable]:
    spectra: dict[str, Estimate | None] = {}
    if dynamics is not None:
        try:
            spectra, reason = dynamics.spectra([len(dynamics.step_sizes)]), _NO_OUTLIER
        except InvalidArgument as error:
            reason = str(error)
    rows = []
    for name, quantity, key in _OF_HESSIANS:
        predicted = spectra.get(key)
        rows.append(
            _beside(name, found.estimate(quantity), None if predicted is None else predicted[0], reason)
        )
    return rows


def _beside(name: str, estimate: Estimate, predicted: Estimate | None, reason: str) -> Observable:
    """A simulated number beside one that is itself an average over paths."""
    text = str(approximation_of(descent_dynamics))
    if predicted is None:
        return Observable(name, estimate, None, text, reason)
    return Observable(
        name, estimate, float(predicted.mean), text, theory_error=float(predicted.standard_error)
    )
