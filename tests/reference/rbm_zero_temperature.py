"""Ground states of Hopfield networks, thresholded units and memories; writes rbm_zero_temperature.json.

From the definitions, in multiple precision: a visible unit is the sign of its field; a hidden unit sits at the maximum
of its exponent, h* = argmax over h >= 0 of C h^2/2 + z h - h^2/2 - threshold h, and r = E h*^2 is integrated over z.
The end of retrieval is the point where the equations hold and their Jacobian, taken by differences, is singular; no
load is expressed along a curve. Energies are those of the states, from E |field| and E of the maximum, integrated.
"""

import json
from pathlib import Path

from mpmath import diff, erf, findroot, inf, matrix, mp, mpf, npdf, nstr, quad, sqrt

mp.dps = 30


def integral(function, points):
    return quad(lambda z: npdf(z) * function(z), points)


def modulus(signal, width):
    """E |signal + width z|."""
    edge = -signal / width
    return integral(lambda z: abs(signal + width * z), [-inf, edge, 0, edge + 5, inf])


def hidden_square(threshold):
    """E (z - threshold)^2 over z > threshold."""
    return integral(lambda z: (z - threshold) ** 2, [threshold, threshold + 3, threshold + 8, inf])


def hopfield(load, m, c, square):
    """m = erf(m/sqrt(2 load r)) and the response of a visible unit, with the noise r of the hidden ones."""
    r = square / (1 - c) ** 2
    width = sqrt(load * r)
    return m - erf(m / (width * sqrt(2))), c - 2 * npdf(m / width) / width


def determinant(functions, point):
    rows = []
    for f in functions:
        row = []
        for k in range(len(point)):
            order = tuple(int(j == k) for j in range(len(point)))
            row.append(diff(f, point, order, h=mpf(10) ** -10))
        rows.append(row)
    return mp.det(matrix(rows))


def end(equations, unknowns, guess):
    """Unknowns and load at which the equations are singular."""

    def system(load, *x):
        functions = [lambda *y, k=k: equations(load, *y)[k] for k in range(unknowns)]
        return (*equations(load, *x), determinant(functions, x))

    return findroot(system, guess, tol=mpf(10) ** -36)


def energy(load):
    """Of retrieval in the Hopfield network, -sum_mu (sum_i xi_i^mu s_i)^2/(2 N) per unit with the self-interaction."""
    m, c = findroot(lambda m, c: hopfield(load, m, c, mpf(1)), (mpf("0.999"), mpf("0.01")))
    r = 1 / (1 - c) ** 2
    # At an extremum E = m^2/2 + load C r/2 - E |m + sqrt(load r) z| - load E max_h [C h^2/2 + z h - h^2/2].
    hidden = integral(lambda z: z * z / (2 * (1 - c)), [-inf, -3, 0, 3, inf])
    return m * m / 2 + load * c * r / 2 - modulus(m, sqrt(load * r)) - load * hidden


def memory(ratio):
    """Equations of m, mbar, C_s, C_h of +-1 units in both layers."""

    def equations(load, m, n, c, d):
        rest = (1 - ratio * c * d) ** 2
        s, t = sqrt(load * ratio * (1 + ratio * d * d) / rest), sqrt(load * (1 + ratio * c * c) / rest)
        own, other = ratio * n / s, m / t
        return (
            m - erf(own / sqrt(2)),
            n - erf(other / sqrt(2)),
            c - 2 * npdf(own) / s,
            d - 2 * npdf(other) / t,
        )

    return equations


def main():
    document = {"energies": [], "thresholds": [], "memories": []}
    for load in ("0.05", "0.1"):
        document["energies"].append({"load": float(load), "energy": nstr(energy(mpf(load)), 18)})
    for threshold in ("0", "0.5", "1", "1.5", "2"):
        square = hidden_square(mpf(threshold))
        guess = (mpf("0.138") / square, mpf("0.967"), mpf("0.18"))
        load, m, _ = end(lambda load, m, c, f=square: hopfield(load, m, c, f), 2, guess)
        row = {"threshold": float(threshold), "load": nstr(load, 18), "overlap": nstr(m, 18)}
        document["thresholds"].append(row)
    guesses = {
        "1": ("0.1998", "0.93279", "0.93279", "0.2933", "0.2933"),
        "0.5": ("0.0977", "0.87", "0.97", "0.55", "0.11"),
    }
    for ratio, guess in guesses.items():
        load, m, n, c, d = end(memory(mpf(ratio)), 4, tuple(mpf(g) for g in guess))
        a = mpf(ratio)
        width = sqrt(load * a * (1 + a * d * d)) / (1 - a * c * d)
        row = {"layer_ratio": float(ratio), "load": nstr(load, 18), "overlap": nstr(m, 18)}
        row |= {"hidden_overlap": nstr(n, 18), "y": nstr(a * n / (width * sqrt(2)), 18)}
        document["memories"].append(row)
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
