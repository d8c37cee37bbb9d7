"""Theory beside simulation for one network and task of a user's."""

from __future__ import annotations

import math
from typing import Literal

from numpy.typing import ArrayLike

from .. import validation
from ..approximation import approximation_of
from ..arrays import FloatArray
from ..comparison import Observable, Observables
from ..errors import InvalidArgument
from ..numerics.flow import checked_times
from .model import LinearNetwork, Task
from .simulation.descent import require_memory, simulate_descent
from .simulation.gram_flow import simulate_training
from .simulation.starts import Initialisation
from .theory.finite_dimension import finite_dimension_errors
from .theory.finite_width import width_correction
from .theory.units import initial_noise, lazy_ratio, time_scale

Algorithm = Literal["flow", "descent"]


def compare(
    network: LinearNetwork,
    task: Task,
    training_time: ArrayLike,
    *,
    instances: int = 10,
    initialisation: Initialisation = "gaussian",
    algorithm: Algorithm = "flow",
    learning_rate: float | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """Train and test error of finite networks beside the leading orders in 1/d at infinite width.

    Parameters
    ----------
    network, task : what is trained, and on what.
    training_time : scaled times T = sqrt(n p) t (m,), at least 0.
    instances : networks with their targets, at least 2.
    initialisation : "gaussian" or "orthogonal".
    algorithm : "flow", the Gram flow, or "descent", gradient descent with full weights.
    learning_rate : of the descent, not scaled; None for the flow.

    The theory holds up to terms of order 1/d^2; with Gaussian weights of equal variances and rates it has the term of
    order d/w, with others not. Means are plain: with the controls of the simulation these terms would stand out.
    """
    validation.integer("instances", instances, minimum=2)
    validation.choice("algorithm", algorithm, ("flow", "descent"))
    if (learning_rate is None) != (algorithm == "flow"):
        raise InvalidArgument("learning_rate", learning_rate, "given for a descent, and only then")
    scaled = checked_times("training_time", training_time)
    dimension = math.sqrt(network.inputs * network.outputs)
    times = scaled / dimension
    if learning_rate is None:
        found = simulate_training(
            network,
            times,
            task,
            instances=instances,
            initialisation=initialisation,
            seed=seed,
            threads=threads,
        )
    else:
        require_memory(network)
        found = simulate_descent(
            network,
            times,
            task,
            learning_rate=learning_rate,
            instances=instances,
            initialisation=initialisation,
            seed=seed,
            threads=threads,
        )
    # A descent stops after whole steps.
    scaled = found.training_time * dimension
    theory, said, reason = _predicted(network, task, scaled, initialisation)
    rows = []
    for name in ("train_error", "test_error", "largest_singular_value", "stable_rank"):
        estimate = found.estimate(name, controlled=False)
        why = "" if name in theory else reason or "no prediction of this observable"
        for k, time in enumerate(scaled.tolist()):
            value = float(theory[name][k]) if name in theory else None
            rows.append(Observable(name, estimate[k], value, said, why, parameters={"training_time": time}))
    return Observables(tuple(rows))


def _predicted(
    network: LinearNetwork, task: Task, scaled: FloatArray, initialisation: Initialisation
) -> tuple[dict[str, FloatArray], str, str]:
    """Train and test error, how exact they are, and why there are none."""
    said = str(approximation_of(finite_dimension_errors))
    if network.inputs != network.outputs:
        return {}, said, "the errors are derived for square networks"
    if network.width < network.inputs:
        return {}, said, "the wide limit is not defined below width d"
    if not task.signal_strengths:
        return {}, said, "the errors are derived for at least one signal"
    gaussian, d = initialisation == "gaussian", network.inputs
    kappa, omega = lazy_ratio(network), initial_noise(network) if gaussian else 0.0
    times = scaled * time_scale(network)
    try:
        curves = finite_dimension_errors(task.signal_strengths, d, kappa, omega, times, noise=task.noise)
    except InvalidArgument as error:
        return {}, said, str(error)
    theory = {"train_error": curves.train_error, "test_error": curves.test_error}
    alike = network.first_variance == network.second_variance and network.first_rate == network.second_rate
    if gaussian and alike:
        extra = width_correction(task.signal_strengths, kappa, omega, times, noise=task.noise)
        theory = {
            name: theory[name] + d / network.width * term for name, term in zip(theory, extra, strict=True)
        }
        said += f"; d/w: {approximation_of(width_correction)}"
    elif gaussian:
        said += f"; without the term of order d/w ({d / network.width:.2g}), derived for equal variances and rates"
    return theory, said, ""
