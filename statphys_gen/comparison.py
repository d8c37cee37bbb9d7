"""Theory beside simulation for one model, and measured values against a prediction: deviations and one verdict.

:class:`Observables` is what the ``compare`` of every system returns: each observable of a finite-size simulation with
its prediction. :func:`compare` judges any table of measurements, which are independent, each with a standard error.
With t = (value - prediction)/standard error of nu degrees of freedom, z is the Gaussian score of the same two-sided
probability (z = t for nu = infinity). Two tests share the level: chi^2 = sum z^2, which sees many small deviations, and
the largest |z|, which sees a single wrong point. The p-value of the smaller p of the two is 1 - (1 - p)^2: both grow
with every |z|, and increasing functions of independent variables are associated (Harris' inequality), so that a smaller
one has at most this probability; of a single measurement the two tests are one, and it is p. What could have been seen
is that of the same two tests at the same degrees of freedom: in closed form where all errors are known, else from drawn
t, because few degrees of freedom leave little power (one measurement of three samples finds an error of 4.1 standard
errors in 8 % of cases). The verdict is

- *disagrees*: the p-value is at most ``LEVEL``;
- *inconclusive*: a resolution was asked for, and a prediction off by that much everywhere would have been accepted with
  a probability above 1 - ``POWER``;
- *agrees*: otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from . import validation
from .arrays import FloatArray
from .errors import InvalidArgument
from .glossary import attributes
from .presentation import html_table, short_table
from .statistics.estimate import Estimate
from .statistics.power import POWER, two_sided_p_value
from .statistics.streams import generator

if TYPE_CHECKING:
    import xarray

Verdict = Literal["agrees", "disagrees", "inconclusive"]
LEVEL = 0.01
_SMALLEST = 1e-300  # of a probability whose Gaussian score is still finite
_DRAWS, _HALVINGS = 200_000, 12  # of the power at few degrees of freedom, which is then known to a per cent


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

    left = count - fitted
    z, chi_square, p_value = _tests((measured - theory) / error, freedom, left)
    detectable = _detectable(theory / error, freedom, left)
    verdict: Verdict = "agrees"
    if p_value <= LEVEL:
        verdict = "disagrees"
    elif resolution is not None and detectable > resolution:
        verdict = "inconclusive"
    return Comparison(
        measured, error, theory, z, float(chi_square), left, float(p_value), detectable, verdict
    )


def _tests(t: FloatArray, freedom: FloatArray, left: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z, chi^2 and the p-value of the two tests together, for deviations t of shape (..., k)."""
    known = np.isinf(freedom)
    tails = two_sided_p_value(t, np.where(known, 1.0, freedom))
    z = np.where(known, t, -np.sign(t) * special.ndtri(np.maximum(0.5 * tails, _SMALLEST)))
    chi_square = (z**2).sum(axis=-1)
    of_sum = special.gammaincc(0.5 * left, 0.5 * chi_square)
    beyond = np.minimum(2.0 * special.ndtr(-np.abs(z).max(axis=-1)), 1.0 - 1e-16)
    of_largest = -np.expm1(z.shape[-1] * np.log1p(-beyond))
    smaller = np.minimum(of_sum, of_largest)
    if z.shape[-1] == left == 1:  # both tests are the same
        return z, chi_square, smaller
    return z, chi_square, -np.expm1(2.0 * np.log1p(-np.minimum(smaller, 1.0 - 1e-16)))


def _detectable(in_errors: FloatArray, freedom: FloatArray, left: int) -> float:
    """Relative error of a prediction of so many standard errors that is found with 90 % power; inf if none is."""
    size = float((in_errors**2).sum())
    if size == 0.0:
        return math.inf
    single = LEVEL if len(in_errors) == left == 1 else -math.expm1(0.5 * math.log1p(-LEVEL))
    critical = 2.0 * special.gammainccinv(0.5 * left, single)
    known = float(np.sqrt(special.chndtrinc(critical, left, 1.0 - POWER) / size))
    if np.isinf(freedom).all():
        return known
    count = len(in_errors)
    rng = generator(0, {"purpose": "power of a comparison", "measurements": count})
    draws = int(np.clip(_DRAWS // count, 1000, 20_000))
    noise = rng.standard_normal((draws, count))
    few = np.where(np.isinf(freedom), 1.0, freedom)
    spread = np.where(np.isinf(freedom), 1.0, np.sqrt(rng.chisquare(few, (draws, count)) / few))

    def power(relative: float) -> float:
        p_value = _tests((noise + relative * in_errors) / spread, freedom, left)[2]
        return float((p_value <= LEVEL).mean())

    lower, upper = 0.0, known
    while power(upper) < POWER:
        lower, upper = upper, 2.0 * upper
        if upper > 1e12 * known:
            return math.inf
    for _ in range(_HALVINGS):
        middle = 0.5 * (lower + upper)
        lower, upper = (middle, upper) if power(middle) < POWER else (lower, middle)
    return upper


def _each(argument: str, entry: FloatArray, count: int) -> FloatArray:
    """One number for each measurement."""
    if entry.shape not in ((), (count,)):
        raise InvalidArgument(argument, f"an array of shape {entry.shape}", f"one number or {count} numbers")
    return np.array(np.broadcast_to(entry, (count,)))


@dataclass(frozen=True)
class Observable:
    """One simulated number beside its prediction.

    Attributes
    ----------
    name : of the observable.
    estimate : of the simulation, a scalar.
    theory : the prediction; None where there is none, and ``reason`` then says why.
    theory_error : standard error of a prediction that is itself an average, or its numerical error; 0 by default.
    approximation : how exact the prediction is.
    parameters : what belongs to this entry alone, such as a time.
    """

    name: str
    estimate: Estimate
    theory: float | None
    approximation: str
    reason: str = ""
    theory_error: float = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def z(self) -> float | None:
        """(simulation - theory) / error of the difference; None without theory, or where the instances do not vary."""
        mean, error = float(self.estimate.mean), float(self.estimate.standard_error)
        if self.theory is None or error <= 1e-12 * max(1.0, abs(mean)):
            return None
        return (mean - self.theory) / math.hypot(error, self.theory_error)

    def record(self) -> dict[str, Any]:
        """As a command prints it."""
        record: dict[str, Any] = dict(self.parameters) | {
            "observable": self.name,
            "value": float(self.estimate.mean),
            "standard_error": float(self.estimate.standard_error),
            "theory": self.theory,
            "z": self.z,
            "approximation": self.approximation,
        }
        return record | ({"reason": self.reason} if self.theory is None else {})


@dataclass(frozen=True, repr=False)
class Observables:
    """Theory beside simulation for one model: a sequence of :class:`Observable`, shown as a table."""

    rows: tuple[Observable, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Observable]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Observable:
        """The first observable of this name."""
        for row in self.rows:
            if row.name == name:
                return row
        raise InvalidArgument("name", name, "one of " + ", ".join(dict.fromkeys(r.name for r in self.rows)))

    def records(self) -> list[dict[str, Any]]:
        return [row.record() for row in self.rows]

    def to_dataset(self) -> xarray.Dataset:
        """One row for each observable: dimension ``row``, coordinates ``observable`` and the entries' parameters."""
        import xarray

        numbers = {
            "value": [float(row.estimate.mean) for row in self.rows],
            "standard_error": [float(row.estimate.standard_error) for row in self.rows],
            "degrees_of_freedom": [float(row.estimate.degrees_of_freedom) for row in self.rows],
            "theory": [math.nan if row.theory is None else row.theory for row in self.rows],
            "theory_error": [row.theory_error for row in self.rows],
            "z": [math.nan if row.z is None else row.z for row in self.rows],
        }
        names = dict.fromkeys(name for row in self.rows for name in row.parameters)
        labels = {name: [row.parameters.get(name, math.nan) for row in self.rows] for name in names}
        texts = {
            "observable": [row.name for row in self.rows],
            "approximation": [row.approximation for row in self.rows],
        }
        return xarray.Dataset(
            {name: (("row",), np.array(entry), attributes(name)) for name, entry in numbers.items()},
            {name: (("row",), np.array(entry), attributes(name)) for name, entry in (texts | labels).items()},
        )

    def __repr__(self) -> str:
        return short_table(self.records(), "Theory beside simulation")

    def _repr_html_(self) -> str:
        return html_table(self.records(), "Theory beside simulation")
