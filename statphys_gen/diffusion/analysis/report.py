"""What the analysis of a data set reports: critical times with their errors, in every convention, and collapse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import dataset
from ...noising import ddpm_step, ddpm_times, edm_sigma, signal_to_noise, vp_sigma
from ...presentation import Curves, Tabular
from .label_agreement import LabelAgreement

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, repr=False)
class CriticalTime(Tabular):
    """One speciation or collapse time by one criterion.

    Attributes
    ----------
    criterion : its name; what it means is in ``meaning``.
    time : the diffusion time; None where it is not defined.
    standard_error : over the samples; None where the time is None.
    upward_bias : estimated excess of the expected value over the population's; None where it is not estimated.
    reason : why the time is None; empty otherwise.
    """

    criterion: str
    time: float | None
    standard_error: float | None
    meaning: str
    approximation: str
    upward_bias: float | None = None
    reason: str = ""

    def records(self) -> list[dict[str, Any]]:
        names = ("criterion", "time", "standard_error", "reason", "approximation")
        return [{name: getattr(self, name) for name in names}]

    def record(self) -> dict[str, Any]:
        return {**asdict(self), "conversions": None if self.time is None else conversions(self.time)}


@dataclass(frozen=True)
class Direction:
    """One principal direction.

    Attributes
    ----------
    rank : 1 for the largest eigenvalue.
    eigenvalue, eigenvalue_standard_error : variance of the data along it, with standard error.
    corrected_eigenvalue : with the upward bias of a finite sample removed; None inside a bulk of eigenvalues.
    spectral_time, spectral_time_standard_error : log(eigenvalue) / 2; None if the eigenvalue is at most 1.
    dip, dip_p_value, bimodal : whether the projection has more than one mode, at 1 %.
    bimodality_time, bimodality_time_standard_error : latest time at which the noised projection has more than one mode;
        None unless it is ``bimodal``.
    between_class_fraction, between_class_fraction_standard_error : share of the variance that is between the class
        means; None without labels. Corrected for the error of the class means, so that it may be slightly negative.
    class_time : log(between + 1 - within) / 2, where the noised class means along this direction have the variance of
        the noised classes; None without labels, or where this never happens (fraction at most 1/2).
    """

    rank: int
    eigenvalue: float
    eigenvalue_standard_error: float
    corrected_eigenvalue: float | None
    spectral_time: float | None
    spectral_time_standard_error: float | None
    dip: float
    dip_p_value: float
    bimodal: bool
    bimodality_time: float | None
    bimodality_time_standard_error: float | None
    between_class_fraction: float | None = None
    between_class_fraction_standard_error: float | None = None
    class_time: float | None = None


@dataclass(frozen=True, repr=False)
class CollapseCurves(Curves):
    """Averages over noised data points with standard errors; every array has the shape of ``time``.

    Attributes
    ----------
    time : the diffusion times, increasing.
    entropy : H(mu|x_t), posterior entropy of the data points in nats.
    participation : Y(t), mean sum of the squared posterior weights: the probability that two backward runs which share
        x_t end at the same data point.
    top_one : probability that the source has the largest posterior weight.
    log_ratio : E log(Z_others / Z_source).
    condensation : mean sum of the squared weights of the posterior without the source.

    The errors are over groups of noised points, for these data.
    """

    time: FloatArray
    entropy: FloatArray
    entropy_standard_error: FloatArray
    participation: FloatArray
    participation_standard_error: FloatArray
    top_one: FloatArray
    top_one_standard_error: FloatArray
    log_ratio: FloatArray
    log_ratio_standard_error: FloatArray
    condensation: FloatArray
    condensation_standard_error: FloatArray


@dataclass(frozen=True)
class SizePrediction:
    """Collapse with another number of independent samples of the same law.

    Attributes
    ----------
    samples : n.
    measured : whether n is at most the number of the data, so that subsets of n points were measured; else the times
        are extrapolated.
    half_time, half_time_standard_error : where the participation is 1/2.
    collapse_time, collapse_time_standard_error : where the information of x_t on its source is log n. Half of the
        offset is in the error.
    offset : half_time - collapse_time, a finite-size effect; measured for an eighth of the data and less, that of an
        eighth beyond.
    """

    samples: int
    measured: bool
    half_time: float
    half_time_standard_error: float
    collapse_time: float
    collapse_time_standard_error: float
    offset: float


@dataclass(frozen=True, repr=False)
class DataSetCollapse(Tabular):
    """Collapse onto the points of one data set.

    Attributes
    ----------
    points : different data points; ``duplicates`` repeat one of them, the most frequent one occurs
        ``largest_multiplicity`` times.
    log_points : log of the number of points; with duplicates, the entropy of their shares.
    sources : number of noised points behind every average.
    curves : against time.
    times : half-participation, balance, entropy, surrogate and subsample.
    predictions : for other numbers of samples, increasing.
    """

    points: int
    duplicates: int
    largest_multiplicity: int
    log_points: float
    sources: int
    curves: CollapseCurves
    times: tuple[CriticalTime, ...]
    predictions: tuple[SizePrediction, ...]

    def time(self, criterion: str) -> CriticalTime:
        """The collapse time by one criterion."""
        for entry in self.times:
            if entry.criterion == criterion:
                return entry
        raise InvalidArgument(
            "criterion", criterion, "one of " + ", ".join(entry.criterion for entry in self.times)
        )

    def records(self) -> list[dict[str, Any]]:
        """The collapse time by each criterion."""
        return [row for entry in self.times for row in entry.records()]

    def to_dataset(self) -> xarray.Dataset:
        """The curves against time, and the predictions against the number of samples."""
        rows = [asdict(prediction) for prediction in self.predictions]
        columns = {
            name: (("samples",), np.array([row[name] for row in rows])) for name in (rows[0] if rows else ())
        }
        sizes = {name: columns.pop(name) for name in ("samples",) if name in columns}
        return self.curves.to_dataset().merge(dataset(columns, sizes))

    def record(self) -> dict[str, Any]:
        """Plain values, as for the report that holds it."""
        return {
            "points": self.points,
            "duplicates": self.duplicates,
            "largest_multiplicity": self.largest_multiplicity,
            "log_points": self.log_points,
            "sources": self.sources,
            "times": [entry.record() for entry in self.times],
            "predictions": [asdict(prediction) for prediction in self.predictions],
            "curves": [row | conversions(row["time"]) for row in self.curves.records()],
        }


@dataclass(frozen=True, repr=False)
class DataSetReport(Tabular):
    """The analysis of one data set. ``record()`` gives it as plain JSON-ready values.

    Attributes
    ----------
    source, samples, distinct_samples, dimension : the data set.
    class_names, class_weights : the classes; empty without labels.
    total_variance, variance_per_coordinate : the scale of the data. Every time is for the data in this scale: data
        multiplied by s have spectral times larger by log(s).
    effective_rank : (tr C)^2 / tr C^2.
    eigenvalues : the known part of the spectrum, decreasing (covariance with weight 1/n); ``spectrum_complete``.
    unbiased_top_eigenvalue : the largest eigenvalue of the covariance with weight 1/(n - 1), as other programs have it.
    times : the speciation times by every criterion that applies.
    directions : the leading principal directions.
    grid : the diffusion times of the curves; ``modes`` of the noised leading projection (0: finer than resolved).
    agreement : phi(t) in-sample and leave-one-out; None without labels.
    agreement_level : the value of phi whose crossing is the time ``bayes``; None without labels.
    collapse : the collapse onto the data points; None if it was not asked for.
    leading_projection, leading_multiplicities : the data along the leading direction, for the picture.
    warnings, notes : plain sentences.
    seed : of every random number.
    """

    source: str
    samples: int
    distinct_samples: int
    dimension: int
    class_names: tuple[str, ...]
    class_weights: FloatArray
    total_variance: float
    variance_per_coordinate: float
    effective_rank: float
    eigenvalues: FloatArray
    spectrum_complete: bool
    unbiased_top_eigenvalue: float
    times: tuple[CriticalTime, ...]
    directions: tuple[Direction, ...]
    grid: FloatArray
    modes: NDArray[np.int64]
    agreement: LabelAgreement | None
    agreement_level: float | None
    collapse: DataSetCollapse | None
    leading_projection: FloatArray
    leading_multiplicities: NDArray[np.int64]
    leading_labels: NDArray[np.int64] | None
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    seed: int

    def time(self, criterion: str) -> CriticalTime:
        """The speciation time by one criterion."""
        for entry in self.times:
            if entry.criterion == criterion:
                return entry
        raise InvalidArgument(
            "criterion", criterion, "one of " + ", ".join(entry.criterion for entry in self.times)
        )

    def records(self) -> list[dict[str, Any]]:
        """The speciation and collapse times by every criterion."""
        kinds = {"speciation": self.times, "collapse": () if self.collapse is None else self.collapse.times}
        return [
            {"transition": kind} | row
            for kind, entries in kinds.items()
            for entry in entries
            for row in entry.records()
        ]

    def to_dataset(self) -> xarray.Dataset:
        """What is known against time, on the grid of the speciation curves: modes, and with labels the agreement."""
        modes = dataset({"modes": (("time",), self.modes)}, {"time": (("time",), self.grid)})
        found = modes if self.agreement is None else modes.merge(self.agreement.to_dataset())
        return found.assign_attrs(source=self.source, samples=self.samples, dimension=self.dimension)

    def record(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dictionaries; no NaN or infinity, None where something is not defined."""
        curves: list[dict[str, Any]] = []
        for index, time in enumerate(self.grid):
            row: dict[str, Any] = {
                "time": float(time),
                **conversions(float(time)),
                "modes": int(self.modes[index]),
            }
            if self.agreement is not None:
                for name in (
                    "in_sample",
                    "in_sample_standard_error",
                    "leave_one_out",
                    "leave_one_out_standard_error",
                    "confidence",
                    "concentration",
                ):
                    row[name] = float(getattr(self.agreement, name)[index])
            curves.append(row)
        return {
            "source": self.source,
            "samples": self.samples,
            "distinct_samples": self.distinct_samples,
            "dimension": self.dimension,
            "classes": {name: float(w) for name, w in zip(self.class_names, self.class_weights, strict=True)},
            "total_variance": self.total_variance,
            "variance_per_coordinate": self.variance_per_coordinate,
            "effective_rank": self.effective_rank,
            "eigenvalues": self.eigenvalues[:20].tolist(),
            "spectrum_complete": self.spectrum_complete,
            "unbiased_top_eigenvalue": self.unbiased_top_eigenvalue,
            "times": [entry.record() for entry in self.times],
            "directions": [asdict(direction) for direction in self.directions],
            "agreement_level": self.agreement_level,
            "curves": curves,
            "collapse": None if self.collapse is None else self.collapse.record(),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "seed": self.seed,
        }


def conversions(time: float) -> dict[str, float | None]:
    """One time as DDPM step (None beyond the end of the schedule), VP sigma, EDM sigma and signal-to-noise ratio."""
    within = time <= float(ddpm_times()[-1])
    return {
        "ddpm_step": float(ddpm_step(time)) if within else None,
        "vp_sigma": float(vp_sigma(time)),
        "edm_sigma": float(edm_sigma(time)),
        "signal_to_noise": float(signal_to_noise(time)) if time > 0.0 else None,
    }
