"""Neighbour ratios of uniform points and of a smoothed set; the tests that rest on them."""

import itertools
from fractions import Fraction

import mpmath as mp
import sympy as sp

from derivations import claim
from statphys_gen.memorization import (
    distinct_copies_needed,
    null_fraction,
    smallest_nameable,
    smoothed_fraction,
)

_V, _W, _Q, _A = sp.symbols("v w q a", positive=True)


@claim(
    "Around a place, volumes up to successive uniform points are a Poisson process: d1 < k d2 has the probability k^D, "
    "and -log(d1/d2) is exponential with the rate D"
)
def ratio_of_uniform_points() -> bool:
    # Volumes v < w of the balls up to the first and the second point have the density exp(-w).
    below = sp.integrate(sp.exp(-_W), (_V, 0, _Q * _W), (_W, 0, sp.oo))
    d = sp.symbols("D", positive=True)
    density = sp.diff(1 - (sp.exp(-_A)) ** d, _A)
    likelihood = sp.log(d) - d * _A  # of one exponential variable a = -log r
    best = sp.solve(sp.diff(likelihood, d), d)
    information = -sp.diff(likelihood, d, 2)
    return bool(
        sp.simplify(below - _Q) == 0
        and sp.simplify(density - d * sp.exp(-d * _A)) == 0
        and best == [1 / _A]
        and sp.simplify(information - 1 / d**2) == 0
        and abs(float(null_fraction(3.0, 0.4)) - 0.4**3) < 1e-15
    )


@claim(
    "A point at distance R from its own training point among Poisson points: d1 < k d2 has the probability "
    "exp(-v/q) + q (1 - exp(-v)), q = k^D, v the number expected within R"
)
def one_point_at_a_distance() -> bool:
    v = sp.symbols("V", positive=True)
    # The own one is nearest, and no other within R/k.
    own = sp.exp(-v / _Q)
    # Another is nearest, at volume u below q V, so that the own one is far enough; the next lies beyond u/q.
    u = sp.symbols("u", positive=True)
    other = sp.integrate(sp.exp(-u) * sp.exp(-(u / _Q - u)), (u, 0, _Q * v))
    return bool(sp.simplify(own + other - (sp.exp(-v / _Q) + _Q * (1 - sp.exp(-v)))) == 0)


@claim("In the plane the average over R is 1/(1 + 2 pi rho h^2/k^2) + k^2 (1 - 1/(1 + 2 pi rho h^2))")
def smoothed_set_in_the_plane() -> bool:
    r, s = sp.symbols("r s", positive=True)
    transform = sp.integrate(sp.exp(-s * r**2) * r * sp.exp(-(r**2) / 2), (r, 0, sp.oo))
    closed = sp.simplify(transform - 1 / (1 + 2 * s)) == 0
    rho, h, k = 310.0, 0.017, 0.45
    a = 2 * mp.pi * rho * h**2
    exact = 1 / (1 + a / k**2) + k**2 * (1 - 1 / (1 + a))
    return bool(closed and abs(smoothed_fraction(2, k, rho, h) - float(exact)) < 1e-13)


@claim(
    "The fraction of a smoothed set falls with its width: s^2 |L'(s)| grows with s, as R^D has a falling density"
)
def falls_with_the_width() -> bool:
    """f(s) = L(s/q) + q - q L(s) has f' = -(q/s^2) [(s/q)^2 |L'(s/q)| - s^2 |L'(s)|], negative since s/q > s."""
    with mp.workdps(20):
        for d in (1, 2, 3, 7):
            # Y = R^D has the density c exp(-y^{2/D}/2); s^2 |L'(s)| = int u e^{-u} f(u/s) du.
            values = [
                mp.quad(
                    lambda u, s=s, d=d: u * mp.exp(-u) * mp.exp(-((u / s) ** (mp.mpf(2) / d)) / 2),
                    [0, 0.5, 2, 6, 15, 60],
                )
                for s in (mp.mpf("0.01"), mp.mpf("0.1"), 1, 10, 100)
            ]
            if any(b <= a for a, b in itertools.pairwise(values)):
                return False
    return True


def _assigned(votes: list[int], chosen: int) -> list[int]:
    return [sum(votes[j] for j in places) for places in itertools.combinations(range(len(votes)), chosen)]


@claim(
    "The votes on N of M units, drawn without replacement: mean N v, variance N(M-N)/(M(M-1)) sum (v_j - v)^2"
)
def mean_and_variance_of_assignments() -> bool:
    for votes, n in (([0, 3, 1, 0, 7, 2, 2], 4), ([5, 0, 0, 1, 1], 2), ([1, 2, 3, 4, 5, 6], 5)):
        sums, m = _assigned(votes, n), len(votes)
        average = Fraction(sum(votes), m)
        mean = Fraction(sum(sums), len(sums))
        variance = sum((s - mean) ** 2 for s in sums) / Fraction(len(sums))
        spread = sum((v - average) ** 2 for v in votes)
        if mean != n * average or variance != Fraction(n * (m - n), m * (m - 1)) * spread:
            return False
    return True


@claim("c given units all carry a label with a probability of at most (N/M)^c, and exactly (N)_c/(M)_c")
def detection_limit() -> bool:
    n, h = 5, 4
    for c in range(1, n + 1):
        sums = _assigned([1] * c + [0] * (n + h - c), n)
        chance = Fraction(sum(s == c for s in sums), len(sums))
        exact = Fraction(1)
        for j in range(c):
            exact *= Fraction(n - j, n + h - j)
        if chance != exact or chance > Fraction(n, n + h) ** c:
            return False
    return distinct_copies_needed(50_000, 10_000, 0.05) == 17


@claim("Votes on the training set less N/H times those on the held-out set are 0 on average over assignments")
def excess_without_memory() -> bool:
    votes, n = [0, 3, 1, 0, 7, 2, 2], 4
    h = len(votes) - n
    total = sum(votes)
    excess = [s - Fraction(n, h) * (total - s) for s in _assigned(votes, n)]
    return sum(excess) == 0


@claim("Among exchangeable scores a conformal p-value is at most j/(H+1) with the probability j/(H+1)")
def conformal() -> bool:
    h = 4
    orders = list(itertools.permutations(range(h + 1)))
    for j in range(1, h + 2):
        hits = sum(1 + sum(r <= order[0] for r in order[1:]) <= j for order in orders)
        if Fraction(hits, len(orders)) != Fraction(j, h + 1):
            return False
    # c values of 1/(H+1) among G are accepted by the step-up rule from c = G/(q (H+1)) on.
    return smallest_nameable(200, 120, 0.1) == 17
