"""The reduced quartic coefficient of a split of any generation, against the free energy at imposed splits."""

import mpmath as mp

from derivations import claim

# Points whose two-component state at this temperature is not symmetric.
_POINTS = [mp.mpf(s) for s in ("-2.3", "-1.8", "-1.1", "-0.7", "0.9", "1.2", "2.4", "2.9", "3.3")]
_T = mp.mpf("0.9")


def _relaxed(split: mp.mpf) -> mp.mpf:
    """Least f with replicas at mu +- split, over mu and the other centroid: EM with the split held."""
    lower, middle = mp.mpf(-1), mp.mpf(2)
    for _ in range(3000):
        centres = [lower, middle - split, middle + split]
        sums = [[mp.mpf(0), mp.mpf(0)] for _ in centres]
        f = mp.mpf(0)
        for x in _POINTS:
            terms = [
                w * mp.exp(-((x - c) ** 2) / (2 * _T))
                for c, w in zip(centres, (mp.mpf("0.5"), mp.mpf("0.25"), mp.mpf("0.25")), strict=True)
            ]
            total = mp.fsum(terms)
            f -= _T * mp.log(total) / len(_POINTS)
            for entry, term in zip(sums, terms, strict=True):
                entry[0] += term / total
                entry[1] += term / total * x
        new_lower = sums[0][1] / sums[0][0]
        # The mean position of the pair at which f is least, given memberships.
        mass = sums[1][0] + sums[2][0]
        new_middle = (sums[1][1] + sums[2][1] + split * (sums[1][0] - sums[2][0])) / mass
        if abs(new_lower - lower) + abs(new_middle - middle) < mp.mpf(10) ** -32:
            break
        lower, middle = new_lower, new_middle
    return f


def _formula() -> tuple[mp.mpf, mp.mpf]:
    """Coefficients of eps^2 and eps^4 from the unsplit state."""
    lower, upper = mp.mpf(-1), mp.mpf(2)
    for _ in range(3000):
        p = [1 / (1 + mp.exp(((x - upper) ** 2 - (x - lower) ** 2) / (2 * _T))) for x in _POINTS]
        upper = mp.fsum(q * x for q, x in zip(p, _POINTS, strict=True)) / mp.fsum(p)
        lower = mp.fsum((1 - q) * x for q, x in zip(p, _POINTS, strict=True)) / mp.fsum(1 - q for q in p)

    def mean(values: list[mp.mpf]) -> mp.mpf:
        return mp.fsum(values) / len(_POINTS)

    u = [x - upper for x in _POINTS]
    r = [x - lower for x in _POINTS]
    share = mean(p)
    local = mean([q * a**2 for q, a in zip(p, u, strict=True)]) / share
    direct = mean([q * a**4 for q, a in zip(p, u, strict=True)]) / (12 * _T**3)
    direct -= mean([q * (1 - q) * (a**2 / _T - 1) ** 2 for q, a in zip(p, u, strict=True)]) / (8 * _T)
    pull = mp.matrix(
        [
            mean([-q * (1 - q) * (1 - a**2 / _T) * b for q, a, b in zip(p, u, r, strict=True)]) / (2 * _T),
            mean([q * (1 - q) * (1 - a**2 / _T) * a for q, a in zip(p, u, strict=True)]) / (2 * _T),
        ]
    )
    cross = mean([q * (1 - q) * a * b for q, a, b in zip(p, u, r, strict=True)]) / _T
    hessian = mp.matrix(
        [
            [1 - share - mean([q * (1 - q) * b**2 for q, b in zip(p, r, strict=True)]) / _T, cross],
            [cross, share - mean([q * (1 - q) * a**2 for q, a in zip(p, u, strict=True)]) / _T],
        ]
    )
    relaxation = (pull.T * (hessian**-1) * pull)[0] / 2
    return share * (1 - local / _T) / 2, direct - relaxation


@claim(
    "b = <P u^4>/12T^3 - <P(1-P)(u^2/T-1)^2>/8T - G H^-1 G/2, against the least free energy at imposed splits"
)
def reduced_quartic() -> bool:
    with mp.workdps(40):
        quadratic, quartic = _formula()
        e = mp.mpf("0.02")
        f = [_relaxed(e * k) for k in range(4)]
        # Three differences give the coefficients of eps^2 and eps^4 up to eps^8.
        system = mp.matrix([[(e * k) ** (2 * j) for j in (1, 2, 3)] for k in (1, 2, 3)])
        found = mp.lu_solve(system, mp.matrix([f[k] - f[0] for k in (1, 2, 3)]))
        return bool(abs(found[0] - quadratic) < 1e-8 and abs(found[1] - quartic) < 1e-4 * abs(quartic))
