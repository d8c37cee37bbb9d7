"""Theory beside finite instances for one model of a user's: losses, modes of the bulks, and edges.

Where the theory is refused, or where it says nothing about a finite instance, an observable has no theory and the
reason. One dimension is simulated as it is: the losses then differ from the theory by terms of order 1/d, edges by
d^(-2/3). Three or more are extrapolated with these powers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..approximation import approximation_of
from ..arrays import FloatArray
from ..comparison import Observable, Observables
from ..errors import InvalidArgument, StatphysError
from ..statistics.estimate import Estimate
from ..statistics.extrapolation import componentwise_limit
from .model import RandomFeatures
from .simulation.gaussian_equivalent import FeatureMoments
from .simulation.instances import (
    FIELDS,
    modes_at,
    modes_between,
    simulate_eigenvalues,
    simulate_limit,
    simulate_losses,
)
from .simulation.training import Adam, GradientDescent, GradientFlow, Ridge, Training, training_of
from .theory.coefficients import model_coefficients
from .theory.filters import Filter, gradient_descent, gradient_flow, momentum_descent, ridge
from .theory.learning_curves import learning_curves, losses, ridge_curves
from .theory.spectrum import spectrum as predicted_spectrum
from .theory.spikes import outliers

_NO_THEORY = "no theory: simulation of finite instances"
_NOT_A_FILTER = "Adam is not linear in A: no spectral filter describes it"
_SMEARED = "the norms of the rows of W smear the atom and the bulk beside it in a finite instance"
_OUTSIDE = "an activation that is not odd has eigenvalues outside of the bulks"


def compare(
    model: RandomFeatures,
    dimension: int | Sequence[int],
    *,
    training_time: ArrayLike | Training | None = None,
    spectrum: bool = False,
    gaussian_equivalent: bool = False,
    instances: int | Sequence[int],
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """Losses along training, and counts of modes and edges of the bulks, of finite instances beside the theory.

    Losses are ``train_loss``, ``test_loss`` and ``score_error`` of every member of the batch of trainings. With
    ``spectrum`` follow the modes per dimension of every atom and bulk, counted between the middles of the gaps, and
    the eigenvalues of the ranks at which the theory puts the edges of the bulks (numbered from below). In the nonlinear
    model with infinitely many draws the atom and the bulk beside it are counted together, because they overlap in
    finite instances. Where the theory of the spectrum is refused, the extreme eigenvalues are given alone.

    Parameters
    ----------
    dimension : one, or at least 3 to be extrapolated to infinity.
    training_time : training times of gradient flow, or another training (ridge, descent, Adam, which has no theory).
    gaussian_equivalent : simulate the Gaussian equivalent, a reduced simulation, with the coefficients of the theory.
    instances : independent instances, one number or one for each dimension; at least 2, for extrapolation at least 8.
    threads : the bits of the result do not depend on it.

    Raises
    ------
    InvalidArgument : neither training times nor the spectrum asked for; a dimension for which n or p is not an integer.
    """
    if not isinstance(model, RandomFeatures):
        raise InvalidArgument("model", model, "a RandomFeatures")
    if training_time is None and not spectrum:
        raise InvalidArgument("training_time", training_time, "given, or spectrum = True")
    sizes = _Sizes.of(dimension, instances, _moments(model) if gaussian_equivalent else None, seed, threads)
    rows: list[Observable] = []
    if training_time is not None:
        rows += _compare_losses(model, training_of(training_time), sizes)
    if spectrum:
        rows += _compare_spectrum(model, sizes)
    return Observables(tuple(rows))


def _moments(model: RandomFeatures) -> FeatureMoments:
    c = model_coefficients(model)
    return FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))


@dataclass(frozen=True)
class _Sizes:
    """What is simulated."""

    dimensions: tuple[int, ...]
    instances: tuple[int, ...]
    moments: FeatureMoments | None
    seed: int
    threads: int

    @classmethod
    def of(
        cls,
        dimension: int | Sequence[int],
        instances: int | Sequence[int],
        moments: FeatureMoments | None,
        seed: int,
        threads: int,
    ) -> _Sizes:
        dimensions = tuple(dimension) if isinstance(dimension, Sequence) else (dimension,)
        if len(dimensions) in (0, 2) or len(set(dimensions)) < len(dimensions):
            raise InvalidArgument("dimension", list(dimensions), "one, or at least 3 that differ")
        counts = tuple(instances) if isinstance(instances, Sequence) else (instances,) * len(dimensions)
        if len(counts) != len(dimensions):
            raise InvalidArgument(
                "instances", list(counts), f"one number, or {len(dimensions)}, one for each dimension"
            )
        for count in counts:
            validation.integer("instances", count, minimum=2 if len(dimensions) == 1 else 8)
        return cls(dimensions, counts, moments, seed, threads)


# ------------------------------------------------------------------------------------------------------- losses


def _compare_losses(model: RandomFeatures, training: Training, sizes: _Sizes) -> list[Observable]:
    given: dict[str, Any] = {"moments": sizes.moments, "seed": sizes.seed, "threads": sizes.threads}
    if len(sizes.dimensions) == 1:
        found = simulate_losses(model, training, sizes.dimensions[0], instances=sizes.instances[0], **given)
    else:
        found = simulate_limit(model, training, sizes.dimensions, instances=sizes.instances, **given)
    approximation = _statement(training)
    rows = []
    for k, place in enumerate(found.coordinate.tolist()):
        values, reason = _losses_of_theory(model, training, k)
        rows += [
            Observable(
                name,
                getattr(found, name)[k],
                values.get(name),
                approximation,
                reason,
                parameters={found.axis: place},
            )
            for name in FIELDS
        ]
    return rows


def _statement(training: Training) -> str:
    if isinstance(training, GradientFlow):
        return str(approximation_of(learning_curves))
    if isinstance(training, Ridge):
        return str(approximation_of(ridge_curves))
    return str(approximation_of(losses)) if isinstance(training, GradientDescent) else _NO_THEORY


def _filter(model: RandomFeatures, training: Training, k: int) -> Filter | None:
    """Of the k-th member."""
    if isinstance(training, GradientFlow):
        return gradient_flow(model, np.asarray(training.training_time)[k])
    if isinstance(training, Ridge):
        return ridge(np.asarray(training.penalty)[k])
    if not isinstance(training, GradientDescent):
        return None
    steps, rate = np.asarray(training.steps)[k], training.learning_rate
    if training.momentum == 0.0:
        return gradient_descent(model, steps, rate)
    return momentum_descent(model, steps, rate, training.momentum, nesterov=training.nesterov)


def _losses_of_theory(model: RandomFeatures, training: Training, k: int) -> tuple[dict[str, float], str]:
    """The losses of the k-th member, or why there are none. One by one: a member may be refused alone."""
    algorithm = _filter(model, training, k)
    if algorithm is None:
        return {}, _NOT_A_FILTER if isinstance(training, Adam) else "this training is no spectral filter"
    try:
        curves = losses(model, algorithm)
    except StatphysError as error:
        return {}, f"refused: {error}"
    return {name: float(getattr(curves, name)[0]) for name in FIELDS}, ""


# ----------------------------------------------------------------------------------------------------- spectrum


@dataclass(frozen=True)
class _Part:
    """Consecutive modes with a gap on both sides: a bulk, an atom, or an atom and the bulk beside it, in one box."""

    name: str
    modes: float
    lower: float
    upper: float
    edges: bool
    reason: str = ""


def _compare_spectrum(model: RandomFeatures, sizes: _Sizes) -> list[Observable]:
    eigenvalues = [
        simulate_eigenvalues(
            model, d, instances=count, moments=sizes.moments, seed=sizes.seed, threads=sizes.threads
        )
        for d, count in zip(sizes.dimensions, sizes.instances, strict=True)
    ]

    def estimate(at: Callable[[int], Estimate], exponent: float) -> Estimate:
        found = [at(k) for k in range(len(sizes.dimensions))]
        return found[0] if len(found) == 1 else componentwise_limit(sizes.dimensions, found, exponent)

    try:
        parts = _parts(model, sizes.moments is not None)
    except StatphysError as error:
        extremes = estimate(lambda k: modes_at(eigenvalues[k], [0, -1]), 2.0 / 3.0)
        return [
            Observable(f"{name} eigenvalue", extremes[k], None, _NO_THEORY, f"refused: {error}")
            for k, name in enumerate(("lowest", "highest"))
        ]
    boundaries = _boundaries(parts)
    counts = estimate(lambda k: modes_between(eigenvalues[k], boundaries, sizes.dimensions[k]), 1.0)
    approximation = str(approximation_of(predicted_spectrum))
    rows = [
        Observable(f"modes of {part.name}", counts[k], part.modes, approximation)
        for k, part in enumerate(parts)
    ]
    cumulative = np.cumsum([0.0, *(part.modes for part in parts)])
    for k, part in enumerate(parts):
        if not part.edges:
            continue
        # The lowest and the highest mode of the part.
        ends = ((part.lower, "lower", cumulative[k], 0), (part.upper, "upper", cumulative[k + 1], -1))
        for theory, side, place, shift in ends:
            reason = part.reason
            if side == "upper" and part is parts[-1] and any(vars(outliers(model, 1)).values()):
                reason = _OUTSIDE

            def at(i: int, place: float = place, shift: int = shift) -> Estimate:
                last = eigenvalues[i].shape[1] - 1
                rank = min(max(round(place * sizes.dimensions[i]) + shift, 0), last)
                return modes_at(eigenvalues[i], [rank])

            edge = estimate(at, 2.0 / 3.0)[0]
            name = f"{side} edge of {part.name}"
            rows.append(Observable(name, edge, None if reason else theory, approximation, reason))
    return rows


def _parts(model: RandomFeatures, equivalent: bool) -> list[_Part]:
    found = predicted_spectrum(model)
    parts = [
        _Part(f"bulk {k}", bulk.modes_per_dimension, bulk.lower, bulk.upper, True)
        for k, bulk in enumerate(found.bulks, start=1)
    ]
    for atom in found.atoms:
        modes = atom.weight * model.features_per_dimension
        part = _Part("the atom", modes, atom.position, atom.position, False)
        place = sum(other.upper < atom.position for other in parts)
        parts.insert(place, part)
        if math.isinf(model.noise_draws) and not equivalent and place + 1 < len(parts):
            beside = parts[place + 1]
            parts[place : place + 2] = [
                _Part(
                    f"the atom and {beside.name}",
                    modes + beside.modes,
                    atom.position,
                    beside.upper,
                    True,
                    _SMEARED,
                )
            ]
    return parts


def _boundaries(parts: Sequence[_Part]) -> FloatArray:
    """The middles of the gaps (in the logarithm), with a place below 0 and one above everything."""
    below = np.array([part.upper for part in parts[:-1]])
    above = np.array([part.lower for part in parts[1:]])
    # An atom at 0 has no logarithm.
    middle = np.sqrt(np.maximum(below, 1e-8 * above) * above)
    return np.concatenate([[-1e-6 * parts[-1].upper], middle, [1e300]])
