r"""A user's own network: how its weights move towards a target, and how far it is from the wide limit.

The weights conserve D = W J W^T, W = [W1, W2^T], J = diag(I, -I). A network that follows the wide limit with threshold
c and offset delta between its kernels has K J K = c^2 J after K -> K - delta J, hence, from two conserved numbers,

    tr D = c (n - p) + delta (n + p),    c^2 = ((n + p) tr D^2 - (tr D)^2)/(4 n p):

the threshold of a network can be read off at any time of its training: c^2 is the sum of squares of the n + p
eigenvalues of D about their mean, times (n + p)/(4 n p).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument, NotConverged, StatphysError
from ...glossary import attributes
from ...numerics.flow import checked_times, checked_tolerance
from ...presentation import html_table, short_table
from ...solution import Status
from ..simulation.gram_flow import checked_rates, flow_of_factor, least_error
from ..simulation.starts import compressed
from ..theory.modes import active
from ..theory.units import time_at_unit_rates
from ..theory.wide_limit import checked_matrix, generic_wide_flow, wide_flow

if TYPE_CHECKING:
    import xarray

# Entries of A up to which a record carries them.
_MOST_ENTRIES = 64
_LARGEST_WEIGHT = 1e37  # so that squares of products stay in the range of a float
_ACCURATE = 1e-3  # largest error of A, relative to A or the target
_NOT_REACHED = "the flow could not be followed to this time"
_COLUMNS = ("loss", "product_norm", "largest_singular_value", "stable_rank", "wide_distance")


@dataclass(frozen=True, repr=False)
class WeightFlow:
    """The flow of given weights.

    Attributes
    ----------
    training_time : t (m,) of the gradient flow.
    status : (m,) a :class:`~statphys_gen.solution.Status`: "converged", or "not converged" for a time to which the
        flow could not be followed, with NaN in all that follows; earlier times keep their numbers.
    product : A (m, p, n).
    loss : (m,) half the squared distance from the target, |A - T|^2/2.
    product_norm, largest_singular_value, stable_rank : (m,) |A|, |A|_op, |A|^2/|A|_op^2 (0 for A = 0).
    wide_distance : (m,) |A - A_wide|/|T| from the wide limit that starts at the same A(0) with the network's threshold;
        NaN where ``reason`` says why there is none: w < n + p, where that limit is not defined, a target of 0, weights
        without a threshold, or a limit that could not be followed.
    reason : why there is no wide distance; empty where there is one.
    threshold : c of the weights, in the units of the target; 0 where it is below the rounding of the weights.
    active_directions : number of singular values of the target above the threshold.
    error : largest difference of an entry of A from the flow at a looser tolerance.
    approximation : how exact the flow is.
    """

    training_time: FloatArray
    status: NDArray[np.int8]
    product: FloatArray
    loss: FloatArray
    product_norm: FloatArray
    largest_singular_value: FloatArray
    stable_rank: FloatArray
    wide_distance: FloatArray
    reason: str
    threshold: float
    active_directions: int
    error: float
    approximation: Approximation

    def records(self) -> list[dict[str, Any]]:
        rows = []
        for k, time in enumerate(self.training_time.tolist()):
            row: dict[str, Any] = {"training_time": time}
            row |= {name: float(getattr(self, name)[k]) for name in _COLUMNS}
            row["status"] = str(Status(int(self.status[k])))
            if self.product[k].size <= _MOST_ENTRIES:
                row["product"] = self.product[k].tolist()
            reason = self.reason if Status(int(self.status[k])).good else _NOT_REACHED
            if reason:
                row["reason"] = reason
            rows.append(row | {"error": self.error, "approximation": str(self.approximation)})
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """Dimensions ``training_time``, and ``output`` and ``input`` for the product."""
        import xarray

        axes = ("training_time",)
        data: dict[str, Any] = {name: (axes, getattr(self, name), attributes(name)) for name in _COLUMNS}
        data["product"] = ((*axes, "output", "input"), self.product, attributes("product"))
        data["status"] = (axes, self.status, attributes("status"))
        time = (axes, self.training_time, attributes("training_time", "inverse unit of the target"))
        said = {"threshold": self.threshold, "approximation": str(self.approximation)}
        return xarray.Dataset(data, {"training_time": time}, said)

    @property
    def _title(self) -> str:
        return (
            f"Flow of weights with threshold {self.threshold:.6g}: {self.active_directions} active directions"
        )

    def __repr__(self) -> str:
        return short_table(self.records(), self._title)

    def _repr_html_(self) -> str:
        return html_table(self.records(), self._title)


def threshold_of_weights(
    first_layer: ArrayLike, second_layer: ArrayLike, *, rates: Sequence[float] = (1.0, 1.0)
) -> float:
    """c of a network at any time of its training, from its two conserved numbers; in the units of the product.

    Parameters
    ----------
    first_layer, second_layer : W1 (w, n) and W2 (p, w).
    rates : learning rates of the layers.
    """
    first, second = _weights(first_layer, second_layer)
    return _threshold(_factor(first, second, *checked_rates(rates)), first.shape[1])


@states(
    "exact",
    "to the integrator's tolerance; the wide distance is from the limit w -> infinity at the same start",
    source="derivations/linear_dynamics/gram.py",
    verification="derived",
)
def flow_of_weights(
    first_layer: ArrayLike,
    second_layer: ArrayLike,
    target: ArrayLike,
    training_time: ArrayLike,
    *,
    rates: Sequence[float] = (1.0, 1.0),
    gradient: Callable[[FloatArray], FloatArray] | None = None,
    tolerance: float = 1e-10,
) -> WeightFlow:
    """Gradient flow of given weights, by the Gram flow: its cost does not depend on the width.

    Parameters
    ----------
    first_layer, second_layer : W1 (w, n) and W2 (p, w).
    target : T (p, n).
    training_time : t (m,) of the gradient flow, at least 0. A time that the flow does not reach in 200,000
        evaluations, because it is too stiff or runs away, has a bad status and NaN; those before it do not suffer.
    rates : learning rates of the two layers, above 0.
    gradient : of the cost, a function of A; None for |A - T|^2/2. ``loss`` is the squared distance in any case.
    tolerance : of a step of the integrator, relative to K; at most 1e-5.

    Raises
    ------
    InvalidArgument : shapes that do not fit, named; numbers whose products leave the range of a float.
    """
    first, second = _weights(first_layer, second_layer)
    goal = checked_matrix("target", target)
    width, n = first.shape
    p = len(second)
    if goal.shape != (p, n):
        raise InvalidArgument(
            "target", goal, f"of shape {(p, n)} for layers of shapes {first.shape} and {second.shape}"
        )
    times = checked_times("training_time", training_time)
    e1, e2 = checked_rates(rates)
    # With equal rates sqrt(e1 e2) the weights move alike after W1 -> W1 (e2/e1)^(1/4), W2 -> W2 (e1/e2)^(1/4).
    start, scaled = _factor(first, second, e1, e2), time_at_unit_rates(times, e1, e2)

    spent = 0

    def force(product: FloatArray) -> FloatArray:
        nonlocal spent
        spent += 1
        return product - goal if gradient is None else np.asarray(gradient(product), dtype=np.float64)

    def follow(wanted: FloatArray, each: float) -> FloatArray:
        grams = flow_of_factor(start, n, force, wanted, tolerance=each, quadratic=gradient is None)
        return np.stack([gram.product for gram in grams])

    precise = checked_tolerance(tolerance, 1e-5)
    fine = _as_far_as_possible(lambda wanted: follow(wanted, precise), scaled, (p, n), lambda: spent)
    followed = np.isfinite(fine).all(axis=(1, 2))
    coarse = np.full_like(fine, np.nan)
    coarse[followed] = _as_far_as_possible(
        lambda wanted: follow(wanted, 100.0 * precise), scaled[followed], (p, n), lambda: spent
    )
    reached = np.isfinite(coarse).all(axis=(1, 2))  # what the looser tolerance does not reach has no error
    error = math.nan
    if reached.any():
        rounding = 4.0 * np.finfo(np.float64).eps * float(np.linalg.norm(fine[reached], 2, axis=(1, 2)).max())
        error = max(float(np.abs(fine[reached] - coarse[reached]).max()), rounding)
        if gradient is None and scaled[reached].any():
            error = max(error, least_error(start, n, force(second @ first), 100.0 * precise))
        # Layers may be so large that their product keeps no digits; a product that is to vanish needs none.
        wanted = float(np.abs(goal).max()) or float(np.abs(second @ first).max())
        reached &= error <= _ACCURATE * np.maximum(np.abs(fine).max(axis=(1, 2)), wanted)
    fine[~reached] = np.nan
    threshold = _threshold(start, n)
    distance, norm, loss, largest = (np.full(len(times), np.nan) for _ in range(4))
    reason = _NOT_REACHED
    if reached.any():
        product = fine[reached]
        distance[reached], reason = _wide_distance(
            product, second @ first, goal, width, threshold, scaled[reached], gradient
        )
        norm[reached] = np.linalg.norm(product, axis=(1, 2))
        loss[reached] = ((product - goal) ** 2).sum(axis=(1, 2)) / 2.0
        largest[reached] = np.linalg.norm(product, 2, axis=(1, 2))
    ratio = np.divide(norm, largest, out=0.0 * norm, where=largest > 0.0)
    above = (
        int(active(np.linalg.svd(goal, compute_uv=False), threshold).sum()) if threshold > 0.0 else min(n, p)
    )
    return WeightFlow(
        times,
        np.where(reached, Status.CONVERGED, Status.NOT_CONVERGED).astype(np.int8),
        fine,
        loss,
        norm,
        largest,
        ratio**2,
        distance,
        reason,
        threshold,
        above,
        error,
        approximation_of(flow_of_weights),
    )


def _as_far_as_possible(
    follow: Callable[[FloatArray], FloatArray],
    times: FloatArray,
    shape: tuple[int, int],
    spent: Callable[[], int],
) -> FloatArray:
    """A (m, p, n) at all times, from ever other parts of the times; NaN beyond the last one reached.

    What is lost costs all that may be ``spent``. Late steps are alike, so that one part that was followed tells how far
    the rest can be; parts are halved where it does not.
    """
    found = np.full((len(times), *shape), np.nan)
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    reached, lost, tried = 0, len(times) + 1, len(times)
    effort = most = 0
    while lost - reached > 1:
        before = spent()
        try:
            found[order[:tried]] = follow(ordered[:tried])
            reached, effort = tried, spent() - before
        except NotConverged:
            lost, most = tried, spent() - before
        tried = (reached + lost) // 2 if reached else 1
        if 0 < effort < most:
            end = ordered[reached - 1] * most / effort
            near, beyond = np.searchsorted(ordered, [0.98 * end, 1.02 * end], side="right").tolist()
            tried = next((guess for guess in (near, beyond + 1) if reached < guess < lost), tried)
    return found


def _weights(first_layer: ArrayLike, second_layer: ArrayLike) -> tuple[FloatArray, FloatArray]:
    first = validation.array("first_layer", first_layer, ndim=2)
    second = validation.array("second_layer", second_layer, ndim=2)
    if second.shape[1] != len(first):
        raise InvalidArgument(
            "second_layer", second, f"of shape (p, {len(first)}) for a first layer of shape {first.shape}"
        )
    for name, layer in (("first_layer", first), ("second_layer", second)):
        largest = float(np.abs(layer).max())
        if largest > _LARGEST_WEIGHT:
            raise InvalidArgument(
                name, largest, f"weights of at most {_LARGEST_WEIGHT:g}: choose other units"
            )
    return first, second


def _factor(first: FloatArray, second: FloatArray, first_rate: float, second_rate: float) -> FloatArray:
    """W = [W1, W2^T] in the units in which both layers learn at the same rate, with at most n + p rows."""
    fourth = math.exp((math.log(second_rate) - math.log(first_rate)) / 4.0)
    factor = np.concatenate([fourth * first, second.T / fourth], axis=1)
    if np.abs(factor).max() > _LARGEST_WEIGHT:
        raise InvalidArgument("rates", (first_rate, second_rate), "less unequal for weights of this size")
    return compressed(factor)


def _threshold(factor: FloatArray, inputs: int) -> float:
    """c from the eigenvalues of D = W J W^T."""
    few, size = factor.shape
    first, second = factor[:, :inputs], factor[:, inputs:]
    values = np.zeros(size)  # beyond the rows of the factor there are zeros
    values[:few] = np.linalg.eigvalsh(first @ first.T - second @ second.T)
    square = float(((values - values.mean()) ** 2).sum()) * size / (4.0 * inputs * (size - inputs))
    rounding = size * np.finfo(np.float64).eps * float((factor**2).sum())
    return math.sqrt(square) if square > rounding**2 else 0.0


def _wide_distance(
    product: FloatArray,
    start: FloatArray,
    target: FloatArray,
    width: int,
    threshold: float,
    times: FloatArray,
    gradient: Callable[[FloatArray], FloatArray] | None,
) -> tuple[FloatArray, str]:
    """|A - A_wide|/|T| at all times, or NaN and why."""
    nothing = np.full(len(times), np.nan)
    size = float(np.linalg.norm(target))
    if width < sum(target.shape):
        return nothing, "the wide limit is not defined for w < n + p"
    if threshold == 0.0 or size == 0.0:
        return (
            nothing,
            "the target is 0" if size == 0.0 else "the weights have no threshold above their rounding",
        )
    try:
        wide = (
            wide_flow(start, target, threshold, times)
            if gradient is None
            else generic_wide_flow(gradient, start, threshold, times)
        )
    except StatphysError as error:
        return nothing, str(error)
    return np.linalg.norm(product - wide, axis=(1, 2)) / size, ""
