"""Reference values of statphys_gen.numerics.special: mpmath with 50 digits and more, from the definitions.

Run ``python tests/reference/numerics_special.py`` to write ``numerics_special.csv`` again. Arguments are float64
numbers written in hexadecimal; values are decimal with 30 digits. Nothing of statphys_gen is used.
"""

import csv
from pathlib import Path

import mpmath as mp

TABLE = Path(__file__).with_suffix(".csv")


def log_two_cosh(x):
    return mp.log(2 * mp.cosh(x))


def binary_entropy(x):
    up, down = 1 / (1 + mp.exp(-2 * x)), 1 / (1 + mp.exp(2 * x))
    return -up * mp.log(up) - down * mp.log(down)


def log_erfc(x):
    return mp.log(mp.erfc(x))


def normal_density(u):
    return mp.exp(-u * u / 2) / mp.sqrt(2 * mp.pi)


def normal_hazard(u):
    return normal_density(u) / (mp.erfc(-u / mp.sqrt(2)) / 2)


def log_normal_distribution(u):
    return mp.log(mp.erfc(-u / mp.sqrt(2)) / 2)


def truncated_normal(a, b):
    """Log-normaliser, mean, variance and second moment of exp(-a h^2/2 + b h), h >= 0, by integration."""
    peak = max(b / a, mp.mpf(0))
    # Distance over which the weight falls from its largest value by a factor of e, or somewhat more.
    width = 1 / mp.sqrt(a) if b >= 0 else 1 / (mp.sqrt(a) + abs(b))
    steps = [mp.mpf(k) / 4 * width for k in (1, 4, 8, 16, 28, 48, 80, 140, 240, 400, 640)]
    ends = sorted({mp.mpf(0), peak, *(peak + s for s in steps), *(peak - s for s in steps if s < peak)})
    if ends[1] < peak - 10 * width and peak - steps[-1] > 0:
        ends = ends[1:]  # what lies lower is below exp(-12000)

    def moment(power, centre):
        return mp.quad(
            lambda h: (h - centre) ** power * mp.exp(-a * (h - peak) ** 2 / 2 + slope * (h - peak)), ends
        )

    slope = b - a * peak
    norm = moment(0, 0)
    mean = peak + moment(1, peak) / norm
    return {
        "log_normaliser": mp.log(norm) + b * peak - a * peak**2 / 2,
        "mean": mean,
        "variance": moment(2, mean) / norm,
        "second_moment": moment(2, 0) / norm,
    }


@mp.workdps(50)
def middle_table(terms=23, points=60):
    """Chebyshev coefficients of the mean and the variance of exp(-h^2/2 + u h), h >= 0, in t = -u on [0, 3]."""
    position = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / points) for k in range(points)]
    hazard = [normal_hazard(-3 * (p + 1) / 2) for p in position]
    mean = [h - 3 * (p + 1) / 2 for h, p in zip(hazard, position, strict=True)]
    variance = [1 - h * m for h, m in zip(hazard, mean, strict=True)]
    return [
        [
            mp.mpf(2 if n else 1)
            / points
            * mp.fsum(v * mp.chebyt(n, p) for v, p in zip(values, position, strict=True))
            for values in (mean, variance)
        ]
        for n in range(terms)
    ]


def rows():
    magnitudes = [
        1e-300,
        1e-20,
        1e-8,
        1e-4,
        0.003,
        0.1,
        0.3,
        0.499999,
        0.5,
        0.6,
        0.9,
        1.3,
        2.0,
        3.7,
        5.1,
        8.9,
        14.0,
    ]
    magnitudes += [19.9, 26.5, 33.3, 36.9]
    signed = [0.0, *magnitudes, *(-x for x in magnitudes)]
    far = [57.7, 123.4, 340.0, 1e3, 1e5, 1.23456789e8]
    with mp.workdps(700):  # so that differences from 1 of 1e-300 are resolved
        for x in signed + far + [-x for x in far]:
            yield "log_two_cosh", (x,), log_two_cosh(mp.mpf(x))
            if x != 0.0:
                yield "log_erfc", (x,), log_erfc(mp.mpf(x))
            if abs(x) <= 340.0:
                yield "binary_entropy", (x,), binary_entropy(mp.mpf(x))
            if x < 37.0:
                yield "normal_hazard", (x,), normal_hazard(mp.mpf(x))
                yield "log_normal_distribution", (x,), log_normal_distribution(mp.mpf(x))
            if abs(x) < 37.0:
                yield "normal_density", (x,), normal_density(mp.mpf(x))
    with mp.workdps(50):
        for a in (1.0, 0.037, 25.0):
            for u in [
                0.0,
                0.2,
                1.0,
                3.0,
                9.0,
                40.0,
                1e4,
                1e8,
                -1e-6,
                -0.2,
                -0.7,
                -1.0,
                -1.5,
                -2.2,
                -2.9,
                -2.999999,
            ]:
                yield from truncated_rows(a, u)
            for u in [-3.0, -3.000001, -3.4, -4.0, -6.0, -9.0, -17.0, -38.0, -300.0, -1e4, -1e8]:
                yield from truncated_rows(a, u)


def truncated_rows(a, u):
    b = u * a**0.5
    for name, value in truncated_normal(mp.mpf(a), mp.mpf(b)).items():
        yield f"truncated_normal.{name}", (a, b), value


def main():
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["function", "first", "second", "value"])
        for name, arguments, value in rows():
            hexadecimal = [float(x).hex() for x in arguments]
            writer.writerow(
                [name, hexadecimal[0], hexadecimal[1] if len(hexadecimal) > 1 else "", mp.nstr(value, 30)]
            )


if __name__ == "__main__":
    main()
