"""Standard errors that simulations of diffusion state, against the scatter of repeated runs.

Left out are errors that are upper bounds by construction, where parts are added that may cancel: that of
``simulate_information``, and what is made of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...data.covariance import Covariance
from ...data.laws import CurieWeiss, GaussianMixture
from ...statistics.agreement import Check
from ...statistics.calibration import Run, error_bar_check
from ...statistics.estimate import Estimate
from ..simulation.backward_kernel import posterior_agreement, simulate_clones, simulate_u_turn
from ..simulation.beyond_gaussian import simulate_curie_weiss_clones, simulate_curie_weiss_u_turn
from ..simulation.class_reading import (
    simulate_agreement_time,
    simulate_class_information,
    simulate_mode_ratio,
)
from ..simulation.collapse import simulate_collapse, simulate_condensation, simulate_posterior_variance
from ..simulation.collapse_trajectories import simulate_empirical_clones
from ..simulation.curie_weiss_points import simulate_curie_weiss_at, simulate_magnetisation
from ..simulation.first_passage import simulate_first_passage
from ..simulation.information import (
    simulate_basin_radius,
    simulate_information_slope,
    simulate_information_time,
)
from ..simulation.langevin import reduced_clones_langevin, simulate_clones_langevin
from ..simulation.times import simulate_bimodality_time, simulate_drift, simulate_drift_time


def checks() -> list[Check]:
    """Every check of error bars, by name."""
    two = GaussianMixture([0.4, 0.6], np.stack([np.full(3, 0.8), np.full(3, -0.5)]), 0.7)
    balanced = GaussianMixture.two_classes(3, 1.2, 0.6)
    cold, law = CurieWeiss(21, 1.4), Covariance.from_eigenvalues([2.0, 0.5], [3, 5])
    unit = balanced.means[0] / np.linalg.norm(balanced.means[0])
    few: dict[str, Any] = {"walkers": 60, "instances": 12}
    fewer: dict[str, Any] = {"walkers": 16, "instances": 12}

    def collapse(reading: str) -> Run:
        def run(seed: int) -> Estimate:
            found: Estimate = getattr(simulate_collapse(law, 0.5, 60, seed=seed, **few), reading)
            return found

        return run

    classes: dict[str, Run] = {
        "clones": lambda s: simulate_clones(two, 0.6, walkers=400, seed=s),
        "U-turn": lambda s: simulate_u_turn(two, 0.6, walkers=400, seed=s),
        "posterior agreement": lambda s: posterior_agreement(two, 0.6, walkers=400, seed=s),
        "drift": lambda s: simulate_drift(two, 0.8, np.full((1, 3), 0.2), unit, walkers=300, seed=s),
        "drift time": lambda s: simulate_drift_time(balanced, walkers=120, blocks=10, seed=s),
        "bimodality time": lambda s: simulate_bimodality_time(balanced, walkers=400, blocks=12, seed=s),
        "Euler clones": lambda s: simulate_clones_langevin(
            two, 0.6, walkers=200, steps=10, horizon=4.0, seed=s
        ),
        "reduced Euler clones": lambda s: reduced_clones_langevin(
            1.2, 0.7, 0.6, walkers=200, steps=10, horizon=4.0, seed=s
        ),
        "class information": lambda s: simulate_class_information(two, 0.5, walkers=60, blocks=12, seed=s),
        "agreement time": lambda s: simulate_agreement_time(two, 0.75, walkers=150, blocks=8, seed=s),
        "mode ratio": lambda s: simulate_mode_ratio(0.7, variance=0.2, walkers=300, blocks=10, seed=s),
    }
    data: dict[str, Run] = {
        "Curie-Weiss clones": lambda s: simulate_curie_weiss_clones(cold, 1.0, walkers=300, seed=s),
        "Curie-Weiss U-turn": lambda s: simulate_curie_weiss_u_turn(cold, 1.0, walkers=300, seed=s),
        "Curie-Weiss density": lambda s: simulate_curie_weiss_at(
            CurieWeiss(5, 1.3), np.full((1, 5), 0.4), 0.6, walkers=60, blocks=20, seed=s
        )[0],
        "Curie-Weiss score": lambda s: simulate_curie_weiss_at(
            CurieWeiss(5, 1.3), np.full((1, 5), 0.4), 0.6, walkers=100, blocks=20, seed=s
        )[1],
        "magnetisation": lambda s: simulate_magnetisation(cold, walkers=60, blocks=12, seed=s)[1],
    }
    collapsed: dict[str, Run] = {
        **{
            name: collapse(name)
            for name in ("entropy", "surprise", "participation", "source_weight", "top_one", "log_ratio")
        },
        "participation of fresh points": lambda s: (
            simulate_condensation(law, 0.3, 60, seed=s, **few).participation
        ),
        "posterior variance": lambda s: simulate_posterior_variance(law, 0.5, 60, seed=s, **few),
        "information time": lambda s: simulate_information_time(law, 120, 2.0, seed=s, **few),
        "basin radius": lambda s: simulate_basin_radius(law, 0.6, 120, 2.0, seed=s, **few),
        "slope of the information": lambda s: simulate_information_slope(law, 0.7, 120, seed=s, **few),
        "clones on a training point": lambda s: simulate_empirical_clones(law, 0.4, 30, seed=s, **few),
        "mean first passage": lambda s: simulate_first_passage(law, 8, seed=s, **fewer).mean,
        "width of the first passage": lambda s: simulate_first_passage(law, 8, seed=s, **fewer).deviation,
    }
    return [
        error_bar_check("standard errors over seeds, classes", classes),
        error_bar_check("standard errors over seeds, Curie-Weiss data", data),
        error_bar_check("standard errors over seeds, collapse", collapsed),
    ]
