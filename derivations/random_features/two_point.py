"""The two-point functions, from the self-consistent equations with a triangular matrix as spectral parameter."""

import numpy as np

from derivations import claim
from derivations.random_features.definitions import parts
from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.resolvent import Dyson, dyson
from statphys_gen.random_features.theory.two_point import one_point_mass, two_point_mass, two_point_table

FEATURES, SAMPLES, TIME = 3.0, 1.7, 0.4
EIGENVALUES, WEIGHTS = np.array([0.5, 1.5]), np.array([0.3, 0.7])
DRAWS = (1.0, 2.0, 3.0, float("inf"))
POINTS = (-3.0 + 1.0j, -2.0 - 2.0j)
ONE = np.eye(2, dtype=complex)


def _models() -> list[Dyson]:
    covariance = Covariance(EIGENVALUES, WEIGHTS)
    return [dyson(RandomFeatures("tanh", FEATURES, SAMPLES, TIME, covariance, m)) for m in DRAWS]


def _triangular(draws: float, z: np.ndarray, alpha: float, beta: float, c: float) -> np.ndarray:
    """(1/d) Tr_d V^T G V as a 2 x 2 matrix, for the resolvent of U x 1 - z - (corner) P, by iterating matrix equations.

    The equations are those of the scalar case with every product in its order; the corner of h and of s_t^2 takes -P.
    """
    corner = np.array([[0.0, 1.0], [0.0, 0.0]], dtype=complex)
    inverse = np.linalg.inv
    own = parts(np.tanh, TIME, float(WEIGHTS @ EIGENVALUES))
    f, i, psi = FEATURES / SAMPLES, 1.0 / draws, FEATURES
    q, g1, g2 = -inverse(z), ONE.copy(), ONE.copy()
    for _ in range(4000):
        bar = i * g1 + (1 - i) * g2
        shares = []
        for x in EIGENVALUES:
            h = own.noise * bar + own.data * g1 * x - (alpha * x + beta) * corner
            shares.append(inverse(inverse(q) + psi * h))
        s = sum(w * share for w, share in zip(WEIGHTS, shares, strict=True))
        r = sum(w * x * share for w, x, share in zip(WEIGHTS, EIGENVALUES, shares, strict=True))
        fresh = i * (own.noise * s + own.fresh * q)
        new_1 = inverse(ONE + f * (own.data * r + own.shared * q + fresh))
        new_2 = inverse(ONE + f * fresh)
        iq = inverse(q)
        self_energy = own.fresh * bar + own.shared * g1 - c * corner
        # (1/q - q^-1 s q^-1)/psi is the average of h/(1 + psi q h).
        new_q = inverse(self_energy - z + (iq - iq @ s @ iq) / psi)
        change = max(abs(new_q - q).max(), abs(new_1 - g1).max(), abs(new_2 - g2).max())
        q, g1, g2 = 0.5 * (q + new_q), 0.5 * (g1 + new_1), 0.5 * (g2 + new_2)
        if change < 1e-15:
            break
    bar = i * g1 + (1 - i) * g2
    return ONE - bar + own.noise * psi * bar @ s @ bar


@claim(
    "The linear system of the two-point functions is the corner of matrix equations, for m = 1, 2, 3 and infinity"
)
def corner_of_matrix_equations() -> bool:
    alpha, beta, c = 0.7, 0.4, 0.3
    for draws, system in zip(DRAWS, _models(), strict=True):
        z, w = POINTS
        matrix = _triangular(draws, np.array([[z, 0.0], [0.0, w]]), alpha, beta, c)
        left = system.resolvent(np.array([z]))
        right = system.resolvent(np.array([w.conjugate()]))
        found = two_point_table(system, left, right, alpha, beta, c, conjugate=True)[0, 0]
        if abs(found / matrix[0, 1] - 1) > 1e-10 or abs(left.omega[0] / matrix[0, 0] - 1) > 1e-10:
            return False
    return True


@claim(
    "P = 1: T(z, z') is the divided difference of omega (resolvent identity), for m = 1, 2, 3 and infinity"
)
def resolvent_identity() -> bool:
    z = np.array([0.3 + 0.2j, -1.0 + 0.1j, 0.05 + 0.02j])
    for system in _models():
        r = system.resolvent(z)
        table = two_point_table(system, r, r, 0.0, 0.0, 1.0)
        for j in range(3):
            for k in range(3):
                if j != k:
                    expected = (r.omega[j] - r.omega[k]) / (z[j] - z[k])
                    if abs(table[j, k] / expected - 1) > 1e-10:
                        return False
    return True


@claim(
    "omega and T have the masses (1/d) Tr V^T V and (1/d) Tr V^T P V at large z, those of finite matrices to 3 %"
)
def masses() -> bool:
    far = np.array([1e6j, 2e6j])
    generator = np.random.default_rng(4)
    for draws, system in zip(DRAWS[:3], _models(), strict=False):
        r = system.resolvent(far)
        table = two_point_table(system, r, r, 0.7, 0.4, 0.3)
        one, two = _finite_masses(int(draws), 0.7, 0.4, 0.3, generator)
        for found, mass, finite in (
            ((-far[0] * r.omega[0]).real, one_point_mass(system), one),
            ((far[0] * far[1] * table[0, 1]).real, two_point_mass(system, 0.7, 0.4, 0.3), two),
        ):
            if abs(found / mass - 1) > 1e-5 or abs(finite / mass - 1) > 0.03:
                return False
    return True


def _finite_masses(
    draws: int, alpha: float, beta: float, c: float, generator: np.random.Generator
) -> tuple[float, float]:
    """(1/d) Tr V^T V and (1/d) Tr V^T P V of the Gaussian equivalent, V = sum phi xi^T/(n m), P = alpha w C w^T +
    beta w w^T + c."""
    d = 120
    p, n = int(FEATURES * d), int(SAMPLES * d)
    own = parts(np.tanh, TIME, float(WEIGHTS @ EIGENVALUES))
    spectrum = np.repeat(EIGENVALUES, np.rint(WEIGHTS * d).astype(int))
    one, two = [], []
    for _ in range(4):
        w = generator.standard_normal((p, d)) / np.sqrt(d)
        shared = np.sqrt(own.data) * w @ (np.sqrt(spectrum)[:, None] * generator.standard_normal((d, n)))
        shared += np.sqrt(own.shared) * generator.standard_normal((p, n))
        v = np.zeros((p, d))
        for _ in range(draws):
            xi = generator.standard_normal((d, n))
            phi = shared + np.sqrt(own.noise) * w @ xi
            phi += np.sqrt(own.fresh) * generator.standard_normal((p, n))
            v += phi @ xi.T / (n * draws)
        image = w.T @ v
        one.append((v**2).sum() / d)
        two.append(((alpha * spectrum[:, None] + beta) * image**2).sum() / d + c * one[-1])
    return float(np.mean(one)), float(np.mean(two))


@claim(
    "omega is (1/d) Tr V^T G V: one finite Gaussian equivalent, d = 150, agrees to 3 %, for m = 2 and infinity"
)
def finite_matrices() -> bool:
    generator = np.random.default_rng(3)
    z, d = -0.5, 150
    for m in (2, float("inf")):
        system = dyson(RandomFeatures("tanh", 1.5, 1.0, 0.4, None, m))
        expected = system.resolvent(np.array([z + 0j])).omega[0].real
        p, n = int(1.5 * d), d
        own = parts(np.tanh, 0.4, 1.0)
        w = generator.standard_normal((p, d)) / np.sqrt(d)
        shared = np.sqrt(own.data) * w @ generator.standard_normal((d, n))
        shared += np.sqrt(own.shared) * generator.standard_normal((p, n))
        if m == 2:
            u, v = np.zeros((p, p)), np.zeros((p, d))
            for _ in range(2):
                xi = generator.standard_normal((d, n))
                phi = (
                    shared
                    + np.sqrt(own.noise) * w @ xi
                    + np.sqrt(own.fresh) * generator.standard_normal((p, n))
                )
                u, v = u + phi @ phi.T / (2 * n), v + phi @ xi.T / (2 * n)
        else:
            u = shared @ shared.T / n + own.noise * w @ w.T + own.fresh * np.eye(p)
            v = np.sqrt(own.noise) * w
        found = np.trace(v.T @ np.linalg.solve(u - z * np.eye(p), v)) / d
        if abs(found / expected - 1) > 0.03:
            return False
    return True
