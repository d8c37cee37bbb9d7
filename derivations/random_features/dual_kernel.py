"""The coefficients a_t, b_t^2, v_t^2, s_t^2 of an activation, from the dual kernel E[sigma(Gamma u) sigma(Gamma v)]."""

from collections.abc import Callable
from typing import Any

import mpmath as mp

from derivations import claim
from statphys_gen.random_features.theory.coefficients import coefficients

KERNELS = {
    "erf": (mp.erf, lambda g, r: 2 / mp.pi * mp.asin(2 * g * r / (1 + 2 * g))),
    "sin": (mp.sin, lambda g, r: mp.exp(-g) * mp.sinh(g * r)),
    "relu": (
        lambda x: max(x, mp.mpf(0)),
        lambda g, r: g / (2 * mp.pi) * (mp.sqrt(1 - r * r) + r * (mp.pi - mp.acos(r))),
    ),
    "sign": (mp.sign, lambda g, r: 2 / mp.pi * mp.asin(r)),
}


def hermite(k: int, z: mp.mpf) -> mp.mpf:
    """He_k(z)/sqrt(k!)."""
    previous, current = mp.mpf(0), mp.mpf(1)
    for j in range(k):
        previous, current = current, (z * current - mp.sqrt(j) * previous) / mp.sqrt(j + 1)
    return current


@claim(
    "closed kernels of erf, sin, relu and sign have the Hermite coefficients c_k^2 of their activation as Taylor series"
)
def closed_kernels() -> bool:
    gamma2 = mp.mpf("1.7")
    for function, kernel in KERNELS.values():
        series = mp.taylor(lambda r, kernel=kernel: kernel(gamma2, r), 0, 5)
        for k in range(6):

            def integrand(z: mp.mpf, function: Callable[[Any], Any] = function, k: int = k) -> mp.mpf:
                return function(mp.sqrt(gamma2) * z) * hermite(k, z) * mp.npdf(z)

            c = mp.quad(integrand, [-12, -4, 0, 4, 12])
            if abs(series[k] - c * c) > mp.mpf(10) ** -10:
                return False
    return True


def _split(function: Callable[[Any], Any], gamma2: mp.mpf, rho: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """v^2 and s^2 as variances: of E[sigma | shared] beyond its linear part, and likewise of sigma given that."""
    nodes = [(mp.mpf(j) / 5, mp.npdf(mp.mpf(j) / 5) / 5) for j in range(-40, 41)]
    gamma = mp.sqrt(gamma2)
    c1 = mp.fsum(w * z * function(gamma * z) for z, w in nodes)
    shared, fresh = mp.mpf(0), mp.mpf(0)
    for u, weight in nodes:
        values = [function(gamma * (mp.sqrt(rho) * u + mp.sqrt(1 - rho) * y)) for y, _ in nodes]
        middle = mp.fsum(w * value for value, (_, w) in zip(values, nodes, strict=True))
        shared += weight * (middle - c1 * mp.sqrt(rho) * u) ** 2
        fresh += weight * mp.fsum(
            w * (value - middle - c1 * mp.sqrt(1 - rho) * y) ** 2
            for value, (y, w) in zip(values, nodes, strict=True)
        )
    return shared, fresh


@claim(
    "v_t^2 and s_t^2 are the variances of the nonlinear parts of a feature that two draws of one sample share, or not"
)
def variances() -> bool:
    with mp.workdps(20):
        for time, variance in ((0.05, 1.0), (0.8, 2.0)):
            noise = -mp.expm1(-2 * mp.mpf(time))
            signal = mp.exp(-2 * mp.mpf(time)) * variance
            shared, fresh = _split(mp.tanh, signal + noise, signal / (signal + noise))
            c = coefficients("tanh", time, variance)
            if abs(float(c.v_t_squared) / shared - 1) > 1e-9 or abs(float(c.s_t_squared) / fresh - 1) > 1e-9:
                return False
    return True


@claim("a_t = E sigma'(Gamma z) and b_t^2 = D a_t^2 (integration by parts)")
def linear_part() -> bool:
    time, variance = mp.mpf("0.3"), mp.mpf(2)
    noise = -mp.expm1(-2 * time)
    gamma = mp.sqrt(mp.exp(-2 * time) * variance + noise)
    a = mp.quad(lambda z: mp.sech(gamma * z) ** 2 * mp.npdf(z), [-12, 0, 12])
    c = coefficients("tanh", float(time), float(variance))
    return bool(abs(float(c.a_t) - a) < 1e-14 and abs(float(c.b_t_squared) - noise * a * a) < 1e-14)


@claim(
    "t -> 0: s_t^2 = 2t (kappa'(1) - c_1^2)/sigma_x^2 for smooth activations, but of order sqrt(t) for sign"
)
def small_time() -> bool:
    t = 1e-8
    # kappa'(1) = sum k c_k^2 = Gamma^2 E sigma'^2, and c_1^2 = 2/pi for sign, whose kernel has infinite slope at 1.
    expected = 2 * t * (mp.quad(lambda z: mp.sech(z) ** 4 * mp.npdf(z), [-12, 0, 12]))
    expected -= 2 * t * mp.quad(lambda z: mp.sech(z) ** 2 * mp.npdf(z), [-12, 0, 12]) ** 2
    smooth = abs(float(coefficients("tanh", t).s_t_squared) / float(expected) - 1) < 1e-6
    sign = abs(float(coefficients("sign", t).s_t_squared) / float(4 / mp.pi * mp.sqrt(t)) - 1) < 1e-3
    return bool(smooth and sign)


@claim(
    "Gaussian equivalent: two features of correlation r, from one draw or from two draws of a sample, covary as their "
    "linear parts, up to O(r^3) for odd activations; the diagonal is the sum of the linear and both nonlinear parts"
)
def gaussian_equivalent() -> bool:
    time, variance = 0.3, 1.5
    noise = -mp.expm1(-2 * mp.mpf(time))
    signal = mp.exp(-2 * mp.mpf(time)) * variance
    gamma2 = signal + noise
    nodes = [(x / 4, mp.npdf(x / 4) / 4) for x in range(-32, 33)]

    def kernel(r: mp.mpf) -> mp.mpf:
        """E tanh(Gamma u) tanh(Gamma v), u and v of correlation r, by the definition."""
        values = [(u, w * mp.tanh(mp.sqrt(gamma2) * u)) for u, w in nodes]
        rest = mp.sqrt(1 - r * r)
        return mp.fsum(
            a * w * mp.tanh(mp.sqrt(gamma2) * (r * u + rest * y)) for u, a in values for y, w in nodes
        )

    with mp.workdps(16):
        c = coefficients("tanh", time, variance)
        linear = float(c.a_t) ** 2 * gamma2
        # Rows w.w'/d = r; two draws share the data only, which lowers the correlation by signal/gamma2.
        for share in (1, signal / gamma2):
            left = [kernel(r * share) - linear * r * share for r in (mp.mpf("0.2"), mp.mpf("0.1"))]
            if not 7 < left[0] / left[1] < 9:
                return False
        diagonal = linear + float(c.v_t_squared + c.s_t_squared)
        return bool(abs(kernel(mp.mpf(1)) - diagonal) < 1e-9)
