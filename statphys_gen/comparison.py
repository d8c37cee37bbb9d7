"""A table of measured values against a prediction: deviations, one chi-square, one verdict.

The measurements are independent, each with a standard error. With t = (value - prediction)/standard error of nu degrees
of freedom, z is the Gaussian score of the same two-sided probability (z = t for nu = infinity). Two tests share the
level: chi^2 = sum z^2, which sees many small deviations, and the largest |z|, which sees a single wrong point; the
p-value is twice the smaller of the two. The verdict is

- *disagrees*: the p-value is at most ``LEVEL``;
- *inconclusive*: a resolution was asked for, and a prediction off by that much everywhere would have been accepted with
  a probability above 1 - ``POWER``;
- *agrees*: otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from . import validation
from .errors import InvalidArgument
from .statistics.agreement import POWER, two_sided_p_value
from .style import COLOURS, COLUMN_WIDTH, MARKERS, picture, simulation

FloatArray = NDArray[np.float64]
Verdict = Literal["agrees", "disagrees", "inconclusive"]
LEVEL = 0.01
_SMALLEST = 1e-300  # of a probability whose Gaussian score is still finite


@dataclass(frozen=True)
class Comparison:
    """Measured values beside a prediction.

    Attributes
    ----------
    value, standard_error, prediction, z : (k,) arrays, in the order of the measurements.
    chi_square, chi_square_degrees_of_freedom : sum of z^2, and k minus the number of fitted parameters.
    p_value : of the two tests together.
    detectable : relative error of the prediction, the same at every point, that is found with 90 % power.
    verdict : "agrees", "disagrees" or "inconclusive".
    """

    value: FloatArray
    standard_error: FloatArray
    prediction: FloatArray
    z: FloatArray
    chi_square: float
    chi_square_degrees_of_freedom: int
    p_value: float
    detectable: float
    verdict: Verdict

    def summary(self) -> dict[str, Any]:
        """What is said of all measurements together."""
        names = ("chi_square", "chi_square_degrees_of_freedom", "p_value", "detectable", "verdict")
        return {name: getattr(self, name) for name in names}


def compare(
    value: ArrayLike,
    standard_error: ArrayLike,
    prediction: ArrayLike | Callable[[], ArrayLike],
    *,
    degrees_of_freedom: ArrayLike = np.inf,
    fitted: int = 0,
    resolution: float | None = None,
) -> Comparison:
    """Judge measured values against a prediction.

    Parameters
    ----------
    value : (k,) independent measurements.
    standard_error : their standard errors, one number or (k,), above 0.
    prediction : one number or (k,), or a function without arguments that returns it.
    degrees_of_freedom : of the standard errors (number of independent samples minus one), one number or (k,).
    fitted : number of parameters of the prediction that were fitted to these values; below k.
    resolution : relative error of the prediction that the comparison is meant to find.

    Raises
    ------
    InvalidArgument : an argument out of its domain or of another shape.
    """
    measured = validation.array("value", value, ndim=1)
    count = len(measured)
    if not count:
        raise InvalidArgument("value", [], "at least one measurement")
    error = _each("standard_error", validation.array("standard_error", standard_error, above=0.0), count)
    theory = _each(
        "prediction",
        validation.array("prediction", prediction() if callable(prediction) else prediction),
        count,
    )
    freedom = np.asarray(degrees_of_freedom, dtype=np.float64)
    if np.isnan(freedom).any() or (freedom <= 0.0).any():
        raise InvalidArgument(
            "degrees_of_freedom", freedom.tolist(), "above 0 (inf where the error is known)"
        )
    freedom = _each("degrees_of_freedom", freedom, count)
    validation.integer("fitted", fitted, 0, count - 1)
    if resolution is not None:
        validation.positive("resolution", resolution)

    t = (measured - theory) / error
    known = np.isinf(freedom)
    tails = two_sided_p_value(t, np.where(known, 1.0, freedom))
    z = np.where(known, t, -np.sign(t) * special.ndtri(np.maximum(0.5 * tails, _SMALLEST)))
    chi_square, left = float(z @ z), count - fitted
    of_sum = float(special.gammaincc(0.5 * left, 0.5 * chi_square))
    of_largest = (
        -np.expm1(count * np.log1p(-2.0 * special.ndtr(-np.abs(z).max()))) if np.abs(z).max() > 0 else 1.0
    )
    p_value = min(1.0, 2.0 * min(of_sum, float(of_largest)))

    critical = 2.0 * special.gammainccinv(0.5 * left, 0.5 * LEVEL)
    noncentrality = float(special.chndtrinc(critical, left, 1.0 - POWER))
    size = float(((theory / error) ** 2).sum())
    detectable = float(np.sqrt(noncentrality / size)) if size > 0.0 else float("inf")
    verdict: Verdict = "agrees"
    if p_value <= LEVEL:
        verdict = "disagrees"
    elif resolution is not None and detectable > resolution:
        verdict = "inconclusive"
    return Comparison(measured, error, theory, z, chi_square, left, p_value, detectable, verdict)


def _each(argument: str, entry: FloatArray, count: int) -> FloatArray:
    """One number for each measurement."""
    if entry.shape not in ((), (count,)):
        raise InvalidArgument(argument, f"an array of shape {entry.shape}", f"one number or {count} numbers")
    return np.array(np.broadcast_to(entry, (count,)))


def plot_comparison(
    comparison: Comparison, path: Path, *, x: ArrayLike | None = None, label: str = "row"
) -> None:
    """The prediction as a line through its points, the measurements with their errors, and z below."""
    place = np.arange(1, len(comparison.value) + 1) if x is None else np.asarray(x, dtype=np.float64)
    order = np.argsort(place, kind="stable")
    with picture(path, rows=2, height=COLUMN_WIDTH, height_ratios=(2, 1), sharex=True) as (_, (top, bottom)):
        top.plot(place[order], comparison.prediction[order], color=COLOURS[0], label="prediction")
        simulation(top, place, comparison.value, comparison.standard_error, 1, label="measured")
        top.legend()
        top.set_ylabel("value")
        top.set_title(f"{comparison.verdict}, p = {comparison.p_value:.2g}")
        bottom.axhspan(-2.0, 2.0, color="#DDDDDD", linewidth=0)
        bottom.plot(place, comparison.z, MARKERS[1], color=COLOURS[1], markerfacecolor="white")
        bottom.set(xlabel=label, ylabel="z")
