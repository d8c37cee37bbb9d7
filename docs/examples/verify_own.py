"""A prediction of one's own against its simulation, judged by the rule that the package applies to itself."""

import numpy as np

from statphys_gen.statistics import Check, Estimate, generator, judge, run_checks

N, SAMPLES = 200, 100


def largest_eigenvalue(strength):
    """A Wigner matrix with a spike u u^T: the outlier sits at strength + 1/strength."""

    def simulate(seed):
        values = []
        for sample in range(SAMPLES):
            rng = generator(seed, {"model": "spiked Wigner", "size": N}, sample)
            noise = rng.standard_normal((N, N))
            spike = rng.standard_normal(N)
            matrix = (noise + noise.T) / np.sqrt(2 * N) + strength * np.outer(spike, spike) / (spike @ spike)
            values.append(np.linalg.eigvalsh(matrix)[-1])
        return Estimate.from_samples(np.array(values))

    return simulate


def check(name, strength, theory):
    approximation = "exact as N -> infinity"
    simulate = largest_eigenvalue(strength)
    return Check(name, "position of the outlier", approximation, lambda: theory, simulate, 0.02, "eigenvalue")


print(judge(run_checks([check("outlier, strength 2", 2.0, 2.5), check("a wrong formula", 2.0, 2.5 * 1.05)])))
