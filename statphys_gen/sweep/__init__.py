"""Sweeps over a grid or a line of points: any executor, a store that survives a kill, one xarray dataset at the end.

::

    from statphys_gen import sweep

    dataset = sweep.run(measure, {"temperature": [0.5, 1.0], "size": 1000}, workers=4, store="measure.sqlite")
    sweep.to_netcdf(dataset, "measure.nc")

A plane of theory points belongs to the batched solvers; a sweep is for points of a tenth of a second and more. A script
that uses ``workers`` starts its sweep under ``if __name__ == "__main__":``, because workers import it.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
