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
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..data.covariance import Covariance
from ..errors import InvalidArgument

_LARGEST_TIME = 20.0


def _erf(x: FloatArray) -> FloatArray:
    from scipy.special import erf

    return np.asarray(erf(x))


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0)


def _identity(x: FloatArray) -> FloatArray:
    return np.asarray(x, dtype=np.float64)


@dataclass(frozen=True)
class _Polynomial:
    """x -> c_0 + c_1 x + ..."""

    coefficients: tuple[float, ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        return np.asarray(np.polynomial.polynomial.polyval(x, np.array(self.coefficients)), dtype=np.float64)


_NAMED: dict[str, tuple[Callable[[FloatArray], FloatArray], tuple[float, ...]]] = {
    "tanh": (np.tanh, ()),
    "erf": (_erf, ()),
    "sin": (np.sin, ()),
    "relu": (_relu, (0.0,)),
    "sign": (np.sign, (0.0,)),
    "linear": (_identity, ()),
}
ACTIVATIONS = tuple(_NAMED)


# As LaTeX writes them, where it is not the name.
_LATEX = {
    "tanh": r"\tanh x",
    "erf": r"\operatorname{erf}x",
    "sin": r"\sin x",
    "relu": r"\max(x,0)",
    "sign": r"\operatorname{sign}x",
    "linear": "x",
}


@dataclass(frozen=True, repr=False)
class Activation:
    """The scalar function sigma, applied to every pre-activation.

    Parameters
    ----------
    function : maps an array of pre-activations to an array of the same shape; real, finite, growing at most like a
        polynomial.
    name : how it is shown.
    breakpoints : the places where it or a derivative jumps; it must be analytic between them. Without
        breakpoints it must be analytic on the whole line (a kink that is not declared is detected, and refused).
        Places of steps and peaks narrower than a thousandth of the pre-activations' standard deviation belong here
        too: one below a ten-thousandth that is not declared may stand between all nodes, unseen. Declared ones
        may be far narrower.
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
        return cls(_Polynomial(values), "polynomial", (), values)

    def meaning(self) -> dict[str, Any]:
        """What defines it: the polynomial, one of the named functions, or the user's function; and its breakpoints."""
        if self.polynomial is not None:
            return {"polynomial": self.polynomial}
        names = [name for name, (function, _) in _NAMED.items() if function is self.function]
        return {"function": names[0] if names else self.function, "breakpoints": self.breakpoints}

    def is_named(self) -> bool:
        """Whether it is one of the named ones."""
        return self.name in _NAMED and self == Activation.named(self.name)

    def __repr__(self) -> str:
        if self.is_named():
            return f"Activation.named({self.name!r})"
        if self.polynomial is not None:
            return f"Activation.from_polynomial({list(self.polynomial)})"
        # Not every ufunc has a qualified name.
        names = (getattr(self.function, kind, None) for kind in ("__qualname__", "__name__"))
        function = next(filter(None, names), repr(self.function))
        return f"Activation({function}, {self.name!r}, {self.breakpoints})"

    def _repr_latex_(self) -> str:
        return rf"$\sigma(x)={self._latex()}$"

    def _latex(self) -> str:
        if self.is_named():
            return _LATEX[self.name]
        if self.polynomial is not None:
            terms = [f"{c:+g}" + (f"x^{{{k}}}" if k else "") for k, c in enumerate(self.polynomial) if c]
            return "".join(terms).removeprefix("+")
        return rf"\text{{{self.name}}}(x)"

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


@dataclass(frozen=True, repr=False)
class RandomFeatures:
    """A random-features score model, trained at one diffusion time.

    Parameters
    ----------
    activation : an :class:`Activation`, or the name of one.
    features_per_dimension : psi_p = p/d, above 0.
    samples_per_dimension : psi_n = n/d, above 0.
    time : diffusion time t, in (0, 20].
    covariance : spectrum of the data's covariance, of which the limiting law is kept; default the identity.
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
        spectrum = Covariance.isotropic() if covariance is None else covariance
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
            ("covariance", spectrum.limit()),
            ("noise_draws", noise_draws),
        ):
            object.__setattr__(self, name, entry)

    def __repr__(self) -> str:
        activation = repr(self.activation.name) if self.activation.is_named() else repr(self.activation)
        names = ("features_per_dimension", "samples_per_dimension", "time")
        parts = [activation, *(f"{name}={getattr(self, name)!r}" for name in names)]
        if self.covariance.name != "identity":
            parts.append(f"covariance={self.covariance!r}")
        if math.isfinite(self.noise_draws):
            parts.append(f"noise_draws={self.noise_draws:g}")
        return f"RandomFeatures({', '.join(parts)})"

    def _repr_latex_(self) -> str:
        draws = f"{self.noise_draws:g}" if math.isfinite(self.noise_draws) else r"\infty"
        return (
            rf"$s_A(x)=\frac{{1}}{{\sqrt p}}A\,\sigma\!\left(\frac{{Wx}}{{\sqrt d}}\right),\quad "
            rf"\sigma(x)={self.activation._latex()},\quad \frac pd={self.features_per_dimension:g},\quad "
            rf"\frac nd={self.samples_per_dimension:g},\quad m={draws},\quad t={self.time:g},\quad "
            rf"\frac1d\operatorname{{Tr}}\Sigma={self.covariance.variance:g}$"
        )

    def replace(self, **changes: Any) -> RandomFeatures:
        """The same model with some of its parameters changed."""
        parameters: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        unknown: Sequence[str] = sorted(set(changes) - set(parameters))
        if unknown:
            raise InvalidArgument("changes", unknown[0], "one of " + ", ".join(parameters))
        return RandomFeatures(**{**parameters, **changes})
