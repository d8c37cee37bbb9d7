"""EM at a fixed temperature on drawn points, written from its two formulas, and the growth of a small split in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...progress import keep, observe_part
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import WEIGHT_KINDS, WeightedPoints, WeightKind

LARGEST = 10_000_000
_STEPS, _END = 20_000, 1e-9
_TRIED = 6  # starts of a small component, of which the likelier end counts


def draw_points(
    law: GaussianMixture | WeightedPoints | ArrayLike, samples: int, *, seed: int = 0, replica: int = 0
) -> FloatArray:
    """(N, D) independent points of a mixture, or drawn with replacement from weighted points or an array (n, D)."""
    if not isinstance(law, GaussianMixture | WeightedPoints):
        law = WeightedPoints(validation.array("law", law, ndim=2))
    count = validation.integer("samples", samples, 2, LARGEST)
    key = {"purpose": "points of a cooled mixture", "law": _meaning(law), "samples": count}
    random = generator(seed, key, replica)
    if isinstance(law, WeightedPoints):
        return law.points[random.choice(len(law.points), size=count, p=law.weights)]
    labels = np.searchsorted(np.cumsum(law.weights)[:-1], random.random(count), side="right")
    noise = random.standard_normal((count, law.dimension))
    found = law.means[labels]
    for k in range(law.classes):
        rows = labels == k
        covariance = law.covariance(k)
        if np.ndim(covariance) == 2:
            values, vectors = np.linalg.eigh(covariance)
            noise[rows] = noise[rows] @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
        else:
            noise[rows] *= np.sqrt(covariance)
    return np.asarray(found + noise)


def _meaning(law: GaussianMixture | WeightedPoints) -> object:
    if isinstance(law, WeightedPoints):
        return {"points": law.points, "weights": law.weights}
    return law


@dataclass(frozen=True, eq=False)
class Annealed:
    """Where EM ended: (K, D) centroids, (K,) weights, and f = -T < log sum pi exp(-|x - mu|^2/2T) >."""

    centroids: FloatArray
    weights: FloatArray
    free_energy: float


def anneal(
    points: ArrayLike, centroids: ArrayLike, weights: ArrayLike, temperature: float, *, learned: bool
) -> Annealed:
    """EM from a state until its steps are below 1e-9 sqrt(T), at most 20000 of them.

    Parameters
    ----------
    points : (N, D).
    centroids : (K, D) at the start.
    weights : (K,) at the start, summing to 1.
    temperature : T.
    learned : whether the weights are learned; they stay as they are otherwise.
    """
    points = validation.array("points", points, ndim=2)
    T = validation.positive("temperature", temperature)
    mu = validation.array("centroids", centroids, shape=(None, points.shape[1])).copy()
    pi = validation.probability_vector("weights", weights).copy()
    if len(pi) != len(mu):
        raise InvalidArgument("weights", pi, f"one for each of the {len(mu)} centroids")
    f: Any = np.inf
    for _ in range(_STEPS):
        moved, shares, f = em_step(points, mu, pi, T)
        done = np.abs(moved - mu).max() < _END * np.sqrt(T)
        mu = moved
        if learned:
            done = done and bool(np.abs(shares - pi).max() < _END)
            pi = shares
        if done:
            break
    return Annealed(mu, pi, f)


def em_step(
    points: FloatArray, mu: FloatArray, pi: FloatArray, temperature: float
) -> tuple[FloatArray, FloatArray, float]:
    """New centroids, shares of the components, and the free energy before the step."""
    exponent = np.log(pi) - ((points[:, None] - mu) ** 2).sum(-1) / (2 * temperature)
    top = exponent.max(1)
    p = np.exp(exponent - top[:, None])
    norm = p.sum(1)
    p /= norm[:, None]
    mass = p.sum(0)
    return (
        (p.T @ points) / mass[:, None],
        mass / len(points),
        float(-temperature * (top + np.log(norm)).mean()),
    )


def simulate_states(
    law: GaussianMixture | WeightedPoints | ArrayLike,
    temperature: ArrayLike,
    samples: int,
    *,
    components: int = 2,
    weight_kind: WeightKind = "equal",
    instances: int = 10,
    seed: int = 0,
) -> dict[str, Estimate]:
    """EM on independent samples, from a split along the first principal direction.

    Equal weights start evenly spread over one standard deviation to both sides of the mean. With learned weights two
    components start at the mean and, with weight 0.02, on points that are drawn; the likeliest end counts.

    Returns
    -------
    ``centroid`` (m, K): positions along the top direction of the law's own covariance, in increasing order, from the
    mean of the sample; ``weight`` (m, K) in the same order; ``free_energy`` (m,).
    """
    temperatures = np.atleast_1d(validation.array("temperature", temperature, above=0.0)).ravel()
    K = validation.integer("components", components, 1, 64)
    validation.choice("weight_kind", weight_kind, WEIGHT_KINDS)
    R = validation.integer("instances", instances, 2, 100_000)
    if weight_kind == "learned" and K > 2:
        raise InvalidArgument("components", K, "1 or 2 with learned weights")
    rows: dict[str, list[list[object]]] = {"centroid": [], "weight": [], "free_energy": []}
    for replica in range(R):
        x = draw_points(law, samples, seed=seed, replica=replica)
        x = x - x.mean(0)
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        direction = vectors[:, -1] * np.sign(vectors[np.abs(vectors[:, -1]).argmax(), -1])
        spread = np.sqrt(values[-1])
        found = []
        for T in temperatures:
            if weight_kind == "learned" and K == 2:
                found.append(_from_points(x, float(T), seed, replica))
            else:
                start = (
                    np.linspace(-spread, spread, K)[:, None] * direction
                    if K > 1
                    else np.zeros((1, x.shape[1]))
                )
                found.append(anneal(x, start, np.full(K, 1.0 / K), float(T), learned=False))
        orders = [np.argsort(entry.centroids @ direction) for entry in found]
        rows["centroid"].append([(e.centroids @ direction)[o] for e, o in zip(found, orders, strict=True)])
        rows["weight"].append([e.weights[o] for e, o in zip(found, orders, strict=True)])
        rows["free_energy"].append([e.free_energy for e in found])
    return {name: Estimate.from_samples(np.array(entry, dtype=np.float64)) for name, entry in rows.items()}


def _from_points(x: FloatArray, temperature: float, seed: int, replica: int) -> Annealed:
    random = generator(
        seed,
        {"purpose": "starts of a small component", "points": len(x), "temperature": temperature},
        replica,
    )
    far = np.argsort((x**2).sum(1))[len(x) // 2 :]
    ends = [
        anneal(x, np.stack([np.zeros(x.shape[1]), x[i]]), np.array([0.98, 0.02]), temperature, learned=True)
        for i in random.choice(far, size=_TRIED, replace=False)
    ]
    return min(ends, key=lambda end: end.free_energy)


def simulate_growth(
    points: ArrayLike, temperature: float, *, displacement: float = 1e-6, steps: int = 200, seed: int = 0
) -> float:
    """Factor per EM step by which two replicas at the mean part, by power iteration of the map itself."""
    points = validation.array("points", points, ndim=2)
    random = generator(seed, {"purpose": "direction of a small split", "points": len(points)})
    centre = points.mean(0)
    direction = random.standard_normal(points.shape[1])
    factor = 0.0
    for _ in range(steps):
        direction = direction / float(np.linalg.norm(direction))
        mu = centre + displacement * np.stack([direction, -direction])
        moved, _, _ = em_step(points, mu, np.full(2, 0.5), temperature)
        parted = (moved[0] - moved[1]) / 2
        factor = float(np.linalg.norm(parted) / displacement)
        direction = parted
    return factor


def simulate_graph_growth(
    points: ArrayLike,
    edges: ArrayLike,
    nodes: int,
    stiffness: float,
    temperature: float,
    *,
    displacement: float = 1e-6,
    steps: int = 600,
    without: FloatArray | None = None,
    seed: int = 0,
) -> float:
    """The same for nodes that a graph binds: EM with (N_k/T + stiffness L) mu = sum_i r_ik x_i/T.

    ``without`` (j, K) are patterns over the nodes that are taken out after each step, so that the next mode is seen.
    """
    points = validation.array("points", points, ndim=2)
    pairs = np.asarray(edges, dtype=np.int64)
    bonds = np.zeros((nodes, nodes))
    for a, b in pairs.tolist():
        bonds[[a, b], [a, b]] += 1
        bonds[[a, b], [b, a]] -= 1
    random = generator(seed, {"purpose": "displacements of a graph", "nodes": nodes})
    centre = points.mean(0)
    x = points - centre
    away = random.standard_normal((nodes, points.shape[1]))
    out = np.ones((1, nodes)) if without is None else np.vstack([np.ones(nodes), without])
    basis = np.linalg.qr(out.T)[0]
    factor = 0.0
    for _ in range(steps):
        away -= basis @ (basis.T @ away)
        away *= displacement / np.abs(away).max()
        exponent = -((x[:, None] - away) ** 2).sum(-1) / (2 * temperature)
        p = np.exp(exponent - exponent.max(1)[:, None])
        p /= p.sum(1)[:, None]
        system = np.diag(p.sum(0)) / temperature + stiffness * bonds
        moved = np.linalg.solve(system, p.T @ x / temperature)
        moved -= basis @ (basis.T @ moved)
        factor = float(np.linalg.norm(moved) / np.linalg.norm(away))
        away = moved
    return factor


def simulate_split_temperature(
    points: FloatArray, low: float, high: float, *, displacement: float = 1e-4, halvings: int = 14
) -> float:
    """Temperature at which a small split of one of two centroids neither grows nor shrinks in an EM step; dimension 1.

    Between ``low``, where it grows, and ``high``, where it shrinks, by bisection.
    """
    spread = float(points.std())
    mu = np.array([[-spread], [spread]]) + points.mean(0)
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        mu = anneal(points, mu, np.full(2, 0.5), middle, learned=False).centroids
        factors = []
        for k in range(2):
            parted = np.vstack([mu[:k], mu[k] - displacement, mu[k] + displacement, mu[k + 1 :]])
            shares = np.full(3, 0.5)
            shares[k : k + 2] = 0.25
            moved = em_step(points, parted, shares, middle)[0]
            factors.append(float(moved[k + 1, 0] - moved[k, 0]) / (2 * displacement))
        low, high = (middle, high) if max(factors) > 1.0 else (low, middle)
    return 0.5 * (low + high)


observe_part(draw_points)
observe_part(anneal)
keep(simulate_states, "instances", part=anneal, begins=draw_points)
