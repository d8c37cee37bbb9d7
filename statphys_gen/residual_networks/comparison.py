"""Trained networks of growing depth beside the limit of infinite depth, for a task of a user's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..approximation import approximation_of
from ..comparison import Observable, Observables
from ..errors import InvalidArgument, Stopped
from ..statistics.estimate import Estimate
from .model import RegressionTask, ResidualNetwork
from .simulation import depth_scaling, extrapolated
from .theory import depth_limit


def compare(
    network: ResidualNetwork, task: RegressionTask, depths: Sequence[int], learning_rate: float, steps: int
) -> Observables:
    """Loss, and depth times the largest jump, of trained networks, beside the differential equation trained alike.

    Parameters
    ----------
    depths : at least two; what is compared is the extrapolation, linear in 1/L, from each two successive ones, with the
        scatter of these as standard error (one of two depths has none, and no z).

    Raises
    ------
    InvalidArgument : fewer than two depths.
    """
    sizes = sorted(set(depths))
    if len(sizes) < 2:
        raise InvalidArgument("depths", list(depths), "at least two different ones")
    found = depth_scaling(network, task, sizes, learning_rate, steps)
    sizes = found.depth.tolist()  # of a run that was stopped, those that are finished
    if len(sizes) < 2:
        raise Stopped("the run was stopped before two depths were finished")
    smooth = network.activation != "relu"
    limit = depth_limit(network, task, learning_rate, steps).require() if smooth else None
    reason = "" if smooth else "the limit of depth is that of smooth activations"
    rows = []
    for name, field in (("loss", "loss"), ("depth_times_jump", "largest_slope")):
        limits = extrapolated(found.depth, getattr(found, name))
        several = limits if len(limits) > 1 else np.repeat(limits, 2)
        theory = None if limit is None else float(limit[field])
        error = 0.0 if limit is None else float(limit.error)
        said = str(approximation_of(depth_limit))
        rows.append(
            Observable(name, Estimate.from_samples(several), theory, said, reason, theory_error=error)
        )
    return Observables(tuple(rows))
