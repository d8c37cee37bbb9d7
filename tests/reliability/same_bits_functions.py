"""What the test of equal bits sweeps; importable, so that it reaches other processes."""

import numpy as np

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.simulation.backward_kernel import simulate_clones
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.simulation.instances import simulate_eigenvalues


def measured(time: float, generator: np.random.Generator) -> dict:
    seed = int(generator.integers(2**31))
    clones = simulate_clones(GaussianMixture.two_classes(40, 0.3), time, walkers=300, seed=seed)
    eigenvalues = simulate_eigenvalues(RandomFeatures("sin", 2.0, 3.0, time), 12, instances=2, seed=seed)
    return {"agreement": clones.mean, "spread": clones.standard_error, "eigenvalues": eigenvalues}
