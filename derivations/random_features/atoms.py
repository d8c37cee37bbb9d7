"""Atoms and the third group of modes: ranks of the Gaussian equivalent, mode counts, and the limit of large ratios."""

import numpy as np

from derivations import claim
from derivations.random_features.definitions import parts
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.limits import interpolation_edges, overfitting_edges
from statphys_gen.random_features.theory.spectrum import atoms, mode_groups


@claim(
    "The atom at s_t^2 has weight 1 - (n + d)/p for m = infinity, that at 0 has 1 - n m/p: ranks of finite matrices"
)
def ranks() -> bool:
    generator = np.random.default_rng(0)
    d, n, p = 6, 10, 40
    w = generator.standard_normal((p, d))
    shared = w @ generator.standard_normal((d, n)) + generator.standard_normal((p, n))
    infinite = np.linalg.matrix_rank(shared @ shared.T + w @ w.T)
    draws = [
        shared + w @ generator.standard_normal((d, n)) + generator.standard_normal((p, n)) for _ in range(2)
    ]
    finite = np.linalg.matrix_rank(sum(phi @ phi.T for phi in draws))
    weights = [atoms(RandomFeatures("tanh", p / d, n / d, 0.1, None, m))[0].weight for m in (float("inf"), 2)]
    return bool(abs(weights[0] - (1 - infinite / p)) < 1e-12 and abs(weights[1] - (1 - finite / p)) < 1e-12)


@claim(
    "Mode counts at d = 40, (16, 4), sin, t = 0.01: the eigenvalues of one Gaussian equivalent fall into the bulks"
)
def mode_counts() -> bool:
    model = RandomFeatures("sin", 16.0, 4.0, 0.01)
    own = parts(np.sin, 0.01, 1.0)
    d = 40
    p, n = 16 * d, 4 * d
    generator = np.random.default_rng(1)
    w = generator.standard_normal((p, d)) / np.sqrt(d)
    shared = np.sqrt(own.data) * w @ generator.standard_normal((d, n))
    shared += np.sqrt(own.shared) * generator.standard_normal((p, n))
    values = np.linalg.eigvalsh(shared @ shared.T / n + own.noise * w @ w.T + own.fresh * np.eye(p))
    edges = bulk_edges(model)
    # The edges of the gaps, as geometric means.
    cuts = [np.sqrt(own.fresh * edges[0, 0]), *np.sqrt(edges[:-1, 1] * edges[1:, 0])]
    counts = np.diff([0, *np.searchsorted(values, cuts), p])
    groups = list(mode_groups(model).values())
    return counts.tolist() == [p - n - d, *(round(g * d) for g in groups)]


@claim(
    "Small t, psi_p >> psi_n >> 1: interpolation at s_t^2 + psi_p b^2 v^2/(v^2 + A psi_n x), overfitting at MP edges"
)
def large_ratios() -> bool:
    # Off the range of G, w^T (1 - G (G^T G)^-1 G^T) w = psi_p v^2/(v^2 + A psi_n x); the remaining correction is
    # of order b^2/(A x), which a large ratio does not remove.
    distances = []
    for k in (1, 4, 16):
        model = RandomFeatures("tanh", 64.0 * k * k, 8.0 * k, 0.01 / k)
        edges = bulk_edges(model)
        own, psi_p, psi_n = parts(np.tanh, 0.01 / k, 1.0), 64.0 * k * k, 8.0 * k
        x = (1.0 + np.array([1.0, -1.0]) * np.sqrt(1.0 / psi_n)) ** 2
        interpolation = own.fresh + psi_p * own.noise * own.shared / (own.shared + own.data * psi_n * x)
        overfitting = own.fresh + own.shared * (1.0 + np.array([-1.0, 1.0]) * np.sqrt(psi_p / psi_n)) ** 2
        stated = (interpolation_edges(model), interpolation), (overfitting_edges(model), overfitting)
        if not all(np.allclose(found, formula, rtol=1e-9) for found, formula in stated):
            return False
        small = np.abs(interpolation / edges[0] - 1).max()
        large = np.abs(overfitting / edges[1] - 1).max()
        distances.append((small, large))
    ratio = np.array(distances)
    return bool((ratio[1:] < 0.3 * ratio[:-1]).all() and (ratio[2] < 0.01).all())
