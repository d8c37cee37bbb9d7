"""The self-consistent equations of the feature matrix, from the planar Wick contractions of the Gaussian equivalent."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from derivations import claim
from derivations.random_features.definitions import parts
from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.moments import spectral_moments
from statphys_gen.random_features.theory.resolvent import dyson

Pair = tuple[int, int]
FEATURES, SAMPLES, TIME, VARIANCE = 3.0, 1.7, 0.4, 1.3


def pairings(items: list[int]) -> Iterator[list[Pair]]:
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for k, partner in enumerate(rest):
        for others in pairings(rest[:k] + rest[k + 1 :]):
            yield [(first, partner), *others]


class Loops:
    """Classes of equal indices."""

    def __init__(self) -> None:
        self.parent: dict[tuple[str, int], tuple[str, int]] = {}

    def find(self, x: tuple[str, int]) -> tuple[str, int]:
        self.parent.setdefault(x, x)
        while self.parent[x] != x:
            x = self.parent[x]
        return x

    def join(self, x: tuple[str, int], y: tuple[str, int]) -> None:
        self.parent[self.find(x)] = self.find(y)

    def count(self, kind: str) -> int:
        return len({self.find(x) for x in self.parent if x[0] == kind})


def wick_moment(order: int, draws: int | None) -> float:
    """(1/p) E Tr U^order at leading order in 1/d, for isotropic data; draws = None is the average over the noise.

    A factor of U is a sum over columns (sample n, draw k) of phi phi^T, and phi is one of four fields: "x" = w X
    (shared), "o" = Omega (shared, nonlinear), "e" = w xi (fresh), "h" = eta (fresh, nonlinear). Their variances are
    those of the definition of a feature.
    """
    found = parts(np.tanh, TIME, VARIANCE)
    variance = {"x": found.data * VARIANCE, "o": found.shared, "e": found.noise, "h": found.fresh}
    psi, samples = FEATURES, SAMPLES
    total = 0.0
    for word in product("xoeh", repeat=2 * order):
        if any(word.count(kind) % 2 for kind in "xoeh"):
            continue
        total += _word(word, order, variance, psi, samples, draws)
    return total / psi


def _word(
    word: tuple[str, ...],
    order: int,
    variance: dict[str, float],
    psi: float,
    samples: float,
    draws: int | None,
) -> float:
    places = {kind: [j for j, letter in enumerate(word) if letter == kind] for kind in "xoeh"}
    carriers = sorted(places["x"] + places["e"])
    amplitude = 1.0
    for kind, entry in places.items():
        amplitude *= variance[kind] ** (len(entry) // 2)
    total = 0.0
    for chosen in product(*(list(pairings(places[kind])) for kind in "xoeh")):
        for strong in pairings(carriers):
            total += _graph(chosen, strong, carriers, order, psi, samples, draws)
    return amplitude * total


def _graph(
    chosen: tuple[list[Pair], ...],
    strong: list[Pair],
    carriers: list[int],
    order: int,
    psi: float,
    samples: float,
    draws: int | None,
) -> float:
    """Power and value of one contraction; position j is the left (even) or right (odd) phi of the factor j // 2."""
    loops = Loops()

    def row(j: int) -> tuple[str, int]:
        return ("p", ((j + 1) // 2) % order)

    for j in range(2 * order):
        loops.find(row(j))
        loops.find(("n", j // 2))
        loops.find(("k", j // 2))
    for j in carriers:
        loops.find(("d", j))
    for kind, pairs in zip("xoeh", chosen, strict=True):
        for a, b in pairs:
            loops.join(("n", a // 2), ("n", b // 2))
            if kind in "eh":
                loops.join(("k", a // 2), ("k", b // 2))
            if kind in "xe":
                loops.join(("d", a), ("d", b))
            else:
                loops.join(row(a), row(b))
    for a, b in strong:
        loops.join(row(a), row(b))
        loops.join(("d", a), ("d", b))
    free = {kind: loops.count(kind) for kind in "pdnk"}
    # Each factor has 1/(n m), each pair of w has 1/d; Tr U^order is of order d.
    power = free["p"] + free["d"] + free["n"] - order - len(strong)
    if power != 1:
        return 0.0
    # The draw of a sample is one index when it is contracted to a fresh field of another factor.
    value = psi ** free["p"] * samples ** (free["n"] - order)
    if draws is not None:
        return value * float(draws) ** (free["k"] - order)
    return value * (1.0 if free["k"] == order else 0.0)


def _moments_of_the_equations(draws: float) -> tuple[float, float, float]:
    """Of the package's equations, with the package's coefficients."""
    covariance = Covariance.isotropic(VARIANCE)
    return spectral_moments(dyson(RandomFeatures("tanh", FEATURES, SAMPLES, TIME, covariance, draws)))


@claim(
    "first two moments of U for m = 1, 2, 3 and infinity: the equations against all planar Wick contractions"
)
def two_moments() -> bool:
    for draws in (1, 2, 3, None):
        found = _moments_of_the_equations(float("inf") if draws is None else draws)
        for order in (1, 2):
            if abs(found[order - 1] / wick_moment(order, draws) - 1) > 1e-12:
                return False
    return True


@claim("third moment of U for m = 2 and infinity: the equations against all planar Wick contractions")
def third_moment() -> bool:
    for draws in (2, None):
        found = _moments_of_the_equations(float("inf") if draws is None else draws)
        if abs(found[2] / wick_moment(3, draws) - 1) > 1e-12:
            return False
    return True
