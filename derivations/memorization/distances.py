"""Distances of Gaussians, and the scores between which a denoiser lies."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.memorization import gaussian_denoiser, gaussian_frechet, gaussian_sliced_wasserstein


@claim("On the line two Gaussians are coupled by quantiles at the squared distance (m - m')^2 + (s - s')^2")
def gaussians_on_the_line() -> bool:
    z, m, n, s, t = sp.symbols("z m n s t", positive=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    cost = sp.integrate(sp.expand((m + s * z - n - t * z) ** 2) * density, (z, -sp.oo, sp.oo))
    direct = gaussian_sliced_wasserstein([0.4], [[1.21]], [1.0], [[0.36]], [[2.0]])
    frechet = gaussian_frechet([0.4], [[1.21]], [1.0], [[0.36]])
    exact = 0.6**2 + (1.1 - 0.6) ** 2
    return bool(
        sp.simplify(cost - (m - n) ** 2 - (s - t) ** 2) == 0
        and abs(direct - exact) < 1e-14
        and abs(frechet - exact) < 1e-14
    )


@claim(
    "The map T = A^{-1/2} (A^{1/2} B A^{1/2})^{1/2} A^{-1/2} brings N(0, A) to N(0, B) at the Frechet cost"
)
def frechet_cost() -> bool:
    with mp.workdps(30):
        a = mp.matrix([[mp.mpf("1.3"), mp.mpf("0.4")], [mp.mpf("0.4"), mp.mpf("0.6")]])
        b = mp.matrix([[mp.mpf("0.5"), mp.mpf("-0.2")], [mp.mpf("-0.2"), mp.mpf("1.1")]])
        root = mp.sqrtm(a)
        middle = mp.sqrtm(root * b * root)
        transport = root**-1 * middle * root**-1
        pushed = transport * a * transport.T
        moved = (mp.eye(2) - transport) * a * (mp.eye(2) - transport).T
        cost = moved[0, 0] + moved[1, 1]
        difference = max(abs(pushed[i, j] - b[i, j]) for i in range(2) for j in range(2))
        found = gaussian_frechet([0.0, 0.0], [[1.3, 0.4], [0.4, 0.6]], [0.0, 0.0], [[0.5, -0.2], [-0.2, 1.1]])
        return bool(difference < mp.mpf("1e-25") and abs(cost - found) < 1e-13)


@claim(
    "Distances to training and held-out set differ by at most that of the two: they cannot tell copies from novelty"
)
def triangle() -> bool:
    """The square root of the Frechet distance is a metric on Gaussians (2-Wasserstein)."""
    rng = np.random.default_rng(2)
    laws = []
    for _ in range(3):
        factor = rng.standard_normal((3, 3))
        laws.append((rng.standard_normal(3), factor @ factor.T + 0.1 * np.eye(3)))
    d = [[np.sqrt(max(gaussian_frechet(*a, *b), 0.0)) for b in laws] for a in laws]
    return all(abs(d[0][i] - d[0][j]) <= d[i][j] + 1e-12 for i in range(3) for j in range(3))


@claim("The Gaussian denoiser is the score of N(mu m, mu^2 C + sigma^2)")
def gaussian_score() -> bool:
    points = np.array([[-1.1, 0.3], [0.4, 0.9], [1.3, -0.6]])
    y = sp.symbols("y0 y1")
    mean, covariance = points.mean(axis=0), np.cov(points.T, bias=True)
    matrix = sp.Matrix(0.81 * covariance + 0.25 * np.eye(2))
    shifted = sp.Matrix(y) - 0.9 * sp.Matrix(mean)
    log_density = -(shifted.T * matrix.inv() * shifted)[0] / 2
    place = {y[0]: 0.7, y[1]: -0.2}
    exact = [float(sp.diff(log_density, entry).subs(place)) for entry in y]
    found = gaussian_denoiser([[0.7, -0.2]], points, data_scale=0.9, noise_scale=0.5)[0]
    return bool(np.abs(found - exact).max() < 1e-12)
