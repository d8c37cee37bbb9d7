r"""The phase diagram of diffusion with an empirical score in the plane (time, log(n)/d).

Going backward in time at fixed log(n)/d: noise; below the speciation time the class is chosen; below the trap onset t_O
the training points attract, but a typical trajectory does not see them; below the collapse time t_C it belongs to one
training point.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491; derivations/diffusion/collapse_rem.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.laws import DataLaw, GaussianMixture
from ...glossary import dataset
from ...presentation import Tabular
from ...solution import Solution
from .class_signal import excess_time
from .collapse_time import leading_collapse_time, trap_onset_time
from .spectral_average import one_spectrum, spectral_average

if TYPE_CHECKING:
    import xarray


class Regime(IntEnum):
    """What a backward trajectory does at a time."""

    NOISE = 0
    GENERALISATION = 1
    TRAPS = 2
    COLLAPSE = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, repr=False)
class Regimes(Tabular):
    """Regimes in the plane of time and log(n)/d, and the lines between them.

    Attributes
    ----------
    time : (T,), log_samples_per_dimension : (A,), the axes.
    regime : (T, A) codes of :class:`Regime`.
    excess_entropy : (T, A) the leading line f.
    collapse, trap_onset : Solutions of shape (A,), field ``time``.
    speciation_time : one number, or None for a law without classes.
    """

    time: FloatArray
    log_samples_per_dimension: FloatArray
    regime: NDArray[np.int8]
    excess_entropy: FloatArray
    collapse: Solution
    trap_onset: Solution
    speciation_time: float | None

    def records(self) -> list[dict[str, Any]]:
        """The lines, one row for each log(n)/d."""
        return [
            {
                "log_samples_per_dimension": alpha,
                "speciation_time": self.speciation_time,
                "trap_onset_time": onset["time"],
                "collapse_time": collapse["time"],
            }
            for alpha, onset, collapse in zip(
                self.log_samples_per_dimension.tolist(),
                self.trap_onset.records(),
                self.collapse.records(),
                strict=True,
            )
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Regimes, excess entropy and lines; the speciation time is an attribute."""
        plane, line = ("time", "log_samples_per_dimension"), ("log_samples_per_dimension",)
        data = {
            "regime": (plane, self.regime),
            "excess_entropy": (plane, self.excess_entropy),
            "collapse_time": (line, self.collapse["time"]),
            "collapse_status": (line, self.collapse.status),
            "trap_onset_time": (line, self.trap_onset["time"]),
            "trap_onset_status": (line, self.trap_onset.status),
        }
        coordinates = {
            "time": (("time",), self.time),
            "log_samples_per_dimension": (line, self.log_samples_per_dimension),
        }
        found = dataset(data, coordinates, approximation_of(phase_diagram))
        found.attrs["regime_meaning"] = "; ".join(f"{regime.value} {regime}" for regime in Regime)
        if self.speciation_time is not None:
            found.attrs["speciation_time"] = self.speciation_time
        return found


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d",
    source="arXiv 2402.18491; derivations/diffusion/collapse_rem.py",
    verification="derived and simulated",
)
def phase_diagram(law: DataLaw, time: ArrayLike, log_samples_per_dimension: ArrayLike) -> Regimes:
    """The phase at every pair of a time and a log(n)/d, and the lines between the phases.

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance. The dimension matters for the speciation
        time only.
    time : (T,) diffusion times, above 0.
    log_samples_per_dimension : (A,) log(n)/d, above 0.
    """
    spectrum = one_spectrum(law)
    times = validation.array("time", time, ndim=1, above=0.0)
    alphas = validation.array("log_samples_per_dimension", log_samples_per_dimension, ndim=1, above=0.0)
    excess = excess_time(times)
    known = 0.5 * spectral_average(spectrum, excess, np.log1p)
    reach = known + 0.5 * spectral_average(spectrum, excess, lambda r: r / (1.0 + r))
    speciation = _speciation(law)
    regime = np.full((times.size, alphas.size), Regime.GENERALISATION, dtype=np.int8)
    if speciation is not None:
        regime[times >= speciation] = Regime.NOISE
    regime[alphas < reach[:, None]] = Regime.TRAPS
    regime[alphas < known[:, None]] = Regime.COLLAPSE
    return Regimes(
        times,
        alphas,
        regime,
        alphas - known[:, None],
        leading_collapse_time(spectrum, alphas * spectrum.finite_dimension()),
        trap_onset_time(spectrum, alphas * spectrum.finite_dimension()),
        speciation,
    )


def _speciation(law: DataLaw) -> float | None:
    """The latest time at which a pair of classes is told apart; None without classes or where there is no such time."""
    if not isinstance(law, GaussianMixture) or law.classes < 2:
        return None
    from .speciation_time import bayes_time

    solution = bayes_time(law)
    return float(solution["time"]) if bool(solution.good) else None
