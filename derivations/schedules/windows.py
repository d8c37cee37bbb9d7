"""Start error, the flow's U-turn, and the sum rule of the sensitivity of the weight."""

from typing import Any

import mpmath as mp
import sympy as sp

from derivations import claim


def _quantile(s: Any, p: Any) -> Any:
    return mp.findroot(lambda w: p * mp.ncdf(w - s) - (1 - p) * mp.ncdf(-w - s), mp.mpf("-0.3"))


@claim(
    "chi dlog S = -d[2 p (1-p) (1 - Phi(w+s) + Phi(w-s))] as S falls: the integral over all levels is 2 p (1-p)"
)
def sum_rule() -> bool:
    with mp.workdps(30):
        p = mp.mpf("0.72")
        h = mp.log(p / (1 - p)) / 2

        def below(s: Any) -> Any:
            w = _quantile(s, p)
            return 2 * p * (1 - p) * (1 - mp.ncdf(w + s) + mp.ncdf(w - s))

        for s in (mp.mpf("0.4"), mp.mpf("1.3"), mp.mpf("2.6")):
            w = _quantile(s, p)
            rho = (p * mp.npdf(w - s) + (1 - p) * mp.npdf(w + s)) / s
            # With u = 0 the signal falls as dq/dlog S = -2 q, that is ds/dlog S = -s.
            chi = rho * (1 - mp.tanh(h + s * w) ** 2) * s * s
            if abs(-s * mp.diff(below, s) - chi) > mp.mpf("1e-18"):
                return False
        return abs(below(mp.mpf("1e-9")) - 2 * p * (1 - p)) < mp.mpf("1e-8")


@claim("dp/dh = 2 p (1-p)")
def weight_of_the_field() -> bool:
    h = sp.symbols("h")
    p = 1 / (1 + sp.exp(-2 * h))
    return sp.simplify(sp.diff(p, h) - 2 * p * (1 - p)) == 0


@claim(
    "the flow keeps quantiles: from N(0, S^2) it errs by -(2p-1) phi(z)/s0, from the mean by -2p(1-p) z phi(z)/s0^2"
)
def start_errors() -> bool:
    with mp.workdps(30):
        p = mp.mpf("0.72")
        z = mp.findroot(lambda x: mp.ncdf(x) - (1 - p), mp.mpf("-0.5"))
        for far in (mp.mpf(1000), mp.mpf(2000)):
            edge = _quantile(1 / far, p)
            zero = mp.ncdf(-edge) - p
            mean = mp.ncdf((2 * p - 1) / far - edge) - p
            if abs(zero * far + (2 * p - 1) * mp.npdf(z)) > 3 / far:
                return False
            if abs(mean * far**2 + 2 * p * (1 - p) * z * mp.npdf(z)) > 3 / far:
                return False
    return True


@claim(
    "V1: the bias of logistic regression on n draws of its own model, fitted by least squares of the guess"
)
def bias_of_draws() -> bool:
    """Minimising E (s - tanh(v + h'))^2 over h': variance of the score over the squared slope of its mean."""
    t = sp.symbols("t")
    # Given v, s = +-1 with mean t; d/dh' of (s - tanh)^2 is -2 (s - t)(1 - t^2).
    variance = (1 - t**2) * (1 - t**2) ** 2  # Var s = 1 - t^2
    slope = (1 - t**2) ** 2  # of E (s - tanh)(1 - t^2) in h', at the solution
    return sp.simplify(variance - (1 - t**2) ** 3) == 0 and sp.simplify(slope - (1 - t**2) ** 2) == 0
