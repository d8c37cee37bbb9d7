"""Sums over trees: by listing them, by a determinant, by resistances, and by removing nodes."""

from itertools import combinations

import sympy as sp

from derivations import claim


def _trees(nodes: int) -> list[tuple[tuple[int, int], ...]]:
    """All spanning trees, by listing sets of edges."""
    found = []
    for edges in combinations(combinations(range(nodes), 2), nodes - 1):
        place = list(range(nodes))
        for a, b in edges:
            old, new = place[a], place[b]
            place = [new if p == old else p for p in place]
        if len(set(place)) == 1:
            found.append(edges)
    return found


def _laplacian(nodes: int, weights: dict[tuple[int, int], sp.Expr]) -> sp.Matrix:
    found = sp.zeros(nodes)
    for (a, b), w in weights.items():
        found[a, a] += w
        found[b, b] += w
        found[a, b] -= w
        found[b, a] -= w
    return found


@claim("the sum over trees of products of weights is a minor of the Laplacian, and w R the share of an edge")
def minor_and_resistance() -> bool:
    weights = {(0, 1): 2, (0, 2): 3, (0, 3): 5, (1, 2): 7, (1, 3): 11, (2, 3): sp.Rational(1, 3)}
    trees = _trees(4)
    total = sum(sp.prod(weights[e] for e in tree) for tree in trees)
    minor = _laplacian(4, weights)[1:, 1:]
    if len(trees) != 16 or sp.simplify(minor.det() - total) != 0:
        return False
    inverse = minor.inv()
    for (a, b), w in weights.items():
        share = sum(sp.prod(weights[e] for e in tree) for tree in trees if (a, b) in tree) / total

        def entry(i: int, j: int) -> sp.Expr:
            return inverse[i - 1, j - 1] if i and j else sp.Integer(0)

        if sp.simplify(share - w * (entry(a, a) + entry(b, b) - 2 * entry(a, b))) != 0:
            return False
    return True


@claim(
    "the pseudo-determinant of the Laplacian of every spanning tree with edges of weight 1 is the number of nodes"
)
def every_tree_alike() -> bool:
    for tree in _trees(5):
        eigenvalue = sp.symbols("z")
        polynomial = _laplacian(5, dict.fromkeys(tree, sp.Integer(1))).charpoly(eigenvalue)
        # The product of the other eigenvalues is the coefficient of z, up to its sign.
        if abs(polynomial.all_coeffs()[-2]) != 5:
            return False
    return True


@claim(
    "removing a node of conductances a_i leaves new ones a_i a_j/sum a, and takes a factor sum a out of the sum"
)
def star_and_mesh() -> bool:
    w = {pair: sp.symbols(f"w{pair[0]}{pair[1]}", positive=True) for pair in combinations(range(4), 2)}
    whole = _laplacian(4, w)[:3, :3].det()
    star = {i: w[i, 3] for i in range(3)}
    total = sum(star.values())
    rest = {(i, j): w[i, j] + star[i] * star[j] / total for i, j in combinations(range(3), 2)}
    return bool(sp.simplify(whole - total * _laplacian(3, rest)[:2, :2].det()) == 0)
