"""Finite networks: the condensed hidden unit beyond the limit, and sums over all states."""

import itertools
import math

import mpmath as mp

from derivations import claim
from statphys_gen.rbm import Model, condensed_signal
from statphys_gen.units import Binary, Mixture, ReLU

COUPLING, OVERLAP, THRESHOLD, SHARE = mp.mpf("0.8"), mp.mpf("0.7"), mp.mpf("0.6"), mp.mpf("0.3")


def _mean(prior: str, field: mp.mpf) -> mp.mpf:
    """<h> at this field from the definition of the prior: integrals around the peaks, or a sum."""
    if prior == "binary":
        return (mp.exp(field) - mp.exp(-field)) / (mp.exp(field) + mp.exp(-field))
    if prior == "relu":
        # Of exp(-h^2/2 - threshold h) on h > 0; the weight has its peak at field - threshold.
        peaks, width, lowest = [(field - THRESHOLD, mp.mpf(1))], mp.mpf(1), mp.mpf(0)
    else:
        jump, width, lowest = mp.sqrt(1 - SHARE), mp.sqrt(SHARE), -mp.inf
        # Completing the square in each of the two normal laws: their weights are exp(+-jump field).
        peaks = [(sign * jump + SHARE * field, mp.exp(2 * min(sign, 0) * jump * field)) for sign in (1, -1)]
    total = first = mp.mpf(0)
    for centre, weight in peaks:
        ends = [max(lowest, centre + k * width) for k in range(-16, 17, 4)]

        def density(h: mp.mpf, centre: mp.mpf = centre) -> mp.mpf:
            return mp.npdf((h - centre) / width)

        total += weight * mp.quad(density, ends)
        first += weight * mp.quad(lambda h, density=density: h * density(h), ends)
    return first / total


@claim(
    "ReLU units exert g^2 m - g threshold/sqrt(N), mixtures g^2 delta m + g sqrt(1-delta)/sqrt(N), binary g/sqrt(N)"
)
def shifts() -> bool:
    """(g/sqrt(N)) <h> at the field g sqrt(N) m: beyond 1/sqrt(N) all is exponentially small, 1e-30 at N = 6000."""
    size = mp.mpf(6000)
    with mp.workdps(40):
        root = mp.sqrt(size)
        expected = {
            "relu": COUPLING**2 * OVERLAP - COUPLING * THRESHOLD / root,
            "mixture": COUPLING**2 * SHARE * OVERLAP + COUPLING * mp.sqrt(1 - SHARE) / root,
            "binary": COUPLING / root,
        }
        return all(
            abs(COUPLING / root * _mean(prior, COUPLING * root * OVERLAP) - signal) < mp.mpf(10) ** -28
            for prior, signal in expected.items()
        )


@claim("The signal of the package is that of the definition at N = 5, where nothing is small")
def signal_of_a_small_network() -> bool:
    units = {
        "relu": ReLU(float(THRESHOLD)),
        "mixture": Mixture(float(SHARE)),
        "binary": Binary(),
    }
    root = mp.sqrt(5)
    for prior, unit in units.items():
        model = Model(unit, float(1 / COUPLING**2), 0.1, convention="sqrt-beta")
        found = float(condensed_signal(model, float(OVERLAP), 5.0))
        exact = COUPLING / root * _mean(prior, COUPLING * root * OVERLAP)
        if abs(found - exact) > 1e-12:
            return False
    return True


@claim(
    "The states and draws of N units in C classes are binom(N + 2C - 1, 2C - 1) terms, which count (2C)^N choices"
)
def number_of_terms() -> bool:
    """Every unit has a class and a sign: 2C choices. A term is how many units made each of them."""
    for units, classes in ((5, 1), (4, 2), (3, 4)):
        seen: dict[tuple[int, ...], int] = {}
        for choice in itertools.product(range(2 * classes), repeat=units):
            term = tuple(choice.count(k) for k in range(2 * classes))
            seen[term] = seen.get(term, 0) + 1
        if len(seen) != math.comb(units + 2 * classes - 1, 2 * classes - 1):
            return False
        for term, count in seen.items():
            sizes = [term[2 * c] + term[2 * c + 1] for c in range(classes)]
            draws = math.factorial(units) // math.prod(math.factorial(n) for n in sizes)
            states = math.prod(math.comb(n, term[2 * c]) for c, n in enumerate(sizes))
            if count != draws * states:
                return False
    return True


@claim("exp(N [phi(s) - s m(s)]) sqrt(phi''(s)) ds is the number of states with the overlap m(s) but for 1/N")
def weight_of_an_overlap() -> bool:
    """+-1 units: phi = log 2cosh, and dm = phi'' ds. The ratio to a binomial number is the same at all overlaps."""
    errors = []
    with mp.workdps(30):
        for units in (1000, 2000):
            logs = []
            for overlap in (mp.mpf(0), mp.mpf("0.3"), mp.mpf("-0.6")):
                up = units * (1 + overlap) / 2
                s = mp.atanh(overlap)
                curvature = 1 - overlap**2
                weight = units * (mp.log(2 * mp.cosh(s)) - s * overlap) + mp.log(curvature) / 2
                exact = mp.loggamma(units + 1) - mp.loggamma(up + 1) - mp.loggamma(units - up + 1)
                # A step in s is a step in m over phi''.
                logs.append(weight - mp.log(curvature) - exact)
            errors.append(max(logs) - min(logs))
    return bool(errors[0] < mp.mpf("1e-3") and abs(errors[0] / errors[1] - 2) < mp.mpf("0.01"))
