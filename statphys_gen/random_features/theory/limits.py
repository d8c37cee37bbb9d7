r"""Limits of the theory that have simpler formulas, each labelled with the parameter in which it is leading.

They are for understanding and for tests; the exact results are as fast.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import ComplexArray, FloatArray
from ...errors import InvalidArgument
from ...numerics.contour import logarithmic_contour, one_point
from ...numerics.stieltjes import SelfConsistent, resolve
from ..model import RandomFeatures
from .coefficients import model_coefficients
from .resolvent import Dyson, dyson


@states(
    "leading order",
    "1 << psi_n << psi_p: 5 % at (64, 8), wrong when psi_p and psi_n are of order 1",
    source="arXiv 2505.17638, theorem 3.2",
    verification="derived and simulated",
)
def overfitting_edges(model: RandomFeatures) -> tuple[float, float]:
    """s_t^2 + v_t^2 (1 -+ sqrt(psi_p/psi_n))^2, the edges of the bulk that overfits, for m = infinity."""
    system = _infinite_draws(model)
    root = math.sqrt(system.ratio)
    return system.s2 + system.v2 * (1.0 - root) ** 2, system.s2 + system.v2 * (1.0 + root) ** 2


@states(
    "leading order",
    "psi_p >> psi_n >> 1 and D << exp(-2t): 13 % at (64, 8), t = 0.01; corrections of order b_t^2/A remain",
    source="derivations/random_features/atoms.py",
    verification="derived and simulated",
)
def interpolation_edges(model: RandomFeatures) -> tuple[float, float]:
    """Edges of the bulk of interpolation, s_t^2 + psi_p b_t^2 v_t^2/(v_t^2 + A psi_n x), isotropic data, m = infinity.

    x runs over the support of the law of Marchenko and Pastur of the samples' covariance, sigma_x^2 (1 -+
    sqrt(1/psi_n))^2.
    """
    system = _infinite_draws(model)
    variance = _isotropic(model)
    edges = []
    for sign in (1.0, -1.0):
        x = variance * (1.0 + sign * math.sqrt(1.0 / system.samples)) ** 2
        edges.append(
            system.s2
            + system.features * system.b2 * system.v2 / (system.v2 + system.linear * system.samples * x)
        )
    return edges[0], edges[1]


@states(
    "leading order",
    "psi_p >> psi_n, isotropic data, training times before the bulk of overfitting moves",
    source="derivations/random_features/fast_phase.py",
    verification="derived and simulated",
)
def fast_phase_score_error(model: RandomFeatures, training_time: ArrayLike) -> FloatArray:
    """The score error while the model is gradient flow of a linear denoiser on the sample covariance.

    E = Gamma^2 int mu(dx) [(1 - exp(-c tau x_t))/x_t - 1/Gamma^2]^2, x_t = exp(-2t) x + D, c = 2 D a_t^2, with
    mu the law of Marchenko and Pastur of ratio 1/psi_n; training_time of any shape.
    """
    times = validation.array("training_time", training_time, at_least=0.0)
    variance = _isotropic(model)
    c = model_coefficients(model)
    noise, ratio = float(c.noise_variance), 1.0 / model.samples_per_dimension
    angle = np.pi * (np.arange(400) + 0.5) / 400
    x = 1.0 + ratio + 2.0 * math.sqrt(ratio) * np.cos(angle)
    weights = 2.0 / 400 * np.sin(angle) ** 2 / x
    if ratio >= 1.0:
        x, weights = np.append(x, 0.0), np.append(weights, 1.0 - weights.sum())
    x_t = math.exp(-2.0 * model.time) * variance * x + noise
    total = float(c.signal_variance) + noise
    rate = 2.0 * noise * float(c.a_t) ** 2
    learnt = -np.expm1(-rate * times[..., None] * x_t) / x_t
    return np.asarray(total * (((learnt - 1.0 / total) ** 2) @ weights))


@states(
    "leading order",
    "1 << psi_n << psi_p, isotropic data of variance 1",
    source="derivations/random_features/fast_phase.py",
    verification="derived and simulated",
)
def large_sample_stopping_time(model: RandomFeatures) -> float:
    """The best training time, from c tau + log(c tau) = log psi_n with c = 2 D a_t^2: it grows like log n."""
    from scipy.special import lambertw

    if abs(_isotropic(model) - 1.0) > 1e-12:
        raise InvalidArgument("covariance", model.covariance.name, "the identity for this limit")
    c = model_coefficients(model)
    return float(lambertw(model.samples_per_dimension).real) / (
        2.0 * float(c.noise_variance) * float(c.a_t) ** 2
    )


@states(
    "leading order",
    "psi_p -> infinity at fixed psi_n, m = infinity; the error shrinks as 1/psi_p",
    source="derivations/random_features/fast_phase.py",
    verification="derived and simulated",
)
def kernel_train_loss(model: RandomFeatures, training_time: ArrayLike) -> FloatArray:
    """The train loss of kernel regression, psi_p -> infinity, under gradient flow; training time infinity is allowed.

    One scalar equation, with zeta = z/psi_p and h(x) = b^2 + A gamma x:
    1/gamma = 1 + (1/psi_n) (A <x/(h(x) - zeta)> - v^2/zeta), omega = b^2 <1/(h(x) - zeta)>; modes relax at the
    rate 2 D zeta.
    """
    system = _infinite_draws(model)
    if system.v2 == 0.0:
        raise InvalidArgument("activation", model.activation.name, "nonlinear for the kernel limit")
    times = np.asarray(training_time, dtype=np.float64)
    if not (times >= 0).all():
        raise InvalidArgument("training_time", training_time, "numbers, at least 0 (or infinity)")
    largest = float(system.eigenvalues[-1]) * (1.0 + math.sqrt(1.0 / system.samples)) ** 2
    lower = 0.5 * system.b2 * system.v2 / (system.v2 + system.linear * system.samples * largest + system.v2)
    upper = 3.0 * (system.b2 + system.linear * largest + system.v2 * (1.0 + 1.0 / system.samples))
    contour = logarithmic_contour(min(lower, 0.1 * system.v2 / system.samples), upper)
    gamma = resolve(_kernel_system(system), contour.node)[:, 0]
    h = system.b2 + system.linear * gamma[:, None] * system.eigenvalues
    omega = system.b2 * ((1.0 / (h - contour.node[:, None])) @ system.weights.astype(np.complex128))
    noise = float(model_coefficients(model).noise_variance)
    products = 4.0 * noise * np.where(np.isinf(times), 0.0, times).reshape(-1, 1)
    decay = np.where(np.isinf(times).reshape(-1, 1), 0.0, np.exp(-products * contour.node))
    learnt = np.where(decay == 0.0, 1.0, -np.expm1(-products * contour.node)) / contour.node
    found = one_point(contour, learnt, omega)
    return np.asarray((1.0 - found.value).reshape(times.shape))


def _kernel_system(system: Dyson) -> SelfConsistent:
    def pieces(x: ComplexArray, zeta: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """<x/(h - zeta)> and its derivative in gamma."""
        gap = system.b2 + system.linear * x[:, :1] * system.eigenvalues - zeta[:, None]
        weights = (system.weights * system.eigenvalues).astype(np.complex128)
        first = (1.0 / gap) @ weights
        second = -system.linear * ((1.0 / gap**2) @ (weights * system.eigenvalues))
        return np.asarray(first), np.asarray(second)

    def residual(x: ComplexArray, zeta: ComplexArray) -> ComplexArray:
        first, _ = pieces(x, zeta)
        inner = 1.0 + (system.linear * first - system.v2 / zeta) / system.samples
        return np.asarray((x[:, 0] * inner - 1.0)[:, None])

    def jacobian(x: ComplexArray, zeta: ComplexArray) -> ComplexArray:
        first, slope = pieces(x, zeta)
        inner = 1.0 + (system.linear * first - system.v2 / zeta) / system.samples
        return np.asarray((inner + x[:, 0] * system.linear * slope / system.samples)[:, None, None])

    def slope(x: ComplexArray, zeta: ComplexArray) -> ComplexArray:
        step = 1e-6 * np.abs(zeta)
        return (residual(x, zeta + step) - residual(x, zeta - step)) / (2.0 * step[:, None])

    scale = 3.0 * (
        system.b2
        + system.linear * system.eigenvalues[-1] * (1.0 + 1.0 / math.sqrt(system.samples)) ** 2
        + system.v2
    )
    return SelfConsistent(
        residual,
        jacobian,
        slope,
        lambda zeta: np.ones((len(zeta), 1), dtype=np.complex128),
        lambda x, zeta: (x[:, 0] / zeta).imag < 0.0,
        float(scale) * (1.0 + 1.0 / system.samples),
    )


def _infinite_draws(model: RandomFeatures) -> Dyson:
    if not math.isinf(model.noise_draws):
        raise InvalidArgument("noise_draws", model.noise_draws, "infinite for this limit")
    return dyson(model)


def _isotropic(model: RandomFeatures) -> float:
    if len(model.covariance.eigenvalues) != 1:
        raise InvalidArgument("covariance", model.covariance.name, "isotropic for this limit")
    return float(model.covariance.eigenvalues[0])
