"""A replica-symmetric model in four names: the Curie-Weiss magnet in a field."""

import numpy as np

from statphys_gen.conformance import conformance
from statphys_gen.numerics import MeanFieldModel, fold


def residual(x, temperature, field):
    return x - np.tanh((x + field[:, None]) / temperature[:, None])


def free_energy(x, temperature, field):
    return 0.5 * x[:, 0] ** 2 - temperature * np.log(2.0 * np.cosh((x[:, 0] + field) / temperature))


model = MeanFieldModel(
    parameters=("temperature", "field"),
    unknowns=("magnetisation",),
    residual=residual,
    free_energy=free_energy,
    starts={"up": [0.95], "down": [-0.95]},
)
print(conformance(model, points={"temperature": [0.3, 0.6, 0.8], "field": [0.0, 0.02, -0.01]}).require())

temperature, field = np.meshgrid([0.4, 0.8, 1.2], [-0.1, 0.1], indexing="ij")
state, start = model.dominant(temperature=temperature, field=field)
print(np.round(state.require()["magnetisation"], 6))

# The end of the metastable branch is solved as a fold; in closed form h_c = T artanh(sqrt(1-T)) - sqrt(1-T).
end = fold(lambda x, h, t: residual(x, t, -h), [0.6], 0.1, parameters=[[0.5]]).require()
closed = np.sqrt(0.5) - 0.5 * np.arctanh(np.sqrt(0.5))
print(f"coercive field at T = 0.5: {float(end['parameter'].squeeze()):.12f} (closed form {closed:.12f})")
