"""Autoencoders on drawn data of large dimension."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import Autoencoder
from ..simulation.autoencoder import (
    simulate_details,
    simulate_generation,
    simulate_speciation,
    simulate_weight,
)
from ..theory.autoencoder_details import autoencoder_details, autoencoder_generation
from ..theory.autoencoder_speciation import autoencoder_speciation, autoencoder_weight


def checks() -> list[Check]:
    return [_details(1), _details(6), _generation(), _speciation(), _weight()]


def _details(draws: int) -> Check:
    model = Autoencoder((3, 2), 0.64, 0.3, noise_draws=draws)
    dimension, instances = 4000, 60

    def theory() -> FloatArray:
        found = autoencoder_details(model, 0.7, 0.6)
        return np.array([found.skip, found.output_overlap, found.output_norm_squared, found.loss])

    return Check(
        f"details of an autoencoder, {draws} noise{'s' * (draws > 1)}",
        "skip, overlap and norm of the output weights, and loss",
        approximation_of(autoencoder_details),
        theory=theory,
        simulate=lambda seed: simulate_details(model, 0.7, 0.6, dimension, instances=instances, seed=seed),
        resolution=0.02,
        sizes={"dimension": dimension, "instances": instances, "noise_scale": 0.7, "data_scale": 0.6},
        model=model,
        id=f"schedules-autoencoder-details-{draws}",
    )


def _generation() -> Check:
    model = Autoencoder((2, 2), 0.64, 0.3, noise_draws=2)
    dimension, instances, steps = 4000, 80, 400

    def theory() -> FloatArray:
        found = autoencoder_generation(model)
        return np.array([found.mean_overlap, found.detail_std, found.mean_error])

    return Check(
        "what an autoencoder generates",
        "overlap, standard deviation and mean error of the flow",
        approximation_of(autoencoder_generation),
        theory=theory,
        simulate=lambda seed: simulate_generation(
            model, dimension, steps=steps, instances=instances, seed=seed
        ),
        resolution=0.02,
        sizes={"dimension": dimension, "instances": instances, "steps": steps, "levels": [1e4, 1e-3]},
        model=model,
        id="schedules-autoencoder-generation-from-far-noise",
    )


def _speciation() -> Check:
    model = Autoencoder((4, 2), 0.64, 0.2, 0.05)
    dimension, instances = 40_000, 40

    def theory() -> FloatArray:
        found = autoencoder_speciation(model, 1.3)
        return np.array(
            [found.input_overlap, found.input_norm_squared, found.bias, found.output_overlap, found.loss]
        )

    return Check(
        "speciation of an autoencoder",
        "overlaps, norm, bias and loss at the dilated time 1.3",
        approximation_of(autoencoder_speciation),
        theory=theory,
        simulate=lambda seed: simulate_speciation(model, 1.3, dimension, instances=instances, seed=seed),
        resolution=0.02,
        sizes={"dimension": dimension, "instances": instances, "dilated_time": 1.3},
        model=model,
        id="schedules-autoencoder-speciation",
    )


def _weight() -> Check:
    model = Autoencoder((4, 2), 0.64, 0.2, 0.05)
    dilation, steps, dimension, walkers, instances = 2.2, 5, 40_000, 4000, 24

    def theory() -> Estimate:
        return autoencoder_weight(model, dilation, steps)

    return Check(
        "weight that trained autoencoders generate",
        "share of the samples that the network of the end sends to the larger class",
        approximation_of(autoencoder_weight),
        theory=theory,
        simulate=lambda seed: simulate_weight(
            model, dilation, steps, dimension, walkers, instances=instances, seed=seed
        ),
        resolution=0.02,
        sizes={
            "dilation": dilation,
            "steps": steps,
            "dimension": dimension,
            "walkers": walkers,
            "instances": instances,
        },
        model=model,
        id="schedules-autoencoder-weight",
    )
