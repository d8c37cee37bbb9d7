"""What the analysis of a data set reports on collapse: curves, times by each criterion and for other sample sizes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from ...arrays import FloatArray
from ...errors import InvalidArgument
from .report import CriticalTime, conversions


@dataclass(frozen=True)
class CollapseCurves:
    """Averages over noised data points with standard errors; every array has the shape of ``times``.

    Attributes
    ----------
    times : the diffusion times, increasing.
    entropy : H(mu|x_t), posterior entropy of the data points in nats.
    participation : Y(t), mean sum of the squared posterior weights: the probability that two backward runs which share
        x_t end at the same data point.
    top_one : probability that the source has the largest posterior weight.
    log_ratio : E log(Z_others / Z_source).
    condensation : mean sum of the squared weights of the posterior without the source.

    The errors are over groups of noised points, for these data.
    """

    times: FloatArray
    entropy: FloatArray
    entropy_error: FloatArray
    participation: FloatArray
    participation_error: FloatArray
    top_one: FloatArray
    top_one_error: FloatArray
    log_ratio: FloatArray
    log_ratio_error: FloatArray
    condensation: FloatArray
    condensation_error: FloatArray

    def records(self) -> list[dict[str, Any]]:
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "times"}
        return [
            {"time": float(time), **conversions(float(time)), **{n: float(v[i]) for n, v in columns.items()}}
            for i, time in enumerate(self.times)
        ]


@dataclass(frozen=True)
class Prediction:
    """Collapse with another number of independent samples of the same law.

    Attributes
    ----------
    samples : n.
    measured : whether n is at most the number of the data, so that subsets of n points were measured; else the times
        are extrapolated.
    half_time, half_time_error : where the participation is 1/2.
    collapse_time, collapse_time_error : where the information of x_t on its source is log n. Half of the offset is in
        the error.
    offset : half_time - collapse_time, a finite-size effect; measured for an eighth of the data and less, that of an
        eighth beyond.
    """

    samples: int
    measured: bool
    half_time: float
    half_time_error: float
    collapse_time: float
    collapse_time_error: float
    offset: float


@dataclass(frozen=True)
class Collapse:
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
    predictions: tuple[Prediction, ...]

    def time(self, criterion: str) -> CriticalTime:
        """The collapse time by one criterion."""
        for entry in self.times:
            if entry.criterion == criterion:
                return entry
        raise InvalidArgument(
            "criterion", criterion, "one of " + ", ".join(entry.criterion for entry in self.times)
        )

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
            "curves": self.curves.records(),
        }
