"""A better step grid for my sampler: levels for two classes of drawn data, predicted and measured errors."""

import numpy as np

from statphys_gen.data import DataSet
from statphys_gen.schedules import design_schedule, export, fit_modes, validate

# Your own data, as the model sees them, with labels.
rng = np.random.default_rng(5)
labels = np.array([0] * 280 + [1] * 120)
points = rng.normal(size=(400, 30)) * np.arange(1, 31) ** -0.5
points[labels == 0, :10] += 1.0
data = DataSet.from_arrays(points, labels)

modes = fit_modes(data)
designed = design_schedule(modes.spectrum, 8)
print(designed)
print(f"weight {designed.errors.weight:.4f}, of which the start errs {designed.errors.start_error:+.4f}")

measured = validate(designed.grid, data, modes=modes, walkers=2000)
print(f"measured: {measured.measured_weight:.4f} +- {measured.measured_weight_standard_error:.4f}")

flow = design_schedule(modes.spectrum, 8, from_infinity=True)
print("flow matching:", [round(s, 4) for s in export(flow.grid, "flow-match", shift=3.0).schedule])
