"""Theory beside simulation for one sample and network of a user's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import validation
from ..approximation import approximation_of
from ..comparison import Observable, Observables
from ..errors import InvalidArgument, Stopped
from ..progress import current
from ..statistics.estimate import Estimate
from .model import NoisedSample, ScoreNetwork
from .simulation import OBSERVABLES, Training, simulate_descent, simulate_stochastic_descent
from .theory.descent import population_descent


def compare(
    sample: NoisedSample,
    networks: Sequence[ScoreNetwork],
    learning_rate: float,
    steps: int,
    *,
    batch: int | None = None,
    seed: int = 0,
) -> Observables:
    """Networks trained from the definition beside the exact population descent from the same starts.

    Parameters
    ----------
    sample : the data.
    networks : the starts, at least two; one may be given several times. There is a prediction for inner weights +-1.
    learning_rate, steps : of the descent.
    batch : fresh samples in each step of stochastic descent, whose mean differs from the population's by an amount of
        order learning_rate/batch; None for descent on a grid of the noise.

    The prediction is the mean over the starts of the exact descents, and its error that of their risks. The standard
    error is that of the differences from the exact descents of the same starts. Without a prediction where one of these
    overflows; a simulation that overflows is refused.

    Raises
    ------
    InvalidArgument : fewer than two starts, or a run that overflows.
    """
    if len(networks) < 2:
        raise InvalidArgument("networks", f"{len(networks)} networks", "at least two")
    count = validation.integer("steps", steps, minimum=0)
    if batch is None:
        found = simulate_descent(sample, networks, learning_rate, count, seed=seed)
        networks = networks[: len(found.risk)]  # of a run that was stopped, those that are finished
    else:
        found = _stochastic(sample, networks, learning_rate, count, batch, seed)
    exact = all(abs(weight) == 1.0 for network in networks for weight in network.inner)
    if not all(np.isfinite(getattr(found, name)).all() for name in OBSERVABLES):
        raise InvalidArgument("learning_rate", learning_rate, "such that no run overflows")
    runs = {
        network: population_descent(sample, network, learning_rate, count)
        for network in set(networks)
        if exact
    }
    said = str(approximation_of(population_descent))
    if batch is not None:
        said += "; stochastic descent differs by an amount of order learning_rate/batch"
    good = exact and all(bool(run.solution.good) for run in runs.values())
    error = float(np.mean([run.solution.error for run in runs.values()])) if good else 0.0
    rows = []
    for name in OBSERVABLES:
        estimate, theory = found.estimate(name)[-1], None
        if good:
            ends = np.array([getattr(runs[network], name)[-1] for network in networks])
            difference = Estimate.from_samples(getattr(found, name)[:, -1] - ends)
            theory = float(ends.mean())
            estimate = Estimate(estimate.mean, difference.standard_error, difference.degrees_of_freedom)
        reason = (
            "" if good else "the exact descent overflows" if exact else "inner weights other than +1 and -1"
        )
        known = error if name in ("risk", "excess_risk") else 0.0
        rows.append(Observable(name, estimate, theory, said, reason, theory_error=known))
    return Observables(tuple(rows))


def _stochastic(
    sample: NoisedSample,
    networks: Sequence[ScoreNetwork],
    learning_rate: float,
    steps: int,
    batch: int,
    seed: int,
) -> Training:
    """Its steps are counted where a run is watched; all networks take them together, so none is finished before."""
    run = current()
    if run is None:
        return simulate_stochastic_descent(sample, networks, learning_rate, steps, batch=batch, seed=seed)
    with run.counted("steps", steps) as count:
        done = 0

        def each(at: int) -> None:
            nonlocal done
            more, done = at - done, at
            count(more)

        try:
            return simulate_stochastic_descent(
                sample, networks, learning_rate, steps, batch=batch, each=each, seed=seed
            )
        except KeyboardInterrupt:
            if run.ended:
                raise Stopped("the run was stopped before enough was finished for a result") from None
            raise
