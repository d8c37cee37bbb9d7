"""The points of sweep_points.py on MPI: rank 0 hands them out. mpiexec -n 17 python -m mpi4py.futures mpi.py"""

from mpi4py.futures import MPIPoolExecutor
from sweep_points import GRID, point

from statphys_gen import sweep

if __name__ == "__main__":
    with MPIPoolExecutor() as executor:
        sweep.run(point, GRID, executor=executor, store="spectra.sqlite").to_netcdf("spectra.nc")
