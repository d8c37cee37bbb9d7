"""Ends of retrieval and equal weights for +-1 visible units in double precision, by scalar root-finding alone; writes
rbm_tables.json.

For a field H along the pattern, m = H / (g^2 Omega) and the variance S of the noise is the root of
E tanh(H + sqrt(S) z) = m; q, the hidden averages r and the load S / (g^2 r) follow. The end of retrieval is the largest
load over H, found by bounded minimisation; T_M is the temperature at which it is the given load; T_c that at which the
point of the branch and the point with H = 0 at this load have equal free entropies. Averages are trapezoidal sums with
a spacing of 1/20 in both z and the field; hidden units come from the definition of their law (scipy's log_ndtr for
half-lines). Nothing of the package is imported.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_ndtr


def nodes(width):
    count = int(9.5 * 20 * max(1.0, width))
    z = np.linspace(-9.5, 9.5, 2 * count + 1)
    weights = np.exp(-0.5 * z * z)
    return z, weights / weights.sum()


def average(function, width):
    z, weights = nodes(min(width, 40.0))
    return float(function(z) @ weights)


def gaussian(a, b, power):
    c = power - a
    return 0.5 * b * b / c - 0.5 * np.log(c / power), b / c


def relu(theta):
    def law(a, b, power):
        c, shift = power - a, b - power * theta
        u = shift / math.sqrt(c)
        log = log_ndtr(u)
        mean = shift / c + np.exp(-0.5 * u * u - log) / math.sqrt(2 * math.pi * c)
        return 0.5 * math.log(4 * power / c) + 0.5 * u * u + log, mean

    return law


def mixture(delta):
    def law(a, b, power):
        d, jump = 1 - delta * a, math.sqrt(1 - delta)
        t = jump * b / d
        log = np.logaddexp(t, -t) - math.log(2)
        return (a * jump**2 + delta * b * b) / (2 * d) - 0.5 * math.log(d) + log, (
            delta * b + jump * np.tanh(t)
        ) / d

    return law


class Curve:
    def __init__(self, law, omega, temperature, convention):
        beta = 1 / temperature
        self.law, self.power = law, 1.0 if convention == "sqrt-beta" else beta
        self.square = beta if convention == "sqrt-beta" else beta * beta
        self.gain = self.square * omega / self.power

    def hidden(self, q):
        """r and E log Z_h."""
        a, scale = self.square * (1 - q), math.sqrt(self.square * q)
        width = scale / math.sqrt(self.power - a) if self.law is gaussian else scale
        z, weights = nodes(min(max(width, 1.0), 40.0))
        log, mean = self.law(a, scale * z, self.power)
        return float(mean**2 @ weights), float(log @ weights)

    def noise(self, H):
        m = H / self.gain

        def mismatch(x):
            return average(lambda z: np.tanh(H + math.exp(x / 2) * z), math.exp(x / 2)) - m

        low = -25.0
        if mismatch(low) <= 0:
            return 0.0
        return math.exp(brentq(mismatch, low, 16.0, xtol=1e-15, rtol=1e-14))

    def q(self, H, S):
        return average(lambda z: np.tanh(H + math.sqrt(S) * z) ** 2, math.sqrt(S))

    def load(self, H, S=None):
        S = self.noise(H) if S is None else S
        return S / (self.square * self.hidden(self.q(H, S))[0])

    def end(self):
        """Largest load, and H there."""
        grid = self.gain * np.linspace(0.05, 0.9999, 40)
        loads = [self.load(H) for H in grid]
        k = int(np.nanargmax(loads))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, 39)]
        found = minimize_scalar(
            lambda H: -self.load(H), bounds=(low, high), method="bounded", options={"xatol": 1e-7}
        )
        return -float(found.fun), float(found.x)

    def free_entropy(self, H, S):
        q = self.q(H, S)
        r, log = self.hidden(q)
        load = S / (self.square * r)
        single = average(lambda z: np.logaddexp(H + math.sqrt(S) * z, -H - math.sqrt(S) * z), math.sqrt(S))
        return single + load * log - 0.5 * load * self.square * r * (1 - q) - 0.5 * H * H / self.gain


LAWS = {
    "gaussian": (gaussian, 1.0),
    "relu 0": (relu(0.0), 1.0),
    "relu 0.5": (relu(0.5), 1.0),
    "relu 1": (relu(1.0), 1.0),
    "mixture 0.5": (mixture(0.5), 0.5),
    "mixture 0.2": (mixture(0.2), 0.2),
}
ALL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ENDS = [
    ("gaussian", "sqrt-beta", (0.03, *ALL)),
    ("relu 0", "sqrt-beta", ALL),
    ("relu 1", "sqrt-beta", ALL),
    ("mixture 0.5", "sqrt-beta", (0.1, 0.2, 0.3, 0.4)),
    ("mixture 0.2", "sqrt-beta", (0.1,)),
    ("relu 0.5", "beta", (0.05, 0.2, 0.4, 0.6, 0.8)),
    ("relu 1", "beta", (0.05, 0.2, 0.4, 0.6, 0.8)),
]
# Law, load, and intervals that hold T_M and T_c.
TEMPERATURES = [
    *(("gaussian", load, (0.5, 0.9), (0.3, 0.8)) for load in (0.01, 0.02, 0.03, 0.04)),
    *(("relu 0", load, (0.6, 0.95), (0.45, 0.85)) for load in (0.01, 0.02, 0.03, 0.04)),
    *(("mixture 0.5", load, (0.15, 0.4), (0.05, 0.3)) for load in (0.01, 0.02, 0.03)),
]


def ends():
    for name, convention, temperatures in ENDS:
        law, omega = LAWS[name]
        for t in temperatures:
            load, _ = Curve(law, omega, t, convention).end()
            yield {"law": name, "convention": convention, "temperature": t, "load": load}


def temperatures():
    for name, load, first, second in TEMPERATURES:
        law, omega = LAWS[name]

        def room(t, law=law, omega=omega, load=load):
            return Curve(law, omega, t, "sqrt-beta").end()[0] - load

        def difference(t, law=law, omega=omega, load=load):
            curve = Curve(law, omega, t, "sqrt-beta")
            _, fold = curve.end()
            H = brentq(lambda x: curve.load(x) - load, fold, curve.gain * (1 - 1e-12), xtol=1e-14)
            pole = 1 - 1 / curve.gain
            smallest = brentq(lambda x: curve.q(0.0, math.exp(x)) - pole, -25.0, 16.0) if pole > 0 else -25.0
            x = brentq(lambda x: curve.load(0.0, math.exp(x)) - load, smallest + 1e-9, 16.0, xtol=1e-14)
            return curve.free_entropy(H, curve.noise(H)) - curve.free_entropy(0.0, math.exp(x))

        end = brentq(room, *first, xtol=1e-12)
        equal = brentq(difference, second[0], min(second[1], end - 1e-3), xtol=1e-11)
        yield {"law": name, "load": load, "end": end, "equal": equal}


def weak_ends():
    """Ends with a small overlap, where hidden units with a high threshold are rarely active."""
    for t in (0.8, 0.9):
        curve = Curve(relu(1.5), 1.0, t, "beta")
        found = minimize_scalar(
            lambda x, curve=curve: -math.log(curve.load(curve.gain * math.exp(x))),
            bounds=(math.log(0.005), math.log(0.6)),
            method="bounded",
            options={"xatol": 1e-6},
        )
        yield {"law": "relu 1.5", "convention": "beta", "temperature": t, "load": math.exp(-found.fun)}


def main():
    document = {"ends": list(ends()), "temperatures": list(temperatures()), "weak_ends": list(weak_ends())}
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
