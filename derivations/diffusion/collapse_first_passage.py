"""The trajectory collapse time: reversal identity, Brownian representation, expansion of the mean."""

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim

r, c = sp.symbols("r c", positive=True)


def _path_laws() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three data points on a line, three times, a grid: forward and backward laws of the path, and the grid."""
    points = np.array([-1.0, 0.3, 0.9])
    grid = np.linspace(-3.0, 3.0, 25)
    times = (0.15, 0.5, 1.1)

    def kernel(start: np.ndarray, elapsed: float) -> np.ndarray:
        law = np.exp(-((grid - np.exp(-elapsed) * start[:, None]) ** 2) / (2 * -np.expm1(-2 * elapsed)))
        return law / law.sum(axis=1, keepdims=True)

    first = kernel(points, times[0]).mean(axis=0)
    step_1, step_2 = kernel(grid, times[1] - times[0]), kernel(grid, times[2] - times[1])
    forward = first[:, None, None] * step_1[:, :, None] * step_2[None, :, :]
    # Backward Markov chain that knows the marginal laws only, as the score does.
    second, third = first @ step_1, first @ step_1 @ step_2
    back_2 = second[:, None] * step_2 / third
    back_1 = first[:, None] * step_1 / second
    backward = third[None, None, :] * back_2[None, :, :] * back_1[:, :, None]
    return forward, backward, grid


@claim(
    "The backward chain of the empirical law and a forward one from a data point have one path law: last = first change"
)
def reversal() -> bool:
    forward, backward, grid = _path_laws()
    points = np.array([-1.0, 0.3, 0.9])
    nearest = [np.abs(grid[:, None] - np.exp(-t) * points).argmin(axis=1) for t in (0.15, 0.5, 1.1)]
    stays = (nearest[0][:, None, None] == nearest[1][None, :, None]) & (
        nearest[1][None, :, None] == nearest[2][None, None, :]
    )
    return bool(
        np.abs(forward - backward).max() < 1e-15 and abs(forward[stays].sum() - backward[stays].sum()) < 1e-14
    )


@claim("exp(t) x_t = a + W(E), W Brownian in E = exp(2t) - 1: Cov(exp(t) x_t, exp(s) x_s) = E_s for s < t")
def brownian() -> bool:
    s, t, k = sp.symbols("s t k", positive=True)
    # x_t exp(t) = a + int_0^t exp(k) sqrt(2) dB_k
    covariance = sp.integrate(2 * sp.exp(2 * k), (k, 0, s))
    return sp.simplify(covariance - (sp.exp(2 * s) - 1)) == 0 and not covariance.has(t)


@claim(
    "With d tau = (d v/D) dt the log weight of a competitor has variance 4 per tau, half of it shared by all of them"
)
def local_rates() -> bool:
    excess, variance, d = sp.symbols("E s2 d", positive=True)
    spread = variance * excess / (variance + excess)  # posterior variance of a component
    v = spread / excess
    noise = excess / (1 + excess)  # D
    tau = d * v / noise * noise / (2 * excess)  # d tau/dE, with dt = D dE/(2E)
    # log weight (delta.W - |delta|^2/2)/E: |delta|^2 = 2 d spread, and delta.delta' = d spread for two competitors.
    own, shared = 2 * d * spread / excess**2, d * spread / excess**2
    return sp.simplify(own / tau - 4) == 0 and sp.simplify(shared / tau - 2) == 0


@claim(
    "Given x, z the log weight of a posterior sample has mean mu and variance d g; Var mu = d g and Cov(mu, R) = d g"
)
def fluctuations() -> bool:
    # Per component: unit Gaussians z and y of correlation c, c^2 = 1/(1+r); R = (z^2 - y^2)/2, mu = (z^2 - c^2 y^2)/2.
    covariances = {("z", "z"): 2, ("y", "y"): 2, ("z", "y"): 2 * c**2, ("y", "z"): 2 * c**2}

    def covariance(one: dict[str, sp.Expr], two: dict[str, sp.Expr]) -> sp.Expr:
        return sum(a * b * covariances[i, j] for i, a in one.items() for j, b in two.items())

    half = sp.Rational(1, 2)
    log_number, mean = {"z": half, "y": -half}, {"z": half, "y": -(c**2) / 2}
    g = r * (2 + r) / (1 + r) ** 2 / 2
    v = r / (1 + r)
    # Posterior of u = exp(-t)a/sqrt(D) given x: x/sqrt(D) - u has mean c y and variance r/(1+r).
    spread = (2 * (r / (1 + r)) ** 2 + 4 * (r / (1 + r)) * c**2) / 4
    values = [
        covariance(log_number, log_number) - v,
        covariance(mean, mean) - g,
        covariance(mean, log_number) - g,
        spread - g,
    ]
    return all(sp.simplify(value.subs(c, 1 / sp.sqrt(1 + r))) == 0 for value in values)


@claim("The offset mu lowers the logarithm of the number of points ahead by mu^2/(2 d g), by 1/2 on average")
def prefactor() -> bool:
    x, spread = sp.symbols("x G", positive=True)
    # E log of exp(-mu^2/(2G)) with Var mu = G.
    return (
        sp.simplify(
            sp.Rational(-1, 2)
            * sp.integrate(x**2 * sp.exp(-(x**2) / (2 * spread)), (x, -sp.oo, sp.oo))
            / sp.sqrt(2 * sp.pi * spread)
            / spread
            + sp.Rational(1, 2)
        )
        == 0
    )


@claim("Mean over the zero of d f + sqrt(d v) xi = k: t_C + (D/(d v)) (k + exp(-2 t_C)) to order 1/d")
def expansion() -> bool:
    x, k, eigenvalue = sp.symbols("x k lambda", positive=True)  # x = exp(2t), so that d/dt = 2x d/dx

    def derivative(function: sp.Expr) -> sp.Expr:
        return sp.together(2 * x * sp.diff(function, x))

    noise = 1 - 1 / x
    v = eigenvalue / (eigenvalue + x - 1)
    slope = v / noise  # f'
    # With e = 1/sqrt(d) and t = t_C + e one + e^2 two in f(t) + e sqrt(v(t)) xi = e^2 k:
    #   one = -sqrt(v) xi/f',   f' two = k - f'' one^2/2 - (sqrt(v))' one xi,   E xi^2 = 1.
    square, product = v / slope**2, -(derivative(v) / 2) / slope  # E one^2 and E (sqrt(v))' one xi
    two = (k - derivative(slope) * square / 2 - product) / slope
    return sp.simplify(two - noise / v * (k + 1 / x)) == 0


@claim(
    "The mean of a survival exp(-A exp(R)) in R is -(log A + 0.5772...): A points ahead in the past shift by log A"
)
def survival() -> bool:
    with mp.workdps(20):
        for number in (1, mp.mpf("4.5")):
            below = mp.quad(lambda x, a=number: mp.expm1(-a * mp.exp(x)), [-60, -10, -3, 0])
            above = mp.quad(lambda x, a=number: mp.exp(-a * mp.exp(x)), [0, 1, 3, 8])
            if abs(below + above + mp.euler + mp.log(number)) > mp.mpf("1e-15"):
                return False
        return True


@claim("Two points: the chance to stay in the half-space, averaged over the distance, is Student's law")
def two_points() -> bool:
    with mp.workdps(20):
        for dimension in (2, 3, 7):
            for ratio in (mp.mpf("0.3"), mp.mpf(2)):  # variance/(2 E)

                def stays(square: mp.mpf, d: int = dimension, q: mp.mpf = ratio) -> mp.mpf:
                    # |a - b|^2 = 2 variance square; reflection: P(stay) = erf(half distance/sqrt(2 E)).
                    density = (
                        square ** (mp.mpf(d) / 2 - 1)
                        * mp.exp(-square / 2)
                        / (2 ** (mp.mpf(d) / 2) * mp.gamma(mp.mpf(d) / 2))
                    )
                    return density * mp.erf(mp.sqrt(q * square / 2))

                direct = mp.quad(stays, [0, 1, 4, 10, 30, 120])
                x = mp.sqrt(ratio * dimension)
                constant = mp.gamma(mp.mpf(dimension + 1) / 2) / (
                    mp.sqrt(dimension * mp.pi) * mp.gamma(mp.mpf(dimension) / 2)
                )
                student = (
                    2
                    * constant
                    * mp.quad(lambda u, d=dimension: (1 + u**2 / d) ** (-mp.mpf(d + 1) / 2), [0, x / 2, x])
                )
                if abs(direct - student) > mp.mpf("1e-10"):
                    return False
        return True
