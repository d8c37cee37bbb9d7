"""A report on two generators of digits: one that copies a twentieth of them, and one that draws a Gaussian."""

import numpy as np
from sklearn.datasets import load_digits

from statphys_gen.memorization import report, smoothing_width

images = load_digits().data
rng = np.random.default_rng(1)
rows = rng.permutation(len(images))
training, held_out = images[rows[:900]], images[rows[900:]]

gaussian = rng.multivariate_normal(training.mean(axis=0), np.cov(training.T), 1000)
copying = gaussian.copy()
copying[:50] = training[rng.choice(900, 50, replace=False)] + 0.2 * rng.standard_normal((50, 64))

for name, generated in (("Gaussian", gaussian), ("with copies", copying)):
    found = report(generated, training, held_out, distances=False)
    print(f"{name}: {found.verdict}. {found.reason}.")
    print(
        f"  copies: {found.excess_fraction:.3f} +- {found.excess_fraction_standard_error:.3f} of the points"
    )

print("A smoothed set in 8 dimensions of which half looks like copies:", smoothing_width(0.5, 8))
