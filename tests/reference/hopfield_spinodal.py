"""Retrieval spinodal of the Hopfield model (replica symmetric) to 30 digits; writes hopfield_spinodal.json.

With a = m / T and b = sqrt(load r) / T the equations of Amit, Gutfreund and Sompolinsky are m = E tanh(a + b z),
q = E tanh(a + b z)^2 and r = q / (1 - (1 - q) / T)^2. The first fixes a curve a(b); along it the load is the explicit
(T b)^2 / r, and the spinodal is its maximum. So one root is sought in (a, b), of the curve and of the derivative of the
load along it: another formulation than the turning point of the branch in (m, q, load), and arithmetic of 45 digits.
"""

import json
from pathlib import Path

from mpmath import cosh, exp, findroot, mp, mpf, nstr, pi, sqrt, tanh

# Rough guesses (overlap, noise amplitude sqrt(load r)) at each temperature, from which the root is sought.
GUESSES = {"0.1": (0.95, 0.47), "0.2": (0.9, 0.5), "0.5": (0.7, 0.4), "0.8": (0.37, 0.2)}


def gaussian_averages(a, b, spacing):
    """E of tanh, tanh^2 and of their derivatives by a and b, by the trapezoidal rule (geometrically convergent)."""
    sums = [mpf(0)] * 6
    for k in range(-int(14 / spacing), int(14 / spacing) + 1):
        z = k * spacing
        weight = exp(-z * z / 2) * spacing / sqrt(2 * pi)
        t, slope = tanh(a + b * z), 1 / cosh(a + b * z) ** 2
        terms = (t, t * t, slope, z * slope, 2 * t * slope, 2 * z * t * slope)
        sums = [s + weight * term for s, term in zip(sums, terms, strict=True)]
    return sums


def spinodal(temperature, overlap, amplitude, spacing):
    """Load, overlap and Edwards-Anderson overlap at the maximum of the load along the curve."""

    def load_and_slope(a, b):
        m, q, m_a, m_b, q_a, q_b = gaussian_averages(a, b, spacing)
        response = 1 - (1 - q) / temperature
        load = (temperature * b * response) ** 2 / q
        by_q = load * (2 / (temperature * response) - 1 / q)
        curve_slope = m_b / (temperature - m_a)
        return m, q, load, 2 * load / b + by_q * (q_b + q_a * curve_slope)

    def equations(a, b):
        m, _, _, slope = load_and_slope(a, b)
        return m - temperature * a, slope

    a, b = findroot(equations, (overlap / temperature, amplitude / temperature))
    m, q, load, _ = load_and_slope(a, b)
    return load, m, q


def main():
    mp.dps = 45
    table = {}
    for temperature, (overlap, amplitude) in GUESSES.items():
        coarse, fine = (
            spinodal(mpf(temperature), mpf(overlap), mpf(amplitude), mpf(1) / n) for n in (40, 60)
        )
        assert all(abs(x - y) < mpf(10) ** -31 for x, y in zip(coarse, fine, strict=True)), temperature
        names = ("load", "overlap", "edwards_anderson_overlap")
        table[temperature] = {name: nstr(x, 30) for name, x in zip(names, fine, strict=True)}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
