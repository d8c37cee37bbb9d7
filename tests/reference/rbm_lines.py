"""Lines of restricted Boltzmann machines with +-1 visible units by another route; writes rbm_lines.json.

The retrieval branch is explicit in the field H along the pattern: m = H / (g^2 Omega), the noise S solves
E tanh(H + sqrt(S) z) = m, then q, the hidden averages r and the load S / (g^2 r). The spinodal is the maximum of the
load over H. The first-order line equates the free entropies of two such points, one with H = 0. All averages are
trapezoidal sums in multiple precision, and hidden averages come from the definition of each prior.
"""

import json
import sys
from pathlib import Path

from mpmath import cosh, diff, exp, findroot, log, mp, mpf, ncdf, npdf, nstr, pi, sqrt, tanh

mp.dps = 26
SPACING = mpf(1) / 9


def average(function, steep=1):
    step = SPACING / max(mpf(1), mpf(steep))
    count = int(11 / step)
    return (
        sum(exp(-((k * step) ** 2) / 2) * function(k * step) for k in range(-count, count + 1))
        * step
        / sqrt(2 * pi)
    )


def half_line(c, b):
    """log of the integral of sqrt(2/pi) exp(-c h^2/2 + b h) over h > 0, mean of h."""
    u = b / sqrt(c)
    p = ncdf(u)
    return log(4 / c) / 2 + u * u / 2 + log(p), b / c + npdf(u) / (sqrt(c) * p)


class Gaussian:
    tail, steep = mpf(1), 1

    def __init__(self, power):
        self.power = power

    def verbs(self, a, b):
        c = self.power - a
        return b * b / (2 * c) - log(c / self.power) / 2, b / c


class ReLU:
    tail, steep = mpf(1), 1

    def __init__(self, threshold, power):
        self.threshold, self.power = mpf(threshold), power

    def verbs(self, a, b):
        value, mean = half_line(self.power - a, b - self.power * self.threshold)
        return value + log(self.power) / 2, mean


class Mixture:
    steep = 1

    def __init__(self, weight):
        self.tail = mpf(weight)

    def verbs(self, a, b):
        d, jump = 1 - self.tail * a, sqrt(1 - self.tail)
        t = jump * b / d
        value = (a * jump**2 + self.tail * b * b) / (2 * d) - log(d) / 2 + log(cosh(t))
        return value, (self.tail * b + jump * tanh(t)) / d


def hidden(prior, g, q):
    """r and E log Z_h."""
    a, scale = g * g * (1 - q), g * sqrt(q)
    width = max(1, float(scale / (1 - a * prior.tail)))
    r = average(lambda z: prior.verbs(a, scale * z)[1] ** 2, width)
    return r, average(lambda z: prior.verbs(a, scale * z)[0], width)


def noise(H, m, guess):
    """S with E tanh(H + sqrt(S) z) = m, in the variable log S."""

    def mismatch(x):
        root = exp(x / 2)
        return average(lambda z: tanh(H + root * z), max(1, float(root))) - m

    return exp(findroot(mismatch, (log(guess), log(guess) + mpf("0.01"))))


class Branch:
    """The explicit retrieval branch of one prior at one temperature."""

    def __init__(self, prior, temperature, convention, guess):
        self.beta = 1 / mpf(temperature)
        self.g = sqrt(self.beta) if convention == "sqrt-beta" else self.beta
        self.prior = prior
        self.gain = (
            self.g**2 * prior.tail / prior.power if hasattr(prior, "power") else self.g**2 * prior.tail
        )
        self.guess = guess

    def point(self, H):
        m = H / self.gain
        S = noise(H, m, self.guess)
        q = average(lambda z: tanh(H + sqrt(S) * z) ** 2, max(1, float(sqrt(S))))
        r, value = hidden(self.prior, self.g, q)
        return m, S, q, r, value, S / (self.g**2 * r)

    def free_entropy(self, H, S, m):
        q = average(lambda z: tanh(H + sqrt(S) * z) ** 2, max(1, float(sqrt(S))))
        r, value = hidden(self.prior, self.g, q)
        load = S / (self.g**2 * r)
        single = average(lambda z: log(2 * cosh(H + sqrt(S) * z)), max(1, float(sqrt(S))))
        return single + load * value - load * self.g**2 * r * (1 - q) / 2 - H * m / 2, load


def spinodal(prior, temperature, convention, H, S):
    branch = Branch(prior, temperature, convention, mpf(S))

    def slope(x):
        return diff(lambda y: branch.point(y)[-1], x, h=mpf(10) ** -8)

    mp.dps = 34
    H = findroot(slope, (mpf(H), mpf(H) * mpf("1.01")), tol=mpf(10) ** -16)
    result = branch.point(H)
    mp.dps = 26
    return nstr(result[-1], 14), nstr(result[0], 8)


def first_order(prior, load, temperature, H, S, S_glass):
    """Temperature at which the retrieval point (H, S) and the glass (0, S_glass) have this load and equal weights."""
    mp.dps = 20

    def equations(t, H, s, sg):
        branch = Branch(prior, t, "sqrt-beta", None)
        m = H / branch.gain
        retrieval, load_r = branch.free_entropy(H, s, m)
        glass, load_g = branch.free_entropy(mpf(0), sg, mpf(0))
        return (
            average(lambda z: tanh(H + sqrt(s) * z), max(1, float(sqrt(s)))) - m,
            load_r / load - 1,
            load_g / load - 1,
            retrieval - glass,
        )

    t, *_ = findroot(equations, (mpf(temperature), mpf(H), mpf(S), mpf(S_glass)), tol=mpf(10) ** -22)
    mp.dps = 26
    return nstr(t, 12)


def starting_point(hidden_prior, temperature, load, convention, kind):
    """Guesses only, from the package: the roots are found and judged here."""
    import statphys_gen.rbm.theory.replica_symmetric as rs
    from statphys_gen.rbm.model import Model

    model = Model(hidden_prior, temperature, load, convention=convention)
    found = rs.solve(model, kind)
    g = model.coupling
    tail = hidden_prior.tail_coefficient(1, model.prior_power)
    return float(g**2 * tail * found["overlap"]), float(
        load * g**2 * found["hidden_edwards_anderson_overlap"]
    )


SPINODALS = [
    ("gaussian", None, "sqrt-beta", {0.1: 0.1350492, 0.3: 0.1033298, 0.5: 0.0588155, 0.9: 0.0025684}),
    ("relu", 0, "sqrt-beta", {0.1: 0.2605766, 0.4: 0.1339051, 0.7: 0.0329755}),
    ("relu", 1, "sqrt-beta", {0.2: 0.4581721, 0.5: 0.2891982, 0.8: 0.1003778}),
    ("mixture", 0.5, "sqrt-beta", {0.1: 0.0662372, 0.2: 0.034733, 0.4: 0.0021471}),
    ("mixture", 0.2, "sqrt-beta", {0.1: 0.0104247}),
    ("relu", 0.5, "beta", {0.4: 0.290194}),
]
FIRST_ORDER = [("gaussian", None, {0.01: 0.721624, 0.04: 0.365231})]


def main():
    from statphys_gen import units as priors

    def make(name, value, power):
        if name == "gaussian":
            return Gaussian(power), priors.Gaussian()
        if name == "relu":
            return ReLU(value, power), priors.ReLU(float(value))
        return Mixture(value), priors.Mixture(value)

    rows = []
    for name, value, convention, table in SPINODALS:
        for temperature, load in table.items():
            power = mpf(1) if convention == "sqrt-beta" else 1 / mpf(str(temperature))
            exact, own = make(name, value, power)
            H, S = starting_point(own, temperature, 0.9999 * load, convention, "retrieval")
            found, m = spinodal(exact, mpf(str(temperature)), convention, H, S)
            rows.append(
                {
                    "line": "spinodal",
                    "prior": name,
                    "parameter": value,
                    "convention": convention,
                    "temperature": temperature,
                    "load": found,
                    "overlap": m,
                }
            )
            print(rows[-1], file=sys.stderr)
    for name, value, table in FIRST_ORDER:
        for load, temperature in table.items():
            exact, own = make(name, value, mpf(1))
            H, S = starting_point(own, temperature, load, "sqrt-beta", "retrieval")
            _, glass = starting_point(own, temperature, load, "sqrt-beta", "glass")
            found = first_order(exact, load, temperature, H, S, glass)
            rows.append(
                {
                    "line": "first-order",
                    "prior": name,
                    "parameter": value,
                    "convention": "sqrt-beta",
                    "load": load,
                    "temperature": found,
                }
            )
            print(rows[-1], file=sys.stderr)
    Path(__file__).with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
