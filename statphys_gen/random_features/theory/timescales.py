r"""When a random-features model generalises, begins to overfit, and interpolates.

A mode of eigenvalue x relaxes under gradient flow at the rate 2 D x / psi_p (:mod:`.filters`), so that every
group of bulks of the spectrum has its time. ``unit`` is part of the definition:

    rate-exact    tau = psi_p / (2 D x), the inverse of the rate
    paper         tau = psi_p / (D x), as in arXiv 2505.17638, which drops the factor 2

and ``at`` says which eigenvalue of a group stands for it: its lowest (the whole group has relaxed), its
highest (the group begins to move), or the geometric mean of the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ... import validation
from ...approximation import approximation_of, states
from ...glossary import dataset
from ...presentation import Tabular
from ..model import RandomFeatures
from .edges import bulk_edges, edge_errors
from .filters import relaxation_rate
from .spectrum import Group, spectrum

if TYPE_CHECKING:
    import xarray

Unit = Literal["paper", "rate-exact"]
Place = Literal["lower", "middle", "upper"]

_GROUPS: tuple[Group, ...] = ("generalisation", "overfitting", "interpolation")
_SOURCE = "arXiv 2505.17638; derivations/random_features/two_point.py"


@dataclass(frozen=True, repr=False)
class Timescales(Tabular):
    """Training times of the three groups of modes; None where the group is empty, infinite at an eigenvalue 0.

    Attributes
    ----------
    generalisation : the directions of the data are learnt.
    overfitting : the nonlinear features of single samples are fitted; the onset of overfitting, the paper's tau_mem.
    interpolation : the train loss falls to its final value and the score error grows without bound of order 1.
    merged : True if two groups share a bulk; their times then come from the two ends of it.
    unit, at : see the module.
    residual : that of the spectrum (masses and moments).
    error : estimate of the largest absolute error of the three times.
    """

    generalisation: float | None
    overfitting: float | None
    interpolation: float | None
    merged: bool
    unit: Unit
    at: Place
    residual: float
    error: float

    def records(self) -> list[dict[str, Any]]:
        shared: dict[str, Any] = {"merged": self.merged, "unit": self.unit, "at": self.at}
        shared |= {"residual": self.residual, "error": self.error}
        return [{"group": group, "training_time": getattr(self, group)} | shared for group in _GROUPS]

    def to_dataset(self) -> xarray.Dataset:
        """Along the groups of modes; NaN where a group is empty."""
        times = [getattr(self, group) for group in _GROUPS]
        arrays: dict[str, tuple[tuple[str, ...], Any]] = {
            "training_time": (("group",), np.array([math.nan if x is None else x for x in times])),
            "merged": ((), self.merged),
            "residual": ((), self.residual),
            "error": ((), self.error),
        }
        places = {"group": (("group",), list(_GROUPS)), "unit": ((), self.unit), "at": ((), self.at)}
        return dataset(arrays, places, approximation_of(timescales))


@states(
    "exact as N -> infinity",
    "edges of the bulks of the Gaussian equivalent",
    source=_SOURCE,
    verification="derived and simulated",
)
def timescales(model: RandomFeatures, *, unit: Unit = "rate-exact", at: Place = "lower") -> Timescales:
    """The times of generalisation, of the onset of overfitting and of interpolation.

    Parameters
    ----------
    unit : "rate-exact" for psi_p/(2 D x), "paper" for psi_p/(D x).
    at : "lower", "middle" or "upper": the eigenvalue of each group that is taken.
    """
    validation.choice("unit", unit, ("paper", "rate-exact"))
    validation.choice("at", at, ("lower", "middle", "upper"))
    found = spectrum(model)
    factor = (1.0 if unit == "rate-exact" else 2.0) / relaxation_rate(model)

    def time(group: Group) -> float | None:
        bulks = found.bulks_of(group)
        if not bulks:
            return None
        low, high = bulks[0].lower, bulks[-1].upper
        # Of a merged bulk, a group has the end that it does not share.
        if bulks[0].groups[0] != group:
            low = high
        if bulks[-1].groups[-1] != group:
            high = bulks[0].lower
        place = {"lower": low, "middle": math.sqrt(low * high), "upper": high}[at]
        return factor / place if place > 0.0 else math.inf

    times = {group: time(group) for group in _GROUPS}
    ends, errors = np.array(bulk_edges(model)), np.array(edge_errors(model))
    relative = float((errors[ends > 0.0] / ends[ends > 0.0]).max())
    return Timescales(
        times["generalisation"],
        times["overfitting"],
        times["interpolation"],
        any(len(bulk.groups) > 1 for bulk in found.bulks),
        unit,
        at,
        found.residual,
        relative * max((x for x in times.values() if x is not None and math.isfinite(x)), default=0.0),
    )
