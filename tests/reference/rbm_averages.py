"""Averages of every prior over a normal field to 50 digits; writes rbm_averages.csv.

For the tilted weight rho(h) exp(a h^2/2 + b h) with b = base + amplitude z: E mean, E mean^2, E var, E var^2 and
E log Z over z ~ N(0, 1). Discrete units are sums over their states; the integral of exp(-c h^2/2 + b h) over the
half-line is written with erfc. The integrals over z are sums over Gauss-Legendre panels in ball arithmetic
(python-flint, the extra ``certify``), which bounds their rounding; a row is refused unless two rules with 90 and 130
nodes a panel agree in 50 digits. rbm_priors.csv holds the moments at single fields from quadrature over h.
"""

import csv
from itertools import pairwise
from pathlib import Path

from flint import arb, ctx

ctx.dps = 90
PI = arb.pi()
NEXT_TO_POLE = ("0.999", "2.4975")
FIELDS = ("mean", "mean_squared", "variance", "variance_squared", "log_partition")
AMPLITUDES = ("0.001", "0.01", "0.1", "1", "10", "100", "1000")


def discrete(states):
    """(value, weight) of every state."""

    def verbs(a, b):
        terms = [(v, w * (a * v * v / 2 + b * v).exp()) for v, w in states]
        total = sum((w for _, w in terms), arb(0))
        mean = sum((v * w for v, w in terms), arb(0)) / total
        second = sum((v * v * w for v, w in terms), arb(0)) / total
        return total.log(), mean, second - mean * mean

    return verbs


def half_line(c, b):
    """Integral of exp(-c h^2/2 + b h) over h > 0, over exp(b^2/2c) so that it neither over- nor underflows; mean and
    mean square."""
    u = b / c.sqrt()
    part = (-u / arb(2).sqrt()).erfc() / 2
    density = (-u * u / 2).exp() / (2 * PI).sqrt()
    mean = (u + density / part) / c.sqrt()
    return part * (2 * PI / c).sqrt(), mean, 1 / c + mean * b / c


def relu(theta):
    def verbs(a, b):
        c, shifted = 1 - a, b - theta
        total, mean, second = half_line(c, shifted)
        log = total.log() + shifted * shifted / (2 * c) + (2 / PI).log() / 2
        return log, mean, second - mean * mean

    return verbs


def soft_threshold(theta):
    def verbs(a, b):
        c = 1 - a
        (right, m_right, s_right), (left, m_left, s_left) = half_line(c, b - theta), half_line(c, -b - theta)
        # Weights relative to exp((b^2 + theta^2)/2c).
        shift = b * theta / c
        right, left = right * (-shift).exp(), left * shift.exp()
        total = right + left
        mean = (right * m_right - left * m_left) / total
        second = (right * s_right + left * s_left) / total
        log = total.log() + (b * b + theta * theta) / (2 * c) - (2 * PI).log() / 2
        return log, mean, second - mean * mean

    return verbs


def mixture(delta):
    """Half a Gaussian of variance delta around each of +-sqrt(1 - delta)."""

    def verbs(a, b):
        c, jump = 1 / delta - a, (1 - delta).sqrt()
        centres = [(b + s * jump / delta) / c for s in (1, -1)]
        # Relative to exp((b^2 + jump^2/delta^2)/2c - jump^2/2delta).
        weights = [(s * b * jump / (delta * c)).exp() / 2 for s in (1, -1)]
        total = weights[0] + weights[1]
        mean = (weights[0] * centres[0] + weights[1] * centres[1]) / total
        second = (weights[0] * centres[0] ** 2 + weights[1] * centres[1] ** 2) / total + 1 / c
        smooth = (b * b + (jump / delta) ** 2) / (2 * c) - jump * jump / (2 * delta)
        return total.log() + smooth - (c * delta).log() / 2, mean, second - mean * mean

    return verbs


def laws():
    """Name, parameter, verbs, and quadratic tilts: none, moderate, and next to the pole where there is one."""
    half, e = arb("0.5"), arb("0.7")
    spacing = (arb(3) / 15).sqrt()
    yield "binary", "", discrete([(1, half), (-1, half)]), ("0", "0.55")
    yield "zero-one", "0.7", discrete([(0, arb(1)), (1, (-e).exp())]), ("0", "0.55")
    cost = (-arb("1.3")).exp()
    yield "ternary", "1.3", discrete([(0, arb(1)), (1, cost), (-1, cost)]), ("0", "0.55")
    quarter = [((2 * k - 3) * spacing, arb("0.25")) for k in range(4)]
    yield "q-state", "4", discrete(quarter), ("0", "0.55")
    for sign in ("", "-"):
        yield "relu", sign + "0.7", relu(arb(sign + "0.7")), ("0", "0.55", "0.999")
        yield "soft-threshold", sign + "0.7", soft_threshold(arb(sign + "0.7")), ("0", "0.55", "0.999")
    yield "mixture", "0.4", mixture(arb("0.4")), ("0", "0.55", "2.4975")


def rule(order):
    return [arb.legendre_p_root(order, k, weight=True) for k in range(order)]


RULES = (rule(90), rule(130))


def panels(centres, base, amplitude, smallest):
    """Fields between which to integrate: everything within 15.5 amplitudes, where the density has fallen to 1e-52.

    The verbs are singular only near the lines Re b = centre, so that panels may grow with the distance from these.
    """
    reach = 15.5 * amplitude
    edges = {base + k * amplitude for k in (-8, -4, -2, 2, 4, 8)}
    for centre in centres:
        step = smallest
        while step < reach + abs(base) + abs(centre):
            edges |= {centre, centre + step, centre - step}
            step *= 2.0
    inside = sorted(x for x in edges if base - reach < x < base + reach)
    return [base - reach, *inside, base + reach]


def averages(verbs, a, centres, base, amplitude):
    smallest = 2.0**-12 if a in NEXT_TO_POLE else 1.0
    sigma, centre, tilt = arb(amplitude), arb(base), arb(a)
    results = []
    for nodes in RULES:
        total = [arb(0)] * 5
        for left, right in pairwise(panels(centres, float(base), float(amplitude), smallest)):
            half, middle = (arb(right) - arb(left)) / 2, (arb(right) + arb(left)) / 2
            for x, w in nodes:
                b = middle + half * x
                z = (b - centre) / sigma
                weight = w * half * (-z * z / 2).exp() / (sigma * (2 * PI).sqrt())
                log, mean, variance = verbs(tilt, b)
                terms = (mean, mean * mean, variance, variance * variance, log)
                total = [t + weight * term for t, term in zip(total, terms, strict=True)]
        results.append(total)
    for first, second in zip(*results, strict=True):
        if not float(abs(first - second).upper()) <= 1e-50 * max(1.0, abs(float(second.mid()))):
            raise ArithmeticError(f"{first} and {second}")
    return [value.mid().str(50, radius=False) for value in results[1]]


def main():
    rows = []
    for name, parameter, verbs, tilts in laws():
        theta = float(parameter) if name in ("relu", "soft-threshold", "zero-one", "ternary") else 0.0
        centres = {0.0, theta, -theta}
        for a in tilts:
            for base in ("0", "0.8"):
                amplitudes = AMPLITUDES if base == "0" else ("0.01", "1", "100")
                for amplitude in amplitudes:
                    if a not in NEXT_TO_POLE or float(amplitude) <= 1.0:
                        found = averages(verbs, a, centres, base, amplitude)
                        rows.append([name, parameter, a, base, amplitude, *found])
        print(name, parameter, flush=True)
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prior", "parameter", "a", "base", "amplitude", *FIELDS])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
