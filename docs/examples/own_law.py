"""My own law of data: when a diffusion model chooses among three classes, and when it falls onto a training point."""

import numpy as np

from statphys_gen.diffusion import GaussianMixture, collapse_time, compare, speciation_times

law = GaussianMixture(weights=[0.2, 0.3, 0.5], means=2.2 * np.eye(3, 24), covariances=0.6)
print(compare(law, time=[0.7, 1.4], samples=400, walkers=400, instances=8))
print(speciation_times(law))
print(collapse_time(law, log_samples=np.log(400)))
