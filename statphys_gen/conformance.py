"""Does a user's own prior, couplings, activation, loss, interpolant or mean-field model keep the contract? Ask here.

    from statphys_gen.conformance import conformance
    print(conformance(my_prior).require())

Every claim compares what the object says with an independent route: numerical derivatives, quadrature of the
definition, random draws. Draws are judged at five standard errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import FloatArray
from .errors import InvalidArgument, StatphysError
from .meaning import fingerprint
from .statistics.streams import generator
from .systems import SYSTEMS

if TYPE_CHECKING:
    from .numerics.mean_field import MeanFieldModel
    from .phase_retrieval.model import Loss
    from .random_features.model import Activation
    from .schedules.model import Interpolant
    from .units.base import Prior

_DRAWS = 200_000
_STANDARD_ERRORS = 5.0
_STEP = 1e-3


@dataclass(frozen=True)
class Claim:
    """One property: what must hold, whether it does, and the numbers behind it."""

    statement: str
    holds: bool
    detail: str

    def __str__(self) -> str:
        return f"{'holds' if self.holds else 'FAILS'}  {self.statement} ({self.detail})"


@dataclass(frozen=True)
class Conformance:
    """All claims about one object."""

    subject: str
    claims: tuple[Claim, ...]

    @property
    def passed(self) -> bool:
        return all(claim.holds for claim in self.claims)

    def require(self) -> Conformance:
        """Return self if every claim holds.

        Raises
        ------
        InvalidArgument : naming the first claim that fails.
        """
        for claim in self.claims:
            if not claim.holds:
                raise InvalidArgument(self.subject, claim.detail, f"such that {claim.statement}")
        return self

    def __str__(self) -> str:
        return "\n".join([self.subject, *(f"  {claim}" for claim in self.claims)])


def conformance(subject: Any, **options: Any) -> Conformance:
    """Check a Prior, Couplings, an Activation, a Loss, an Interpolant or a MeanFieldModel (the last with ``points=``,
    see :func:`mean_field_conformance`).

    Raises
    ------
    InvalidArgument : any other object.
    """
    from .numerics.mean_field import MeanFieldModel

    if isinstance(subject, MeanFieldModel):
        return mean_field_conformance(subject, **options)
    from .units.base import Prior

    if isinstance(subject, Prior):
        return prior_conformance(subject, **options)
    for system in SYSTEMS:
        for name in system.extensions:
            if isinstance(subject, getattr(import_module(f".{system.name}.model", __package__), name)):
                return _EXTENSIONS[name](subject, **options)
    allowed = ", ".join(("Prior", *_EXTENSIONS))
    raise InvalidArgument("subject", type(subject).__name__, f"a {allowed} or MeanFieldModel")


def close(statement: str, value: ArrayLike, reference: ArrayLike, tolerance: float) -> Claim:
    """Agreement relative to max(1, |reference|)."""
    value, reference = np.asarray(value, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(value - reference) / np.maximum(1.0, np.abs(reference))
    worst = float(np.max(np.where(np.isfinite(error), error, np.inf)))
    return Claim(statement, worst <= tolerance, f"largest difference {worst:.2g}, allowed {tolerance:.1g}")


def _known(subject: Any) -> tuple[Claim, Any]:
    """Whether random streams can be made of an object, and what they are made of."""
    statement = "its random streams are made of what defines it"
    try:
        return Claim(statement, True, f"key {fingerprint(subject)[:12]}"), subject
    except (TypeError, ValueError) as error:
        return Claim(statement, False, " ".join(str(error).split())), type(subject).__qualname__


def drawn(statement: str, draws: FloatArray, mean: float) -> Claim:
    """The mean of independent draws against its value."""
    error = float(draws.std(ddof=1)) / np.sqrt(len(draws))
    deviation = float(draws.mean()) - mean
    rounding = 1e-12 * max(1.0, abs(mean))
    ratio = max(0.0, abs(deviation) - rounding) / max(error, rounding)
    return Claim(statement, ratio <= _STANDARD_ERRORS, f"{ratio:.2g} standard errors")


def _attempt(statement: str, work: Callable[[], Claim]) -> Claim:
    """A claim whose numbers the package may refuse to give."""
    try:
        return work()
    except StatphysError as error:
        return Claim(statement, False, " ".join(str(error).split()))


# ------------------------------------------------------------------------------------------------------- priors


def prior_conformance(prior: Prior, *, beta: float = 1.0, seed: int = 0) -> Conformance:
    """Claims about a prior of hidden or visible units: moments, integrals, draws, limits.

    Parameters
    ----------
    prior : with the verbs of :mod:`statphys_gen.units`.
    beta : inverse temperature at which the verbs are called.
    seed : of the draws.

    Raises
    ------
    InvalidArgument : the spherical prior, which is no law of single units.
    """
    from .units.continuous import Spherical

    if isinstance(prior, Spherical):
        raise InvalidArgument("subject", "Spherical", "a law of single units; the sphere couples them")
    tail = max(float(prior.tail_coefficient(side, beta)) for side in (1, -1))
    tilts = np.array([-2.0, -0.5, 0.0] if tail == 0 else [-2.0 / tail, -0.5 / tail, 0.0])
    a, b = (grid.ravel() for grid in np.meshgrid(tilts, np.array([-2.5, -0.7, 0.0, 0.4, 1.8])))
    mean, variance = prior.mean_and_variance(a, b, beta)

    def log_partition(shift: float, scale: float = 0.0) -> FloatArray:
        return prior.log_partition(a + scale, b + shift, beta)

    first = (
        8 * (log_partition(_STEP) - log_partition(-_STEP))
        - log_partition(2 * _STEP)
        + log_partition(-2 * _STEP)
    ) / (12 * _STEP)

    def mean_at(shift: float) -> FloatArray:
        return prior.mean_and_variance(a, b + shift, beta)[0]

    second = (8 * (mean_at(_STEP) - mean_at(-_STEP)) - mean_at(2 * _STEP) + mean_at(-2 * _STEP)) / (
        12 * _STEP
    )
    half = a - 0.1  # away from the edge of convergence at a = 1/Omega
    stretch = (prior.log_partition(half + _STEP, b, beta) - prior.log_partition(half - _STEP, b, beta)) / (
        2 * _STEP
    )
    claims = [
        close("the mean is the derivative of the log-partition in the field", mean, first, 1e-8),
        close("the variance is the derivative of the mean in the field", variance, second, 1e-7),
        close(
            "half the second moment is the derivative of the log-partition in the curvature",
            0.5 * prior.second_moment(half, b, beta),
            stretch,
            1e-5,
        ),
        Claim(
            "variances are not negative", bool((variance >= 0).all()), f"least {float(np.min(variance)):.2g}"
        ),
        close(
            "log-partition and moments taken together are those taken apart",
            np.stack(prior.log_partition_and_moments(a, b, beta)),
            np.stack([prior.log_partition(a, b, beta), mean, variance]),
            1e-13,
        ),
    ]
    claims += [
        _attempt("ratios of the partition function follow the energy", lambda: _partition_ratio(prior, beta))
    ]
    claim, known = _known(prior)
    claims.append(claim)
    rng = generator(seed, {"purpose": "conformance", "prior": known, "power": beta})
    for value in (0.0, 0.8):
        draws = np.asarray(prior.sample(rng, np.full(_DRAWS, value), beta), dtype=np.float64).ravel()
        expected, spread = (float(m) for m in prior.mean_and_variance(0.0, value, beta))
        low, high = prior.support
        claims.append(
            Claim(
                "draws lie in the support", bool(((draws >= low) & (draws <= high)).all()), f"field {value:g}"
            )
        )
        claims.append(drawn(f"draws have the mean of the law at field {value:g}", draws, expected))
        claims.append(
            drawn(f"draws have the variance of the law at field {value:g}", (draws - expected) ** 2, spread)
        )
    if prior.symmetric:
        claims.append(close("the mean of a symmetric law is odd", prior.mean(a, -b, beta), -mean, 1e-10))
    return Conformance(f"prior {type(prior).__name__}", tuple(claims))


def _partition_ratio(prior: Prior, beta: float) -> Claim:
    """exp(log Z(a, b) - log Z(a, 0)) against sums or integrals of exp(-beta U(h) + a h^2/2 + b h)."""
    from scipy import integrate

    tail = max(float(prior.tail_coefficient(side, beta)) for side in (1, -1))
    a = 0.0 if tail == 0 else -0.5 / tail
    low, high = prior.support
    values, references = [], []
    for b in (-1.3, 0.6):

        def weight(h: FloatArray, tilt: float) -> FloatArray:
            return np.exp(-beta * np.asarray(prior.energy(h)) + 0.5 * a * np.square(h) + tilt * h)

        if prior.states is not None:
            total, base = (float(np.sum(weight(prior.states, tilt))) for tilt in (b, 0.0))
        else:
            reach = 60.0 * max(1.0, np.sqrt(tail))
            edges = np.clip(np.linspace(-reach, reach, 121), low, high)
            total, base = (
                sum(
                    integrate.quad(lambda h, t=tilt: float(weight(np.asarray(h), t)), left, right)[0]
                    for left, right in pairwise(edges)
                    if right > left
                )
                for tilt in (b, 0.0)
            )
        values.append(float(prior.log_partition(a, b, beta) - prior.log_partition(a, 0.0, beta)))
        references.append(float(np.log(total / base)))
    return close("ratios of the partition function follow the energy", values, references, 1e-7)


# -------------------------------------------------------------------------------------------------- activations


def activation_conformance(activation: Activation, *, time: float = 0.5, seed: int = 0) -> Conformance:
    """Claims about an activation: element by element, and its coefficients against quadrature and random draws.

    Parameters
    ----------
    activation : of random features.
    time : diffusion time of the coefficients.
    seed : of the draws.
    """
    import warnings

    from scipy import integrate

    from .random_features.theory.coefficients import OutlierWarning, coefficients

    x = np.linspace(-3.0, 3.0, 12).reshape(3, 4)
    alone = np.array([[float(activation(np.array([entry]))[0]) for entry in row] for row in x])
    claim, known = _known(activation)
    claims = [close("the function acts element by element", activation(x), alone, 1e-14), claim]

    def numbers() -> list[Claim]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutlierWarning)
            found = coefficients(activation, time)
        scale = float(np.sqrt(found.signal_variance + found.noise_variance))
        edges = np.unique(
            np.concatenate([np.linspace(-12.0, 12.0, 49), np.array(activation.breakpoints) / scale])
        )

        def average(weight: Callable[[float], float]) -> float:
            def integrand(z: float) -> float:
                density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
                return float(activation(np.array([scale * z]))[0]) * weight(z) * density

            return sum(integrate.quad(integrand, left, right)[0] for left, right in pairwise(edges))

        linear = average(lambda z: z)
        rng = generator(seed, {"purpose": "conformance", "activation": known, "time": time})
        shared, *fresh = rng.standard_normal((3, _DRAWS))
        copies = [
            activation(np.sqrt(found.signal_variance) * shared + np.sqrt(found.noise_variance) * noise)
            for noise in fresh
        ]
        rho = float(found.signal_variance) / scale**2
        mean = average(lambda z: 1.0)
        kernel = mean**2 + linear**2 * rho + float(found.v_t_squared)
        total = mean**2 + linear**2 + float(found.v_t_squared + found.s_t_squared)
        return [
            close("a_t is the linear part of the feature", found.a_t, linear / scale, 1e-9),
            drawn("v_t^2 is what two noised copies of a sample share", copies[0] * copies[1], kernel),
            drawn("v_t^2 + s_t^2 is the variance of the nonlinear part", copies[0] ** 2, total),
        ]

    try:
        claims += numbers()
    except StatphysError as error:
        claims.append(Claim("its coefficients exist", False, " ".join(str(error).split())))
    odd = float(np.abs(activation(x) + activation(-x)).max())
    name = "odd, no outliers" if odd < 1e-12 else "not odd: the spectrum has outliers besides its bulks"
    return Conformance(f"activation {activation.name} ({name})", tuple(claims))


# ------------------------------------------------------------------------------------------------------- losses


def loss_conformance(loss: Loss, *, seed: int = 0) -> Conformance:
    """Claims about a loss of phase retrieval: derivatives, bound of the curvature, the signal as a minimum.

    Parameters
    ----------
    loss : l(y, t); evenness and derivatives were already checked on a grid when it was made.
    seed : of the points.
    """
    claim, known = _known(loss)
    rng = generator(seed, {"purpose": "conformance", "loss": known})
    y, t = 2.0 * rng.standard_normal((2, 2000))
    apart = np.min(np.abs(np.abs(t)[:, None] - np.array([*loss.label_breakpoints, np.inf])), axis=1) > 1e-3
    y, t = y[apart], t[apart]
    step = 1e-4 * loss.scale

    def derivative(function: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
        return (
            8 * (function(y + step, t) - function(y - step, t))
            - function(y + 2 * step, t)
            + function(y - 2 * step, t)
        ) / (12 * step)

    curvature = loss.curvature(y, t)
    least = float(curvature.min())
    claims = [
        close("the slope is the derivative of the loss", loss.slope(y, t), derivative(loss.value), 1e-6),
        close("the curvature is the derivative of the slope", curvature, derivative(loss.slope), 1e-6),
        Claim(
            "the lower bound is below every curvature",
            least >= loss.curvature_bound - 1e-9 * max(1.0, abs(loss.curvature_bound)),
            f"least of {len(y)} curvatures {least:.4g}, bound {loss.curvature_bound:.4g}",
        ),
        close("the signal is a stationary point", loss.slope(t, t), 0.0, 1e-9),
        Claim("the signal is no maximum", bool((loss.curvature(t, t) >= -1e-9).all()), "curvature at y = t"),
        claim,
    ]
    return Conformance(f"loss {loss.name}", tuple(claims))


# ------------------------------------------------------------------------------------------- mean-field models


def mean_field_conformance(model: MeanFieldModel, *, points: Mapping[str, ArrayLike]) -> Conformance:
    """Claims about a mean-field model at given points.

    Parameters
    ----------
    model : four names, see :class:`~statphys_gen.numerics.MeanFieldModel`.
    points : for each parameter an array of values; all of one length.
    """
    values = [np.atleast_1d(np.asarray(points[name], dtype=np.float64)) for name in model.parameters]
    claims = []
    for start in model.starts:
        found = model.solve(start, **points)
        good = found.good
        claims.append(
            Claim(
                f"the start {start!r} leads to a solution",
                bool(good.all()),
                f"{int(good.sum())} of {good.size} points",
            )
        )
        if not good.any():
            continue
        x = np.stack([found[name] for name in model.unknowns], axis=-1)[good]
        at = [value[good] for value in values]
        gradient = np.stack([_slope(model, x, at, k) for k in range(x.shape[1])], axis=-1)
        claims.append(
            close(f"the free energy is stationary at the solutions from {start!r}", gradient, 0.0, 1e-7)
        )
        one_by_one = np.concatenate(
            [model.residual(x[k : k + 1], *(value[k : k + 1] for value in at)) for k in range(len(x))]
        )
        claims.append(
            close("points of a batch do not see each other", model.residual(x, *at), one_by_one, 1e-13)
        )
    return Conformance(f"mean-field model of {', '.join(model.unknowns)}", tuple(claims))


def _slope(model: MeanFieldModel, x: FloatArray, at: list[FloatArray], k: int) -> FloatArray:
    step = 1e-5 * np.maximum(1e-2, np.abs(x[:, k]))

    def shifted(factor: float) -> FloatArray:
        moved = x.copy()
        moved[:, k] += factor * step
        return model.free_energy(moved, *at)

    return (8 * (shifted(1.0) - shifted(-1.0)) - shifted(2.0) + shifted(-2.0)) / (12 * step)


def _couplings_conformance(couplings: Any, **options: Any) -> Conformance:
    from .rbm.conformance import couplings_conformance

    return couplings_conformance(couplings, **options)


# ------------------------------------------------------------------------------------------------- interpolants


def interpolant_conformance(path: Interpolant) -> Conformance:
    """Claims about an interpolant of schedules: ends, product of noise and rate, levels, rate of the data.

    Parameters
    ----------
    path : with noise A, data B and their product; derivatives are compared from the right, at places whose steps stay
        within one piece of a path that has several, such as a half.
    """
    claim, _ = _known(path)
    times = np.array([0.03, 0.11, 0.24, 0.38, 0.47, 0.53, 0.66, 0.79, 0.92])
    # One-sided differences, extrapolated in the step.
    steps = 2.0**-9 * 0.5 ** np.arange(4)

    def rate(function: Callable[[float], float], t: float) -> float:
        rows = [(function(t + h) - function(t)) / h for h in steps]
        for order in range(1, 4):
            rows = [(2**order * b - a) / (2**order - 1) for a, b in pairwise(rows)]
        return float(rows[0])

    scale = max(path.noise(0.0), path.data(1.0))
    values = np.array([[path.noise(t), path.data(t)] for t in times.tolist()])
    levels = np.array([path.noise_level(t) for t in (*times.tolist(), 1.0)])
    half = [rate(lambda s: 0.5 * path.noise(s) ** 2, t) for t in times.tolist()]
    claims = [
        close("there are no data at time 0", path.data(0.0) / scale, 0.0, 1e-12),
        close("there is no noise at time 1", path.noise(1.0) / scale, 0.0, 1e-7),
        Claim(
            "noise and data are positive between",
            bool((values > 0.0).all()),
            f"least {float(values.min()):.2g}",
        ),
        Claim(
            "the noise level falls",
            bool((np.diff(levels) < 0.0).all()),
            f"from {levels[0]:.3g} to {levels[-1]:.3g}",
        ),
        close(
            "the product is the derivative of half the squared noise",
            np.array([path.product(t) for t in times.tolist()]) / scale**2,
            np.array(half) / scale**2,
            1e-6,
        ),
        close(
            "the rate is the derivative of the data",
            [path.data_rate(t) for t in times.tolist()],
            [rate(path.data, t) for t in times.tolist()],
            1e-6,
        ),
        claim,
    ]
    return Conformance(f"interpolant {type(path).__name__}", tuple(claims))


# What examines the extensions that the systems name.
_EXTENSIONS: dict[str, Callable[..., Conformance]] = {
    "Activation": activation_conformance,
    "Couplings": _couplings_conformance,
    "Interpolant": interpolant_conformance,
    "Loss": loss_conformance,
}
