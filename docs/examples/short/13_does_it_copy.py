"""Does a generator copy the points that it was trained on?"""

import numpy as np

from statphys_gen.memorization import report

rng = np.random.default_rng(0)
training, held_out, generated = (rng.normal(0.3, 1.2, (n, 6)) for n in (300, 200, 400))
generated[:40] = training[:40] + 0.05 * rng.standard_normal((40, 6))
found = report(generated, training, held_out)
print(f"{found.verdict}: {found.reason}")
print(f"copied: {found.excess_fraction:.3f} +- {found.excess_fraction_standard_error:.3f}")
