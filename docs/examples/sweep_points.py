"""A sweep that can be killed: points go to workers, finished ones to a file; the same script resumes."""

import numpy as np

from statphys_gen import sweep
from statphys_gen.phase_retrieval import Loss, PhaseRetrieval, left_edge, signal_outlier


def point(offset, samples_per_dimension):
    model = PhaseRetrieval(Loss.normalised(offset), samples_per_dimension)
    edge = left_edge(model).require()
    outlier = signal_outlier(model)
    return {"edge": float(edge["position"]), "outlier": float(outlier["position"])}


GRID = {"offset": [0.1, 1.0, 3.0], "samples_per_dimension": [0.5, 1.5, 4.0]}

if __name__ == "__main__":
    dataset = sweep.run(point, GRID, workers=2, store="spectra.sqlite", progress=False)
    dataset.to_netcdf("spectra.nc", engine="h5netcdf")
    print(np.round(dataset["outlier"].values, 5))
