"""A hidden prior of one's own: where does such an RBM freeze, and how many patterns does it retrieve?"""

import numpy as np

from statphys_gen.conformance import conformance
from statphys_gen.rbm import Model, glass_line, spinodal
from statphys_gen.units import FromLogDensity, Gaussian

# A Gaussian with a repulsive core: exp(-h^2/2) (1 + h^2)/2, normalised.
prior = FromLogDensity(lambda h: -0.5 * h**2 + np.log1p(h**2) - np.log(2.0 * np.sqrt(2.0 * np.pi)))
print(conformance(prior).require())

for name, hidden in (("gaussian", Gaussian()), ("repulsive core", prior)):
    model = Model(hidden, temperature=0.5, load=0.05, convention="sqrt-beta")
    glass = glass_line(model, load=[0.02, 0.05]).require()
    end = spinodal(model, temperature=[0.2, 0.4]).require()
    print(
        f"{name}: glass below T = {glass['temperature'].round(4)}, retrieval up to load {end['load'].round(5)}"
    )
