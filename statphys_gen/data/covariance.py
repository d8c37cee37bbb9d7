"""The covariance of data by its eigenvalues: of a finite dimension, or a limiting law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..files import number, read_array

# Eigenvalues and weights.
Nodes = tuple[FloatArray, FloatArray]
_LONGEST_REPR = 8
_FINE = 1024  # nodes of a continuous law, where its quantiles are wanted


@lru_cache(maxsize=16)
def _gauss_legendre(count: int) -> Nodes:
    from scipy.special import roots_legendre

    # numpy's leggauss takes the eigenvalues of a full matrix: 3 s at 2048 nodes, this 0.1 s.
    nodes, weights = roots_legendre(count)
    return nodes, weights


@dataclass(frozen=True)
class _MarchenkoPastur:
    """The quadrature of :meth:`Covariance.marchenko_pastur`."""

    ratio: float
    variance: float

    def __call__(self, count: int) -> Nodes:
        c = self.ratio
        if c == 1.0:
            # The edge is at 0, where the density diverges: midpoints, for the law of 4 cos^2.
            u = np.pi * (np.arange(count) + 0.5) / count
        else:
            u = np.pi * np.arange(1, count + 1) / (count + 1)
        values = 1.0 + c + 2.0 * math.sqrt(c) * np.cos(u)
        # The density times dx/du, divided by u's spacing.
        weights = np.sin(0.5 * u) ** 2 if c == 1.0 else np.sin(u) ** 2 / values
        weights *= 2.0 / np.pi * (u[1] - u[0])
        if c > 1.0:
            values, weights = np.append(values, 0.0), np.append(weights, 1.0 - 1.0 / c)
        return self.variance * values, weights / weights.sum()


@dataclass(frozen=True)
class _PowerLaw:
    """The quadrature of :meth:`Covariance.power_law`."""

    exponent: float
    cutoff: float
    variance: float

    def __call__(self, count: int) -> Nodes:
        a, edge = self.exponent, self.cutoff
        # The mean of u^-exponent between cutoff and 1, and of the constant below.
        body = -math.log(edge) if a == 1.0 else (1.0 - edge ** (1.0 - a)) / (1.0 - a)
        mean = body + edge ** (1.0 - a)
        x, w = _gauss_legendre(count)
        half = -0.5 * math.log(edge)
        log_u = -half * (1.0 - x)
        weights = np.append(half * w * np.exp(log_u), edge)
        values = np.append(np.exp(-a * log_u), edge**-a)
        return self.variance / mean * values, weights / weights.sum()


@dataclass(frozen=True, eq=False, repr=False)
class Covariance:
    """The eigenvalues of a covariance, with weights: the law N(m, C) as far as its eigenvalues matter.

    Parameters
    ----------
    eigenvalues : (K,) at least 0, not all 0. Eigenvalues 0 are directions without data: a linear manifold.
    weights : (K,) positive, summing to 1: the fractions of the directions.
    dimension : d, where it is finite: every weight is then a multiple of 1/d. None for a limiting law, d -> infinity.
    continuous : the positive eigenvalues are the nodes of a quadrature for a law on an interval, not atoms:
        then no gap between two of them is a gap of the law (an atom at 0 beside the interval is allowed).
    name : how it is shown.
    quadrature_error : for a continuous law, the largest error of the average of 1/(1 + k eigenvalue) over k in
        [0, infinity), by comparison with twice the nodes; 0 for atoms.
    rule : for a continuous law, its quadrature by number of nodes (set by the constructors).

    The eigenvalues of a limiting law are stored in increasing order, equal ones merged; those of a finite dimension in
    the order given, which is that of a sample's coordinates. Constructors: :meth:`isotropic`, :meth:`parse`,
    :meth:`marchenko_pastur`, :meth:`power_law` (limiting laws), :meth:`from_eigenvalues`, :meth:`from_file`,
    :meth:`from_data` (finite dimension).
    """

    eigenvalues: FloatArray
    weights: FloatArray
    dimension: int | None = None
    continuous: bool = False
    name: str = "atoms"
    quadrature_error: float = 0.0
    rule: Callable[[int], Nodes] | None = None

    def __init__(
        self,
        eigenvalues: ArrayLike,
        weights: ArrayLike,
        dimension: int | None = None,
        *,
        continuous: bool = False,
        name: str = "atoms",
        quadrature_error: float = 0.0,
    ) -> None:
        values = np.array(validation.array("eigenvalues", eigenvalues, ndim=1, at_least=0.0))
        fractions = np.array(validation.probability_vector("weights", weights))
        if len(values) != len(fractions):
            raise InvalidArgument("weights", weights, f"{len(values)} numbers, one for each eigenvalue")
        if not values.any():
            raise InvalidArgument("eigenvalues", values, "at least 0 and not all 0")
        if dimension is None:
            distinct, place = np.unique(values, return_inverse=True)
            values, fractions = distinct, np.bincount(place, weights=fractions).astype(np.float64)
        else:
            d = validation.integer("dimension", dimension, minimum=1)
            counts = np.rint(fractions * d)
            if (np.abs(fractions * d - counts) > 1e-9 * d).any() or (counts < 1.0).any():
                raise InvalidArgument("dimension", d, "such that every weight times it is an integer")
            fractions = np.asarray(counts / d, dtype=np.float64)
        for entry in (values, fractions):
            entry.setflags(write=False)
        attributes: dict[str, Any] = {
            "eigenvalues": values,
            "weights": fractions,
            "dimension": dimension,
            "continuous": bool(continuous),
            "name": name,
            "quadrature_error": validation.non_negative("quadrature_error", quadrature_error),
            "rule": None,
        }
        for attribute, content in attributes.items():
            object.__setattr__(self, attribute, content)

    @classmethod
    def isotropic(cls, variance: float = 1.0, dimension: int | None = None) -> Covariance:
        """``variance`` in every direction; default the identity."""
        scale = validation.positive("variance", variance)
        return cls([scale], [1.0], dimension, name="identity" if scale == 1.0 else "isotropic")

    @classmethod
    def parse(cls, text: str) -> Covariance:
        """Read ``value:weight,value:weight,...``; a lone ``value`` has weight 1."""
        allowed = "value:weight,value:weight,... with weights that sum to 1"
        if not isinstance(text, str):
            raise InvalidArgument("covariance", text, allowed)
        values, weights = [], []
        for entry in text.split(","):
            parts = entry.split(":")
            try:
                values.append(number(parts[0]))
                weights.append(number(parts[1]) if len(parts) > 1 else 1.0)
            except ValueError:
                raise InvalidArgument("covariance", text, allowed) from None
            if len(parts) > 2:
                raise InvalidArgument("covariance", text, allowed)
        return cls(values, weights)

    @classmethod
    def marchenko_pastur(cls, ratio: float, variance: float = 1.0, nodes: int = 64) -> Covariance:
        """The law of a sample covariance of white data: ``ratio`` = dimension over samples, mean ``variance``.

        For ratio > 1 a fraction 1 - 1/ratio of the directions has no variance. The ``nodes`` are those of the
        Gauss rule of the second Chebyshev kind between the edges variance (1 -+ sqrt(ratio))^2.
        """
        c = validation.positive("ratio", ratio)
        scale = validation.positive("variance", variance)
        validation.integer("nodes", nodes, minimum=2, maximum=4096)

        return cls._continuous(_MarchenkoPastur(c, scale), nodes, "marchenko-pastur")

    @classmethod
    def power_law(
        cls, exponent: float, cutoff: float = 1e-3, variance: float = 1.0, nodes: int = 64
    ) -> Covariance:
        """Eigenvalues proportional to u^-exponent at rank u d, u from ``cutoff`` to 1, with mean ``variance``.

        The directions with u below ``cutoff`` have the eigenvalue of u = cutoff. The ``nodes`` are those of the
        Gauss-Legendre rule in log u.
        """
        a = validation.positive("exponent", exponent)
        edge = validation.inside("cutoff", cutoff, 0.0, 1.0)
        scale = validation.positive("variance", variance)
        validation.integer("nodes", nodes, minimum=2, maximum=4096)
        return cls._continuous(_PowerLaw(a, edge, scale), nodes, "power-law")

    @classmethod
    def _continuous(cls, rule: Callable[[int], Nodes], nodes: int, name: str) -> Covariance:
        values, weights = rule(nodes)
        finer_values, finer_weights = rule(2 * nodes)
        probes = np.concatenate([[0.0], np.logspace(-3, 6, 91)])[:, None] / (weights @ values)
        coarse = (weights / (1.0 + probes * values)).sum(axis=1)
        fine = (finer_weights / (1.0 + probes * finer_values)).sum(axis=1)
        error = float(np.abs(coarse - fine).max()) + 4 * np.finfo(float).eps
        result = cls(values, weights, continuous=True, name=name, quadrature_error=error)
        object.__setattr__(result, "rule", rule)
        return result

    def meaning(self) -> dict[str, Any]:
        """What defines it: the law, not how it is shown or was constructed."""
        law = {"eigenvalues": self.eigenvalues, "weights": self.weights, "continuous": self.continuous}
        return law if self.dimension is None else law | {"dimension": self.dimension}

    def fine_nodes(self, count: int) -> Nodes:
        """Eigenvalues and weights of a continuous law on ``count`` nodes, in increasing order; of atoms, the atoms."""
        if self.rule is None:
            return self.eigenvalues, self.weights
        values, weights = self.rule(count)
        order = np.argsort(values)
        return values[order], weights[order]

    @classmethod
    def from_eigenvalues(cls, eigenvalues: ArrayLike, multiplicities: ArrayLike | None = None) -> Covariance:
        """The d eigenvalues of a covariance.

        Parameters
        ----------
        eigenvalues : (k,) at least 0, not all 0.
        multiplicities : (k,) how often each occurs, integers of at least 1; default once each. Their sum is d.
        """
        return cls._of_directions(eigenvalues, multiplicities, "eigenvalues")

    @classmethod
    def _of_directions(
        cls, eigenvalues: ArrayLike, multiplicities: ArrayLike | None, name: str
    ) -> Covariance:
        values = validation.array("eigenvalues", eigenvalues, ndim=1, at_least=0.0)
        counts = np.ones(len(values))
        if multiplicities is not None:
            counts = validation.array("multiplicities", multiplicities, shape=values.shape, at_least=1.0)
            if (counts != np.floor(counts)).any():
                raise InvalidArgument("multiplicities", counts, "integers of at least 1")
        total = int(counts.sum())
        return cls(values, counts / total, total, name=name)

    @classmethod
    def from_file(cls, path: str | Path) -> Covariance:
        """Read the d eigenvalues from a one-dimensional ``.npy`` file."""
        file = validation.readable_file("eigenvalues", path)
        return cls.from_eigenvalues(read_array("eigenvalues", file))

    @classmethod
    def from_data(cls, data: ArrayLike) -> Covariance:
        """The eigenvalues of the covariance of ``data`` of shape (samples, dimension), about its mean.

        With few samples per dimension these are not those of the population: they spread.
        """
        checked = validation.array("data", data, shape=(None, None))
        if len(checked) < 2:
            raise InvalidArgument("data", checked, "at least 2 samples along the first axis")
        centred = checked - checked.mean(axis=0)
        singular = np.linalg.svd(centred / math.sqrt(len(checked)), compute_uv=False)
        values = np.zeros(checked.shape[1])
        values[: len(singular)] = singular**2
        if not values.any():
            raise InvalidArgument("data", checked, "not constant")
        values[values < 1e-14 * values.max()] = 0.0
        return cls._of_directions(values, None, "data")

    def __repr__(self) -> str:
        numbers = self.eigenvalues.tolist()
        if len(numbers) > _LONGEST_REPR:
            size = "" if self.dimension is None else f", dimension {self.dimension}"
            return f"<Covariance: {self.name}, {len(numbers)} eigenvalues, mean {self.variance:.6g}{size}>"
        if self.dimension is None:
            return f"Covariance({numbers}, {self.weights.tolist()})"
        return f"Covariance.from_eigenvalues({numbers}, {self.multiplicities.astype(int).tolist()})"

    def _repr_latex_(self) -> str:
        d = "" if self.dimension is None else f",\\quad d={self.dimension}"
        if self.continuous or len(self.eigenvalues) > _LONGEST_REPR:
            return rf"$a\sim N(m,C),\quad C:\ \text{{{self.name}, {len(self.eigenvalues)} eigenvalues}}{d}$"
        atoms = "+".join(
            rf"{weight:.4g}\,\delta_{{{value:.4g}}}"
            for value, weight in zip(self.eigenvalues, self.weights, strict=True)
        )
        return rf"$a\sim N(m,C),\quad \rho_C={atoms}{d}$"

    def limit(self) -> Covariance:
        """The limiting law with the same fractions of the directions."""
        if self.dimension is None:
            return self
        return Covariance(self.eigenvalues, self.weights, name=self.name)

    def in_dimension(self, dimension: int) -> Covariance:
        """The same fractions of the directions in a finite dimension d.

        Of a law on an interval, its means over the d intervals of rank from i/d to (i + 1)/d, so that the trace is
        kept; of atoms, the atoms, whose weights must be multiples of 1/d.
        """
        d = validation.integer("dimension", dimension, minimum=1)
        if not self.continuous:
            return Covariance(self.eigenvalues, self.weights, d, name=self.name)
        values, weights = self.fine_nodes(_FINE)
        ranks, sums = (np.append(0.0, np.cumsum(part)) for part in (weights, weights * values))
        means = d * np.diff(np.interp(np.arange(d + 1.0) / d * ranks[-1], ranks, sums))
        return self._of_directions(np.maximum(means, 0.0), None, self.name)

    def finite_dimension(self, argument: str = "law") -> int:
        """d; a limiting law is refused as the value of ``argument``."""
        if self.dimension is None:
            raise InvalidArgument(
                argument, f"the limiting law {self.name!r}", "a Covariance of a finite dimension"
            )
        return self.dimension

    @property
    def multiplicities(self) -> FloatArray:
        """How often each eigenvalue occurs in the finite dimension, whole numbers."""
        return np.rint(self.weights * self.finite_dimension("covariance"))

    @property
    def rank(self) -> int:
        """The number of eigenvalues above 0, the dimension of the manifold that carries the data."""
        return int(self.multiplicities[self.eigenvalues > 0.0].sum())

    @property
    def variance(self) -> float:
        """Tr C / d, the mean eigenvalue."""
        return float(self.weights @ self.eigenvalues)
