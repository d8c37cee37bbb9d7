r"""The self-consistent equations of the feature matrix U: its resolvent and everything of one spectral argument.

With w = W/sqrt(d), the matrix U of the model is equivalent to a Gaussian one (n samples, m draws each)

    U ~ G G^T / n + b_t^2 w w^T + s_t^2 I,   G = exp(-t) a_t w X + v_t Omega          for m = infinity,

and for finite m the last two terms are sample averages too. Each group of m draws has one mean mode with covariance
C_g + C_f/m and m - 1 modes with covariance C_f, where C_g = A w Sigma w^T + v_t^2 is shared by the draws, C_f
= b_t^2 w w^T + s_t^2 is fresh, and A = exp(-2t) a_t^2. With G(z) = (U - z)^{-1}, f = psi_p/psi_n, i = 1/m and

    q = Tr G / p,     s = Tr w^T G w / p,     r = Tr Sigma w^T G w / p

the equations are

    1/gamma_1 = 1 + f (A r + v^2 q + i (b^2 s + s_t^2 q)),   1/gamma_2 = 1 + f i (b^2 s + s_t^2 q),
    gbar = i gamma_1 + (1 - i) gamma_2,   h(x) = b^2 gbar + A gamma_1 x,   S(x) = 1/(1/q + psi_p h(x)),
    s = <S>,   r = <x S>   (averages over the spectrum of Sigma),
    z = s_t^2 gbar + v^2 gamma_1 + <h S>/q - 1/q .

They are solved for (q, gamma_1) when m is 1 or infinity, and (q, gamma_1, gamma_2) otherwise. For m = infinity
they contain z - s_t^2 only, so that a spectrum may be measured from its floor s_t^2 (``origin``): bulks close
to it, or to the atom there, are then resolved to full relative accuracy in their distance from it.

Real solutions. With mu = -1/kappa, kappa = psi_p A q gamma_1/(1 + psi_p b^2 gbar q), the curve of real
solutions is explicit: for each mu, q solves a quadratic equation, and gamma_1, gamma_2 and z follow. Edges of
the spectrum are extrema of z on it.

Source: Bonnaire et al., arXiv 2505.17638, theorem 3.1 (m = infinity); derivations/random_features/self_consistent.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...arrays import ComplexArray, FloatArray
from ...numerics.stieltjes import SelfConsistent, resolve
from ..model import RandomFeatures
from .coefficients import model_coefficients

_ROUNDING = 1e-13
# Below this imaginary part, relative to its modulus, q is taken from the trace equation.
_SLIGHT = 1e-3
# Numbers in one block of points and eigenvalues.
_BLOCK = 2**15


@dataclass(frozen=True)
class Resolvent:
    """The deterministic equivalents at spectral arguments z, all of shape (points,), and S of shape (points, K).

    ``omega`` = (1/d) Tr V^T G V and ``chi`` = (1/d) Tr V^T G E[V], from which the losses are made.
    """

    z: ComplexArray
    q: ComplexArray
    s: ComplexArray
    r: ComplexArray
    gamma_1: ComplexArray
    gamma_2: ComplexArray
    gamma_bar: ComplexArray
    propagator: ComplexArray
    omega: ComplexArray
    chi: ComplexArray


@dataclass(frozen=True)
class Dyson:
    """The equations of one model, as numbers. Made by :func:`dyson`; z is measured from ``origin``."""

    features: float
    samples: float
    inverse_draws: float
    linear: float
    b2: float
    v2: float
    s2: float
    eigenvalues: FloatArray
    weights: FloatArray
    origin: float = 0.0

    @property
    def ratio(self) -> float:
        """f = psi_p / psi_n."""
        return self.features / self.samples

    @property
    def unknowns(self) -> int:
        return 2 if self.inverse_draws in (0.0, 1.0) else 3

    @property
    def variance(self) -> float:
        return float(self.weights @ self.eigenvalues)

    @property
    def mean_eigenvalue(self) -> float:
        """Tr U / p."""
        return self.linear * self.variance + self.b2 + self.v2 + self.s2

    @property
    def scale(self) -> float:
        """An upper estimate of the largest eigenvalue, from the norms of the Wishart factors."""
        wide = (1.0 + np.sqrt(self.features)) ** 2
        largest = float(self.eigenvalues[-1])
        data = (1.0 + np.sqrt(1.0 / self.samples)) ** 2
        fresh = (1.0 + np.sqrt(self.inverse_draws / self.samples)) ** 2
        nonlinear = (1.0 + np.sqrt(self.ratio)) ** 2
        result: float = 3.0 * (
            wide * (self.linear * largest * data + self.b2 * fresh)
            + nonlinear * self.v2
            + nonlinear * self.s2
        )
        return result

    # ------------------------------------------------------------------------------------------------ the equations

    def _gammas(self, x: ComplexArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        gamma_1 = x[:, 1]
        gamma_2 = x[:, 2] if self.unknowns == 3 else np.ones_like(gamma_1)
        i = self.inverse_draws
        return gamma_1, gamma_2, i * gamma_1 + (1.0 - i) * gamma_2

    def _propagator(self, q: ComplexArray, gamma_1: ComplexArray, gamma_bar: ComplexArray) -> ComplexArray:
        h = self.b2 * gamma_bar[:, None] + self.linear * gamma_1[:, None] * self.eigenvalues
        return q[:, None] / (1.0 + (self.features * q)[:, None] * h)

    def _moments(self, values: ComplexArray, orders: int) -> ComplexArray:
        """Averages over the spectrum of Sigma of x^k values(x), k < orders; shape (points, orders)."""
        powers = self.weights[:, None] * self.eigenvalues[:, None] ** np.arange(orders)
        return values @ powers.astype(np.complex128)

    def _sums(
        self, q: ComplexArray, gamma_1: ComplexArray, gamma_bar: ComplexArray, square: bool = False
    ) -> tuple[ComplexArray, ComplexArray]:
        """Averages of x^k S(x), k < 2, and if asked for of x^k S(x)^2, k < 3; shapes (points, orders).

        S = (q/B)/(x + c) in real arithmetic, which is several times faster than complex divisions, and in blocks that
        stay in the cache.
        """
        slope = self.features * q * self.linear * gamma_1
        c = (1.0 + self.features * q * self.b2 * gamma_bar) / slope
        powers = self.weights[:, None] * self.eigenvalues[:, None] ** np.arange(3)
        first = np.empty((len(q), 2), dtype=np.complex128)
        second = np.empty((len(q), 3 if square else 0), dtype=np.complex128)
        block = max(1, _BLOCK // len(powers))
        for start in range(0, len(q), block):
            part = slice(start, start + block)
            height = c.imag[part, None]
            real = self.eigenvalues + c.real[part, None]
            inverse = 1.0 / (real * real + height * height)
            real *= inverse
            first[part] = real @ powers[:, :2] - 1j * height * (inverse @ powers[:, :2])
            if square:
                mixed = (real * inverse) @ powers
                real *= real
                inverse *= inverse
                second[part] = real @ powers - height**2 * (inverse @ powers) - 2j * height * mixed
        front = (q / slope)[:, None]
        return front * first, front**2 * second

    def residual(self, x: ComplexArray, z: ComplexArray) -> ComplexArray:
        q = x[:, 0]
        gamma_1, gamma_2, gamma_bar = self._gammas(x)
        moments, _ = self._sums(q, gamma_1, gamma_bar)
        s, r = moments[:, 0], moments[:, 1]
        f, i = self.ratio, self.inverse_draws
        fresh = i * (self.b2 * s + self.s2 * q)
        feature = self.b2 * gamma_bar * s + self.linear * gamma_1 * r
        rows = [
            (self.s2 * gamma_bar + self.v2 * gamma_1 - z) * q + feature - 1.0,
            gamma_1 * (1.0 + f * (self.linear * r + self.v2 * q + fresh)) - 1.0,
        ]
        if self.unknowns == 3:
            rows.append(gamma_2 * (1.0 + f * fresh) - 1.0)
        return np.stack(rows, axis=1)

    def jacobian(self, x: ComplexArray, z: ComplexArray) -> ComplexArray:
        q = x[:, 0]
        gamma_1, gamma_2, gamma_bar = self._gammas(x)
        first, second = self._sums(q, gamma_1, gamma_bar, square=True)
        s, r = first[:, 0], first[:, 1]
        f, i, psi, a = self.ratio, self.inverse_draws, self.features, self.linear
        d_gamma_1 = np.array([i * self.b2, a])
        # Derivatives of s and r with respect to q, gamma_1, gamma_2.
        ds = [second[:, 0] / q**2, -psi * (d_gamma_1[0] * second[:, 0] + a * second[:, 1])]
        dr = [second[:, 1] / q**2, -psi * (d_gamma_1[0] * second[:, 1] + a * second[:, 2])]
        d_bar = [0.0, i]
        if self.unknowns == 3:
            ds.append(-psi * self.b2 * (1.0 - i) * second[:, 0])
            dr.append(-psi * self.b2 * (1.0 - i) * second[:, 1])
            d_bar.append(1.0 - i)
        fresh = i * (self.b2 * s + self.s2 * q)
        matrix = np.empty((len(z), self.unknowns, self.unknowns), dtype=np.complex128)
        for j in range(self.unknowns):
            is_q, is_1, is_2 = float(j == 0), float(j == 1), float(j == 2)
            matrix[:, 0, j] = (self.s2 * d_bar[j] + self.v2 * is_1) * q
            matrix[:, 0, j] += self.b2 * (d_bar[j] * s + gamma_bar * ds[j])
            matrix[:, 0, j] += a * (is_1 * r + gamma_1 * dr[j])
            d_fresh = i * (self.b2 * ds[j] + self.s2 * is_q)
            matrix[:, 1, j] = gamma_1 * f * (a * dr[j] + self.v2 * is_q + d_fresh)
            matrix[:, 1, j] += is_1 * (1.0 + f * (a * r + self.v2 * q + fresh))
            if self.unknowns == 3:
                matrix[:, 2, j] = gamma_2 * f * d_fresh + is_2 * (1.0 + f * fresh)
        matrix[:, 0, 0] += self.s2 * gamma_bar + self.v2 * gamma_1 - z
        return matrix

    def _slope(self, x: ComplexArray, z: ComplexArray) -> ComplexArray:
        result = np.zeros_like(x)
        result[:, 0] = -x[:, 0]
        return result

    def _far_field(self, z: ComplexArray) -> ComplexArray:
        result = np.ones((len(z), self.unknowns), dtype=np.complex128)
        result[:, 0] = -1.0 / z
        return result

    def _physical(self, x: ComplexArray, z: ComplexArray) -> NDArray[np.bool_]:
        """Im q, Im s, Im r and Im(-gamma/z) are Stieltjes transforms of positive measures, up to rounding."""
        q = x[:, 0]
        gamma_1, gamma_2, gamma_bar = self._gammas(x)
        moments, _ = self._sums(q, gamma_1, gamma_bar)
        others = np.stack([moments[:, 0], moments[:, 1], -gamma_1 / z, -gamma_2 / z])
        return (q.imag > 0) & (others.imag > -_ROUNDING * np.abs(others)).all(axis=0)

    @property
    def system(self) -> SelfConsistent:
        return SelfConsistent(
            self.residual, self.jacobian, self._slope, self._far_field, self._physical, self.scale
        )

    def take(self, points: NDArray[np.intp]) -> SelfConsistent:
        """Some of a batch, see :func:`batch`."""
        features, samples = np.asarray(self.features)[points], np.asarray(self.samples)[points]
        part = replace(self, features=cast(float, features), samples=cast(float, samples))
        return replace(part.system, take=part.take)

    def resolvent(self, z: ComplexArray) -> Resolvent:
        """The physical solution at points of the closed upper half-plane.

        Raises
        ------
        NotConverged : at some point the continuation from above stalled (edges and atoms are to be avoided).
        """
        return self.package(resolve(self.system, z), np.asarray(z, dtype=np.complex128), propagator=True)

    def package(self, x: ComplexArray, z: ComplexArray, *, propagator: bool = False) -> Resolvent:
        """All functions of the unknowns x = (q, gamma_1[, gamma_2]) at z; S itself, which is large, if asked for."""
        q = x[:, 0]
        gamma_1, gamma_2, gamma_bar = self._gammas(x)
        moments, _ = self._sums(q, gamma_1, gamma_bar)
        s, r = moments[:, 0], moments[:, 1]
        whole = (
            self._propagator(q, gamma_1, gamma_bar) if propagator else np.empty((len(z), 0), dtype=q.dtype)
        )
        psi = self.features
        chi = self.b2 * psi * gamma_bar * s
        # 1 - gamma_bar without the cancellation at large z.
        i, f = self.inverse_draws, self.ratio
        fresh = i * (self.b2 * s + self.s2 * q)
        missing = i * gamma_1 * f * (self.linear * r + self.v2 * q + fresh) + (1.0 - i) * gamma_2 * f * fresh
        # z q + 1 = -(trace of the self-energy): so a bulk with few of the p modes is not lost in the rest of q.
        feature = self.b2 * gamma_bar * s + self.linear * gamma_1 * r
        energy = (self.s2 * gamma_bar + self.v2 * gamma_1) * q + feature
        q = np.where(np.abs(q.imag) < _SLIGHT * np.abs(q), q.real + 1j * ((energy - 1.0) / z).imag, q)
        return Resolvent(z, q, s, r, gamma_1, gamma_2, gamma_bar, whole, missing + gamma_bar * chi, chi)

    # ----------------------------------------------------------------------------------------------- the real curve

    def _gap_moments(self, base: FloatArray, offset: ComplexArray) -> ComplexArray:
        """Averages of x^k/(base + offset - x), k < 2, shape (points, 2)."""
        if (np.abs(offset.imag) > 1e-25 * np.abs(offset)).any():
            return self._moments(1.0 / ((base[:, None] - self.eigenvalues) + offset[:, None]), 2)
        # A complex step, or none: to first order in the imaginary part, in real arithmetic.
        powers = self.weights[:, None] * self.eigenvalues[:, None] ** np.arange(2)
        result = np.empty((len(base), 2), dtype=np.complex128)
        block = max(1, _BLOCK // len(powers))
        for start in range(0, len(base), block):
            part = slice(start, start + block)
            gap = 1.0 / ((base[part, None] - self.eigenvalues) + offset.real[part, None])
            result.real[part] = gap @ powers
            result.imag[part] = -offset.imag[part, None] * ((gap * gap) @ powers)
        return result

    def real_curve(
        self, base: FloatArray, offset: ComplexArray, sheet: NDArray[np.intp]
    ) -> tuple[ComplexArray, FloatArray, ComplexArray]:
        """z, the size of its terms, and the discriminant, at mu = base + offset on the sheets 0 and 1 of q; (points,).

        ``base`` is an eigenvalue of Sigma, or 0, and is kept apart so that mu may be close to it.
        """
        f, i, psi, a = self.ratio, self.inverse_draws, self.features, self.linear
        inverse = self._gap_moments(base, offset)
        mu = base + offset
        m_0 = mu * inverse[:, 0]
        c = self.v2 + i * self.s2
        b_ = -psi * a * mu - f * mu * (a * inverse[:, 1] + i * self.b2 * inverse[:, 0])
        e_0 = b_ + f * i * self.b2 * m_0
        e_1 = f * i * (self.b2 * m_0 * f * c + self.s2 * b_)
        top = b_ * (1.0 + self.b2 * i / (a * mu))
        rest = psi * self.b2 * (1.0 - i) * b_
        quadratic = top * e_1 - f * c * (e_1 + rest)
        half = 0.5 * (top * e_0 - e_1 - f * c * e_0 - rest)
        discriminant = half * half + quadratic * e_0
        root = np.sqrt(discriminant)
        sign = np.where(half.real >= 0, 1.0, -1.0)
        far = -(half + sign * root)
        q = np.where((sheet == 0) == (sign > 0), -e_0 / far, far / quadratic)
        gamma_2 = b_ / (e_0 + e_1 * q) if i < 1.0 else np.ones_like(q)
        # Two forms of gamma_1; each cancels at one end of one sheet.
        one, other = f * c * q, psi * self.b2 * (1.0 - i) * gamma_2 * q
        clean = np.abs(1.0 + one) * (1.0 + np.abs(other)) > np.abs(1.0 + other) * (1.0 + np.abs(one))
        gamma_1 = np.where(
            clean, -b_ / (mu * psi * a * (1.0 + one)), -(1.0 + other) / (psi * q * (a * mu + i * self.b2))
        )
        gamma_bar = i * gamma_1 + (1.0 - i) * gamma_2
        # <h/(1 + psi q h)>, where 1 + psi b^2 gbar q = -mu psi A q gamma_1.
        feature = -(self.b2 * gamma_bar * inverse[:, 0] / (a * gamma_1) + inverse[:, 1]) / (psi * q)
        terms = np.stack([self.s2 * gamma_bar, self.v2 * gamma_1, feature, -1.0 / q])
        return terms.sum(axis=0), np.abs(terms).sum(axis=0), discriminant


def dyson(model: RandomFeatures) -> Dyson:
    """The equations of a model."""
    c = model_coefficients(model)
    return Dyson(
        features=model.features_per_dimension,
        samples=model.samples_per_dimension,
        inverse_draws=0.0 if math.isinf(model.noise_draws) else 1.0 / model.noise_draws,
        linear=math.exp(-2.0 * model.time) * float(c.a_t) ** 2,
        b2=float(c.b_t_squared),
        v2=float(c.v_t_squared),
        s2=float(c.s_t_squared),
        eigenvalues=model.covariance.eigenvalues,
        weights=model.covariance.weights,
    )


def batch(systems: Sequence[Dyson], counts: Sequence[int]) -> SelfConsistent:
    """The equations of systems that differ only in their ratios, each for a number of points in a row."""
    features = np.repeat([system.features for system in systems], counts)
    samples = np.repeat([system.samples for system in systems], counts)
    # Every formula of one spectral argument takes arrays of shape (points,) for the two ratios.
    whole = replace(systems[0], features=cast(float, features), samples=cast(float, samples))
    return whole.take(np.arange(len(features)))


def dyson_from_floor(model: RandomFeatures, nodes: int) -> Dyson:
    """The equations for z on the real axis or next to it.

    For m = infinity z is measured from the floor s_t^2. A continuous covariance gets ``nodes`` nodes: the pole of S(x)
    may be so close to the law's interval that the usual ones would be seen as atoms.
    """
    eigenvalues, weights = model.covariance.fine_nodes(nodes)
    result = replace(dyson(model), eigenvalues=eigenvalues, weights=weights)
    return replace(result, s2=0.0, origin=result.s2) if result.inverse_draws == 0.0 else result
