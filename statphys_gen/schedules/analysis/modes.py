r"""Modes and spectrum of a data set: what the designer knows of it.

The pooled covariance S within classes is shrunk towards a multiple of the identity, C = (1 - delta) S + delta (tr
S/d) I,
with the intensity of Ledoit and Wolf (2004), delta = min(1, b^2/a^2), a^2 = |S - (tr S/d) I|^2,
b^2 = (1/n^2) sum_k |x_k x_k^T - S|^2. Where both n and d are large, leading directions are kept and the rest is
isotropic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...arrays import FloatArray
from ...data.dataset import DataSet
from ...data.dip_test import modality
from ...data.laws import GaussianMixture
from ...data.principal import DENSE, principal_directions
from ...errors import InvalidArgument
from ...presentation import Tabular
from ..theory.common_covariance import ClassSpectrum

_LEAST = 4
_DIRECTIONS = 5
_KEPT = 200
_LEAST_REACH = 1e-70  # of the points, and its inverse the largest
_FULL = 3000  # dimension up to which a covariance matrix is written out


@dataclass(frozen=True, eq=False, repr=False)
class FittedModes(Tabular):
    """Classes with a common covariance, fitted to a data set.

    Attributes
    ----------
    spectrum : weights, eigenvalues and class means, as the designer takes them.
    classes : (m,) class of each point of the data set.
    names : of the classes.
    mean : (d,) of the data.
    means : (C, d) of the classes.
    eigenvalues, vectors : (r,) and (r, d), the covariance in the directions that the data span.
    tail : variance of every other direction.
    shrinkage : delta; 0 where leading directions were kept instead.
    notes : plain sentences.
    """

    spectrum: ClassSpectrum
    classes: NDArray[np.int64]
    names: tuple[str, ...]
    mean: FloatArray
    means: FloatArray
    eigenvalues: FloatArray
    vectors: FloatArray
    tail: float
    shrinkage: float
    notes: tuple[str, ...]

    @property
    def mixture(self) -> GaussianMixture:
        """The law with its full covariance, up to dimension 3000."""
        d = len(self.mean)
        validation.integer("dimension", d, maximum=_FULL)
        covariance = self.tail * np.eye(d) + (self.vectors.T * (self.eigenvalues - self.tail)) @ self.vectors
        return GaussianMixture(self.spectrum.weights, self.means, covariance[None])

    def records(self) -> list[dict[str, object]]:
        """One row a class."""
        return [
            {"class": name, "weight": weight}
            for name, weight in zip(self.names, self.spectrum.weights.tolist(), strict=True)
        ]


def fit_modes(dataset: DataSet, *, seed: int = 0) -> FittedModes:
    """Classes, weights and spectrum of a data set.

    Parameters
    ----------
    dataset : with labels, which are the classes; without, its leading principal directions are tested for more than one
        mode, and the first that has more is cut at the lowest density between its two highest modes.
    seed : of the tests.

    Raises
    ------
    InvalidArgument : a class of fewer than 4 samples; points in a unit in which squares of their distances overflow or
        vanish.
    """
    notes: list[str] = []
    reach = float(np.ptp(dataset.points, axis=0).max())
    if reach > 0.0 and not _LEAST_REACH <= reach <= 1.0 / _LEAST_REACH:
        allowed = f"of points that reach over {_LEAST_REACH:g} to {1.0 / _LEAST_REACH:g}: take another unit"
        raise InvalidArgument("data", reach, allowed)
    if dataset.labels is not None:
        names, codes = dataset.class_names, dataset.labels
        for name, share in zip(names, dataset.class_weights.tolist(), strict=True):
            if round(share * dataset.samples) < _LEAST:
                raise InvalidArgument("labels", name, f"a class of at least {_LEAST} samples")
    else:
        if dataset.samples < _LEAST:
            raise InvalidArgument("data", dataset.samples, f"at least {_LEAST} samples")
        codes, notes = _found(dataset, seed)
        names = ("upper", "lower") if codes.any() else ("all",)
    counts = dataset.multiplicities.astype(np.float64)
    weights = np.bincount(codes, weights=counts, minlength=len(names)).astype(np.float64)
    means = np.stack(
        [counts[codes == c] @ dataset.points[codes == c] / weights[c] for c in range(len(names))]
    )
    centred = dataset.points - means[codes]
    total = weights.sum()
    weights /= total
    eigenvalues, vectors, tail, shrinkage = _shrunk(centred, counts, seed)
    if shrinkage:
        notes.append(f"the covariance was shrunk towards a multiple of the identity by {shrinkage:.3g}")
    mean = weights @ means
    along = means @ vectors.T
    spectrum = ClassSpectrum.from_directions(weights, eigenvalues, along)
    rest = dataset.dimension - len(eigenvalues)
    if rest:
        outside = (means - mean) - (along - weights @ along) @ vectors
        products, centre = outside @ outside.T, outside @ (mean - (mean @ vectors.T) @ vectors)
        one = (np.array([tail]), np.array([float(rest)]), products[None], centre[None])
        parts = ("eigenvalues", "multiplicities", "products", "origin")
        joined = [
            np.concatenate([first, getattr(spectrum, name)]) for first, name in zip(one, parts, strict=True)
        ]
        order = np.argsort(joined[0])
        values, copies, products, origin = (entry[order] for entry in joined)
        spectrum = ClassSpectrum(weights, values, copies, products, origin=origin)
    return FittedModes(
        spectrum, codes, names, mean, means, eigenvalues, vectors, tail, shrinkage, (*dataset.notes, *notes)
    )


def _shrunk(
    centred: FloatArray, counts: FloatArray, seed: int
) -> tuple[FloatArray, FloatArray, float, float]:
    """Eigenvalues and directions of the shrunk covariance, variance outside them, and the intensity."""
    n, d = counts.sum(), centred.shape[1]
    norms = np.einsum("ij,ij->i", centred, centred)
    scale = float(counts @ norms / n) / d
    if scale <= 0.0:
        raise InvalidArgument("data", 0.0, "not constant within every class")
    if min(centred.shape) > DENSE:
        found = principal_directions(DataSet.from_arrays(centred), _KEPT, seed=seed)
        kept = found.eigenvalues[: len(found.vectors)]
        return kept, found.vectors, (d * scale - float(kept.sum())) / (d - len(kept)), 0.0
    weighted = centred * np.sqrt(counts / n)[:, None]
    if d <= len(centred):
        values, columns = np.linalg.eigh(weighted.T @ weighted)
        vectors = columns.T
    else:
        values, left = np.linalg.eigh(weighted @ weighted.T)
        kept_rows = values > 1e-12 * values[-1]
        values, left = values[kept_rows], left[:, kept_rows]
        vectors = (left / np.sqrt(values)).T @ weighted
    values = np.maximum(values, 0.0)
    squares = float(values @ values)
    distance = squares - d * scale**2
    noise = float(counts @ norms**2 / n - squares) / n
    delta = 1.0 if distance <= 0.0 else min(1.0, max(0.0, noise) / distance)
    return (1.0 - delta) * values + delta * scale, vectors, delta * scale, delta


def _found(dataset: DataSet, seed: int) -> tuple[NDArray[np.int64], list[str]]:
    """Classes of data without labels: 0 above the antimode of the first direction with several modes, 1 below."""
    principal = principal_directions(dataset, _DIRECTIONS, seed=seed)
    for k, values in enumerate(principal.projections):
        if np.ptp(values) > 0.0 and modality(values, dataset.multiplicities, seed=seed).bimodal:
            cut = _antimode(values, dataset.multiplicities)
            lower = values < cut
            smallest = min(dataset.multiplicities[lower].sum(), dataset.multiplicities[~lower].sum())
            if smallest >= _LEAST:
                return lower.astype(np.int64), [
                    f"classes: principal direction {k + 1}, cut at {cut:.6g} from the mean"
                ]
    deviation = float(np.sqrt(principal.eigenvalues[0]))
    note = f"no direction has more than one mode: details only, the largest near S = {deviation:.4g}"
    return np.zeros(len(dataset.points), dtype=np.int64), [note]


def _antimode(values: FloatArray, copies: NDArray[np.int64]) -> float:
    """Place of the lowest density between its two highest modes, smoothed until there are two."""
    grid = np.linspace(values.min(), values.max(), 513)
    width = float(np.ptp(values)) / 40.0
    while True:
        density = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2) @ copies
        inner = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])) + 1
        if len(inner) <= 2 or width > np.ptp(values):
            break
        width *= 1.25
    if len(inner) < 2:
        return float(np.median(values))
    first, last = np.sort(inner[np.argsort(density[inner])[-2:]])
    return float(grid[first + density[first : last + 1].argmin()])
