r"""Train loss, test loss and score error along training, for any algorithm that is a spectral filter.

With A = -sqrt(p/D) V^T F(U) (:mod:`.filters`), the losses are functionals of the resolvent of U,

    L_train = 1 + <x F^2 - 2 F, omega>,     L_test  = 1 + <F x F, T> - 2 <F, chi>,

    omega(z)  = (1/d) Tr V^T G(z) V,        chi(z)  = (1/d) Tr V^T G(z) E[V],
    T(z, z')  = (1/d) Tr V^T G(z) E[U] G(z') V,

evaluated on a contour in the right half-plane, on which gradient flow is bounded uniformly in the training
time. By Tweedie's formula and orthogonality, for any model and any data,

    E_score = (1/d) E |s_A(x_t) - grad log P_t(x_t)|^2 = (L_test - 1)/D + (Fisher information of P_t)/d ,

where the last term is Tr Sigma_t^{-1}/d here. The total masses of omega, q and T are asserted for every contour.

Source: derivations/random_features/two_point.py, derivations/random_features/score_error.py; the setting is
that of Bonnaire et al., arXiv 2505.17638.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import noising, validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...glossary import dataset
from ...numerics.contour import logarithmic_contour, one_point, two_point
from ...presentation import Tabular
from ..model import RandomFeatures
from .contour_tables import USUAL_CLOSENESS, Table, has_floor, table_for, tables_for
from .edges import absolute_edges
from .filters import Filter, custom_filter, gradient_flow, ridge
from .resolvent import dyson
from .two_point import two_point_table

if TYPE_CHECKING:
    import xarray

_SOURCE = "derivations/random_features/two_point.py; setting of arXiv 2505.17638"
_ACCURACY = 1e-9
_MOST_NODES = 1500
_MODELS_AT_ONCE = 64


@dataclass(frozen=True, repr=False)
class LearningCurves(Tabular):
    """Train loss, test loss and score error along training, each of the shape of ``coordinate``.

    Attributes
    ----------
    axis, coordinate : "training_time", "penalty" or "steps", and its values ("member" for a filter of a user's).
    train_loss, test_loss : per dimension, 1 for the untrained model.
    score_error : mean squared distance to the true score of P_t, per dimension.
    error : estimate of the largest absolute numerical error of the two losses; that of the score error is error / D.
    residual : the largest residual of the self-consistent equations on the contour, and relative deviation of the
        total masses in it.
    """

    axis: str
    coordinate: FloatArray
    train_loss: FloatArray
    test_loss: FloatArray
    score_error: FloatArray
    error: FloatArray
    residual: FloatArray

    def records(self) -> list[dict[str, Any]]:
        names = ("train_loss", "test_loss", "score_error", "error", "residual")
        return [
            {self.axis: float(place)} | {name: float(getattr(self, name).ravel()[k]) for name in names}
            for k, place in enumerate(self.coordinate.ravel())
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along ``axis``; several axes of an array of training times are numbered."""
        count = self.coordinate.ndim
        axes = (self.axis,) if count == 1 else tuple(f"{self.axis}_{k}" for k in range(count))
        names = ("train_loss", "test_loss", "score_error", "error", "residual")
        return dataset(
            {name: (axes, getattr(self, name)) for name in names},
            {self.axis: (axes, self.coordinate)},
            approximation_of(losses),
        )


@dataclass(frozen=True, repr=False)
class BulkContributions(Tabular):
    """The parts of the losses that single bulks carry, for a batch of filters; bulks in increasing order.

    Attributes
    ----------
    axis, coordinate : what the batch is along, as in :class:`LearningCurves`.
    edges : (bulks, 2).
    train : (batch, bulks), sums to L_train - 1.
    test : (batch, bulks, bulks), the quadratic part of L_test between two bulks, plus the linear part on the
        diagonal; sums to L_test - 1.
    """

    axis: str
    coordinate: FloatArray
    edges: FloatArray
    train: FloatArray
    test: FloatArray

    def records(self) -> list[dict[str, Any]]:
        return [
            {
                self.axis: float(place),
                "lower": float(lower),
                "upper": float(upper),
                "train": float(self.train[i, k]),
                "test": float(self.test[i, k].sum()),
            }
            for i, place in enumerate(self.coordinate)
            for k, (lower, upper) in enumerate(self.edges)
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along ``axis`` and the bulks; the test loss between two of them."""
        arrays = {
            "train": ((self.axis, "bulk"), self.train),
            "test": ((self.axis, "bulk", "other_bulk"), self.test),
        }
        places: dict[str, tuple[tuple[str, ...], FloatArray]] = {
            self.axis: ((self.axis,), self.coordinate),
            "lower": (("bulk",), self.edges[:, 0]),
            "upper": (("bulk",), self.edges[:, 1]),
        }
        return dataset(arrays, places, approximation_of(bulk_contributions))


# --------------------------------------------------------------------------------------------- score-error identity


@states(
    "exact",
    "any model and any data with a finite Fisher information",
    source="derivations/random_features/score_error.py (Tweedie's formula)",
    verification="derived and simulated",
)
def score_error_from_test_loss(
    test_loss: ArrayLike, time: ArrayLike, fisher_information: ArrayLike
) -> FloatArray:
    """E_score = (L_test - 1)/D + I, for the denoising loss L = E |sqrt(D) s + xi|^2 / d.

    Parameters
    ----------
    test_loss : L_test per dimension, normalised so that s = 0 has 1.
    time : diffusion time, above 0.
    fisher_information : I = E |grad log P_t|^2 / d, of the noised data.
    """
    loss = validation.array("test_loss", test_loss)
    noise = noising.noise_variance(validation.array("time", time, above=0.0))
    return np.asarray(
        (loss - 1.0) / noise + validation.array("fisher_information", fisher_information, at_least=0.0)
    )


@states(
    "exact",
    "Gaussian data",
    source="definition",
    verification="derived and simulated",
)
def fisher_information(model: RandomFeatures) -> float:
    """Tr Sigma_t^{-1} / d, the Fisher information of the noised data per dimension."""
    noise = float(noising.noise_variance(model.time))
    covariance = model.covariance
    return float(covariance.weights @ (1.0 / (math.exp(-2.0 * model.time) * covariance.eigenvalues + noise)))


@states("exact", "Gaussian data", source="definition", verification="derived and simulated")
def bayes_test_loss(model: RandomFeatures) -> float:
    """1 - D Tr Sigma_t^{-1}/d, the smallest possible test loss, that of the true score."""
    covariance, noise = model.covariance, float(noising.noise_variance(model.time))
    signal = math.exp(-2.0 * model.time) * covariance.eigenvalues
    return float(covariance.weights @ (signal / (signal + noise)))


# ---------------------------------------------------------------------------------------------------------- losses


@states(
    "exact as N -> infinity",
    "odd (or centred) activation, full-batch training from A = 0 by an algorithm that is linear in A",
    source=_SOURCE,
    verification="derived and simulated",
)
def losses(model: RandomFeatures, algorithm: Filter) -> LearningCurves:
    """Train loss, test loss and score error of a batch of spectral filters.

    Parameters
    ----------
    algorithm : a filter of :mod:`.filters`: gradient flow, gradient descent, momentum, ridge, or a user's.

    Raises
    ------
    AccuracyNotReached : the filter grows too fast off the real axis for the estimated error to be below 1e-9
        (gradient descent with very many steps close to its stability limit), or a total mass is wrong.
    InvalidArgument : infinite training time exactly at the interpolation threshold of finitely many noise draws.
    """
    if not isinstance(algorithm, Filter):
        raise InvalidArgument(
            "algorithm", algorithm, "a Filter, as made by the functions of random_features.filters"
        )
    closeness = USUAL_CLOSENESS
    while True:
        table = table_for(model, algorithm, closeness)
        result, relative = _evaluate(model, table, algorithm)
        if (relative <= _ACCURACY).all():
            return result
        if 4 * len(table.contour.node) > _MOST_NODES:
            worst = float(relative.max())
            raise AccuracyNotReached(
                f"{algorithm.name}: relative error {worst:.2g} of the losses with {2 * len(table.contour.node)} nodes; "
                "the filter grows too fast off the real axis"
            )
        closeness *= 0.5


def quadratic_form(
    model: RandomFeatures, algorithm: Filter, direction: Filter
) -> tuple[FloatArray, FloatArray]:
    """<F' x F, T> - <F', chi> and its error, for filters of equal size: half the derivative of the test loss when F
    moves along F'."""
    table = table_for(model, algorithm)
    f, g = algorithm(table.contour.node), direction(table.contour.node)
    quadratic = two_point((table.contour, table.contour), g, f, table.same, table.opposite)
    linear = one_point(table.contour, g, table.resolvent.chi)
    return quadratic.value - linear.value, quadratic.error + linear.error


def losses_of_many(models: Sequence[RandomFeatures], algorithms: Sequence[Filter]) -> list[LearningCurves]:
    """:func:`losses` for models that differ only in their ratios, with all equations solved at once."""
    found = []
    for start in range(0, len(models), _MODELS_AT_ONCE):
        part = slice(start, start + _MODELS_AT_ONCE)
        for model, algorithm, table in zip(
            models[part], algorithms[part], tables_for(models[part], algorithms[part]), strict=True
        ):
            result, relative = _evaluate(model, table, algorithm)
            found.append(result if (relative <= _ACCURACY).all() else losses(model, algorithm))
    return found


def _evaluate(model: RandomFeatures, table: Table, algorithm: Filter) -> tuple[LearningCurves, FloatArray]:
    """The losses, and their relative errors."""
    contour, resolvent = table.contour, table.resolvent
    # A filter that grows off the real axis may overflow: the estimated error shows it.
    with np.errstate(all="ignore"):
        values = algorithm(contour.node)
        train = one_point(contour, values * (contour.node * values - 2.0), resolvent.omega)
        linear = one_point(contour, values, resolvent.chi)
        quadratic = two_point((contour, contour), values, values, table.same, table.opposite)
        excess = quadratic.value - 2.0 * linear.value
        test_loss = 1.0 + excess
        error = np.maximum(train.error, quadratic.error + 2.0 * linear.error)
        relative = error / np.maximum(1.0, np.abs(test_loss))
    result = LearningCurves(
        algorithm.axis,
        _places(algorithm),
        1.0 + train.value,
        test_loss,
        # At early times the noise is below the rounding of 1.
        excess / float(noising.noise_variance(model.time)) + fisher_information(model),
        error,
        np.full(error.shape, table.residual),
    )
    return result, np.where(np.isfinite(relative), relative, np.inf)


@states(
    "exact as N -> infinity",
    "odd (or centred) activation, full-batch gradient flow from A = 0",
    source=_SOURCE,
    verification="derived and simulated",
)
def learning_curves(model: RandomFeatures, training_time: ArrayLike) -> LearningCurves:
    """Train loss, test loss and score error under gradient flow.

    Parameters
    ----------
    training_time : tau = (number of steps) eta / d^2, at least 0; infinity is allowed. Any shape, which the
        curves have. The mode of eigenvalue x relaxes at the rate 2 D x / psi_p.
    """
    times = np.asarray(training_time)
    result = losses(model, gradient_flow(model, times.ravel()))
    return _shaped("training_time", _stacked(result), times.shape)


def _stacked(curves: LearningCurves) -> FloatArray:
    """All arrays, (arrays, batch)."""
    return np.stack([entry for entry in vars(curves).values() if isinstance(entry, np.ndarray)])


def _shaped(axis: str, values: FloatArray, shape: tuple[int, ...]) -> LearningCurves:
    return LearningCurves(axis, *(row.reshape(shape) for row in values))


def _places(algorithm: Filter) -> FloatArray:
    """The coordinates of a batch."""
    given = range(algorithm.size) if algorithm.coordinate is None else algorithm.coordinate
    return np.asarray(given, dtype=np.float64)


@states(
    "exact as N -> infinity",
    "odd (or centred) activation; the minimum of L_train + (D penalty/d) |A|^2/p; penalty 0 is infinite training time",
    source="George, Veiga, Macris, arXiv 2502.00336 (setting); " + _SOURCE,
    verification="derived and simulated",
)
def ridge_curves(model: RandomFeatures, penalty: ArrayLike) -> LearningCurves:
    """Train loss, test loss and score error at the ridge minimum; ``penalty`` at least 0, of any shape.

    In units of U: the filter is 1/(x + penalty). In the loss (1/(d n m)) sum |sqrt(D) s + xi|^2 + (D
    penalty/(d p)) |A|^2. With noise_draws = 1 this is the common random-features regression with its
    interpolation peak at p = n.
    """
    penalties = validation.array("penalty", penalty, at_least=0.0)
    flat = penalties.ravel()
    positive = flat > 0.0
    values = np.zeros((6, flat.size))
    for part, algorithm in (
        (positive, lambda: ridge(flat[positive])),
        (~positive, lambda: custom_filter(lambda z: 1.0 / z, name="infinite training time")),
    ):
        if part.any():
            values[:, part] = _stacked(losses(model, algorithm()))
    values[0] = flat
    return _shaped("penalty", values, penalties.shape)


@states(
    "exact as N -> infinity",
    "odd (or centred) activation; the order parameter of memorization for t -> 0, m = infinity",
    source=_SOURCE,
    verification="derived and simulated",
)
def memorization_order_parameter(model: RandomFeatures) -> float:
    """1 - L_train at infinite training time: as t -> 0 it vanishes for p < n and is positive for p > n."""
    return float(1.0 - learning_curves(model, math.inf).train_loss)


# --------------------------------------------------------------------------------------------------- bulk by bulk


@states(
    "exact as N -> infinity",
    "odd (or centred) activation; bulks that are separated by gaps",
    source=_SOURCE,
    verification="derived and simulated",
)
def bulk_contributions(model: RandomFeatures, algorithm: Filter) -> BulkContributions:
    """Which bulk carries which part of the losses, by contours around single bulks.

    The sums over bulks agree with :func:`losses`, which is asserted.
    """
    system = dyson(model)
    edges = absolute_edges(model)
    contours = []
    for k, (lower, upper) in enumerate(edges):
        below = edges[k - 1][1] if k else (system.s2 if has_floor(system) else 0.0)
        above = edges[k + 1][0] if k + 1 < len(edges) else math.inf
        contours.append(logarithmic_contour(lower, upper, outside=(below, above)))
    resolvents = [system.resolvent(contour.node) for contour in contours]
    values = [algorithm(contour.node) for contour in contours]
    count = len(edges)
    train = np.empty((algorithm.size, count))
    test = np.empty((algorithm.size, count, count))
    population = (system.linear, system.b2, system.v2 + system.s2)
    for i in range(count):
        f, z = values[i], contours[i].node
        train[:, i] = one_point(contours[i], f * (z * f - 2.0), resolvents[i].omega).value
        for j in range(count):
            same = two_point_table(system, resolvents[i], resolvents[j], *population)
            opposite = two_point_table(system, resolvents[i], resolvents[j], *population, conjugate=True)
            test[:, i, j] = two_point((contours[i], contours[j]), f, values[j], same, opposite).value
        test[:, i, i] -= 2.0 * one_point(contours[i], f, resolvents[i].chi).value
    whole = losses(model, algorithm)
    for part, total in ((train.sum(axis=1), whole.train_loss), (test.sum(axis=(1, 2)), whole.test_loss)):
        if not (np.abs(1.0 + part - total) <= 1e-7 * np.maximum(1.0, np.abs(total))).all():
            raise AccuracyNotReached(
                "bulk contributions: they do not add up to the losses; two bulks are too close"
            )
    return BulkContributions(algorithm.axis, _places(algorithm), np.array(edges), train, test)
