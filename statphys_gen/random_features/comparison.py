"""Theory beside finite instances for one model of a user's: losses, modes of the bulks, and edges.

Where the theory is refused, or where it says nothing about a finite instance, an entry has no theory and the reason.
One dimension is simulated as it is: the losses then differ from the theory by terms of order 1/d, edges by d^(-2/3).
Three or more are extrapolated with these powers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .. import validation
from ..approximation import approximation_of
from ..arrays import FloatArray
from ..errors import InvalidArgument, StatphysError
from ..statistics.estimate import Estimate
from .model import RandomFeatures
from .simulation.gaussian_equivalent import FeatureMoments
from .simulation.instances import (
    limit_in_dimension,
    modes_at,
    modes_between,
    simulate_eigenvalues,
    simulate_limit,
    simulate_losses,
)
from .simulation.training import Adam, GradientDescent, GradientFlow, Ridge, Training
from .theory.coefficients import outliers
from .theory.filters import Filter, gradient_descent, gradient_flow, momentum_descent, ridge
from .theory.learning_curves import learning_curves, losses, ridge_curves
from .theory.spectrum import spectrum

FIELDS = ("train_loss", "test_loss", "score_error")
_NO_THEORY = "no theory: simulation of finite instances"
_NOT_A_FILTER = "Adam is not linear in A: no spectral filter describes it"
_SMEARED = "the norms of the rows of W smear the atom and the bulk beside it in a finite instance"
_OUTSIDE = "an activation that is not odd has eigenvalues outside of the bulks"


@dataclass(frozen=True)
class Comparison:
    """One observable.

    Attributes
    ----------
    observable : train_loss, test_loss, score_error, "modes of bulk k" or "lower edge of bulk k" (bulks from below), or
        "lowest eigenvalue".
    estimate : of the simulation, a scalar.
    theory : None where there is none; ``reason`` then says why.
    approximation : how exact the theory is.
    parameters : what belongs to this entry alone, such as the training time.
    """

    observable: str
    estimate: Estimate
    theory: float | None
    reason: str | None
    approximation: str
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def z(self) -> float | None:
        """(simulation - theory)/(standard error); None without theory, or where the instances do not vary."""
        error, mean = float(self.estimate.standard_error), float(self.estimate.mean)
        if self.theory is None or error <= 1e-12 * max(1.0, abs(mean)):
            return None
        return (mean - self.theory) / error


# ------------------------------------------------------------------------------------------------------- losses


def compare_losses(
    model: RandomFeatures,
    training: Training,
    dimensions: Sequence[int],
    instances: Sequence[int],
    seed: int,
    *,
    moments: FeatureMoments | None = None,
    threads: int = 1,
) -> list[Comparison]:
    """Train loss, test loss and score error of every member of a batch of trainings.

    Parameters
    ----------
    training : gradient flow, ridge, gradient descent (momentum included), or Adam, which has no theory.
    dimensions : one, or at least 3 to be extrapolated in 1/d.
    instances : one number for each dimension; at least 2, for extrapolation at least 8.
    moments : of the Gaussian equivalent, which is simulated if they are given.
    """
    _checked_sizes(dimensions, instances)
    if len(dimensions) == 1:
        found = simulate_losses(
            model, dimensions[0], instances[0], seed, training, moments=moments, threads=threads
        )
    else:
        found = simulate_limit(model, dimensions, instances, seed, training, moments=moments, threads=threads)
    name, places = _batch(training)
    approximation = _statement(training)
    predicted = [_losses_of_theory(model, training, k) for k in range(len(places))]
    return [
        Comparison(
            observable,
            getattr(found, observable)[k],
            values[i] if values is not None else None,
            reason,
            approximation,
            {name: place},
        )
        for k, (place, (values, reason)) in enumerate(zip(places, predicted, strict=True))
        for i, observable in enumerate(FIELDS)
    ]


def _checked_sizes(dimensions: Sequence[int], instances: Sequence[int]) -> None:
    if len(dimensions) in (0, 2) or len(set(dimensions)) < len(dimensions):
        raise InvalidArgument("dimensions", list(dimensions), "one, or at least 3 that differ")
    if len(instances) != len(dimensions):
        raise InvalidArgument(
            "instances", list(instances), f"{len(dimensions)} numbers, one for each dimension"
        )
    least = 2 if len(dimensions) == 1 else 8
    for k, count in enumerate(instances):
        validation.integer(f"instances[{k}]", count, minimum=least)


def _batch(training: Training) -> tuple[str, list[float]]:
    if isinstance(training, GradientFlow):
        return "training_time", np.asarray(training.training_time).tolist()
    if isinstance(training, Ridge):
        return "ridge", np.asarray(training.penalty).tolist()
    if isinstance(training, GradientDescent | Adam):
        return "steps", np.asarray(training.steps).tolist()
    raise InvalidArgument("training", training, "GradientFlow, Ridge, GradientDescent or Adam")


def _statement(training: Training) -> str:
    if isinstance(training, Adam):
        return _NO_THEORY
    if isinstance(training, GradientFlow):
        return str(approximation_of(learning_curves))
    return str(approximation_of(ridge_curves if isinstance(training, Ridge) else losses))


def _filter(model: RandomFeatures, training: Training, k: int) -> Filter:
    if isinstance(training, GradientFlow):
        return gradient_flow(model, np.asarray(training.training_time)[k])
    if isinstance(training, Ridge):
        return ridge(np.asarray(training.penalty)[k])
    assert isinstance(training, GradientDescent)
    steps = np.asarray(training.steps)[k]
    if training.momentum == 0.0:
        return gradient_descent(model, steps, training.step_size)
    return momentum_descent(model, steps, training.step_size, training.momentum, nesterov=training.nesterov)


def _losses_of_theory(
    model: RandomFeatures, training: Training, k: int
) -> tuple[list[float] | None, str | None]:
    """The losses of the k-th member, or why there are none. One by one: a member may be refused alone."""
    if isinstance(training, Adam):
        return None, _NOT_A_FILTER
    try:
        curves = losses(model, _filter(model, training, k))
    except StatphysError as error:
        return None, f"refused: {error}"
    return [float(getattr(curves, name)[0]) for name in FIELDS], None


# ----------------------------------------------------------------------------------------------------- spectrum


@dataclass(frozen=True)
class _Part:
    """Consecutive modes with a gap on both sides: a bulk, an atom, or an atom and the bulk beside it, in one box."""

    name: str
    modes: float
    lower: float
    upper: float
    edges: bool
    reason: str | None


def compare_spectrum(
    model: RandomFeatures,
    dimensions: Sequence[int],
    instances: Sequence[int],
    seed: int,
    *,
    moments: FeatureMoments | None = None,
    threads: int = 1,
) -> list[Comparison]:
    """Modes per dimension of every atom and bulk, counted between the middles of the gaps, and the edges of the bulks.

    The edges are compared with the eigenvalues of the rank at which the theory puts them. Parameters as for
    :func:`compare_losses`. In the nonlinear model with infinitely many draws the atom and the bulk beside it are
    counted together, because they overlap in finite instances. Where the theory of the spectrum is refused, the lowest
    and the highest eigenvalue are given alone.
    """
    _checked_sizes(dimensions, instances)
    eigenvalues = [
        simulate_eigenvalues(model, d, count, seed, moments=moments, threads=threads)
        for d, count in zip(dimensions, instances, strict=True)
    ]

    def estimate(at: Callable[[int], Estimate], exponent: float) -> Estimate:
        runs = [at(k) for k in range(len(dimensions))]
        return runs[0] if len(runs) == 1 else limit_in_dimension(dimensions, runs, exponent)

    try:
        parts = _parts(model, moments is not None)
    except StatphysError as error:
        extremes = estimate(lambda k: modes_at(eigenvalues[k], [0, -1]), 2.0 / 3.0)
        refusal = f"refused: {error}"
        return [
            Comparison(f"{name} eigenvalue", extremes[k], None, refusal, _NO_THEORY)
            for k, name in enumerate(("lowest", "highest"))
        ]
    boundaries = _boundaries(parts)
    counts = estimate(lambda k: modes_between(eigenvalues[k], boundaries, dimensions[k]), 1.0)
    approximation = str(approximation_of(spectrum))
    found = [
        Comparison(f"modes of {part.name}", counts[k], part.modes, None, approximation)
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
            if side == "upper" and part is parts[-1] and sum(outliers(model, 1).values()) > 0.0:
                reason = _OUTSIDE

            def at(i: int, place: float = place, shift: int = shift) -> Estimate:
                last = eigenvalues[i].shape[1] - 1
                rank = min(max(round(place * dimensions[i]) + shift, 0), last)
                return modes_at(eigenvalues[i], [rank])

            found.append(
                Comparison(
                    f"{side} edge of {part.name}",
                    estimate(at, 2.0 / 3.0)[0],
                    None if reason else theory,
                    reason,
                    approximation,
                )
            )
    return found


def _parts(model: RandomFeatures, equivalent: bool) -> list[_Part]:
    found = spectrum(model)
    parts = [
        _Part(f"bulk {k}", bulk.modes_per_dimension, bulk.lower, bulk.upper, True, None)
        for k, bulk in enumerate(found.bulks, start=1)
    ]
    for atom in found.atoms:
        modes = atom.weight * model.features_per_dimension
        part = _Part("the atom", modes, atom.position, atom.position, False, None)
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
