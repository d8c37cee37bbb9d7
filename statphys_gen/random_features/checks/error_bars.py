"""Standard errors that simulations of random features state, against the scatter of repeated runs."""

from __future__ import annotations

import numpy as np

from ...data.covariance import Covariance
from ...statistics.agreement import Check
from ...statistics.calibration import Run, error_bar_check
from ...statistics.estimate import Estimate
from ..model import RandomFeatures
from ..simulation.instances import (
    modes_at,
    modes_between,
    simulate_best_stopping,
    simulate_eigenvalues,
    simulate_limit,
    simulate_losses,
    simulate_train_parts,
)
from ..simulation.milestones import simulate_best_ridge
from ..simulation.single_feature import simulate_coefficients, simulate_true_score


def checks() -> list[Check]:
    """Every check of error bars, by name."""
    model = RandomFeatures("sin", 3.0, 2.0, 0.3, Covariance([0.4, 1.2], [0.5, 0.5]), 2)
    times = np.geomspace(0.1, 20.0, 30) * 4.0

    def loss(field: str) -> Run:
        def run(seed: int) -> Estimate:
            found: Estimate = getattr(simulate_losses(model, [4.0], 8, instances=12, seed=seed), field)
            return found

        return run

    runs: dict[str, Run] = {
        "train loss": loss("train_loss"),
        "test loss": loss("test_loss"),
        "score error": loss("score_error"),
        "limit in dimension": lambda s: (
            simulate_limit(model, [4.0], (4, 8, 12), instances=(24, 16, 12), seed=s).test_loss
        ),
        "part of the train loss": lambda s: simulate_train_parts(
            model, [4.0], 8, [0, 12, 24], instances=12, seed=s
        ),
        "best stopping": lambda s: simulate_best_stopping(model, times, 8, instances=12, seed=s),
        "best ridge": lambda s: simulate_best_ridge(
            model, np.geomspace(1e-3, 30.0, 40), 8, instances=12, seed=s
        ),
        "eigenvalue of a rank": lambda s: modes_at(
            simulate_eigenvalues(model, 8, instances=12, seed=s), [-1]
        ),
        "count of modes": lambda s: modes_between(
            simulate_eigenvalues(model, 8, instances=12, seed=s), [0.05, 0.5], 8
        ),
        "coefficients": lambda s: simulate_coefficients("tanh", 0.2, 1.5, draws=60, blocks=20, seed=s)[2:],
        "true score": lambda s: simulate_true_score(model, 6, draws=40, blocks=12, seed=s),
    }
    return [error_bar_check("standard errors over seeds, random features", runs)]
