"""Where to stop training, or how strong a ridge to take: least score errors, their exponent, windows, memorization.

The score error is (L_test - 1)/D plus a constant, so that its minimum is that of the test loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import noising, validation
from ...approximation import approximation_of, states
from ...arrays import ComplexArray, FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...glossary import dataset
from ...presentation import Tabular
from ..model import RandomFeatures
from .contour_tables import has_floor
from .edges import absolute_edges
from .filters import Filter, gradient_flow, relaxation_rate, ridge
from .learning_curves import fisher_information, learning_curves, losses, quadratic_form, ridge_curves
from .resolvent import dyson

if TYPE_CHECKING:
    import xarray

_SOURCE = "arXiv 2505.17638; derivations/random_features/two_point.py"
_SCAN = 160
_STANDS_OUT = 1e3
# A change of the loss, relative to what the true score gains.
_NOTHING = 1e-17
_SMALLEST_GAP = 1e-10
# Three decades more towards no training.
_EARLIER = np.geomspace(1e-3, 1.0, 16)[:-1]


@dataclass(frozen=True, repr=False)
class EarlyStopping(Tabular):
    """The training time of least score error, which is also that of least test loss.

    ``training_time`` may be infinite: then the score error decreases all the way. ``final_score_error`` is that at
    infinite training time.
    """

    training_time: float
    score_error: float
    test_loss: float
    train_loss: float
    final_score_error: float

    def records(self) -> list[dict[str, Any]]:
        return [dict(vars(self))]

    def to_dataset(self) -> xarray.Dataset:
        """Scalars."""
        return dataset(
            {name: ((), x) for name, x in vars(self).items()}, {}, approximation_of(early_stopping)
        )


@dataclass(frozen=True, repr=False)
class OptimalRidge(Tabular):
    """The ridge penalty of least score error.

    ``penalty`` is 0 if every penalty does harm. ``final_score_error`` is that at penalty 0.
    """

    penalty: float
    score_error: float
    test_loss: float
    train_loss: float
    final_score_error: float

    def records(self) -> list[dict[str, Any]]:
        return [dict(vars(self))]

    def to_dataset(self) -> xarray.Dataset:
        """Scalars."""
        return dataset({name: ((), x) for name, x in vars(self).items()}, {}, approximation_of(optimal_ridge))


@dataclass(frozen=True, repr=False)
class TrainingWindow(Tabular):
    """The training times between which the score error is at most (1 + tolerance) times its minimum.

    ``start`` and ``stop`` are training times; ``best`` lies between them; ``stop`` may be infinite. In steps
    of gradient descent with learning rate eta, a training time tau is tau d^2 / eta steps (:meth:`steps`).
    """

    start: float
    best: float
    stop: float
    score_error: float
    tolerance: float

    def steps(self, dimension: int, learning_rate: float) -> tuple[float, float]:
        """``start`` and ``stop`` as numbers of steps of size eta = ``learning_rate`` in dimension d."""
        d = validation.integer("dimension", dimension, minimum=1)
        factor = d * d / validation.positive("learning_rate", learning_rate)
        return self.start * factor, self.stop * factor

    def records(self) -> list[dict[str, Any]]:
        return [dict(vars(self))]

    def to_dataset(self) -> xarray.Dataset:
        """Scalars."""
        return dataset(
            {name: ((), x) for name, x in vars(self).items()}, {}, approximation_of(training_window)
        )


def _range(model: RandomFeatures) -> tuple[float, float]:
    """The smallest and the largest eigenvalue that matter, or bounds of them where the edges are not resolved."""
    system = dyson(model)
    floor = system.s2 if has_floor(system) else 0.0
    try:
        edges = absolute_edges(model)
    except AccuracyNotReached:
        if floor == 0.0:
            raise
        # The learning curves need no edges: their contour goes around the floor and the bound of the spectrum.
        return max(floor, 1e-9 * system.scale), system.scale
    return max(edges[0][0], floor, 1e-9 * edges[-1][1]), edges[-1][1]


def _minimum(
    model: RandomFeatures,
    grid: FloatArray,
    family: Callable[[FloatArray], Filter],
    slope: Callable[[FloatArray], Filter],
) -> float:
    """Where the test loss is least along a family of filters, F = 0 at 0: at a zero of its derivative, or at the end.

    The derivative of <F x F, T> - 2 <F, chi> along the family is 2 (<F' x F, T> - <F', chi>), which is negative at 0;
    the grid is extended towards 0 until it is. Where it does not stand out from its rounding (the error with that of
    the exponents of the filters), or changes nothing in the loss over a factor e of the parameter, the loss is flat to
    all digits: a loss that was falling before and does not rise after is least at the end.
    """
    from scipy.optimize import brentq

    grid, value, resolved = _slopes(model, grid, family, slope)
    while resolved.any() and value[resolved][0] > 0.0:
        earlier = _slopes(model, grid[0] * _EARLIER, family, slope)
        grid = np.concatenate([earlier[0], grid])
        value = np.concatenate([earlier[1], value])
        resolved = np.concatenate([earlier[2], resolved])
        if not earlier[2].any():
            break
    known = np.flatnonzero(resolved)
    if not len(known):
        raise AccuracyNotReached("least score error: the derivative of the loss is not resolved anywhere")
    sign = np.sign(value[known])

    def derivative(logarithm: float) -> float:
        x = np.array([math.exp(logarithm)])
        return float(quadratic_form(model, family(x), slope(x))[0][0])

    places = [float(grid[0])] if sign[0] > 0.0 else []
    for k in np.flatnonzero((sign[:-1] < 0.0) & (sign[1:] > 0.0)):
        ends = math.log(grid[known[k]]), math.log(grid[known[k + 1]])
        places.append(math.exp(brentq(derivative, *ends, xtol=1e-13, rtol=1e-13)))
    if sign[-1] < 0.0:
        places.append(float(grid[-1]))
    return places[int(np.argmin(losses(model, family(np.array(places))).score_error))]


def _slopes(
    model: RandomFeatures,
    grid: FloatArray,
    family: Callable[[FloatArray], Filter],
    slope: Callable[[FloatArray], Filter],
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """The grid, half the derivative of the test loss there, and whether it is resolved."""
    value, error = quadratic_form(model, family(grid), slope(grid))
    gain = float(noising.noise_variance(model.time)) * fisher_information(model)
    return grid, value, np.abs(value) > np.maximum(_STANDS_OUT * error, _NOTHING * gain / grid)


@states(
    "exact as N -> infinity",
    "odd (or centred) activation, full-batch gradient flow from A = 0",
    source=_SOURCE,
    verification="derived and simulated",
)
def early_stopping(model: RandomFeatures) -> EarlyStopping:
    """The training time at which gradient flow has its least score error, and what is lost by training on.

    Exactly at the interpolation threshold of finitely many draws the final score error is infinite.
    """
    low, high = _range(model)
    c = relaxation_rate(model)
    grid = np.geomspace(1e-3 / (c * high), 1e4 / (c * low), _SCAN)

    def slope(times: FloatArray) -> Filter:
        def derivative(z: ComplexArray) -> ComplexArray:
            return np.asarray(c * np.exp(-c * times[:, None] * z), dtype=np.complex128)

        return Filter(derivative, len(times), -math.inf, 1.0 / (c * float(times.max())), "slope")

    best = _minimum(model, grid, lambda times: gradient_flow(model, times), slope)
    final = _final_score_error(model)
    if best == grid[-1]:
        best = math.inf
    curves = learning_curves(model, best)
    return EarlyStopping(
        best, float(curves.score_error), float(curves.test_loss), float(curves.train_loss), final
    )


@states(
    "exact as N -> infinity",
    "odd (or centred) activation; the minimum of L_train + (D penalty/d) |A|^2/p",
    source=_SOURCE,
    verification="derived and simulated",
)
def optimal_ridge(model: RandomFeatures) -> OptimalRidge:
    """The ridge penalty with the least score error."""
    low, high = _range(model)
    # Of 1/penalty: no training is at 0.
    grid = np.geomspace(1e-3 / high, 1e5 / low, _SCAN)

    def slope(inverses: FloatArray) -> Filter:
        return Filter(
            lambda z: 1.0 / (1.0 + inverses[:, None] * z) ** 2,
            len(inverses),
            -1.0 / float(inverses.max()),
            math.inf,
            "slope",
        )

    best = _minimum(model, grid, lambda inverses: ridge(1.0 / inverses), slope)
    penalty = 0.0 if best == grid[-1] else 1.0 / best
    curves = ridge_curves(model, penalty)
    return OptimalRidge(
        penalty,
        float(curves.score_error),
        float(curves.test_loss),
        float(curves.train_loss),
        _final_score_error(model),
    )


def _final_score_error(model: RandomFeatures) -> float:
    try:
        return float(learning_curves(model, math.inf).score_error)
    except InvalidArgument:
        return math.inf


@states(
    "exact as N -> infinity",
    "odd (or centred) activation",
    source=_SOURCE,
    verification="derived and simulated",
)
def better_regularisation(model: RandomFeatures) -> Literal["early stopping", "ridge", "equal"]:
    """Which of the two, each at its best, has the smaller score error; "equal" within 1e-9 relative."""
    stop, penalty = early_stopping(model).score_error, optimal_ridge(model).score_error
    if abs(stop - penalty) <= 1e-9 * max(stop, penalty):
        return "equal"
    return "early stopping" if stop < penalty else "ridge"


@states(
    "exact as N -> infinity",
    "odd (or centred) activation; a local slope: for 1 << n/d << p/d it tends to -1, it is not a constant",
    source=_SOURCE,
    verification="derived and simulated",
)
def score_error_exponent(
    model: RandomFeatures, samples_per_dimension: ArrayLike, features_per_dimension: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Best score error E* and its exponent d log E* / d log n at fixed p.

    ``samples_per_dimension`` and ``features_per_dimension`` (default that of the model) broadcast; the two
    results have their shape. The slope is a fourth-order difference over steps of 2 % in n, good to about 1e-6.
    """
    samples = validation.array("samples_per_dimension", samples_per_dimension, above=0.0)
    given = model.features_per_dimension if features_per_dimension is None else features_per_dimension
    features = validation.array("features_per_dimension", given, above=0.0)
    try:
        n, p = np.broadcast_arrays(samples, features)
    except ValueError:
        raise InvalidArgument(
            "features_per_dimension", features, "of a shape that broadcasts with samples_per_dimension"
        ) from None
    step = 0.02
    best, slope = np.empty(n.shape), np.empty(n.shape)
    for index in np.ndindex(n.shape):
        logs = []
        for k in (-2, -1, 0, 1, 2):
            changed = model.replace(
                samples_per_dimension=float(n[index]) * math.exp(k * step),
                features_per_dimension=float(p[index]),
            )
            logs.append(math.log(early_stopping(changed).score_error))
        best[index] = math.exp(logs[2])
        slope[index] = (logs[0] - 8.0 * logs[1] + 8.0 * logs[3] - logs[4]) / (12.0 * step)
    return best, slope


@states(
    "exact as N -> infinity",
    "odd (or centred) activation, full-batch gradient flow from A = 0",
    source=_SOURCE,
    verification="derived and simulated",
)
def training_window(model: RandomFeatures, tolerance: float = 0.5) -> TrainingWindow:
    """The training budget for which a model stays in its generalising window.

    Parameters
    ----------
    tolerance : the score error allowed above the smallest possible one, relative to it; above 0.
    """
    from scipy.optimize import brentq

    allowed = 1.0 + validation.positive("tolerance", tolerance)
    stopping = early_stopping(model)
    level = allowed * stopping.score_error
    if fisher_information(model) <= level:
        start = 0.0
    else:
        top = stopping.training_time if math.isfinite(stopping.training_time) else _longest(model)
        first = 1e-3 / (relaxation_rate(model) * _range(model)[1])
        start = _crossing(model, level, min(first, 1e-9 * top), top, brentq)
    if stopping.final_score_error <= level or not math.isfinite(stopping.training_time):
        stop = math.inf
    else:
        stop = _crossing(model, level, stopping.training_time, _longest(model), brentq, farther=True)
    return TrainingWindow(start, stopping.training_time, stop, stopping.score_error, tolerance)


def _longest(model: RandomFeatures) -> float:
    return 1e4 / (relaxation_rate(model) * _range(model)[0])


def _crossing(
    model: RandomFeatures,
    level: float,
    low: float,
    high: float,
    brentq: Callable[..., float],
    farther: bool = False,
) -> float:
    """The first training time between low and high at which the score error crosses ``level``, or ``farther`` out."""
    for stretch in (1.0, 1e4, 1e8, 1e12) if farther else (1.0,):
        grid = np.geomspace(low, stretch * high, _SCAN)
        above = learning_curves(model, grid).score_error > level
        changes = np.flatnonzero(above[1:] != above[:-1])
        if len(changes):
            break
    else:
        raise AccuracyNotReached(f"training window: no crossing of the score error {level:.6g} was found")
    k = int(changes[0])

    def excess(logarithm: float) -> float:
        return float(learning_curves(model, math.exp(logarithm)).score_error) - level

    return math.exp(brentq(excess, math.log(grid[k]), math.log(grid[k + 1]), xtol=1e-12))


@states(
    "exact as N -> infinity",
    "odd (or centred) activation, full-batch gradient flow from A = 0",
    source=_SOURCE,
    verification="derived and simulated",
)
def memorization_time(model: RandomFeatures, gap: float = 0.1) -> float:
    """The first training time at which L_test - L_train exceeds ``gap`` (at least 1e-10); infinite if it never does."""
    from scipy.optimize import brentq

    threshold = validation.positive("gap", gap)
    if threshold < _SMALLEST_GAP:
        allowed = (
            f"at least {_SMALLEST_GAP:g}: early in training both losses are near 1, and known to its rounding"
        )
        raise InvalidArgument("gap", gap, allowed)
    grid = np.geomspace(1e-3 / (relaxation_rate(model) * _range(model)[1]), _longest(model), _SCAN)

    def exceeded(times: FloatArray) -> NDArray[np.bool_]:
        curves = learning_curves(model, times)
        return np.asarray(curves.test_loss - curves.train_loss > threshold)

    above = exceeded(grid)
    if not above.any():
        return math.inf
    # The gap begins at 0.
    while above[0]:
        earlier = grid[0] * _EARLIER
        grid, above = np.concatenate([earlier, grid]), np.concatenate([exceeded(earlier), above])
    k = int(above.argmax())

    def excess(logarithm: float) -> float:
        one = learning_curves(model, math.exp(logarithm))
        return float(one.test_loss - one.train_loss) - threshold

    return math.exp(brentq(excess, math.log(grid[k - 1]), math.log(grid[k]), xtol=1e-12))
