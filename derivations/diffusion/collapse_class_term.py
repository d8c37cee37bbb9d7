"""The information on the class in the excess entropy of a mixture."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.data.binary_channel import two_class_agreement
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.class_information import class_information, two_class_information
from statphys_gen.diffusion.theory.excess_entropy import class_excess_entropy, mutual_information


def _entropy_on_line(weights: list[str], means: list[str], variances: list[str]) -> mp.mpf:
    """Differential entropy of a mixture of Gaussians in one dimension."""
    parts = [tuple(mp.mpf(v) for v in row) for row in zip(weights, means, variances, strict=True)]

    def integrand(x: mp.mpf) -> mp.mpf:
        density = sum(w * mp.npdf(x, m, mp.sqrt(v)) for w, m, v in parts)
        return -density * mp.log(density)

    return mp.quad(integrand, [-14, -6, -2, 0, 2, 6, 14])


@claim("I(a; x_t) = h(x_t) - h(noise) of overlapping classes is sum w_k log(1+r)/2 + I(class; x_t), to 1e-12")
def chain_rule() -> bool:
    mixture = GaussianMixture([0.3, 0.7], [[1.2], [-0.8]], [0.5])
    time = 0.6
    with mp.workdps(20):
        q, t = mp.exp(-mp.mpf("0.6")), mp.mpf("0.6")
        noise = -mp.expm1(-2 * t)
        total = noise + q**2 / 2
        entropy = _entropy_on_line(["0.3", "0.7"], [q * mp.mpf("1.2"), -q * mp.mpf("0.8")], [total, total])
        exact = float(entropy - mp.log(2 * mp.pi * mp.e * noise) / 2)
    return bool(abs(float(mutual_information(mixture, time)) - exact) < 1e-12)


@claim("dI(class; x)/dx = 1 - phi(x) for two classes of any weight, phi the clone agreement")
def derivative_is_disagreement() -> bool:
    step = 1e-4
    for weight in (0.5, 0.2):
        x = np.array([0.3, 1.0, 4.0])
        weights = np.array([weight, 1.0 - weight])
        change = (two_class_information(x + step, weight) - two_class_information(x - step, weight)) @ weights
        if np.abs(change / (2 * step) - (1.0 - two_class_agreement(x, weight))).max() > 1e-8:
            return False
    return True


@claim("Small and large signals: I = 2 w w' x + O(x^2), and J_k -> log(1/w_k)")
def limits() -> bool:
    root, w, z = sp.symbols("root w z", positive=True)  # root = sqrt(x)
    series = sp.series(-sp.log(1 - (1 - w) * (1 - sp.exp(-2 * root**2 - 2 * root * z))), root, 0, 3).removeO()
    first = sp.expand(series).coeff(root, 2)
    average = sp.expand(first).coeff(z, 0) + sp.expand(first).coeff(z, 2)
    information = sp.expand(w * average + (1 - w) * average.subs(w, 1 - w))
    far = two_class_information(900.0, 0.2)
    return bool(
        sp.simplify(information - 2 * w * (1 - w)) == 0 and np.abs(far + np.log([0.2, 0.8])).max() < 1e-14
    )


@claim("Three classes in the plane: the rule over the kernel equals an integral over the plane of x to 1e-9")
def three_classes() -> bool:
    means = np.array([[1.0, 0.2], [-0.7, 0.9], [0.1, -1.1]])
    weights = np.array([0.5, 0.3, 0.2])
    mixture = GaussianMixture(weights, means, [0.8])
    time = 0.35
    axis = np.linspace(-8.0, 8.0, 241)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    variance = -np.expm1(-2 * time) + 0.8 * np.exp(-2 * time)
    densities = np.stack(
        [
            np.exp(-((x - a * np.exp(-time)) ** 2 + (y - b * np.exp(-time)) ** 2) / (2 * variance))
            / (2 * np.pi * variance)
            for a, b in means
        ]
    )
    total = np.tensordot(weights, densities, axes=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(densities > 0, densities * np.log(densities / total), 0.0)
    exact = terms.sum(axis=(1, 2)) * (axis[1] - axis[0]) ** 2
    return bool(np.abs(class_information(mixture, time) - exact).max() < 1e-9)


@claim(
    "Classes far apart: the posterior given class k counts only its n w_k points, f_k = [log(n w_k) - I_k]/d to 1e-12"
)
def known_class() -> bool:
    mixture = GaussianMixture([0.2, 0.8], [[60.0, 0.0], [-60.0, 0.0]], [[0.5, 2.0], [0.1, 3.0]])
    time, log_n = 0.4, 9.0
    excess = np.expm1(2 * time)
    inside = 0.5 * np.log1p(np.array([[0.5, 2.0], [0.1, 3.0]]) / excess).sum(axis=1)
    expected = (log_n + np.log([0.2, 0.8]) - inside) / 2
    return bool(np.abs(class_excess_entropy(mixture, time, log_n) - expected).max() < 1e-12)
