r"""Training algorithms as spectral filters.

Every algorithm that is linear in A and starts from A = 0 ends at A / sqrt(p) = -V^T F(U) / sqrt(D) with a
filter F. A filter is a function of the spectral argument z (an eigenvalue of U, or a complex number in its
place) that returns shape (batch, points).

With the rate c = 2 D / psi_p, a mode of eigenvalue z relaxes under gradient flow as exp(-c z training_time);
one step of gradient descent of size eta is the step eta/d^2 in training time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import noising, validation
from ...arrays import ComplexArray
from ...errors import InvalidArgument
from ..model import RandomFeatures

_MOST_STEPS = 10_000_000


@dataclass(frozen=True)
class Filter:
    """F(z), and what must be known of it to integrate it.

    Attributes
    ----------
    function : maps z (points,) to (batch, points); holomorphic for Re z > ``pole``.
    size : length of the batch.
    pole : the largest real place where it is not holomorphic: 0 for 1/z, -ridge for 1/(z + ridge), -infinity
        if it is entire.
    reach : for an entire filter, a distance below 0 within which it stays of the size that it has at 0.
    name : how it is shown.
    axis, coordinate : what the members of the batch differ by, and its values, for labelled results; by default their
        number.
    """

    function: Callable[[ComplexArray], ComplexArray]
    size: int
    pole: float = 0.0
    reach: float = math.inf
    name: str = "user"
    axis: str = "member"
    coordinate: tuple[float, ...] | None = None

    def __call__(self, z: ArrayLike) -> ComplexArray:
        points = np.atleast_1d(np.asarray(z, dtype=np.complex128))
        # A filter may overflow far off the real axis: that is seen in its value.
        with np.errstate(all="ignore"):
            values = np.asarray(self.function(points), dtype=np.complex128)
        if values.shape != (self.size, points.size):
            raise InvalidArgument(
                "function",
                values,
                f"a function that returns shape ({self.size}, {points.size}) for {points.size} points",
            )
        return values


def relaxation_rate(model: RandomFeatures) -> float:
    """c = 2 D / psi_p: under gradient flow the mode of eigenvalue x decays as exp(-c x training_time)."""
    return 2.0 * float(noising.noise_variance(model.time)) / model.features_per_dimension


def gradient_flow(model: RandomFeatures, training_time: ArrayLike) -> Filter:
    """(1 - exp(-c z training_time))/z. Training times at least 0, in one axis; infinity is allowed."""
    times = np.atleast_1d(np.asarray(training_time))
    if times.dtype.kind not in "iuf" or times.ndim != 1 or not times.size or not (times >= 0).all():
        raise InvalidArgument(
            "training_time", training_time, "numbers, at least 0 (or infinity), in one axis"
        )
    finite = np.where(np.isinf(times), 0.0, times).astype(np.float64)
    products = relaxation_rate(model) * finite[:, None]
    infinite = np.isinf(times)

    def function(z: ComplexArray) -> ComplexArray:
        values = -np.expm1(-products * z) / z
        values[infinite] = 1.0 / z
        return values

    largest = float(products.max())
    return Filter(
        function,
        len(times),
        0.0 if infinite.any() else -math.inf,
        1.0 / largest if largest > 0.0 else math.inf,
        "gradient flow",
        "training_time",
        tuple(times.tolist()),
    )


def ridge(penalty: ArrayLike) -> Filter:
    """1/(z + penalty): the minimum of L_train + (D penalty / d) |A|^2 / p; penalties above 0, in one axis."""
    penalties = np.atleast_1d(validation.array("penalty", penalty, above=0.0))
    if penalties.ndim != 1:
        raise InvalidArgument("penalty", penalty, "numbers above 0 in one axis")
    return Filter(
        lambda z: 1.0 / (z + penalties[:, None]),
        len(penalties),
        -float(penalties.min()),
        math.inf,
        "ridge",
        "penalty",
        tuple(penalties.tolist()),
    )


def _steps(steps: ArrayLike) -> NDArray[np.int64]:
    values = np.atleast_1d(np.asarray(steps))
    if values.dtype.kind not in "iu" or values.ndim != 1 or not values.size or not (values >= 0).all():
        raise InvalidArgument("steps", steps, "integers, at least 0, in one axis")
    if values.max() > _MOST_STEPS:
        raise InvalidArgument("steps", int(values.max()), f"at most {_MOST_STEPS}")
    return values.astype(np.int64)


def gradient_descent(model: RandomFeatures, steps: ArrayLike, learning_rate: float) -> Filter:
    """(1 - (1 - c learning_rate z)^steps)/z: full-batch descent; ``learning_rate`` is eta/d^2, a step of training time.

    It is stable when c learning_rate x < 2 for every eigenvalue x of U that carries weight.
    """
    counts = _steps(steps)
    product = relaxation_rate(model) * validation.positive("learning_rate", learning_rate)

    def function(z: ComplexArray) -> ComplexArray:
        return -np.expm1(counts[:, None] * np.log1p(-product * z)) / z

    reach = 1.0 / (product * max(int(counts.max()), 1))
    return Filter(
        function, len(counts), -math.inf, reach, "gradient descent", "steps", tuple(counts.tolist())
    )


def momentum_descent(
    model: RandomFeatures, steps: ArrayLike, learning_rate: float, momentum: float, *, nesterov: bool = False
) -> Filter:
    """Full-batch descent with heavy-ball momentum A += -eta grad + momentum (A - A_previous), or Nesterov's variant.

    Nesterov's takes the gradient at A + momentum (A - A_previous). ``learning_rate`` is eta/d^2, ``momentum`` in
    [0, 1); the first step has no momentum.
    """
    counts = _steps(steps)
    product = relaxation_rate(model) * validation.positive("learning_rate", learning_rate)
    memory = validation.inside("momentum", momentum, -np.finfo(float).tiny, 1.0)

    def function(z: ComplexArray) -> ComplexArray:
        result = np.zeros((len(counts), z.size), dtype=np.complex128)
        old, new = np.zeros_like(z), np.zeros_like(z)
        for k in range(int(counts.max()) + 1):
            result[counts == k] = new
            ahead = new + memory * (new - old)
            old, new = new, ahead + product * (1.0 - z * (ahead if nesterov else new))
        return result

    reach = (1.0 - memory) / (product * max(int(counts.max()), 1))
    name = "nesterov" if nesterov else "momentum"
    return Filter(function, len(counts), -math.inf, reach, name, "steps", tuple(counts.tolist()))


def custom_filter(
    function: Callable[[ComplexArray], ComplexArray], *, pole: float = 0.0, name: str = "user"
) -> Filter:
    """A user's filter: maps z (points,) to (points,) or (batch, points); holomorphic for Re z > ``pole``, at most 0."""
    if not callable(function):
        raise InvalidArgument("function", function, "a function of complex z")
    if not (isinstance(pole, int | float) and pole <= 0):
        raise InvalidArgument("pole", pole, "at most 0")
    probe = np.atleast_2d(function(np.array([1.0 + 0.0j, 2.0 + 0.5j])))
    if probe.shape[1] != 2 or not np.isfinite(probe).all():
        raise InvalidArgument(
            "function", name, "a finite function of complex z (points,) -> (points,) or (batch, points)"
        )
    size = probe.shape[0]
    return Filter(lambda z: np.atleast_2d(function(z)), size, float(pole), abs(float(pole)), name)
