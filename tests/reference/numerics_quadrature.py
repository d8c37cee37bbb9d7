"""Reference values of Gaussian averages: mpmath with 50 digits, from the definition E f(z), z ~ N(0, 1).

Run ``python tests/reference/numerics_quadrature.py`` to write ``numerics_quadrature.csv`` again. Arguments are float64
numbers written in hexadecimal; values are decimal with 30 digits. Nothing of statphys_gen is used.
"""

import csv
from pathlib import Path

import mpmath as mp

TABLE = Path(__file__).with_suffix(".csv")

FUNCTIONS = {
    "tanh": mp.tanh,
    "tanh_squared": lambda y: mp.tanh(y) ** 2,
    "logistic_complement": lambda y: 1 / (1 + mp.exp(2 * y)),
    "log_two_cosh": lambda y: (
        abs(y) + mp.log1p(mp.exp(-2 * abs(y))) if abs(y) > 1 else mp.log(2 * mp.cosh(y))
    ),
    "positive_tanh": lambda y: max(mp.tanh(y), mp.mpf(0)),
}


def average(function, slope, shift):
    """E function(slope z + shift), integrated piecewise between points that resolve the feature at z = -shift/slope
    and, for averages dominated by far values, the neighbourhood of z = -slope and z = -2 slope."""
    centre = -shift / slope
    ends = {mp.mpf(k) for k in range(-48, 49, 4)} | {mp.mpf(k) for k in range(-8, 9)}
    for distance in (0, mp.mpf(1) / 2, 1, 2, 4, 8, 16, 32, 64):
        ends |= {centre + distance / slope, centre - distance / slope}
    ends = sorted(z for z in ends if abs(z) <= 48)

    def integrand(z):
        return mp.exp(-z * z / 2) * function(slope * z + shift)

    # The accuracy of mp.quad is absolute: scale the integrand to order 1.
    largest = max(abs(integrand(z)) for z in ends)
    value, error = mp.quad(lambda z: integrand(z) / largest, ends, error=True, maxdegree=9)
    assert error < mp.mpf(10) ** -36, (slope, shift, error)
    return value * largest / mp.sqrt(2 * mp.pi)


def rows():
    slopes = [1e-3, 1e-2, 0.1, 0.5, 1.0, 3.5, 10.0, 31.0, 100.0, 1e3, 1e4]
    for name in ("tanh", "tanh_squared", "logistic_complement", "log_two_cosh", "positive_tanh"):
        for slope in slopes:
            for place in (0.0, 0.3125, -1.75):  # z of the feature; shift exact in float64
                yield name, slope, -slope * place
    # Relative accuracy of a vanishing average: slope sqrt(x), shift x.
    for x in (1e-6, 1e-3, 0.1, 1.0, 4.0, 25.0, 100.0, 256.0, 400.0, 900.0):
        yield "logistic_complement", x**0.5, x


def main():
    mp.mp.dps = 50
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["function", "slope", "shift", "value"])
        for name, slope, shift in rows():
            value = average(FUNCTIONS[name], mp.mpf(slope), mp.mpf(shift))
            writer.writerow([name, float(slope).hex(), float(shift).hex(), mp.nstr(value, 30)])


if __name__ == "__main__":
    main()
