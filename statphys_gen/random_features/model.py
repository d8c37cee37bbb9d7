r"""What is studied: activation, covariance of the data, and the random-features score model. Definitions only.

Model. Data x ~ N(0, Sigma) in dimension d are noised to x_t = exp(-t) x + sqrt(D) xi, D = 1 - exp(-2t). The
score of x_t is learnt by

    s_A(x) = A sigma(W x / sqrt(d)) / sqrt(p),      W (p x d) frozen, standard Gaussian; A (d x p) trained from A = 0

on n samples with m draws of the noise for each, with loss

    L_train(A) = (1/d) (1/(n m)) sum_{samples, draws} |sqrt(D) s_A(x_t) + xi|^2 .

With phi = sigma(W x_t / sqrt(d)), U = mean of phi phi^T (p x p) and V = mean of phi xi^T (p x d) over samples
and draws, the loss is quadratic in A, and every training algorithm that is linear in A is a function of U. The
limit is d, p, n -> infinity at fixed p/d (features_per_dimension), n/d (samples_per_dimension), m
(noise_draws) and spectrum of Sigma.

Source: Bonnaire, Urfin, Biroli, Mezard, arXiv 2505.17638 (m = infinity); George, Veiga, Macris, arXiv
2502.00336 (m = 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument

# Eigenvalues and weights.
Nodes = tuple[FloatArray, FloatArray]

_LARGEST_TIME = 20.0


def _erf(x: FloatArray) -> FloatArray:
    from scipy.special import erf

    return np.asarray(erf(x))


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0)


def _identity(x: FloatArray) -> FloatArray:
    return np.asarray(x, dtype=np.float64)


_NAMED: dict[str, tuple[Callable[[FloatArray], FloatArray], tuple[float, ...]]] = {
    "tanh": (np.tanh, ()),
    "erf": (_erf, ()),
    "sin": (np.sin, ()),
    "relu": (_relu, (0.0,)),
    "sign": (np.sign, (0.0,)),
    "linear": (_identity, ()),
}
ACTIVATIONS = tuple(_NAMED)


@dataclass(frozen=True)
class Activation:
    """The scalar function sigma, applied to every pre-activation.

    Parameters
    ----------
    function : maps an array of pre-activations to an array of the same shape; real, finite, growing at most like a
        polynomial.
    name : how it is shown.
    breakpoints : the places where it or a derivative jumps; it must be analytic between them. Without
        breakpoints it must be analytic on the whole line (a kink that is not declared is detected, and refused).
    polynomial : coefficients c_0, c_1, ... if it is the polynomial sum_k c_k x^k (set by :meth:`from_polynomial`).

    Named ones come from :meth:`named`, polynomials from :meth:`from_polynomial`.
    """

    function: Callable[[FloatArray], FloatArray]
    name: str = "user"
    breakpoints: tuple[float, ...] = ()
    polynomial: tuple[float, ...] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise InvalidArgument("function", self.function, "a function of an array")
        if not isinstance(self.name, str) or not self.name:
            raise InvalidArgument("name", self.name, "a non-empty string")
        points = validation.array(
            "breakpoints", np.asarray(self.breakpoints, dtype=float), ndim=1, empty=True
        )
        object.__setattr__(self, "breakpoints", tuple(sorted(set(points.tolist()))))
        self(np.array([-3.1, -1.3, -0.2, 0.7, 2.9]))

    @classmethod
    def named(cls, name: str) -> Activation:
        """One of tanh, erf, sin, relu, sign, linear."""
        function, breakpoints = _NAMED[validation.choice("activation", name, ACTIVATIONS)]
        return cls(function, name, breakpoints, (0.0, 1.0) if name == "linear" else None)

    @classmethod
    def from_polynomial(cls, coefficients: ArrayLike) -> Activation:
        """The polynomial with ``coefficients`` c_0, c_1, ..., c_k of degree k between 1 and 20."""
        checked = validation.array("coefficients", coefficients, ndim=1)
        degree = len(checked) - 1
        if not 1 <= degree <= 20 or not checked[1:].any():
            raise InvalidArgument(
                "coefficients", checked, "2 to 21 numbers, of which one beyond the constant is not 0"
            )
        values = tuple(checked.tolist())
        return cls(
            lambda x: np.asarray(np.polynomial.polynomial.polyval(x, checked), dtype=np.float64),
            "polynomial",
            (),
            values,
        )

    def meaning(self) -> dict[str, Any]:
        """What defines it: the polynomial, one of the named functions, or the user's function; and its breakpoints."""
        if self.polynomial is not None:
            return {"polynomial": self.polynomial}
        names = [name for name, (function, _) in _NAMED.items() if function is self.function]
        return {"function": names[0] if names else self.function, "breakpoints": self.breakpoints}

    def __call__(self, x: FloatArray) -> FloatArray:
        """sigma(x), checked to be real, finite and of the shape of x."""
        values = np.asarray(self.function(x))
        if values.dtype.kind not in "iuf" or values.shape != np.shape(x):
            raise InvalidArgument(
                "activation", self.name, "a function that returns real numbers in the shape of its argument"
            )
        if not np.isfinite(values).all():
            raise InvalidArgument(
                "activation",
                self.name,
                f"finite everywhere; it is not at {float(np.asarray(x)[~np.isfinite(values)][0]):.6g}",
            )
        return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Covariance:
    """The limiting spectrum of the data's covariance Sigma, as eigenvalues with weights.

    Parameters
    ----------
    eigenvalues : (K,) distinct, at least 0, not all 0.
    weights : (K,) positive, summing to 1: the fractions of the d directions.
    continuous : the positive eigenvalues are the nodes of a quadrature for a law on an interval, not atoms:
        then no gap between two of them is a gap of the law (an atom at 0 beside the interval is allowed).
    name : how it is shown.
    rule : for a continuous law, its quadrature by number of nodes (set by the constructors).
    quadrature_error : for a continuous law, the largest error of the average of 1/(1 + k eigenvalue) over k in
        [0, infinity), by comparison with twice the nodes; 0 for atoms.

    Equal eigenvalues are merged; they are stored in increasing order. Constructors: :meth:`identity`, :meth:`atoms`,
    :meth:`parse`, :meth:`marchenko_pastur`, :meth:`power_law`, :meth:`from_eigenvalues`, :meth:`from_file`,
    :meth:`from_data`.
    """

    eigenvalues: FloatArray
    weights: FloatArray
    continuous: bool = False
    name: str = "atoms"
    quadrature_error: float = 0.0
    rule: Callable[[int], Nodes] | None = field(default=None, repr=False)

    def __init__(
        self,
        eigenvalues: ArrayLike,
        weights: ArrayLike,
        *,
        continuous: bool = False,
        name: str = "atoms",
        quadrature_error: float = 0.0,
    ) -> None:
        values = validation.array("eigenvalues", eigenvalues, ndim=1, at_least=0.0)
        fractions = validation.probability_vector("weights", weights)
        if len(values) != len(fractions):
            raise InvalidArgument("weights", weights, f"{len(values)} numbers, one for each eigenvalue")
        if not (values > 0).any():
            raise InvalidArgument("eigenvalues", values, "not all 0")
        distinct, place = np.unique(values, return_inverse=True)
        merged = np.bincount(place, weights=fractions)
        for entry in (distinct, merged):
            entry.setflags(write=False)
        object.__setattr__(self, "eigenvalues", distinct)
        object.__setattr__(self, "weights", merged)
        object.__setattr__(self, "continuous", bool(continuous))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "rule", None)
        object.__setattr__(
            self, "quadrature_error", validation.non_negative("quadrature_error", quadrature_error)
        )

    @classmethod
    def identity(cls, variance: float = 1.0) -> Covariance:
        """``variance`` in every direction; default the identity."""
        scale = validation.positive("variance", variance)
        return cls([scale], [1.0], name="identity" if scale == 1.0 else "isotropic")

    @classmethod
    def atoms(cls, eigenvalues: ArrayLike, weights: ArrayLike) -> Covariance:
        """A few eigenvalues, each with the fraction of the directions in which it holds."""
        return cls(eigenvalues, weights)

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
                values.append(float(parts[0]))
                weights.append(float(parts[1]) if len(parts) > 1 else 1.0)
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

        def rule(count: int) -> Nodes:
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
            return scale * values, weights / weights.sum()

        return cls._continuous(rule, nodes, "marchenko-pastur")

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

        # The mean of u^-exponent between cutoff and 1, and of the constant below.
        body = -math.log(edge) if a == 1.0 else (1.0 - edge ** (1.0 - a)) / (1.0 - a)
        mean = body + edge ** (1.0 - a)

        def rule(count: int) -> Nodes:
            x, w = np.polynomial.legendre.leggauss(count)
            half = -0.5 * math.log(edge)
            log_u = -half * (1.0 - x)
            weights = np.append(half * w * np.exp(log_u), edge)
            values = np.append(np.exp(-a * log_u), edge**-a)
            return scale / mean * values, weights / weights.sum()

        return cls._continuous(rule, nodes, "power-law")

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
        return {"eigenvalues": self.eigenvalues, "weights": self.weights, "continuous": self.continuous}

    def fine_nodes(self, count: int) -> Nodes:
        """Eigenvalues and weights of a continuous law on ``count`` nodes, in increasing order; of atoms, the atoms."""
        if self.rule is None:
            return self.eigenvalues, self.weights
        values, weights = self.rule(count)
        order = np.argsort(values)
        return values[order], weights[order]

    @classmethod
    def from_eigenvalues(cls, eigenvalues: ArrayLike) -> Covariance:
        """The d eigenvalues of a covariance, each with weight 1/d."""
        values = validation.array("eigenvalues", eigenvalues, ndim=1, at_least=0.0)
        return cls(values, np.full(len(values), 1.0 / len(values)), name="eigenvalues")

    @classmethod
    def from_file(cls, path: str | Path) -> Covariance:
        """Read the d eigenvalues from a one-dimensional ``.npy`` file."""
        file = validation.readable_file("eigenvalues", path)
        try:
            content: Any = np.load(file, allow_pickle=False)
        except (ValueError, EOFError, OSError):
            raise InvalidArgument("eigenvalues", str(path), "a .npy file of numbers") from None
        return cls.from_eigenvalues(content)

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
        return cls(values, np.full(len(values), 1.0 / len(values)), name="data")

    @property
    def variance(self) -> float:
        """sigma_x^2 = Tr Sigma / d."""
        return float(self.weights @ self.eigenvalues)


@dataclass(frozen=True)
class RandomFeatures:
    """A random-features score model, trained at one diffusion time.

    Parameters
    ----------
    activation : an :class:`Activation`, or the name of one.
    features_per_dimension : psi_p = p/d, above 0.
    samples_per_dimension : psi_n = n/d, above 0.
    time : diffusion time t, in (0, 20].
    covariance : spectrum of the data's covariance; default the identity.
    noise_draws : m, the number of noise draws for each sample; a positive integer or infinity (default: the
        average over the noise is taken).
    """

    activation: Activation
    features_per_dimension: float
    samples_per_dimension: float
    time: float
    covariance: Covariance
    noise_draws: float

    def __init__(
        self,
        activation: Activation | str,
        features_per_dimension: float,
        samples_per_dimension: float,
        time: float,
        covariance: Covariance | None = None,
        noise_draws: float = math.inf,
    ) -> None:
        if isinstance(activation, str):
            activation = Activation.named(activation)
        if not isinstance(activation, Activation):
            raise InvalidArgument(
                "activation", activation, "an Activation or one of " + ", ".join(ACTIVATIONS)
            )
        spectrum = Covariance.identity() if covariance is None else covariance
        if not isinstance(spectrum, Covariance):
            raise InvalidArgument("covariance", covariance, "a Covariance")
        if not (isinstance(noise_draws, float) and noise_draws == math.inf):
            integral = isinstance(noise_draws, float) and noise_draws.is_integer()
            noise_draws = float(
                validation.integer("noise_draws", int(noise_draws) if integral else noise_draws, minimum=1)
            )
        checked_time = validation.positive("time", time)
        if checked_time > _LARGEST_TIME:
            raise InvalidArgument(
                "time", time, f"at most {_LARGEST_TIME:g}: beyond, the data are lost in float64"
            )
        for name, entry in (
            ("activation", activation),
            ("features_per_dimension", validation.positive("features_per_dimension", features_per_dimension)),
            ("samples_per_dimension", validation.positive("samples_per_dimension", samples_per_dimension)),
            ("time", checked_time),
            ("covariance", spectrum),
            ("noise_draws", noise_draws),
        ):
            object.__setattr__(self, name, entry)

    def replace(self, **changes: Any) -> RandomFeatures:
        """The same model with some of its parameters changed."""
        parameters: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        unknown: Sequence[str] = sorted(set(changes) - set(parameters))
        if unknown:
            raise InvalidArgument("changes", unknown[0], "one of " + ", ".join(parameters))
        return RandomFeatures(**{**parameters, **changes})
