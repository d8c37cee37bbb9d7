"""One-step states of phase retrieval: stationarity, marginality, complexity, and the left edge of their Hessian."""

from functools import cache
from itertools import pairwise

import mpmath as mp
import sympy as sp

from derivations import claim

# Loss (h^2 - t^2)^2/(2 (1 + t^2)) at one label; without a jump of the response, and with one.
_SMOOTH = (mp.mpf("1.3"), mp.mpf("0.3"), mp.mpf("0.6"))
_JUMP = (mp.mpf("1.8"), mp.mpf(2), mp.mpf("0.7"))


def _loss(h: mp.mpf, t: mp.mpf) -> mp.mpf:
    return (h * h - t * t) ** 2 / (2 * (1 + t * t))


def _force(h: mp.mpf, t: mp.mpf) -> mp.mpf:
    return 2 * h * (h * h - t * t) / (1 + t * t)


def _curvature(h: mp.mpf, t: mp.mpf) -> mp.mpf:
    return (6 * h * h - 2 * t * t) / (1 + t * t)


def _inner(z: mp.mpf, t: mp.mpf, chi: mp.mpf) -> mp.mpf:
    """The global minimum over h >= 0 of (h - z)^2/(2 chi) + l for z >= 0: the largest root of a cubic."""
    p = 2 * chi / (1 + t * t)
    roots = mp.polyroots([p, 0, 1 - p * t * t, -z], maxsteps=200, extraprec=60)
    real = [mp.re(x) for x in roots if abs(mp.im(x)) < mp.mpf(10) ** -12]
    return max(real)


@cache
def _averages(t: mp.mpf, chi: mp.mpf, s: mp.mpf) -> dict[str, mp.mpf]:
    """< > over z at fixed t, by Gauss-Legendre panels on z > 0 (everything is even)."""
    sums = dict.fromkeys(("Z", "F2", "Fy", "r", "V", "l"), mp.mpf(0))
    ends = [mp.mpf(x) for x in (0, "0.5", 1, 2, 4, 8)]
    nodes = mp.calculus.quadrature.GaussLegendre(mp.mp).get_nodes(-1, 1, 4, 60)
    for a, b in pairwise(ends):
        for x, w in nodes:
            z = (a + b) / 2 + (b - a) / 2 * x
            h = _inner(z, t, chi)
            F, g = _force(h, t), _curvature(h, t)
            V = chi * F * F / 2 + _loss(h, t)
            weight = w * (b - a) / 2 * 2 * mp.exp(-z * z / 2 - s * V) / mp.sqrt(2 * mp.pi)
            terms = {"Z": 1, "F2": F * F, "Fy": F * h, "r": chi * g / (1 + chi * g), "V": V, "l": _loss(h, t)}
            for name, term in terms.items():
                sums[name] += weight * term
    return {name: value / (1 if name == "Z" else sums["Z"]) for name, value in sums.items()}


@claim("dV/dchi = -F^2/2 at fixed z, and dV/dz = F (envelope theorem)")
def envelope() -> bool:
    t, chi, _ = _SMOOTH
    z = mp.mpf("0.9")

    def potential(z: mp.mpf, chi: mp.mpf) -> mp.mpf:
        h = _inner(z, t, chi)
        return (h - z) ** 2 / (2 * chi) + _loss(h, t)

    F = _force(_inner(z, t, chi), t)
    step = mp.mpf(10) ** -5
    by_chi = (potential(z, chi + step) - potential(z, chi - step)) / (2 * step)
    by_z = (potential(z + step, chi) - potential(z - step, chi)) / (2 * step)
    return bool(abs(by_chi + F * F / 2) < 1e-8 and abs(by_z - F) < 1e-8)


@claim("Stationarity of the free energy in chi is alpha <F^2> = 1/(chi (chi + s))")
def stationarity() -> bool:
    chi, s, alpha, F2 = sp.symbols("chi s alpha F2", positive=True)
    entropic = sp.diff(sp.log(1 + s / chi) / (2 * s), chi)
    # d/dchi of (alpha/s) E log Z = -alpha <dV/dchi> = alpha <F^2>/2.
    solution = sp.solve(entropic + alpha * F2 / 2, F2)[0]
    return sp.simplify(alpha * solution - 1 / (chi * (chi + s))) == 0


@claim(
    "Complexity = d(-f)/d(1/s) is log(1 + s/chi)/2 + alpha (E log Z + s <l>) by (A), and 0 at the ground state"
)
def complexity() -> bool:
    chi, s, alpha, logz, V, F2 = sp.symbols("chi s alpha logZ V F2", positive=True)
    # G(s) = s (-f) = max over e of (complexity - s e): complexity = G + s e with e = -dG/ds, d log Z/ds = -<V>.
    energy = -(sp.diff(sp.log(1 + s / chi) / 2, s) - alpha * V)
    legendre = sp.log(1 + s / chi) / 2 + alpha * logz + s * energy
    loss = V - chi * F2 / 2
    formula = sp.log(1 + s / chi) / 2 + alpha * (logz + s * loss)
    difference = (legendre - formula).subs(F2, 1 / (alpha * chi * (chi + s)))
    entropy = sp.log(1 + s / chi) / 2
    ground = sp.simplify(sp.diff(entropy / s, s) * s**2 + entropy - s / (2 * (chi + s)))
    return sp.simplify(difference) == 0 and ground == 0


@claim(
    "Without a jump <F y> = <r>/chi - (chi + s) <F^2>, so that (A) gives mu = (alpha <r> - 1)/chi = z(chi)"
)
def multiplier() -> bool:
    t, chi, s = _SMOOTH
    e = _averages(t, chi, s)
    return bool(abs(e["Fy"] - e["r"] / chi + (chi + s) * e["F2"]) < 1e-12)


@claim(
    "A jump of the response from -h0 to h0 at z = 0 lowers <F y> by 2 h0 p(z = 0)/chi: the edge rises above 0"
)
def multiplier_with_a_jump() -> bool:
    t, chi, s = _JUMP
    e = _averages(t, chi, s)
    lowest = mp.sqrt(t * t - (1 + t * t) / (2 * chi))
    start = lowest * lowest / (2 * chi) + _loss(lowest, t)
    density = mp.exp(-s * start) / mp.sqrt(2 * mp.pi) / e["Z"]
    defect = e["Fy"] - e["r"] / chi + (chi + s) * e["F2"]
    return bool(abs(defect + 2 * lowest * density / chi) < 1e-12 and density > 0.01)


@claim("r = 1 - dh/dz: the replicon 1 - alpha <(1 - dh/dz)^2> vanishes where the edge is soft at S = chi")
def marginality_is_zero_edge() -> bool:
    h, t, chi, a, S, alpha = sp.symbols("h t chi a S alpha", positive=True)
    F = 2 * h * (h * h - t * t) / (a + t * t)
    field = h + chi * F
    response = 1 - 1 / sp.diff(field, h)
    g = sp.diff(F, h)
    identity = sp.simplify(response - chi * g / (1 + chi * g))
    # The soft edge of a law of weights: dz/dS = (1 - alpha E r^2)/S^2 at S = chi.
    gg = sp.symbols("gg", real=True)
    slope = sp.diff(-1 / S + alpha * gg / (1 + gg * S), S)
    return identity == 0 and sp.simplify(slope - (1 - alpha * (gg * S / (1 + gg * S)) ** 2) / S**2) == 0


@claim("The response at z = 0 jumps for labels with t^2 > (a + t^2)/(2 chi): none while chi <= 1/2")
def onset_of_the_jump() -> bool:
    h, t, chi, a = sp.symbols("h t chi a", positive=True)
    energy = h**2 / (2 * chi) + (h**2 - t**2) ** 2 / (2 * (a + t**2))
    extremum = sp.solve(sp.diff(energy, h), h)
    at_origin = sp.diff(energy, h, 2).subs(h, 0)
    expected = t**2 - (a + t**2) / (2 * chi)
    found = any(sp.simplify(x**2 - expected) == 0 for x in extremum)
    return found and sp.simplify(at_origin - (1 / chi - 2 * t**2 / (a + t**2))) == 0
