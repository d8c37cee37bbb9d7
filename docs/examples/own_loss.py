"""A loss of one's own: how many measurements before the Hessian points to the signal at initialisation?"""

import sympy as sp

from statphys_gen.conformance import conformance
from statphys_gen.phase_retrieval import Loss, initial_transition

y, t = sp.symbols("y t", real=True)
# Quadratic in y^2 - t^2 near the signal and linear far from it, so that outliers among the labels weigh less.
loss = Loss.from_expression(sp.sqrt(1 + (y**2 - t**2) ** 2) - 1, name="pseudo-Huber")
print(conformance(loss).require())

for candidate in (loss, Loss.normalised(1.0)):
    found = initial_transition(candidate).solution.require()
    print(
        f"{candidate.name}: BBP transition at {float(found['samples_per_dimension']):.6f} samples per dimension"
    )
