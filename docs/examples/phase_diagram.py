"""The plane of load and temperature of the Hopfield network: phases, stability, lines; a file and a picture."""

from pathlib import Path

import numpy as np

from statphys_gen.rbm import Model, phase_diagram, plot_phase_diagram, spinodal
from statphys_gen.units import Gaussian

model = Model(Gaussian(), temperature=1.0, load=0.1, convention="sqrt-beta")
plane = phase_diagram(model, temperature=np.linspace(0.02, 1.2, 60), load=np.linspace(0.002, 0.16, 60))
plane.to_netcdf("hopfield.nc", engine="h5netcdf")
plot_phase_diagram(plane, Path("hopfield.png"), Path("hopfield.pdf"))

phases, counts = np.unique(plane["phase"].values, return_counts=True)
print(plane.attrs["phases"], dict(zip(phases.tolist(), counts.tolist(), strict=True)))
print(f"largest residual of a point: {np.nanmax(plane['residual'].values):.1e}")

# A line is solved as what it is, not read off the plane; any continuous parameter can be the unknown.
end = spinodal(model, temperature=[0.1, 0.5, 0.9]).require()
for t, load, error in zip([0.1, 0.5, 0.9], end["load"], end.error, strict=True):
    print(f"T = {t}: retrieval up to load {load:.10f} +- {error:.0e}")
