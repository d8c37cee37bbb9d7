"""Curie-Weiss data: the posterior by an auxiliary field, and one coordinate in the limit."""

import itertools

import mpmath as mp
import sympy as sp

from derivations import claim


@claim("E[a_i | x] = sum_q w_q tanh(J m_q + H/d + g x_i) over equidistant m_q, against enumeration")
def posterior_mean() -> bool:
    with mp.workdps(30):
        d, coupling, field, g = 5, mp.mpf("1.6"), mp.mpf("0.9"), mp.mpf("0.7")
        x = [mp.mpf(v) / 10 for v in (3, -8, 11, -2, 6)]
        total, sums = mp.mpf(0), [mp.mpf(0)] * d
        for a in itertools.product((-1, 1), repeat=d):
            m = sum(a)
            weight = mp.exp(
                coupling * mp.mpf(m) ** 2 / (2 * d)
                + field * m / d
                + g * sum(u * v for u, v in zip(a, x, strict=True))
            )
            total += weight
            sums = [s + weight * u for s, u in zip(sums, a, strict=True)]
        step = mp.mpf("0.5") / mp.sqrt(d * coupling)
        norm, found = mp.mpf(0), [mp.mpf(0)] * d
        for k in range(-60, 61):
            m = k * step
            fields = [coupling * m + field / d + g * v for v in x]
            weight = mp.exp(-d * coupling * m * m / 2) * mp.fprod(2 * mp.cosh(f) for f in fields)
            norm += weight
            found = [s + weight * mp.tanh(f) for s, f in zip(found, fields, strict=True)]
        return all(abs(u / total - v / norm) < mp.mpf("1e-20") for u, v in zip(sums, found, strict=True))


@claim(
    "at small tau the posterior of the modes has log-odds H m* + tau m* sum_i x_i: two classes of separation m*"
)
def first_half() -> bool:
    # Given a mode the spins are independent with mean +-m*; the log-odds of a weak field tau x_i are 2 tau m* x_i.
    m, tau, x = sp.symbols("m tau x")
    odds = sp.log((1 + m * sp.tanh(tau * x)) / (1 - m * sp.tanh(tau * x))) / 2
    return sp.simplify(sp.series(odds, tau, 0, 2).removeO() - m * tau * x) == 0


@claim(
    "a coordinate moves by (dtau/(1-tau)) (E - x) on the linear interpolant, (dtau/(1-tau^2)) (E - tau x) on the other"
)
def second_half() -> bool:
    tau, x, guess = sp.symbols("tau x E")

    def velocity(a: sp.Expr) -> sp.Expr:
        return sp.diff(a, tau) * (x - tau * guess) / a + guess

    linear = velocity(1 - tau) - (guess - x) / (1 - tau)
    bent = velocity(sp.sqrt(1 - tau**2)) - (guess - tau * x) / (1 - tau**2)
    return sp.simplify(linear) == 0 and sp.simplify(bent) == 0
