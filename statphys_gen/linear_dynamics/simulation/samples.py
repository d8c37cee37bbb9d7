"""What is measured on trained networks, one row for each instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import attributes
from ...presentation import html_table, short_table
from ...statistics.estimate import Estimate
from .control_variates import controlled_mean
from .starts import Target

if TYPE_CHECKING:
    import xarray

_OBSERVABLES = ("train_error", "test_error", "largest_singular_value", "stable_rank", "rank")
# Singular values above this share of the largest count for the rank.
_RANK = 0.2


@dataclass(frozen=True, eq=False, repr=False)
class Training:
    """Networks in training.

    Attributes
    ----------
    training_time : t (m,) of the gradient flow.
    train_error, test_error : (instances, m) |A - T|^2 and |A - A*|^2 over n p.
    singular_values : (instances, m, min(n, p)) of A, descending.
    overlap : (instances, m) mean over the signals of u^T A v.
    controls : (instances, q) numbers of mean 0, for the error bars.
    reference_train_error, reference_test_error, wide_distance : (instances, m) of an orthogonal network on the same
        target, and |A - A_orthogonal|/|T|; NaN where it was not asked for.
    """

    training_time: FloatArray
    train_error: FloatArray
    test_error: FloatArray
    singular_values: FloatArray
    overlap: FloatArray
    controls: FloatArray
    reference_train_error: FloatArray
    reference_test_error: FloatArray
    wide_distance: FloatArray

    @classmethod
    def join(cls, parts: Sequence[Training]) -> Training:
        """One object from the instances of several."""
        names = [entry.name for entry in fields(cls)][1:]
        return cls(
            parts[0].training_time,
            *(np.concatenate([getattr(part, name) for part in parts]) for name in names),
        )

    @property
    def instances(self) -> int:
        return len(self.train_error)

    def samples(self, observable: str) -> FloatArray:
        """(instances, m) of an observable: an attribute, or largest_singular_value, stable_rank, rank."""
        known = (*_OBSERVABLES, "overlap", "reference_train_error", "reference_test_error", "wide_distance")
        validation.choice("observable", observable, known)
        values = self.singular_values
        if observable == "largest_singular_value":
            return values[..., 0]
        if observable == "stable_rank":
            return (values**2).sum(axis=-1) / np.maximum(values[..., 0] ** 2, np.finfo(np.float64).tiny)
        if observable == "rank":
            return (values > _RANK * values[..., :1]).sum(axis=-1).astype(np.float64)
        return np.asarray(getattr(self, observable))

    def estimate(self, observable: str, *, controlled: bool = True) -> Estimate:
        """Mean over the instances at each time (m,), with the controls or plainly.

        With controls the error bar can be so small that corrections of order 1/d^2 stand out.
        """
        samples = self.samples(observable)
        if not np.isfinite(samples).all():
            raise InvalidArgument("observable", observable, "one that was measured: ask for the reference")
        return controlled_mean(samples, self.controls) if controlled else Estimate.from_samples(samples)

    def best(self) -> Estimate:
        """Lowest mean test error and its time (2,), by a cubic spline in log t; jackknife errors.

        The curve is smooth, with the same instances at every time: a fit with fewer parameters than times would only be
        biased.

        Raises
        ------
        InvalidArgument : fewer than 4 times, or none around a lowest test error.
        """
        from scipy.interpolate import CubicSpline

        time = self.training_time
        if len(time) < 4 or (np.diff(time) <= 0.0).any() or time[0] <= 0.0:
            raise InvalidArgument("training_time", time, "at least 4 increasing times above 0")
        log_time = np.log(time)

        def lowest(mean: FloatArray) -> FloatArray:
            curve = CubicSpline(log_time, mean)
            places = curve.derivative().roots(extrapolate=False)
            places = places[curve(places, 2) > 0.0]
            if not len(places):
                raise InvalidArgument("training_time", time, "times around the lowest test error")
            place = places[np.argmin(curve(places))]
            return np.array([float(curve(place)), np.exp(place)])

        count, total = self.instances, self.test_error.sum(axis=0)
        parts = np.array([lowest((total - row) / (count - 1)) for row in self.test_error])
        return Estimate.from_samples(count * lowest(total / count) - (count - 1) * parts)

    def records(self) -> list[dict[str, Any]]:
        """Mean and standard error of every observable at every time."""
        rows = []
        for name in _OBSERVABLES:
            found = controlled_mean(self.samples(name), self.controls) if self.instances > 1 else None
            for k, time in enumerate(self.training_time.tolist()):
                value = float(self.samples(name)[0, k] if found is None else found.mean[k])
                error = None if found is None else float(found.standard_error[k])
                rows.append(
                    {"training_time": time, "observable": name, "value": value, "standard_error": error}
                )
        return rows

    def to_dataset(self) -> xarray.Dataset:
        """Dimensions ``instance`` and ``training_time``, and ``mode`` for the singular values."""
        import xarray

        axes = ("instance", "training_time")
        names = (*_OBSERVABLES[:2], "overlap", "wide_distance")
        data: dict[str, Any] = {name: (axes, getattr(self, name), attributes(name)) for name in names}
        data["singular_values"] = ((*axes, "mode"), self.singular_values, attributes("singular_values"))
        time = (("training_time",), self.training_time, attributes("training_time", "inverse unit of A"))
        return xarray.Dataset(data, {"training_time": time})

    def __repr__(self) -> str:
        return short_table(self.records(), f"Training of {self.instances} networks")

    def _repr_html_(self) -> str:
        return html_table(self.records(), f"Training of {self.instances} networks")


def measure(
    times: FloatArray,
    products: FloatArray,
    target: Target,
    controls: FloatArray,
    reference: FloatArray | None = None,
) -> Training:
    """One instance; ``products`` and ``reference`` are A (m, p, n)."""
    goal = target.matrix

    def squared(matrices: FloatArray) -> FloatArray:
        return np.asarray((matrices**2).sum(axis=(-2, -1)))[None]

    along = np.einsum("ik,tij,jk->t", target.left, products, target.right)
    nothing = np.full((1, len(times)), np.nan)
    return Training(
        times,
        squared(products - goal) / goal.size,
        squared(products - target.signal) / goal.size,
        np.asarray(np.linalg.svd(products, compute_uv=False)[None]),
        along[None] / max(1, target.left.shape[1]),
        controls[None],
        nothing if reference is None else squared(reference - goal) / goal.size,
        nothing if reference is None else squared(reference - target.signal) / goal.size,
        nothing if reference is None else np.sqrt(squared(products - reference) / (goal**2).sum()),
    )
