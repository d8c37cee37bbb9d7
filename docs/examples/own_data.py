"""When does a diffusion model trained on my data choose a class, and when does it fall onto a training point?"""

import numpy as np

from statphys_gen.data import DataSet
from statphys_gen.diffusion import analyse

rng = np.random.default_rng(0)
labels = np.repeat([0, 1], 400)
samples = rng.standard_normal((800, 24)) * np.geomspace(2.0, 0.3, 24) + np.where(labels, 1.0, -1.0)[:, None]

report = analyse(DataSet.from_arrays(samples, labels), seed=0, sources=800)
for kind, times in (("speciation", report.times), ("collapse", report.collapse.times)):
    for entry in times:
        shown = "-" if entry.time is None else f"{entry.time:.3f} +- {entry.standard_error:.3f}"
        print(f"{kind:<11}{entry.criterion:<20}{shown:<16} {entry.approximation or entry.reason}")
for text in report.warnings:
    print("warning:", text)
