"""The points of sweep_points.py on a Slurm cluster: one job for every eight workers, started by dask-jobqueue."""

from dask_jobqueue import SLURMCluster
from sweep_points import GRID, point

from statphys_gen import sweep


def cluster():
    return SLURMCluster(
        queue="cpu",
        account="my-project",
        processes=8,
        cores=8,
        memory="16GB",
        walltime="02:00:00",
        job_script_prologue=["export OPENBLAS_NUM_THREADS=1", "export NUMBA_NUM_THREADS=1"],
    )


if __name__ == "__main__":
    with cluster() as jobs, jobs.get_client() as client:
        jobs.scale(jobs=4)
        sweep.run(point, GRID, executor=client.get_executor(), store="spectra.sqlite").to_netcdf("spectra.nc")
