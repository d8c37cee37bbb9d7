r"""Best stopping: the lowest test error in time, and the lazy ratio that reaches a wanted one.

With unequal signals the test error can have several dips, because the noise is learned while a weak signal waits. The
derivative of the test error is followed over a grid that is dense against the steps of every signal; each change of its
sign from below is a dip, whose place is solved for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray, IntArray
from ...errors import InvalidArgument
from ...numerics.roots import bracketed
from ...presentation import html_table, short_table
from ...solution import Solution, Status
from .crossover import (
    LIMIT,
    SOURCE,
    Signals,
    checked_numbers,
    checked_ratios,
    error_curves,
    in_the_limit,
)
from .finite_dimension import at_dimension, checked_dimension, finite_dimension_errors, in_units_of_noise

if TYPE_CHECKING:
    import xarray

Curve = Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
_CHUNK = 2**17  # test errors at a time, at about so many times each
# At finite dimension each of the many steps up to a long plateau is an integral.
_SMALLEST_AT_DIMENSION = 1e-15
_FLAT = 1e-9  # relative; a dip is no lower than the end where it is within this of it
# Range of lazy ratios in which a wanted error is looked for, in units of the largest signal.
_SMALLEST, _LARGEST, _SCANNED = 1e-8, 1e5, 131


@dataclass(frozen=True, repr=False)
class BestError:
    """Best test errors and their times.

    Attributes
    ----------
    solution : fields ``test_error`` and ``training_time`` (scaled, T = d t), of the batch's shape; ``error`` is that of
        the time, ``residual`` that of d log(test error)/d log(T). Where no dip is as low as the end of the curve, as
        can be at finite dimension: that end, a time from which on it is flat to rounding, and the status
        *near-critical*.
    lazy_ratio, initial_noise : of the batch's shape.
    dip_index, dip_time, dip_error : every local minimum: its place in the batch (C order), its time, its test error.
    """

    solution: Solution
    lazy_ratio: FloatArray
    initial_noise: FloatArray
    dip_index: IntArray
    dip_time: FloatArray
    dip_error: FloatArray

    @property
    def dips(self) -> list[list[tuple[float, float]]]:
        """For each entry of the batch all local minima as pairs (training time, test error), in time."""
        found: list[list[tuple[float, float]]] = [[] for _ in range(self.lazy_ratio.size)]
        for k, time, value in zip(self.dip_index, self.dip_time, self.dip_error, strict=True):
            found[k].append((float(time), float(value)))
        return [sorted(entry) for entry in found]

    @property
    def test_error(self) -> FloatArray:
        return self.solution["test_error"]

    @property
    def training_time(self) -> FloatArray:
        return self.solution["training_time"]

    def records(self) -> Iterator[dict[str, Any]]:
        rows = zip(
            self.lazy_ratio.flat, self.initial_noise.flat, self.solution.records(), self.dips, strict=True
        )
        for kappa, omega, record, dips in rows:
            pairs = [{"training_time": time, "test_error": value} for time, value in dips]
            yield {"lazy_ratio": float(kappa), "initial_noise": float(omega)} | record | {"dips": pairs}

    def to_dataset(self, **coordinates: ArrayLike) -> xarray.Dataset:
        """Labelled by one one-dimensional coordinate for each axis of the batch."""
        return self.solution.to_dataset(**coordinates)

    def __repr__(self) -> str:
        return short_table(list(self.records()), f"Best test error; {self.solution.approximation}")

    def _repr_html_(self) -> str:
        return html_table(list(self.records()), f"Best test error; {self.solution.approximation}")


@states("exact as N -> infinity", LIMIT, source=SOURCE, verification="derived and simulated")
def best_error(
    signal_strengths: Sequence[float] | FloatArray,
    lazy_ratio: ArrayLike,
    initial_noise: ArrayLike = 0.0,
    *,
    noise: float = 1.0,
    dimension: int | None = None,
) -> BestError:
    """The lowest test error in time, for a batch of lazy ratios and initial noises.

    Parameters
    ----------
    signal_strengths : x_1, ..., x_k above 0.
    lazy_ratio, initial_noise : kappa above 0 and omega at least 0; they broadcast to the batch.
    noise : of an entry of the target, above 0: without it the error falls for ever.
    dimension : None for d -> infinity; a number for the leading orders in 1/d of ``finite_dimension_errors``.
    """
    signals = Signals.of(signal_strengths, noise)
    validation.positive("noise", noise)
    kappa, omega = (np.array(entry) for entry in checked_ratios(lazy_ratio, initial_noise))
    curve, predicted = _limit_curve(signals), approximation_of(error_curves)
    slowest = float(signals.strength.min())
    if dimension is not None:
        size, strongest = checked_dimension(signals, dimension), float(signals.strength.max())
        if kappa.min() < _SMALLEST_AT_DIMENSION * strongest:
            allowed = f"at least {_SMALLEST_AT_DIMENSION:g} times the largest signal at finite dimension"
            raise InvalidArgument("lazy_ratio", float(kappa.min()), allowed)
        curve, predicted = _finite_curve(signals, size), approximation_of(finite_dimension_errors)
        # The noise's own directions, of singular values up to 2 sqrt(d), are learned one after the other.
        slowest = min(slowest, 2.0 * signals.noise / math.sqrt(size))
    # Neighbours in kappa need grids alike; the smallest needs the longest.
    order = np.argsort(kappa.ravel(), kind="stable")
    nodes = _steps(signals, kappa.min(keepdims=True).ravel(), omega.max(keepdims=True).ravel(), slowest).size
    chunks = np.array_split(order, min(order.size, math.ceil(nodes * kappa.size / _CHUNK)))
    dips = [_dips(curve, signals, kappa.ravel(), omega.ravel(), slowest, rows) for rows in chunks]
    index, time, value, residual, error, status, iterations = map(np.concatenate, zip(*dips, strict=True))
    # The lowest of each entry first; one that was not located lies lowest of all, and spoils its entry.
    rank = np.lexsort((np.where(np.isnan(value), -np.inf, value), index))
    here, first = np.unique(index[rank], return_index=True)
    chosen = rank[first]

    def placed(entry: Any, otherwise: float) -> Any:
        whole = np.full(kappa.size, otherwise, dtype=entry.dtype)
        whole[here] = entry[chosen]
        return whole.reshape(kappa.shape)

    fields = [
        placed(entry, otherwise)
        for entry, otherwise in (
            (value, np.nan),
            (time, np.nan),
            (status, Status.NOT_CONVERGED),
            (residual, np.inf),
            (error, np.nan),
            (iterations, 0),
        )
    ]
    _add_ends(fields, curve, kappa, omega, noise, index[np.isnan(value)])
    test, at, status, residual, error, iterations = fields
    values = {"test_error": test, "training_time": at}
    solution = Solution(values, status, residual, error, iterations, predicted)
    good = np.isfinite(value)
    return BestError(solution, kappa, omega, index[good], time[good], value[good])


def _add_ends(
    fields: list[Any], curve: Curve, kappa: FloatArray, omega: FloatArray, noise: float, failed: IntArray
) -> None:
    """Entries whose error ends below all of their dips: at finite dimension a slow start can outlast the noise.

    The lowest error is then that of a target learned with its noise, and flat to rounding from the time given on.
    """
    late = (40.0 + np.log1p(omega / noise**2)) / (2.0 * kappa)
    end, change = (entry.reshape(kappa.shape) for entry in curve(late.ravel(), kappa.ravel(), omega.ravel()))
    dip = np.where(np.isnan(fields[0]), np.inf, fields[0])
    ends = end < dip * (1.0 - _FLAT)
    ends.ravel()[failed] = False
    infinite = np.full(kappa.shape, np.inf)
    there = (end, late, np.full(kappa.shape, int(Status.NEAR_CRITICAL)), np.abs(change), infinite)
    for entry, values in zip(fields[:5], there, strict=True):
        entry[ends] = values[ends]


def _limit_curve(signals: Signals) -> Curve:
    """Test error and its derivative in log T over the test error, in the limit."""

    def curve(time: FloatArray, kappa: FloatArray, omega: FloatArray) -> tuple[FloatArray, FloatArray]:
        _, test, slope = in_the_limit(signals, kappa, omega, time)
        return test, time * slope / test

    return curve


def _finite_curve(signals: Signals, size: int) -> Curve:
    """The same at finite dimension, one lazy ratio at a time."""
    noise, scaled = signals.noise, in_units_of_noise(signals)

    def curve(time: FloatArray, kappa: FloatArray, omega: FloatArray) -> tuple[FloatArray, FloatArray]:
        time, kappa, omega = np.broadcast_arrays(time, kappa, omega)
        test, change = np.empty(time.shape), np.empty(time.shape)
        for pair in np.unique(np.stack([kappa.ravel(), omega.ravel()]), axis=1).T:
            here = (kappa == pair[0]) & (omega == pair[1])
            scaled_time = time[here] * noise
            _, value, slope = at_dimension(scaled, size, pair[0] / noise, pair[1] / noise**2, scaled_time)
            test[here], change[here] = noise**2 * value, scaled_time * slope / value
        return test, change

    return curve


def _dips(
    curve: Curve, signals: Signals, kappa: FloatArray, omega: FloatArray, slowest: float, rows: IntArray
) -> tuple[Any, ...]:
    """Every dip of these rows: row, time, test error, residual, error of the time, status, iterations."""
    kappa, omega = kappa[rows], omega[rows]
    grid = np.log(_first_times(signals, kappa, omega))[:, None] + _steps(signals, kappa, omega, slowest)
    change = curve(np.exp(grid), kappa[:, None], omega[:, None])[1]
    row, node = np.nonzero((change[:, :-1] < 0.0) & (change[:, 1:] >= 0.0))
    if not len(row):
        nothing = np.empty(0)
        return rows[row], nothing, nothing, nothing, nothing, nothing.astype(np.int8), rows[row]
    found = bracketed(
        lambda u, k, o: curve(np.exp(u), k, o)[1],
        grid[row, node],
        grid[row, node + 1],
        parameters=[kappa[row], omega[row]],
        tolerance=1e-9,
    )
    time = np.exp(found["x"])
    value = np.where(found.good, curve(np.where(found.good, time, 1.0), kappa[row], omega[row])[0], np.nan)
    return rows[row], time, value, found.residual, found.error * time, found.status, found.iterations


def _first_times(signals: Signals, kappa: FloatArray, omega: FloatArray) -> FloatArray:
    """Before the first dip: the noise learned lazily cannot yet outweigh the signals, none of which has grown."""
    noise, power = signals.noise**2, signals.power
    lazy = (power + omega) / (kappa * (noise + power + 2.0 * omega))
    growth = 1.0 / np.maximum(signals.strength.max(), kappa)
    return np.asarray(0.02 * np.minimum(lazy, growth))


def _steps(signals: Signals, kappa: FloatArray, omega: FloatArray, slowest: float) -> FloatArray:
    """(points, nodes) logarithmic steps up to where all signals are learned and the start is forgotten.

    A direction of strength x is learned within a time 1/x at about log(2 x/kappa)/(2 x), and is forgotten by twice that
    time. While this goes on, from the ``slowest`` to the largest, there is a node every quarter of their ratio; before
    and after, where what changes has the scale of the time itself, four nodes for each factor e.
    """
    weakest, strongest = float(signals.strength.min()), float(signals.strength.max())
    noise = signals.noise**2
    plateau = np.log1p(2.0 * strongest / kappa)
    last = np.maximum(
        3.0 * np.log1p((1.0 + signals.power + omega) / noise) / (2.0 * kappa), 20.0 * plateau / weakest
    )
    last = np.maximum(last, 20.0 / np.maximum(kappa, weakest))
    start = np.log(_first_times(signals, kappa, omega))
    length = np.log(last) - start
    active = np.clip(np.log(1.0 / strongest) - start, 0.0, length)
    settled = np.clip(np.log(4.0 * np.maximum(plateau, 1.0) / slowest) - start, active, length)
    # Numbers of nodes up to the three ends, of which each row has as many as the row that needs most.
    counts = 4.0 * np.cumsum([active, (settled - active) * (1.0 + plateau), length - settled], axis=0)
    share = np.linspace(0.0, 1.0, math.ceil(float(counts[-1].max())) + 2)
    node = counts[-1][:, None] * share
    first, second = (entry[:, None] for entry in counts[:2])
    middle = active[:, None] + (node - first) / (4.0 * (1.0 + plateau[:, None]))
    late = settled[:, None] + (node - second) / 4.0
    return np.where(node < first, node / 4.0, np.where(node < second, middle, late))


@states("exact as N -> infinity", LIMIT, source=SOURCE, verification="derived")
def lazy_ratio_for(
    test_error: ArrayLike,
    signal_strengths: Sequence[float] | FloatArray,
    initial_noise: float = 0.0,
    *,
    noise: float = 1.0,
) -> Solution:
    """The lazy ratio whose best test error is the wanted one: the inverse of :func:`best_error`.

    Parameters
    ----------
    test_error : wanted best test errors, a batch; there is a solution inside :func:`reachable_errors`.

    The others are those of :func:`best_error`.

    Returns
    -------
    Solution with fields ``lazy_ratio`` and ``training_time`` (of the best error, scaled). Status *no solution* outside
    the reachable errors; *not converged* so close to their ends that the ratio leaves [1e-8, 1e5] times a signal.
    """
    signals = Signals.of(signal_strengths, noise)
    wanted = validation.array("test_error", test_error)
    low, high = reachable_errors(signal_strengths, initial_noise, noise=noise)

    def excess(log_kappa: FloatArray, value: FloatArray) -> FloatArray:
        found = best_error(signals_again, np.exp(log_kappa), initial_noise, noise=noise).test_error
        return np.log(found / value)

    signals_again = np.repeat(signals.strength, signals.count.astype(int))
    scale = float(signals.strength.max())
    scan = np.log(np.geomspace(_SMALLEST * scale, _LARGEST * scale, _SCANNED))
    scanned = best_error(signals_again, np.exp(scan), initial_noise, noise=noise).solution.require()[
        "test_error"
    ]
    flat = wanted.ravel()
    inside = (flat > low) & (flat < high)
    status = np.where(inside, Status.NOT_CONVERGED, Status.NO_SOLUTION).astype(np.int8)
    names = ("lazy_ratio", "training_time", "residual", "error", "iterations")
    entry = {name: np.full(flat.shape, np.nan) for name in names}
    entry["residual"][:], entry["iterations"][:] = np.inf, 0
    first = np.array([np.argmax(scanned > value) if value > 0.0 else 0 for value in flat])
    bracket = np.flatnonzero(inside & (first > 0) & (scanned[first] > flat))
    if len(bracket):
        found = bracketed(
            excess, scan[first[bracket] - 1], scan[first[bracket]], parameters=[flat[bracket]], tolerance=1e-9
        )
        kappa = np.exp(found["x"])
        good = found.good
        entry["lazy_ratio"][bracket] = kappa
        if good.any():
            times = best_error(signals_again, kappa[good], initial_noise, noise=noise).training_time
            entry["training_time"][bracket[good]] = times
        entry["residual"][bracket], entry["iterations"][bracket] = found.residual, found.iterations
        entry["error"][bracket] = kappa * found.error
        status[bracket] = found.status
    shape = wanted.shape
    return Solution(
        {name: entry[name].reshape(shape) for name in names[:2]},
        status.reshape(shape),
        entry["residual"].reshape(shape),
        entry["error"].reshape(shape),
        entry["iterations"].reshape(shape),
        approximation_of(lazy_ratio_for),
    )


@states("exact as N -> infinity", LIMIT, source=SOURCE, verification="derived")
def reachable_errors(
    signal_strengths: Sequence[float] | FloatArray, initial_noise: float = 0.0, *, noise: float = 1.0
) -> tuple[float, float]:
    """Best test error for lazy_ratio -> 0, nu^2 omega/(nu^2 + omega), and -> infinity (omega + sum x^2 for omega)."""
    signals = Signals.of(signal_strengths, noise)
    square = validation.positive("noise", noise) ** 2
    _, omega = checked_numbers(1.0, initial_noise)
    lazy = omega + signals.power
    return square * omega / (square + omega), square * lazy / (square + lazy)
