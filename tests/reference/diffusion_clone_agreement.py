"""Reference values of clone agreement and speciation: mpmath from the definitions, 25 digits and more unless
stated.

Run ``python tests/reference/diffusion_clone_agreement.py`` (about three minutes) to write
``diffusion_clone_agreement.csv`` again. Every agreement is the integral of sum_k (w_k p_k)^2 / P over x;
every time is where a curvature, a force or a signal computed from the densities vanishes. Nothing of
statphys_gen is used, and none of its transformed integrals.
"""

import csv
from pathlib import Path

import mpmath as mp
import numpy as np

TABLE = Path(__file__).with_suffix(".csv")
mp.mp.dps = 50


def number(text):
    return mp.mpf(text)


def breaks(*points):
    return sorted(set(points))


def normal(u, mean, variance):
    return mp.exp(-((u - mean) ** 2) / (2 * variance)) / mp.sqrt(2 * mp.pi * variance)


def agreement_on_line(weights, means, variances, reach=18):
    """int sum_k (w_k p_k)^2 / sum_k w_k p_k du for Gaussians in one dimension."""

    def integrand(u):
        parts = [w * normal(u, m, v) for w, m, v in zip(weights, means, variances, strict=True)]
        return sum(part**2 for part in parts) / sum(parts)

    points = []
    for m, v in zip(means, variances, strict=True):
        points += [m + k * mp.sqrt(v) for k in (-reach, -6, -3, -1, 0, 1, 3, 6, reach)]
    for i, a in enumerate(means):
        for b in means[:i]:
            points += [(a + b) / 2 + k for k in (-1, mp.mpf(-1) / 4, mp.mpf(1) / 4, 1)]
    return mp.quad(integrand, breaks(*points), maxdegree=10)


def two_class(x, w):
    """Two classes of unit variance at +-sqrt(x); G_+ and G_- of the literature with unit variance."""
    s = mp.sqrt(number(x))
    w = number(w)
    return agreement_on_line([w, 1 - w], [s, -s], [mp.mpf(1)] * 2)


def two_class_complement(x, w):
    """1 - phi to full relative accuracy: int 2 w p_1 w' p_2 / P du."""
    s, w = mp.sqrt(number(x)), number(w)

    def integrand(u):
        a, b = w * normal(u, s, 1), (1 - w) * normal(u, -s, 1)
        return 2 * a * b / (a + b)

    centre = -mp.log(w / (1 - w)) / (2 * s)
    near = [centre + k / s for k in (-60, -30, -10, -3, -1, 0, 1, 3, 10, 30, 60)]
    return mp.quad(integrand, breaks(-s - 15, *near, s + 15), maxdegree=10)


def inverse(phi, w):
    x = number("0.5") if number(phi) < number("0.8") else number("2.5")
    return mp.findroot(
        lambda x: two_class(x, w) - number(phi), (x, x + number("0.1")), solver="secant", tol=1e-30
    )


def two_variances(d, v1, v2, w, t):
    """Equal means: the integral over R = |x|^2 with the two chi-square densities."""
    d, w, t = number(d), number(w), number(t)
    s = [1 + mp.exp(-2 * t) * (number(v) - 1) for v in (v1, v2)]

    def density(r, scale):
        return mp.exp(
            (d / 2 - 1) * mp.log(r) - r / (2 * scale) - (d / 2) * mp.log(2 * scale) - mp.loggamma(d / 2)
        )

    def integrand(y):
        r = mp.exp(y)
        a, b = w * density(r, s[0]), (1 - w) * density(r, s[1])
        return (a * a + b * b) / (a + b) * r if a + b > 0 else mp.mpf(0)

    width = mp.sqrt(2 / d)
    steps = (-200, -60, -20, -8, -4, -2, 0, 2, 4, 8, 12) if d < 30 else (-16, -8, -4, -2, 0, 2, 4, 8, 16)
    points = [mp.log(d * scale) + k * width for scale in s for k in steps]
    return mp.quad(integrand, breaks(*points), maxdegree=10)


def sign_label(m, s2, w, t):
    """The side of x_0 by its posterior, integrated over x_0 at each x_t: the definition, no formula for the
    posterior.

    Gauss-Legendre panels in double precision, about 14 digits.
    """
    m, s2, w, t = (float(v) for v in (m, s2, w, t))
    decay, noise = np.exp(-t), 1 - np.exp(-2 * t)
    nodes, weights = np.polynomial.legendre.leggauss(24)

    def rule(lower, upper, panels):
        edges = np.linspace(lower, upper, panels + 1)
        half = (upper - lower) / panels / 2
        return ((edges[:-1] + half)[:, None] + half * nodes).ravel(), np.tile(half * weights, panels)

    def gaussian(y, mean, variance):
        return np.exp(-((y - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)

    u, du = rule(-decay * m - 9, decay * m + 9, 40)
    sides = []
    for ends in ((0.0, m + 12 * np.sqrt(s2)), (-m - 12 * np.sqrt(s2), 0.0)):
        a, da = rule(*ends, 60)
        data = (w * gaussian(a, m, s2) + (1 - w) * gaussian(a, -m, s2)) * da
        sides.append(gaussian(u[:, None], decay * a, noise) @ data)
    right, left = sides
    return mp.mpf(float(((right**2 + left**2) / (right + left) * du).sum()))


def plane(means, variances, weights):
    """Gaussians with isotropic covariances in two dimensions, by a tensor trapezoidal rule with 30 digits."""
    mp.mp.dps = 30
    means = [[number(c) for c in m] for m in means]
    variances, weights = [number(v) for v in variances], [number(w) for w in weights]
    step, total = mp.mpf(1) / 8, mp.mpf(0)
    span = range(-96, 97)
    one = [
        [mp.exp(-((j * step - m[0]) ** 2) / (2 * v)) for j in span]
        for m, v in zip(means, variances, strict=True)
    ]
    two = [
        [mp.exp(-((j * step - m[1]) ** 2) / (2 * v)) for j in span]
        for m, v in zip(means, variances, strict=True)
    ]
    scale = [w / (2 * mp.pi * v) for w, v in zip(weights, variances, strict=True)]
    classes = range(len(weights))
    for i in range(len(span)):
        for j in range(len(span)):
            parts = [scale[k] * one[k][i] * two[k][j] for k in classes]
            density = sum(parts)
            if density > 1e-24:
                total += sum(p * p for p in parts) / density
    mp.mp.dps = 50
    return total * step**2


def drift_threshold(m2, s2, w):
    """Time at which the backward drift u + 2 d/du log P_t(u) has a double root: drift = 0 and its derivative = 0."""
    m, s2, w = mp.sqrt(number(m2)), number(s2), number(w)

    def drift(u, t):
        decay = mp.exp(-t)
        variance = 1 + decay**2 * (s2 - 1)

        def log_density(v):
            return mp.log(w * normal(v, decay * m, variance) + (1 - w) * normal(v, -decay * m, variance))

        return u + 2 * mp.diff(log_density, u), 1 + 2 * mp.diff(log_density, u, 2)

    start = (
        (mp.mpf("0.0"), mp.log(2 * m**2) / 2)
        if w == number("0.5")
        else (-mp.sign(2 * w - 1), mp.log(m**2) / 2)
    )
    if w == number("0.5"):
        return mp.findroot(lambda t: drift(mp.mpf(0), t)[1], start[1])
    return mp.findroot(lambda u, t: list(drift(u, t)), start, tol=1e-25)[1]


def magnetisation(beta):
    beta = number(beta)
    bracket = (mp.sqrt(3 * (beta - 1)) / 2, mp.mpf(1))
    return mp.findroot(lambda m: mp.tanh(beta * m) - m, bracket, solver="anderson", tol=1e-80)


def curie_weiss_from_sum(d, beta, t):
    """int (P_+^2 + P_-^2) / P over the noised sum of the coordinates; magnetisation 0 is shared by both."""
    mp.mp.dps = 25
    d, beta, t = int(d), number(beta), number(t)
    weights = {2 * k - d: mp.binomial(d, k) * mp.exp(beta * (2 * k - d) ** 2 / (2 * d)) for k in range(d + 1)}
    total = sum(weights.values())
    decay, width = mp.exp(-t), mp.sqrt(d * (1 - mp.exp(-2 * t)))

    def integrand(u):
        up = sum(
            p * normal(u, decay * m, width**2) * (0.5 if m == 0 else 1) for m, p in weights.items() if m >= 0
        )
        down = sum(
            p * normal(u, decay * m, width**2) * (0.5 if m == 0 else 1) for m, p in weights.items() if m <= 0
        )
        return (up**2 + down**2) / (up + down) / total

    end = decay * d + 11 * width
    value = mp.quad(integrand, mp.linspace(-end, end, 33))
    mp.mp.dps = 50
    return value


TRIANGLE = ([["0.9", "0.2"], ["-0.7", "0.8"], ["0.1", "-1.3"]], ["1"] * 3, ["0.5", "0.3", "0.2"])
UNEQUAL = ([["0.8", "0"], ["-0.8", "0"]], ["1.3", "0.6"], ["0.4", "0.6"])


def rows():
    for x in ("0.0001", "0.1", "0.25", "1", "4", "9", "30"):
        for w in ("0.5", "0.35", "0.2", "0.001"):
            yield "two_class", (x, w), two_class(x, w)
            yield "two_class_complement", (x, w), two_class_complement(x, w)
            yield "two_class_excess", (x, w), two_class(x, w) - number(w) ** 2 - (1 - number(w)) ** 2
    yield "two_class_complement", ("1000", "0.5"), two_class_complement("1000", "0.5")
    for phi, w in (("0.6", "0.5"), ("0.9", "0.5"), ("0.75", "0.2")):
        yield "inverse", (phi, w), inverse(phi, w)
    for case in (
        ("4000", "0.5", "2", "0.5", "1.6"),
        ("1", "0.5", "2", "0.3", "0.3"),
        ("7", "0.1", "2", "0.1", "0.05"),
        ("64", "0.8", "1.5", "0.35", "0.7"),
    ):
        yield "two_variances", case, two_variances(*case)
    yield (
        "line",
        ("0.3 0.3 0.4", "0.7 -1.1 2", "0.4 1.5 0.9"),
        agreement_on_line(
            *([number(v) for v in text.split()] for text in ("0.3 0.3 0.4", "0.7 -1.1 2", "0.4 1.5 0.9"))
        ),
    )
    for case in (("1.3", "1", "0.5", "0.1"), ("1.3", "1", "0.5", "1"), ("0.8", "0.5", "0.3", "0.4")):
        yield "sign_label", case, sign_label(*case)
    yield "plane", ("triangle",), plane(*TRIANGLE)
    yield "plane", ("unequal",), plane(*UNEQUAL)
    for case in (("1", "0", "0.5"), ("20", "0.7", "0.5"), ("20", "0.7", "0.2"), ("20", "2", "0.1")):
        yield "drift_threshold", case, drift_threshold(*case)
    for beta in ("1.0001", "1.2", "1.5", "4"):
        yield "magnetisation", (beta,), magnetisation(beta)
    for case in (("10", "1.5", "0.5"), ("21", "0.8", "0.2")):
        yield "curie_weiss_from_sum", case, curie_weiss_from_sum(*case)


def main():
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["quantity", "arguments", "value"])
        for quantity, arguments, value in rows():
            print(quantity, arguments, mp.nstr(value, 20), flush=True)
            writer.writerow([quantity, " | ".join(arguments), mp.nstr(value, 30)])


if __name__ == "__main__":
    main()
