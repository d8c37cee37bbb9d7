r"""What is studied: the laws of the data. Definitions only; every derived quantity lives with the theory.

``GaussianMixture`` is the law  P(a) = sum_k w_k N(a; m_k, C_k)  in dimension d. The main model of the literature, two
balanced classes at +-m with |m|^2 = d separation^2 and covariance variance * I, is
``GaussianMixture.two_classes(dimension, separation, variance)``.

``CurieWeiss`` is the law  P(a) ~ exp(beta (sum_i a_i)^2 / (2 d))  on a in {-1, +1}^d: two classes, the signs of the
magnetisation, that are not Gaussian.

``Spectrum`` is one Gaussian class of which only the eigenvalues of the covariance matter, and ``DiscreteProduct`` the
law of independent, identically distributed discrete components: the laws whose collapse has a closed form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument

CovarianceKind = Literal["isotropic", "diagonal", "full"]
_KINDS: dict[int, CovarianceKind] = {1: "isotropic", 2: "diagonal", 3: "full"}


@dataclass(frozen=True)
class GaussianMixture:
    """A mixture of K Gaussians in dimension d.

    Parameters
    ----------
    weights : (K,) positive, summing to 1.
    means : (K, d).
    covariances : one of
        a number or (K,) for isotropic covariances (a variance for each class, at least 0);
        (K, d) for diagonal ones; (K, d, d) for full ones (symmetric, positive semi-definite).
        A leading axis of length 1 means one covariance common to all classes.
        A variance of 0 (point masses) is allowed: the noise makes every law at t > 0 a density.

    Raises
    ------
    InvalidArgument : naming the entry that is out of its domain.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray

    def __init__(self, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike) -> None:
        checked_weights = validation.probability_vector("weights", weights)
        classes = len(checked_weights)
        checked_means = validation.array("means", means, shape=(classes, None))
        dimension = checked_means.shape[1]
        checked = validation.array("covariances", covariances)
        if checked.ndim == 0:
            checked = checked[None]
        if (
            checked.ndim not in _KINDS
            or checked.shape[0] not in (1, classes)
            or checked.shape[1:] not in ((), (dimension,), (dimension, dimension))
        ):
            raise InvalidArgument(
                "covariances",
                checked,
                f"a number or an array of shape (K,), (K, d) or (K, d, d) with K = {classes} (or 1 if common) "
                f"and d = {dimension}",
            )
        if checked.ndim < 3:
            validation.array("covariances", checked, at_least=0.0)
        else:
            checked = np.stack(
                [
                    validation.covariance_matrix(f"covariances[{k}]", c, dimension)
                    for k, c in enumerate(checked)
                ]
            )
        for name, entry in (("weights", checked_weights), ("means", checked_means), ("covariances", checked)):
            entry = np.array(entry, order="C")
            entry.setflags(write=False)
            object.__setattr__(self, name, entry)

    @classmethod
    def two_classes(
        cls, dimension: int, separation: float, variance: float = 1.0, weight: float = 0.5
    ) -> GaussianMixture:
        """Two isotropic classes at +m and -m, with weights ``weight`` and ``1 - weight``.

        Parameters
        ----------
        dimension : d, at least 1.
        separation : |m| / sqrt(d), half the distance between the two means over sqrt(d); above 0. The mean +m has
            all its entries equal to ``separation``.
        variance : variance of each class in every direction, at least 0.
        weight : weight of the class at +m, in (0, 1).
        """
        d = validation.integer("dimension", dimension, minimum=1)
        scale = validation.positive("separation", separation)
        w = validation.inside("weight", weight, 0.0, 1.0)
        mean = np.full(d, scale)
        return cls([w, 1.0 - w], np.stack([mean, -mean]), [validation.non_negative("variance", variance)])

    @classmethod
    def from_json(cls, path: str | Path) -> GaussianMixture:
        """Read ``{"weights": [...], "means": [[...], ...], "covariances": ...}``.

        ``means`` and ``covariances`` may instead be the name of a ``.npy`` file beside the JSON file.
        """
        file = validation.readable_file("mixture", path)
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise InvalidArgument("mixture", str(path), f"a JSON file ({error})") from None
        expected = {"weights", "means", "covariances"}
        if not isinstance(content, dict) or set(content) != expected:
            raise InvalidArgument("mixture", str(path), "an object with the keys weights, means, covariances")
        for name in ("means", "covariances"):
            entry = content[name]
            if isinstance(entry, str):
                array_file = validation.readable_file(name, file.parent / entry)
                try:
                    content[name] = np.load(array_file, allow_pickle=False)
                except (ValueError, EOFError, OSError):
                    raise InvalidArgument(name, entry, "a .npy file of numbers") from None
        return cls(**content)

    @property
    def classes(self) -> int:
        """K, the number of classes."""
        return len(self.weights)

    @property
    def dimension(self) -> int:
        """d, the dimension of the data."""
        return int(self.means.shape[1])

    @property
    def covariance_kind(self) -> CovarianceKind:
        return _KINDS[self.covariances.ndim]

    @property
    def common_covariance(self) -> bool:
        """True when all classes have the same covariance."""
        return bool((self.covariances == self.covariances[:1]).all())

    def covariance(self, k: int) -> FloatArray:
        """The covariance of class k in its stored form: a variance (), a diagonal (d,) or a matrix (d, d)."""
        return self.covariances[k if len(self.covariances) > 1 else 0]


@dataclass(frozen=True)
class CurieWeiss:
    """Curie-Weiss data: P(a) ~ exp(beta (sum_i a_i)^2 / (2 d)), a in {-1, +1}^d.

    Parameters
    ----------
    dimension : d, the number of spins, at least 2.
    inverse_temperature : beta, at least 0. Above 1 the law has two classes, the two signs of the magnetisation.
    """

    dimension: int
    inverse_temperature: float
    classes: int = field(default=2, init=False)

    def __post_init__(self) -> None:
        validation.integer("dimension", self.dimension, minimum=2)
        validation.non_negative("inverse_temperature", self.inverse_temperature)


@dataclass(frozen=True)
class Spectrum:
    """One Gaussian class, P(a) = N(a; m, C), given by the eigenvalues of C alone.

    Parameters
    ----------
    eigenvalues : (k,) at least 0, not all 0.
    multiplicities : (k,) how often each eigenvalue occurs, integers of at least 1; default once each. The dimension d
        is their sum. Eigenvalues 0 are directions without data: a linear manifold.
    """

    eigenvalues: FloatArray
    multiplicities: FloatArray

    def __init__(self, eigenvalues: ArrayLike, multiplicities: ArrayLike | None = None) -> None:
        values = validation.array("eigenvalues", eigenvalues, ndim=1, at_least=0.0)
        if not values.any():
            raise InvalidArgument("eigenvalues", values, "at least 0 and not all 0")
        counts = np.ones(len(values))
        if multiplicities is not None:
            counts = validation.array("multiplicities", multiplicities, shape=values.shape, at_least=1.0)
            if (counts != np.floor(counts)).any():
                raise InvalidArgument("multiplicities", counts, "integers of at least 1")
        for name, entry in (("eigenvalues", values), ("multiplicities", counts)):
            entry = np.array(entry, order="C")
            entry.setflags(write=False)
            object.__setattr__(self, name, entry)

    @classmethod
    def isotropic(cls, dimension: int, variance: float = 1.0) -> Spectrum:
        """The covariance variance * I in the given dimension."""
        d = validation.integer("dimension", dimension, minimum=1)
        return cls([validation.positive("variance", variance)], [d])

    @property
    def dimension(self) -> int:
        """d, the number of eigenvalues."""
        return int(self.multiplicities.sum())

    @property
    def rank(self) -> int:
        """The number of eigenvalues above 0, the dimension of the manifold that carries the data."""
        return int(self.multiplicities[self.eigenvalues > 0.0].sum())


@dataclass(frozen=True)
class DiscreteProduct:
    """Independent components that take each value v_j with probability p_j: P(a) = prod_i p(a_i).

    Parameters
    ----------
    dimension : d, the number of components, at least 1.
    values : (k,) at least two different numbers.
    probabilities : (k,) positive, summing to 1.
    """

    dimension: int
    values: FloatArray
    probabilities: FloatArray

    def __init__(self, dimension: int, values: ArrayLike, probabilities: ArrayLike) -> None:
        checked = validation.array("values", values, ndim=1)
        if len(checked) < 2 or len(np.unique(checked)) < len(checked):
            raise InvalidArgument("values", checked, "at least two different numbers")
        weights = validation.probability_vector("probabilities", probabilities)
        if weights.shape != checked.shape:
            raise InvalidArgument("probabilities", weights, f"one for each of the {len(checked)} values")
        object.__setattr__(self, "dimension", validation.integer("dimension", dimension, minimum=1))
        for name, entry in (("values", checked), ("probabilities", weights)):
            entry = np.array(entry, order="C")
            entry.setflags(write=False)
            object.__setattr__(self, name, entry)

    @classmethod
    def binary(cls, dimension: int, mean: float = 0.0) -> DiscreteProduct:
        """Components +1 and -1 with the given mean, in (-1, 1)."""
        m = validation.inside("mean", mean, -1.0, 1.0)
        return cls(dimension, [1.0, -1.0], [0.5 * (1.0 + m), 0.5 * (1.0 - m)])


DataLaw = GaussianMixture | Spectrum | DiscreteProduct | CurieWeiss
