"""Log-partition, mean and variance of every prior to 50 digits, by integrating its definition; writes rbm_priors.csv.

Tilted weight rho_beta(h) exp(a h^2/2 + b h), with rho_beta from the weights that the priors document. Discrete priors
are sums; continuous ones are integrated by Gauss-Legendre panels around the maximum of the exponent.
"""

import csv
from itertools import pairwise
from pathlib import Path

from mpmath import exp, inf, log, mp, mpf, nstr, pi, sqrt
from mpmath.calculus.quadrature import GaussLegendre

mp.dps = 65
NODES = GaussLegendre(mp).calc_nodes(6, mp.prec)

TILTS = ["0", "0.01", "0.1", "0.5", "1", "5", "30", "100", "-0.01", "-0.1", "-1", "-10", "-100"]


def integrals(weight, points):
    """Integrals of weight, h weight, h^2 weight over panels between the points."""
    parts = [mpf(0)] * 3
    for left, right in pairwise(points):
        half, middle = (right - left) / 2, (right + left) / 2
        for x, w in NODES:
            h = middle + half * x
            value = w * half * weight(h)
            parts = [parts[0] + value, parts[1] + h * value, parts[2] + h * h * value]
    return parts


def discrete(states):
    """States as (value, log weight at beta); sums."""

    def moments(a, b, beta):
        weights = [(v, exp(w(beta) + a * v * v / 2 + b * v)) for v, w in states]
        total = sum(w for _, w in weights)
        mean = sum(v * w for v, w in weights) / total
        return log(total), mean, sum((v - mean) ** 2 * w for v, w in weights) / total

    return moments


def continuous(energy, log_base, lower, curvature):
    """exp(log_base(beta) - beta U(h)) on h > lower (0 or -inf), pieces on either side of 0."""

    def piece(a, b, beta, left, right):
        # Peak of the exponent on this side, and the distance over which it falls by about e^-150.
        c = beta * curvature - a
        sign = 1 if right > 0 else -1
        slope = (energy(sign * mpf("1e-30")) / mpf("1e-30")) * sign
        peak = (b - beta * slope) / c
        peak = max(peak, left) if right > 0 else min(peak, right)
        reach = 18 / sqrt(c)
        tilt = abs(b - beta * slope) if peak == 0 else 0
        if tilt:
            reach = min(reach, 160 / tilt)
        low, high = max(left, peak - reach), min(right, peak + reach)
        points = [low + (high - low) * k / 6 for k in range(7)]
        top = -beta * energy(peak) + a * peak**2 / 2 + b * peak

        def weight(h):
            return exp(-beta * energy(h) + a * h * h / 2 + b * h - top)

        return top, integrals(weight, points)

    def moments(a, b, beta):
        sides = [(mpf(0), inf)] if lower == 0 else [(-inf, mpf(0)), (mpf(0), inf)]
        found = [piece(a, b, beta, left, right) for left, right in sides]
        best = max(top for top, _ in found)
        total = [sum(parts[k] * exp(top - best) for top, parts in found) for k in range(3)]
        mean = total[1] / total[0]
        return log(total[0]) + best + log_base(beta), mean, total[2] / total[0] - mean**2

    return moments


def table():
    theta, cost, delta = mpf("0.7"), mpf("1.3"), mpf("0.4")
    third = log(mpf(1) / 4)
    jump = sqrt(1 - delta)

    def mixture(h):
        return -log(
            (exp(-((h - jump) ** 2) / (2 * delta)) + exp(-((h + jump) ** 2) / (2 * delta)))
            / (2 * sqrt(2 * pi * delta))
        )

    spacing = sqrt(mpf(3) / 15)
    yield (
        "gaussian",
        "1.5",
        "1 2.5",
        continuous(lambda h: h * h / 3, lambda beta: -log(3 * pi / beta) / 2, -inf, mpf(2) / 3),
    )
    yield "binary", "", "1 2.5", discrete([(mpf(s), lambda beta: -log(mpf(2))) for s in (-1, 1)])
    yield (
        "zero-one",
        "0.7",
        "1 2.5",
        discrete([(mpf(0), lambda beta: mpf(0)), (mpf(1), lambda beta: -beta * theta)]),
    )
    yield (
        "ternary",
        "1.3",
        "1 2.5",
        discrete([(mpf(0), lambda beta: mpf(0))] + [(mpf(s), lambda beta: -beta * cost) for s in (-1, 1)]),
    )
    yield "q-state", "4", "1 2.5", discrete([((2 * k - 3) * spacing, lambda beta: third) for k in range(4)])
    for sign in ("", "-"):
        own = mpf(sign + "0.7")
        yield (
            "relu",
            sign + "0.7",
            "1 2.5",
            continuous(
                lambda h, own=own: h * h / 2 + own * h, lambda beta: log(2 * beta / pi) / 2, 0, mpf(1)
            ),
        )
        yield (
            "soft-threshold",
            sign + "0.7",
            "1 2.5",
            continuous(
                lambda h, own=own: h * h / 2 + own * abs(h),
                lambda beta: log(beta / (2 * pi)) / 2,
                -inf,
                mpf(1),
            ),
        )
    yield "mixture", "0.4", "1", continuous_mixture(mixture, delta)


def continuous_mixture(energy, delta):
    def moments(a, b, beta):
        c = 1 / delta - a
        centre, reach = b / c, 30 / sqrt(c) + 4 / (delta * c)
        points = [reach * (mpf(k) / 10 - 1) for k in range(21)]
        top = -energy(centre) + a * centre**2 / 2 + b * centre

        def weight(h):
            h = centre + h
            return exp(-energy(h) + a * h * h / 2 + b * h - top)

        total = integrals(weight, points)
        shift = total[1] / total[0]
        return log(total[0]) + top, centre + shift, total[2] / total[0] - shift**2

    return moments


def main():
    rows = []
    for name, parameter, powers, moments in table():
        for beta in powers.split():
            for a in ("0", "0.55"):
                for b in TILTS:
                    values = moments(mpf(a), mpf(b), mpf(beta))
                    rows.append([name, parameter, beta, a, b, *(nstr(v, 50) for v in values)])
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prior", "parameter", "beta", "a", "b", "log_partition", "mean", "variance"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
