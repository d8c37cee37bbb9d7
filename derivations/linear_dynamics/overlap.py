"""What a function of the target keeps of a weak signal, below and above the transition at tau = 1."""

from math import comb

import mpmath as mp

from derivations import claim


def _overlap(power: int, tau: mp.mpf) -> mp.mpf:
    """The formula for f = x^power, at 30 digits."""

    def integrand(theta: mp.mpf) -> mp.mpf:
        weight = mp.sin(2 * theta) * mp.sin(theta) / ((1 - tau**2) ** 2 + 4 * tau**2 * mp.sin(theta) ** 2)
        return (2 * mp.cos(theta)) ** power * weight

    near = abs(1 - tau**2) / (2 * tau)
    points = [mp.mpf(0), *([near] if 0 < near < 1 else []), mp.pi / 2]
    value = 4 * tau / mp.pi * mp.quad(integrand, points)
    return value + ((1 - 1 / tau**2) * (tau + 1 / tau) ** power if tau > 1 else 0)


def _counted(power: int, tau: mp.mpf) -> mp.mpf:
    """Wick's theorem: s factors tau u v^T cut the product into s + 1 stretches of noise, each of even length 2 m, whose
    mean is the Catalan number C_m; their generating function to the power s + 1 has the coefficients below."""
    total = mp.mpf(0)
    for s in range(1, power + 1, 2):
        m, k = (power - s) // 2, s + 1
        # [y^m] C(y)^k = k/(2 m + k) binomial(2 m + k, m).
        total += tau**s * mp.mpf(k * comb(2 * m + k, m)) / (2 * m + k)
    return total


@claim("u^T T^m v for m = 1, 3, 5, 7, 9 by pairings: tau, tau^3 + 2 tau, tau^5 + 4 tau^3 + 5 tau, ...")
def moments() -> bool:
    mp.mp.dps = 30
    tau = mp.mpf("0.7")
    known = (
        _counted(3, tau) == tau**3 + 2 * tau and abs(_counted(5, tau) - tau**5 - 4 * tau**3 - 5 * tau) < 1e-28
    )
    for strength in ("0.3", "0.6", "0.95", "1.05", "1.5", "3"):
        for power in (1, 3, 5, 7, 9):
            exact = _counted(power, mp.mpf(strength))
            if abs(_overlap(power, mp.mpf(strength)) - exact) > 1e-18 * exact:
                return False
    return known


@claim(
    "The overlap is smooth at tau = 1: the outlier enters where the continuous part turns into a Lorentzian"
)
def continuity() -> bool:
    mp.mp.dps = 30
    below, above = (_overlap(5, 1 + sign * mp.mpf("1e-6")) for sign in (-1, 1))
    slope = (above - below) / mp.mpf("2e-6")
    return abs(above - below) < 1e-4 and abs(slope - (5 + 12 + 5)) < 1e-5


@claim(
    "Eigenvalue fluctuations aside, the bulk has the Catalan moments of the quarter circle: int rho s^(2 m) = C_m"
)
def quarter_circle() -> bool:
    mp.mp.dps = 20
    for m in range(5):
        found = mp.quad(lambda s, m=m: mp.sqrt(4 - s * s) / mp.pi * s ** (2 * m), [0, 2])
        if abs(found - mp.mpf(comb(2 * m, m)) / (m + 1)) > 1e-12:
            return False
    return True
