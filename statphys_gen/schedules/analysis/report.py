"""What ``schedules design`` prints and writes: a grid in the form of a target, with predicted and measured errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...data.dataset import DataSet
from ...data.laws import GaussianMixture
from ...glossary import dataset as labelled
from ...presentation import Tabular
from ..model import Interpolant, Scheme, TwoClasses
from ..theory.common_covariance import ClassSpectrum
from ..theory.design import design_schedule, problem_of
from ..theory.designed import DesignedSchedule, save_grid
from ..theory.error_density import spectrum_of
from ..theory.targets import export
from .modes import FittedModes
from .validation import Validation, validate

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class DesignReport(Tabular):
    """A designed grid for a sampler.

    Attributes
    ----------
    schedule : the grid that the sampler runs (rounded, where the target rounds), its errors and the alternatives.
    emitted : in the form of the target.
    target : its name.
    start_mean : (d,) mean of the start, that of the data; None where only its norm is known.
    start_norm : of it.
    measured : of ``--validate``; None without.
    notes : plain sentences.
    """

    schedule: DesignedSchedule
    emitted: Any
    target: str
    start_mean: FloatArray | None
    start_norm: float
    measured: Validation | None
    notes: tuple[str, ...]

    def records(self) -> list[dict[str, Any]]:
        e = self.schedule.errors
        record: dict[str, Any] = {
            "noise_levels": ["inf" if math.isinf(s) else s for s in self.schedule.grid.levels],
            "schedule": self.emitted,
            "target": self.target,
            "steps": self.schedule.steps,
            "chosen": self.schedule.chosen,
            "weight": e.weight,
            "weight_error": e.weight_error,
            "start_error": e.start_error,
            "detail_error": e.detail_error,
            "objective": e.objective,
            "start_mean": self.start_norm,
            "alternatives": [entry._asdict() for entry in self.schedule.alternatives],
        }
        if e.weights:
            record["weights"] = list(e.weights)
        if e.weight_standard_error:
            record["weight_standard_error"] = e.weight_standard_error
        return [record if self.measured is None else record | self.measured.records()[0]]

    def to_dataset(self) -> xarray.Dataset:
        """The noise levels."""
        return labelled({"noise_level": (("step",), self.schedule.noise_levels)}, {})

    def save(self, path: str | Path) -> None:
        """Write the grid and the mean of its start, to the last bit."""
        save_grid(path, self.schedule.grid, self.start_mean)


def design_report(
    law: FittedModes | GaussianMixture | TwoClasses,
    steps: int | None = None,
    *,
    scheme: Scheme = "ddim",
    weight_tolerance: float = 0.01,
    detail_tolerance: float = 0.05,
    detail_weighting: str = "variance",
    detail_floor: float = 0.02,
    noise_level_range: tuple[float, float] | None = None,
    target: str = "k-diffusion",
    shift: float | None = None,
    dynamic_shift: float | None = None,
    begin_index: bool = False,
    table: FloatArray | None = None,
    interpolant: Interpolant | None = None,
    dataset: DataSet | None = None,
    walkers: int = 2000,
    seed: int = 0,
) -> DesignReport:
    """Design a grid for a law, put it into the form of a target, and measure it.

    Parameters
    ----------
    law : fitted modes of a data set, a mixture, or two isotropic classes.
    steps, scheme, weight_tolerance, detail_tolerance, detail_weighting, detail_floor, noise_level_range : of
        :func:`~statphys_gen.schedules.design_schedule`.
    target, shift, dynamic_shift, begin_index, table, interpolant : of :func:`~statphys_gen.schedules.export`.
    dataset : that the modes were fitted to, to run the grid with its own denoiser; not run if None.
    walkers : samples of that run.
    seed : of averages over starts, and of that run.

    Raises
    ------
    InvalidArgument : an argument outside its domain, or a grid that the target would not survive.
    """
    validation.integer("walkers", walkers, minimum=10)
    stands_for = law.spectrum if isinstance(law, FittedModes) else law
    judged: dict[str, Any] = {
        "weight_tolerance": weight_tolerance,
        "detail_tolerance": detail_tolerance,
        "detail_weighting": detail_weighting,
        "detail_floor": detail_floor,
    }
    found = design_schedule(
        stands_for,
        steps,
        scheme=scheme,
        noise_level_range=noise_level_range,
        from_infinity=target == "flow-match",
        seed=seed,
        **judged,
    )
    given = export(
        found.grid,
        target,
        shift=shift,
        dynamic_shift=dynamic_shift,
        table=table,
        begin_index=begin_index,
        interpolant=interpolant,
        spectrum=_spectrum(stands_for),
    )
    if given.grid.levels != found.grid.levels:
        problem = problem_of(stands_for, seed=seed, **judged)
        errors = problem.with_start_error(problem.errors(given.grid), given.grid)
        found = replace(found, grid=given.grid, errors=errors)
    measured = None
    if dataset is not None and isinstance(law, FittedModes):
        measured = validate(given.grid, dataset, modes=law, walkers=walkers, seed=seed)
    mean = None if isinstance(law, TwoClasses) else _mean(law)
    if isinstance(law, TwoClasses):
        norm = abs(2.0 * law.weight - 1.0) * law.norm
    else:
        norm = float(np.linalg.norm(_mean(law)))
    return DesignReport(found, given.schedule, target, mean, norm, measured, (*found.notes, *given.notes))


def _spectrum(law: ClassSpectrum | GaussianMixture | TwoClasses) -> ClassSpectrum:
    if isinstance(law, TwoClasses):
        return spectrum_of(law)
    return law if isinstance(law, ClassSpectrum) else ClassSpectrum.of(law)


def _mean(law: FittedModes | GaussianMixture) -> FloatArray:
    return law.mean if isinstance(law, FittedModes) else np.asarray(law.weights @ law.means)
