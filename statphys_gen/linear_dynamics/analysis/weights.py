r"""A user's own network: how its weights move towards a target, and how far it is from the wide limit.

The weights conserve D = W J W^T, W = [W1, W2^T], J = diag(I, -I). A network that follows the wide limit with threshold
c and offset delta between its kernels has K J K = c^2 J after K -> K - delta J, hence, from two conserved numbers,

    tr D = c (n - p) + delta (n + p),    c^2 = ((n + p) tr D^2 - (tr D)^2)/(4 n p):

the threshold of a network can be read off at any time of its training, with tr D^2 = |C1|^2 + |C2|^2 - 2 |A|^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import attributes
from ...numerics.flow import checked_times, checked_tolerance
from ...presentation import html_table, short_table
from ..simulation.gram_flow import checked_rates, gram_flow
from ..simulation.starts import Gram
from ..theory.modes import active
from ..theory.wide_limit import generic_wide_flow, wide_flow

if TYPE_CHECKING:
    import xarray

# Entries of A up to which a record carries them.
_MOST_ENTRIES = 64
_COLUMNS = ("loss", "product_norm", "largest_singular_value", "stable_rank", "wide_distance")


@dataclass(frozen=True, repr=False)
class WeightFlow:
    """The flow of given weights.

    Attributes
    ----------
    training_time : t (m,) of the gradient flow.
    product : A (m, p, n).
    loss : (m,) half the squared distance from the target, |A - T|^2/2.
    product_norm, largest_singular_value, stable_rank : (m,) |A|, |A|_op, |A|^2/|A|_op^2 (0 for A = 0).
    wide_distance : (m,) |A - A_wide|/|T| from the wide limit that starts at the same A(0) with the network's threshold;
        NaN for w < n + p, where that limit is not defined.
    threshold : c of the weights, in the units of the target.
    active_directions : number of singular values of the target above the threshold.
    error : largest difference of an entry of A from the flow at a looser tolerance.
    approximation : how exact the flow is.
    """

    training_time: FloatArray
    product: FloatArray
    loss: FloatArray
    product_norm: FloatArray
    largest_singular_value: FloatArray
    stable_rank: FloatArray
    wide_distance: FloatArray
    threshold: float
    active_directions: int
    error: float
    approximation: Approximation

    def records(self) -> list[dict[str, Any]]:
        rows = []
        for k, time in enumerate(self.training_time.tolist()):
            row: dict[str, Any] = {"training_time": time}
            row |= {name: float(getattr(self, name)[k]) for name in _COLUMNS}
            if self.product[k].size <= _MOST_ENTRIES:
                row["product"] = self.product[k].tolist()
            rows.append(row | {"error": self.error, "approximation": str(self.approximation)})
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """Dimensions ``training_time``, and ``output`` and ``input`` for the product."""
        import xarray

        axes = ("training_time",)
        data: dict[str, Any] = {name: (axes, getattr(self, name), attributes(name)) for name in _COLUMNS}
        data["product"] = ((*axes, "output", "input"), self.product, attributes("product"))
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
    return _threshold(_gram(first, second, *checked_rates(rates)))


@states(
    "exact",
    "to the integrator's tolerance; the wide distance is from the limit w -> infinity at the same start",
    source="derivations/linear_dynamics/gram.py",
    verification="derived and simulated",
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
    training_time : t (m,) of the gradient flow, at least 0.
    rates : learning rates of the two layers, above 0.
    gradient : of the cost, a function of A; None for |A - T|^2/2. ``loss`` is the squared distance in any case.
    tolerance : of a step of the integrator, relative to K; at most 1e-5.

    Raises
    ------
    InvalidArgument : shapes that do not fit, named.
    """
    first, second = _weights(first_layer, second_layer)
    goal = validation.array("target", target, ndim=2)
    width, n = first.shape
    p = len(second)
    if goal.shape != (p, n):
        raise InvalidArgument(
            "target", goal, f"of shape {(p, n)} for layers of shapes {first.shape} and {second.shape}"
        )
    times = checked_times("training_time", training_time)
    e1, e2 = checked_rates(rates)
    # With equal rates sqrt(e1 e2) the weights move alike after W1 -> W1 (e2/e1)^(1/4), W2 -> W2 (e1/e2)^(1/4).
    start, scale = _gram(first, second, e1, e2), math.sqrt(e1 * e2)

    def force(product: FloatArray) -> FloatArray:
        return product - goal if gradient is None else np.asarray(gradient(product), dtype=np.float64)

    fine, coarse = (
        np.stack([gram.product for gram in gram_flow(start, force, scale * times, tolerance=each)])
        for each in (checked_tolerance(tolerance, 1e-5), 100.0 * tolerance)
    )
    size = float(np.linalg.norm(goal))
    threshold = _threshold(start)
    distance = np.full(len(times), np.nan)
    if width >= n + p and threshold > 0.0 and size > 0.0:
        wide = (
            wide_flow(start.product, goal, threshold, scale * times)
            if gradient is None
            else generic_wide_flow(gradient, start.product, threshold, scale * times)
        )
        distance = np.linalg.norm(fine - wide, axis=(1, 2)) / size
    norm = np.linalg.norm(fine, axis=(1, 2))
    largest = np.linalg.norm(fine, 2, axis=(1, 2))
    ratio = np.divide(norm, largest, out=np.zeros_like(norm), where=largest > 0.0)
    above = (
        int(active(np.linalg.svd(goal, compute_uv=False), threshold).sum()) if threshold > 0.0 else min(n, p)
    )
    return WeightFlow(
        times,
        fine,
        ((fine - goal) ** 2).sum(axis=(1, 2)) / 2.0,
        norm,
        largest,
        ratio**2,
        distance,
        threshold,
        above,
        max(float(np.abs(fine - coarse).max()), 4.0 * np.finfo(np.float64).eps * float(largest.max())),
        approximation_of(flow_of_weights),
    )


def _weights(first_layer: ArrayLike, second_layer: ArrayLike) -> tuple[FloatArray, FloatArray]:
    first = validation.array("first_layer", first_layer, ndim=2)
    second = validation.array("second_layer", second_layer, ndim=2)
    if second.shape[1] != len(first):
        raise InvalidArgument(
            "second_layer", second, f"of shape (p, {len(first)}) for a first layer of shape {first.shape}"
        )
    return first, second


def _gram(first: FloatArray, second: FloatArray, first_rate: float, second_rate: float) -> Gram:
    """K of the weights in the units in which both layers learn at the same rate."""
    root = math.sqrt(second_rate / first_rate)
    return Gram(root * (first.T @ first), second @ first, (second @ second.T) / root)


def _threshold(gram: Gram) -> float:
    p, n = gram.product.shape
    trace = float(np.trace(gram.first) - np.trace(gram.second))
    square = float((gram.first**2).sum() + (gram.second**2).sum() - 2.0 * (gram.product**2).sum())
    return math.sqrt(max(0.0, (n + p) * square - trace**2) / (4.0 * n * p))
