"""The gain of a new component, its bound on the likelihood, its expansion, and single points."""

import mpmath as mp
import sympy as sp

from derivations import claim

_POINTS = [mp.mpf(s) for s in ("-1.7", "-1.1", "-0.4", "0.3", "0.5", "2.4")]
_T = mp.mpf("0.7")


def _log_likelihood(places: list[mp.mpf], weights: list[mp.mpf]) -> mp.mpf:
    return mp.fsum(
        mp.log(mp.fsum(w * mp.exp(-((x - m) ** 2) / (2 * _T)) for m, w in zip(places, weights, strict=True)))
        for x in _POINTS
    ) / len(_POINTS)


def _gain(mu: mp.mpf, places: list[mp.mpf], weights: list[mp.mpf]) -> mp.mpf:
    return (
        mp.fsum(
            mp.exp(-((x - mu) ** 2) / (2 * _T))
            / mp.fsum(w * mp.exp(-((x - m) ** 2) / (2 * _T)) for m, w in zip(places, weights, strict=True))
            for x in _POINTS
        )
        / len(_POINTS)
        - 1
    )


@claim(
    "g(mu) is the slope of the log-likelihood towards a component at mu, and log(1 + sup g) bounds what is missing"
)
def slope_and_bound() -> bool:
    with mp.workdps(30):
        places, weights = [mp.mpf("-0.8"), mp.mpf("0.9")], [mp.mpf("0.7"), mp.mpf("0.3")]
        for mu in (mp.mpf("-1.5"), mp.mpf("2.1")):
            slope = mp.diff(
                lambda e, mu=mu: _log_likelihood([*places, mu], [*(w * (1 - e) for w in weights), e]),
                0,
                h=mp.mpf("1e-8"),
            )
            if abs(slope - _gain(mu, places, weights)) > 1e-6:
                return False
        largest = max(_gain(mp.mpf(k) / 50, places, weights) for k in range(-150, 151))
        bound = _log_likelihood(places, weights) + mp.log(1 + largest)
        # A fine grid of places, weights by EM, which climbs.
        grid = [mp.mpf(k) / 4 for k in range(-8, 13)]
        shares = [mp.mpf(1) / len(grid)] * len(grid)
        for _ in range(150):
            shares = [w * (1 + _gain(m, grid, shares)) for m, w in zip(grid, shares, strict=True)]
        return bool(_log_likelihood(places, weights) < _log_likelihood(grid, shares) < bound)


@claim(
    "at the lone centroid g = mu.(C - T)mu/2T^2 + <(mu.x)^3>/6T^3 + ..., so that g > 0 iff T < sup 2 K(nu)/|nu|^2"
)
def expansion() -> bool:
    e, T, x, lam, third = sp.symbols("epsilon T x lambda s3")
    inner = sp.series(sp.exp(x * e / T - e**2 / (2 * T)), e, 0, 4).removeO()
    moments = {0: 1, 1: 0, 2: lam, 3: third}
    mean = sum(c * moments[power] for (power,), c in sp.Poly(sp.expand(inner), x).terms())
    formula = 1 + e**2 * (lam - T) / (2 * T**2) + e**3 * third / (6 * T**3)
    nu, K = sp.symbols("nu K", positive=True)
    threshold = sp.solve(sp.Eq(K - T * nu**2 / 2, 0), T)[0]
    return bool(sp.expand(mean - formula) == 0 and sp.simplify(threshold - 2 * K / nu**2) == 0)


@claim("one point at distance r among N nucleates at T = r^2/(2 log N) for large N")
def single_point() -> bool:
    r, n, nu = sp.symbols("r N nu", positive=True)
    quotient = 2 * (nu * r - sp.log(n)) / nu**2
    place = sp.solve(sp.diff(quotient, nu), nu)[0]
    return bool(sp.simplify(quotient.subs(nu, place) - r**2 / (2 * sp.log(n))) == 0)
