r"""Train and test error in time between lazy and active training, d and w -> infinity at fixed lazy ratio.

Scaled variables: kappa = c/d (lazy ratio), omega (initial noise, the variance of an entry of A(0)), T = d t. The noise
of the target forms a bulk of singular values up to 2 sqrt(d), far below the threshold c = kappa d, and is learned
lazily; a signal of strength x is learned as one mode. With q = exp(-2 kappa T), noise nu and a_i = a(x_i, kappa, T)

    test(T) = sum_i (x_i - a_i)^2 + nu^2 (1 - q)^2 + omega q^2,
    train(T) = sum_i (x_i - a_i)^2 + (nu^2 + omega) q^2,

both per entry of the target, test against A*, train against A* + noise (``derivations/linear_dynamics/crossover.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import attributes
from ...numerics.flow import checked_times
from ...presentation import html_table, short_table
from ..model import LARGEST, in_range
from .modes import mode

if TYPE_CHECKING:
    import xarray

SOURCE = "derivations/linear_dynamics/crossover.py"
LIMIT = (
    "for d, w -> infinity at fixed lazy ratio, initial noise and signals, the bulk lazy (kappa sqrt(d) >> 1)"
)


@dataclass(frozen=True, repr=False)
class ErrorCurves:
    """Train and test error in time.

    Attributes
    ----------
    training_time : (m,) scaled times T = d t.
    train_error, test_error : (m,) per entry of the target.
    approximation : how exact they are.
    """

    training_time: FloatArray
    train_error: FloatArray
    test_error: FloatArray
    approximation: Approximation

    def records(self) -> list[dict[str, Any]]:
        names = ("training_time", "train_error", "test_error")
        columns = zip(*(getattr(self, name).tolist() for name in names), strict=True)
        return [
            dict(zip(names, row, strict=True)) | {"approximation": str(self.approximation)} for row in columns
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Dimension ``training_time``."""
        import xarray

        data = {
            name: (("training_time",), getattr(self, name), attributes(name))
            for name in ("train_error", "test_error")
        }
        time = (("training_time",), self.training_time, attributes("training_time", "1/d"))
        return xarray.Dataset(data, {"training_time": time}, attrs={"approximation": str(self.approximation)})

    def __repr__(self) -> str:
        return short_table(self.records(), f"Train and test error; {self.approximation}")

    def _repr_html_(self) -> str:
        return html_table(self.records(), f"Train and test error; {self.approximation}")


def checked_ratios(lazy_ratio: ArrayLike, initial_noise: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """kappa above 0 and omega at least 0, broadcast with one another."""
    kappa, omega = validation.broadcast(
        lazy_ratio=validation.array("lazy_ratio", lazy_ratio, above=0.0),
        initial_noise=validation.array("initial_noise", initial_noise, at_least=0.0),
    )
    for entry in (kappa.min(), kappa.max()):
        in_range("lazy_ratio", float(entry))
    if omega.max() > LARGEST:
        raise InvalidArgument("initial_noise", float(omega.max()), f"at most {LARGEST:g}: choose other units")
    return kappa, omega


def checked_numbers(lazy_ratio: float, initial_noise: float) -> tuple[float, float]:
    """The same for one pair of numbers."""
    validation.positive("lazy_ratio", lazy_ratio)
    validation.non_negative("initial_noise", initial_noise)
    kappa, omega = checked_ratios(lazy_ratio, initial_noise)
    return float(kappa), float(omega)


@dataclass(frozen=True)
class Signals:
    """Strengths with their multiplicities, and the noise of the target."""

    strength: FloatArray
    count: FloatArray
    noise: float

    @classmethod
    def of(cls, signal_strengths: Sequence[float] | FloatArray, noise: float) -> Signals:
        strengths = validation.array("signal_strengths", signal_strengths, ndim=1, above=0.0)
        for entry in (strengths.min(), strengths.max()):
            in_range("signal_strengths", float(entry))
        if validation.non_negative("noise", noise) > 0.0:
            in_range("noise", noise)
        distinct, count = np.unique(strengths, return_counts=True)
        return cls(distinct, count.astype(np.float64), float(noise))

    @property
    def power(self) -> float:
        """sum_i x_i^2."""
        return float(self.count @ self.strength**2)


def in_the_limit(
    signals: Signals, kappa: FloatArray | float, omega: FloatArray | float, time: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Train error, test error and the derivative of the test error in T, all arguments broadcast."""
    with np.errstate(over="ignore"):
        rate = 2.0 * kappa * time
    q, learned = np.exp(-rate), -np.expm1(-rate)
    left = np.zeros(np.broadcast(kappa, omega, time).shape)
    slope = np.zeros_like(left)
    for x, count in zip(signals.strength, signals.count, strict=True):
        a, gap = mode(x, kappa, time)
        left += count * gap**2
        slope -= 4.0 * count * np.hypot(a, kappa) * gap**2
    noise = signals.noise**2
    slope += 4.0 * kappa * q * (noise * learned - omega * q)
    return left + (noise + omega) * q**2, left + noise * learned**2 + omega * q**2, slope


@states("exact as N -> infinity", LIMIT, source=SOURCE, verification="derived and simulated")
def error_curves(
    signal_strengths: Sequence[float] | FloatArray,
    lazy_ratio: float,
    initial_noise: float,
    training_time: ArrayLike,
    *,
    noise: float = 1.0,
) -> ErrorCurves:
    """Train and test error at scaled times T = d t.

    Parameters
    ----------
    signal_strengths : x_1, ..., x_k above 0, singular values of A* over d.
    lazy_ratio : kappa = c/d, above 0.
    initial_noise : omega, at least 0; 0 for orthogonal weights.
    training_time : T (m,), at least 0.
    noise : standard deviation of the noise of an entry of the target.
    """
    signals = Signals.of(signal_strengths, noise)
    kappa, omega = checked_numbers(lazy_ratio, initial_noise)
    time = checked_times("training_time", training_time)
    train, test, _ = in_the_limit(signals, kappa, omega, time)
    return ErrorCurves(time, train, test, approximation_of(error_curves))


@states(
    "leading order",
    "for lazy_ratio -> 0 without initial noise, one signal; relative error 9 %, 1.3 %, 0.2 % at strength 1 and lazy "
    "ratio 1e-2, 1e-3, 1e-4",
    source=SOURCE,
    verification="derived",
)
def small_lazy_ratio(signal_strength: ArrayLike, lazy_ratio: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Best test error and its time for a lazy ratio far below the one signal x, at noise 1.

    exp(-4 x T*) = kappa^4 T*/(2 x^5), best = 4 kappa^2 T*^2 + 2 kappa^2 T*/x. T* is about twice the plateau.

    Returns
    -------
    Test error and T*, of the broadcast shape.
    """
    from scipy.special import wrightomega

    x, kappa = validation.broadcast(
        signal_strength=validation.array("signal_strength", signal_strength, above=0.0),
        lazy_ratio=validation.array("lazy_ratio", lazy_ratio, above=0.0),
    )
    for name, entry in (("signal_strength", x), ("lazy_ratio", kappa)):
        in_range(name, float(entry.min()))
        in_range(name, float(entry.max()))
    # W(e^y) from y: its argument may be larger than a float.
    time = np.real(wrightomega(math.log(8.0) + 6.0 * np.log(x) - 4.0 * np.log(kappa))) / (4.0 * x)
    return 2.0 * kappa**2 * time * (2.0 * time + 1.0 / x), np.asarray(time)
