r"""What is studied: the laws of the data. Definitions only; every derived quantity lives with the theory.

``GaussianMixture`` is the law  P(a) = sum_k w_k N(a; m_k, C_k)  in dimension d. The main model of the literature, two
balanced classes at +-m with |m|^2 = d separation^2 and covariance variance * I, is
``GaussianMixture.two_classes(dimension, separation, variance)``.

``CurieWeiss`` is the law  P(a) ~ exp(beta M^2 / (2d) + tilt M / d), M = sum_i a_i,  on a in {-1, +1}^d: two classes,
the signs of the magnetisation, that are not Gaussian.

``Covariance`` is one Gaussian class of which only the eigenvalues of the covariance matter
(:mod:`statphys_gen.data.covariance`), and ``DiscreteProduct`` the law of independent, identically distributed discrete
components: the laws whose collapse has a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..files import read_array, read_json
from .covariance import Covariance

CovarianceKind = Literal["isotropic", "diagonal", "full"]
_LONGEST_REPR = 24
_KINDS: dict[int, CovarianceKind] = {1: "isotropic", 2: "diagonal", 3: "full"}


@dataclass(frozen=True, repr=False)
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
        content = read_json("mixture", file)
        expected = {"weights", "means", "covariances"}
        if not isinstance(content, dict) or set(content) != expected:
            raise InvalidArgument("mixture", str(path), "an object with the keys weights, means, covariances")
        for name in ("means", "covariances"):
            entry = content[name]
            if isinstance(entry, str):
                content[name] = read_array(name, validation.readable_file(name, file.parent / entry))
        return cls(**content)

    def __repr__(self) -> str:
        if self.means.size + self.covariances.size > _LONGEST_REPR:
            return f"<GaussianMixture: {self.classes} classes in dimension {self.dimension}, {self.covariance_kind}>"
        return f"GaussianMixture({self.weights.tolist()}, {self.means.tolist()}, {self.covariances.tolist()})"

    def _repr_latex_(self) -> str:
        c = {"isotropic": r"\sigma_k^2 I", "diagonal": r"\mathrm{diag}(v_k)", "full": "C_k"}[
            self.covariance_kind
        ]
        return rf"$P(a)=\sum_{{k=1}}^{{{self.classes}}} w_k\,N(a;m_k,{c}),\quad d={self.dimension}$"

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
    """Curie-Weiss data: P(a) ~ exp(beta M^2 / (2d) + tilt M / d), M = sum_i a_i, a in {-1, +1}^d.

    Parameters
    ----------
    dimension : d, the number of spins, at least 2.
    inverse_temperature : beta, at least 0. Above 1 the law has two classes, the two signs of the magnetisation.
    tilt : the field on each spin is tilt/d, which weighs the classes; 0 for balanced ones.
    """

    dimension: int
    inverse_temperature: float
    tilt: float = 0.0
    classes: int = field(default=2, init=False, repr=False)

    def __post_init__(self) -> None:
        validation.integer("dimension", self.dimension, minimum=2)
        validation.non_negative("inverse_temperature", self.inverse_temperature)
        validation.finite("tilt", self.tilt)

    def _repr_latex_(self) -> str:
        tilt = f"{self.tilt:+.6g}\\,M/d" if self.tilt else ""
        beta = f"{self.inverse_temperature:.6g}\\,M^2/2d{tilt}"
        return rf"$P(a)\propto\exp({beta}),\quad M=\sum_i a_i,\quad a\in\{{-1,1\}}^{{{self.dimension}}}$"

    def require_no_tilt(self) -> None:
        """Refuse a tilt, where the two classes are taken to be balanced."""
        if self.tilt != 0.0:
            raise InvalidArgument("tilt", self.tilt, "0: only balanced classes are covered here")


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"DiscreteProduct({self.dimension}, {self.values.tolist()}, {self.probabilities.tolist()})"

    def _repr_latex_(self) -> str:
        pairs = zip(self.values, self.probabilities, strict=True)
        law = "+".join(rf"{p:.4g}\,\delta_{{{v:.4g}}}" for v, p in pairs)
        return rf"$P(a)=\prod_{{i=1}}^{{{self.dimension}}}p(a_i),\quad p={law}$"

    @classmethod
    def binary(cls, dimension: int, mean: float = 0.0) -> DiscreteProduct:
        """Components +1 and -1 with the given mean, in (-1, 1)."""
        m = validation.inside("mean", mean, -1.0, 1.0)
        return cls(dimension, [1.0, -1.0], [0.5 * (1.0 + m), 0.5 * (1.0 - m)])


DataLaw = GaussianMixture | Covariance | DiscreteProduct | CurieWeiss


def dimension_of(law: DataLaw) -> int:
    """d; the limiting law of a covariance is refused."""
    return law.finite_dimension() if isinstance(law, Covariance) else law.dimension
