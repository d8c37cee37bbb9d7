"""Theory beside simulation for one network and task of a user's."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..approximation import approximation_of
from ..arrays import FloatArray
from ..comparison import Observable, Observables
from ..errors import InvalidArgument
from .model import LinearNetwork, Task
from .simulation.descent import require_memory, simulate_descent
from .simulation.gram_flow import simulate_training
from .simulation.starts import Initialisation
from .theory.crossover import ErrorCurves
from .theory.finite_dimension import finite_dimension_errors
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

    The theory holds up to terms of order 1/d^2 and d/w; standard errors can be smaller than these.
    """
    validation.integer("instances", instances, minimum=2)
    validation.choice("algorithm", algorithm, ("flow", "descent"))
    if (learning_rate is None) != (algorithm == "flow"):
        raise InvalidArgument("learning_rate", learning_rate, "given for a descent, and only then")
    scaled = np.atleast_1d(validation.array("training_time", training_time, at_least=0.0))
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
    curves, reason = _predicted(network, task, scaled, initialisation)
    said = str(approximation_of(finite_dimension_errors))
    rows = []
    for name in ("train_error", "test_error", "largest_singular_value", "stable_rank"):
        estimate = found.estimate(name)
        known = None if curves is None else getattr(curves, name, None)
        why = reason or "no prediction of this observable"
        for k, time in enumerate(scaled.tolist()):
            theory = None if known is None else float(known[k])
            text = "" if theory is not None else why
            rows.append(Observable(name, estimate[k], theory, said, text, parameters={"training_time": time}))
    return Observables(tuple(rows))


def _predicted(
    network: LinearNetwork, task: Task, scaled: FloatArray, initialisation: Initialisation
) -> tuple[ErrorCurves | None, str]:
    """The curves, or why there are none."""
    if network.inputs != network.outputs:
        return None, "the errors are derived for square networks"
    if network.width < network.inputs:
        return None, "the wide limit is not defined below width d"
    noise = initial_noise(network) if initialisation == "gaussian" else 0.0
    if not task.signal_strengths:
        return None, "a task without signal"
    try:
        curves = finite_dimension_errors(
            task.signal_strengths,
            network.inputs,
            lazy_ratio(network),
            noise,
            scaled * time_scale(network),
            noise=task.noise,
        )
    except InvalidArgument as error:
        return None, str(error)
    return curves, ""
