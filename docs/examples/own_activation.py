"""An activation of one's own: its bulks, and how well a random-features model learns the score with it."""

import numpy as np

from statphys_gen.conformance import conformance
from statphys_gen.random_features import Activation, RandomFeatures, learning_curves, spectrum

softsign = Activation(lambda x: x / np.sqrt(1.0 + x**2), name="smooth softsign")
print(conformance(softsign).require())

for activation in (softsign, Activation.named("tanh")):
    model = RandomFeatures(activation, features_per_dimension=64.0, samples_per_dimension=8.0, time=0.1)
    bulks = ", ".join(f"{b.weight:.4f} in ({b.lower:.4g}, {b.upper:.4g})" for b in spectrum(model).bulks)
    curves = learning_curves(model, np.geomspace(1.0, 1e6, 200))
    best = int(curves.score_error.argmin())
    print(f"{activation.name}: weight {bulks}; least score error {curves.score_error[best]:.4f}")
