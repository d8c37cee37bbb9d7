"""When does it fall onto one of its training points? (The excess entropy is of leading order: d = 20 shows.)"""

import math

from statphys_gen.diffusion import Covariance, collapse_time, compare_collapse

law = Covariance.isotropic(0.7, dimension=20)
time = collapse_time(law, math.log(5000)).require()
print(f"collapse time {float(time['time']):.4f}")
print(compare_collapse(law, [0.1, 0.2, 0.4], 5000, walkers=500, instances=8))
