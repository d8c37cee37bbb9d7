"""Spectra of phase-retrieval Hessians at initialisation to 20 digits; writes phase_retrieval_initialisation.json.

Loss (y^2 - t^2)^2 / (2 (a + t^2)), y and t Gaussian with correlation m, R = 1/(1 + g S) = (a + t^2)/D with the
quadratic form D = a + (1 - 2 S) t^2 + 6 S y^2. Another route than the package's: 1/D = int_0^inf exp(-u D) du
leaves, for each u, Gaussian moments of polynomials in closed form, so that every average over (y, t) is one integral
over u. In v = log u it is analytic for |Im v| < pi/2, where the trapezoidal rule of step h has an error of
exp(-pi^2/h).
"""

import json
from pathlib import Path

from mpmath import exp, findroot, mp, mpf, nstr, sqrt

TRANSITIONS = ["0", "1e-8", "1e-4", "1e-3", "0.01", "0.03", "0.1", "0.2", "0.3", "0.5", "0.7", "1", "1.1"]
HARD = ["1.2", "2", "5", "10"]
# offset, samples per dimension, overlap of the start.
SPECTRA = [("1", "2", "0"), ("1", "4", "0"), ("0.01", "4", "0"), ("4", "4.5", "0"), ("4", "3.2", "0")]
SPECTRA += [("1", "4", "0.4"), ("0.1", "6", "-0.3")]

mp.dps = 25
STEP = mpf("0.18")
NODES = [(exp(k * STEP), STEP * exp(k * STEP)) for k in range(-300, 301)]


def averages(a, s, m):
    """E R, E R^2, E w^2 R, E w^2 R^2 with w = (t - m y)/sqrt(1 - m^2)."""
    rest = sqrt(1 - m * m)

    def moments(u):
        # y and w independent; t = m y + rest w; exp(-u D) makes their covariance (1 + 2 u Q)^-1.
        c = 1 - 2 * s
        yy = 1 + 2 * u * (c * m * m + 6 * s)
        yw = 2 * u * c * m * rest
        ww = 1 + 2 * u * c * rest * rest
        det = yy * ww - yw * yw
        cyy, cyw, cww = ww / det, -yw / det, yy / det
        tt = m * m * cyy + 2 * m * rest * cyw + rest * rest * cww
        tw = m * cyw + rest * cww
        base = exp(-u * a) / sqrt(det)
        plain = a + tt
        square = a * a + 2 * a * tt + 3 * tt * tt
        signal = a * cww + tt * cww + 2 * tw**2
        signal_square = a * a * cww + 2 * a * (tt * cww + 2 * tw**2) + 3 * tt * tt * cww + 12 * tt * tw**2
        return base * plain, base * u * square, base * signal, base * u * signal_square

    sums = [mpf(0)] * 4
    for u, weight in NODES:
        sums = [total + weight * term for total, term in zip(sums, moments(u), strict=True)]
    return sums


def responses(a, s, m):
    """E r, E r^2, E w^2 r, E w^2 r^2 with r = 1 - R."""
    r, rr, wr, wrr = averages(a, s, m)
    return 1 - r, 1 - 2 * r + rr, 1 - wr, 1 - 2 * wr + wrr


def force(a, m):
    """E F y; given t, y is N(m t, 1 - m^2), and 1/(a + t^2) = int exp(-u (a + t^2)) du."""
    v = 1 - m * m

    def at(u):
        k = 1 / (1 + 2 * u)
        t2, t4 = k, 3 * k**2
        # E[y^4 - t^2 y^2 | t] = (m^4 - m^2) t^4 + (6 m^2 v - v) t^2 + 3 v^2
        return sqrt(k) * exp(-u * a) * 2 * ((m**4 - m**2) * t4 + (6 * m**2 * v - v) * t2 + 3 * v**2)

    return sum(weight * at(u) for u, weight in NODES)


def spectrum(a, alpha, m):
    edge_at_limit = alpha * responses(a, mpf("0.5"), m)[1] <= 1
    if edge_at_limit:
        edge = mpf("0.5")
    else:
        edge = findroot(
            lambda s: alpha * responses(a, s, m)[1] - 1, (mpf("0.05"), mpf("0.499")), solver="anderson"
        )
    mu = alpha * force(a, m)

    def criterion(s):
        r, _, wr, _ = responses(a, s, m)
        return alpha * (r - wr) - 1

    place = findroot(criterion, (edge / 20, edge), solver="anderson")
    assert edge / 20 < place < edge
    r, rr, _, wrr = responses(a, place, m)
    first = responses(a, edge, m)[0]
    return {
        "kind": "hard" if edge_at_limit else "soft",
        "stieltjes": edge,
        "bulk_edge": (alpha * first - 1) / edge - mu,
        "outlier": (alpha * r - 1) / place - mu,
        "overlap_squared": (1 - m * m) * (1 - alpha * rr) / (1 - alpha * rr + alpha * wrr),
        "lagrange_multiplier": mu,
    }


def main():
    zero, limit = mpf(0), mpf("0.5")

    def excess(a, s):
        r, rr, wr, _ = responses(a, s, zero)
        return r - wr - rr

    table = {"transitions": {}, "hard": {}, "spectra": []}
    for name in TRANSITIONS:
        a = mpf(name)
        guess = (mpf("0.12"), mpf("0.2")) if a < mpf("0.02") else (mpf("0.19"), mpf("0.4995"))
        s = findroot(lambda s, a=a: excess(a, s), guess, solver="anderson", tol=1e-22)
        table["transitions"][name] = [nstr(1 / responses(a, s, zero)[1], 18), nstr(s, 18)]
    for name in HARD:
        r, _, wr, _ = responses(mpf(name), limit, zero)
        assert excess(mpf(name), limit) > 0
        table["hard"][name] = nstr(1 / (r - wr), 18)
    a = findroot(lambda a: excess(a, limit), (mpf(1), mpf("1.3")), solver="anderson", tol=1e-22)
    r, _, wr, _ = responses(a, limit, zero)
    table["switch"] = [nstr(a, 18), nstr(1 / (r - wr), 18)]
    for offset, alpha, m in SPECTRA:
        values = spectrum(mpf(offset), mpf(alpha), mpf(m))
        entry = {k: v if isinstance(v, str) else nstr(v, 18) for k, v in values.items()}
        table["spectra"].append({"offset": offset, "samples_per_dimension": alpha, "overlap": m} | entry)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
