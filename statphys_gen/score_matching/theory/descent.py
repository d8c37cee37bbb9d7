r"""Exact population descent theta <- theta - m eta grad R of a score network with its sharpness.

Above the stability of the minima, eta > eta_c, descent is chaotic: a change of 1e-10 in the start changes the excess
risk by tenths after some thousand steps. Every run is therefore followed together with a second one whose start differs
in the thirteenth digit, and their difference is the error that is stated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray, IntArray
from ...glossary import dataset
from ...presentation import Tabular
from ...solution import Solution, Status
from ..model import NoisedSample, ScoreNetwork
from .empirical_score import SOURCE, optimal_risk
from .network_risk import (
    arrays,
    dead_neurons,
    gradient_of,
    network_variations,
    risk_hessian,
    risk_of,
    rounding_of,
)
from .segments import Law, segments

if TYPE_CHECKING:
    import xarray

_MEASURED = ("risk", "excess_risk", "gradient_norm", "sharpness_ratio", "total_variation")
_SHADOW = 1e-13  # relative change of the second start
_LARGEST = 1e18  # a parameter beyond has left every domain
_MOST_STEPS = 10_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Descent(Tabular):
    """Networks along a descent.

    Attributes
    ----------
    step : (k,) numbers of steps taken, from 0 on.
    risk, excess_risk, gradient_norm : (k,) of the population.
    sharpness_ratio : (k,) m eta lambda_max/2; above 1 a stationary point would be left.
    total_variation : (k,) of the network, with the weight pi.
    dead_neurons : (k,) neurons that no noised point activates.
    outer, bias : (k, m).
    solution : of the last step: risk, excess_risk, gradient_norm, sharpness_ratio, total_variation, with the status
        (not converged where a parameter left all bounds) and the error of the risk.
    """

    step: IntArray
    risk: FloatArray
    excess_risk: FloatArray
    gradient_norm: FloatArray
    sharpness_ratio: FloatArray
    total_variation: FloatArray
    dead_neurons: IntArray
    outer: FloatArray
    bias: FloatArray
    solution: Solution

    def network(self, inner: tuple[float, ...], place: int = -1) -> ScoreNetwork:
        """The network at one of the steps that are kept, by default the last."""
        return ScoreNetwork(inner, tuple(self.outer[place].tolist()), tuple(self.bias[place].tolist()))

    def records(self) -> list[dict[str, float]]:
        names = [entry.name for entry in fields(self)][:7]
        return [{name: getattr(self, name)[k].item() for name in names} for k in range(len(self.step))]

    def to_dataset(self) -> xarray.Dataset:
        """By step; weights by neuron."""
        variables: dict[str, Any] = {
            entry.name: (("step",), getattr(self, entry.name)) for entry in fields(self)[1:7]
        }
        variables |= {name: (("step", "neuron"), getattr(self, name)) for name in ("outer", "bias")}
        return dataset(variables, {"step": (("step",), self.step)}, approximation_of(population_descent))


@states("exact", source=SOURCE, verification="derived and simulated")
def population_descent(
    sample: NoisedSample,
    network: ScoreNetwork,
    learning_rate: float,
    steps: int,
    *,
    kept: ArrayLike | None = None,
    each: Callable[[int], None] | None = None,
) -> Descent:
    """Gradient descent on the exact population risk, theta <- theta - m eta grad R(theta) of outer weights and biases.

    Parameters
    ----------
    sample, network : the data, and the start with inner weights +-1.
    learning_rate : eta above 0.
    steps : at least 0, at most 10 million.
    kept : numbers of steps after which everything is measured; default: the first and the last.
    each : called with the number of steps from time to time; what it raises stops the descent.

    Where the descent overflows, what follows is NaN and the status of the last step is "not converged". The error of
    the risk is the difference from a second descent whose start differs by 1e-13 of its size: below eta_c it stays
    small, above it grows to the size of the risk, and averages over starts are all that can be predicted.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    eta = validation.positive("learning_rate", learning_rate)
    count = validation.integer("steps", steps, minimum=0, maximum=_MOST_STEPS)
    numbers = np.unique(
        np.array([0, count] if kept is None else [*np.asarray(kept).tolist(), count], dtype=np.int64)
    )
    validation.array("kept", numbers, at_least=0.0)
    validation.integer("kept", int(numbers[-1]), maximum=count)
    inner, outer, bias = arrays(network)
    law, floor = Law(sample), optimal_risk(sample)
    runs = [(outer, bias), (outer * (1.0 + _SHADOW), bias * (1.0 - _SHADOW))]
    rows: list[tuple[FloatArray, FloatArray]] = []
    shadow_risk, rounding, at = np.nan, np.nan, 0
    for number in numbers.tolist():
        for _ in range(at, number):
            runs = [_stepped(law, inner, v, b, eta) for v, b in runs]
            if each is not None and at % 1000 == 0:
                each(at)
            at += 1
            if not _bounded(*runs[0]):
                break
        if not _bounded(*runs[0]):
            rows.append((np.full_like(outer, np.nan), np.full_like(bias, np.nan)))
            continue
        rows.append(runs[0])
        if number == count and _bounded(*runs[1]):
            shadow_risk = risk_of(law, segments(law, inner, *runs[1]))
            rounding = rounding_of(law, inner, runs[0][0], segments(law, inner, *runs[0]))
    measured = [_measured(sample, law, floor, inner, v, b, eta) for v, b in rows]
    columns = np.array(measured).T
    return Descent(
        numbers,
        **dict(zip(_MEASURED, columns[:5], strict=True)),
        dead_neurons=columns[5].astype(np.int64),
        outer=np.array([v for v, _ in rows]),
        bias=np.array([b for _, b in rows]),
        solution=_last(columns[:5, -1], shadow_risk, rounding, count),
    )


def _stepped(
    law: Law, inner: FloatArray, outer: FloatArray, bias: FloatArray, eta: float
) -> tuple[FloatArray, FloatArray]:
    by_outer, by_bias = gradient_of(inner, outer, segments(law, inner, outer, bias))
    scale = len(inner) * eta
    return outer - scale * by_outer, bias - scale * by_bias


def _bounded(outer: FloatArray, bias: FloatArray) -> bool:
    return bool(max(np.abs(outer).max(), np.abs(bias).max()) < _LARGEST)


def _measured(
    sample: NoisedSample,
    law: Law,
    floor: float,
    inner: FloatArray,
    outer: FloatArray,
    bias: FloatArray,
    eta: float,
) -> list[float]:
    """Risk, excess risk, norm of the gradient, sharpness ratio, total variation, dead neurons (-1 for not defined)."""
    if not np.isfinite(outer).all():
        return [np.nan] * 5 + [-1]
    parts = segments(law, inner, outer, bias)
    risk = risk_of(law, parts)
    network = ScoreNetwork(tuple(inner.tolist()), tuple(outer.tolist()), tuple(bias.tolist()))
    largest = float(np.linalg.eigvalsh(risk_hessian(sample, network))[-1])
    gradient = np.concatenate(gradient_of(inner, outer, parts))
    variation, _ = network_variations(sample, law, outer, parts)
    ratio = 0.5 * len(inner) * eta * largest
    return [risk, risk - floor, float(np.linalg.norm(gradient)), ratio, variation, dead_neurons(parts)]


def _last(row: FloatArray, shadow_risk: float, rounding: float, steps: int) -> Solution:
    good = bool(np.isfinite(row).all() and np.isfinite(shadow_risk))
    return Solution(
        {name: np.array(value if good else np.nan) for name, value in zip(_MEASURED, row, strict=True)},
        np.array(Status.CONVERGED if good else Status.NOT_CONVERGED, dtype=np.int8),
        np.array(row[2]),
        np.array(abs(row[0] - shadow_risk) + rounding if good else np.nan),
        np.array(steps),
        approximation_of(population_descent),
    )
