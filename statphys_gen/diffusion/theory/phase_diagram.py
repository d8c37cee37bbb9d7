r"""The phase diagram of diffusion with an empirical score in the plane (time, log(n)/d).

Going backward in time at fixed log(n)/d: noise; below the speciation time the class is chosen; below the trap onset t_O
the training points attract, but a typical trajectory does not see them; below the collapse time t_C it belongs to one
training point.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491; derivations/diffusion/collapse_rem.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.laws import DataLaw, GaussianMixture
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


@dataclass(frozen=True)
class Regimes:
    """Phases in the plane and the lines between them.

    Attributes
    ----------
    time : (T,), log_samples_per_dimension : (A,), the axes.
    phase : (T, A) codes of :class:`Regime`.
    excess_entropy : (T, A) the leading line f.
    collapse, trap_onset : Solutions of shape (A,), field ``time``.
    speciation_time : one number, or None for a law without classes.
    """

    time: FloatArray
    log_samples_per_dimension: FloatArray
    phase: NDArray[np.int8]
    excess_entropy: FloatArray
    collapse: Solution
    trap_onset: Solution
    speciation_time: float | None

    def to_dataset(self) -> xarray.Dataset:
        """Phases, excess entropy and lines as a labelled dataset; xarray is imported here."""
        import xarray

        plane, line = ("time", "log_samples_per_dimension"), ("log_samples_per_dimension",)
        data = {
            "phase": (plane, self.phase),
            "excess_entropy": (plane, self.excess_entropy),
            "collapse_time": (line, self.collapse["time"]),
            "collapse_status": (line, self.collapse.status),
            "trap_onset_time": (line, self.trap_onset["time"]),
            "trap_onset_status": (line, self.trap_onset.status),
        }
        attributes: dict[str, str | float] = {
            "phase_meaning": "; ".join(f"{phase.value} {phase}" for phase in Regime),
            "approximation": str(approximation_of(phase_diagram)),
        }
        if self.speciation_time is not None:
            attributes["speciation_time"] = self.speciation_time
        coordinates = {
            "time": self.time,
            "log_samples_per_dimension": self.log_samples_per_dimension,
        }
        return xarray.Dataset(data, coords=coordinates, attrs=attributes)


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d",
    source="arXiv 2402.18491; derivations/diffusion/collapse_rem.py",
    verification="derived",
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
    phase = np.full((times.size, alphas.size), Regime.GENERALISATION, dtype=np.int8)
    if speciation is not None:
        phase[times >= speciation] = Regime.NOISE
    phase[alphas < reach[:, None]] = Regime.TRAPS
    phase[alphas < known[:, None]] = Regime.COLLAPSE
    return Regimes(
        times,
        alphas,
        phase,
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
