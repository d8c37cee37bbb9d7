r"""The law of one measurement in the one-step replica-symmetry-broken states of gradient descent at overlap 0.

At temperature 0 with susceptibility chi and Parisi parameter s the pre-activation y responds to a Gaussian field z by

    V(z, t) = min_h [(h - z)^2 / (2 chi) + l(h, t)],   y = h(z, t),   z = h + chi F(h, t),
    law: t ~ N(0, 1); given t, z ~ Dz exp(-s V)/Z(t)     (normalised for each t: the labels are quenched).

Integrals run over h: dz = (1 + chi g) dh and V = chi F^2/2 + l, so that no minimisation is left. Where 1 + chi g is
negative at h = 0 the minimum at z = 0 lies at h0(t) > 0, and the branch h > h0 is the global one. The labels t_c with
1 + chi g(0, t_c) = 0 are integrable singularities of the averages with r = chi g/(1 + chi g); near them the nodes are
laid in sqrt|t - t_c|.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...arrays import FloatArray
from ...errors import AccuracyNotReached
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ..model import Loss

_FARTHEST = 9.5
_BISECTIONS = 80
# (nodes per panel of t, nodes of h): the second rule estimates the error of the first.
ORDERS = ((14, 130), (11, 100))


@dataclass(frozen=True, eq=False)
class OneStepLaw:
    """Averages over the law at one (chi, s); r = chi g/(1 + chi g).

    Attributes
    ----------
    log_partition : E log Z.
    potential : E<V>.
    loss : E<l>.
    squared_force : E<F^2>.
    force : E<F y>.
    first, second : E<r>, E<r^2>.
    signal : E<(1 - t^2) r>.
    """

    log_partition: float
    potential: float
    loss: float
    squared_force: float
    force: float
    first: float
    second: float
    signal: float

    def difference(self, other: OneStepLaw) -> float:
        """Largest relative difference of the averages; an estimate of the coarser rule's error."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__]
        return max(abs(a - b) / max(abs(a), 1e-3) for a, b in pairs)


class GlobalBranch:
    """Nodes (label t, pre-activation h) of the global branch at one susceptibility, for any s.

    Attributes
    ----------
    label : (T, 1); label_probability : (T,) of |t|.
    pre_activation, curvature : (T, H); 1 + chi g > 0 at each node.
    """

    def __init__(self, loss: Loss, susceptibility: float, orders: tuple[int, int] = ORDERS[0]) -> None:
        chi = susceptibility
        t, weight = _label_nodes(loss, chi, orders[0])
        lowest = _lowest(loss, chi, t)
        highest = _highest(loss, chi, t, lowest)
        scale = _scale(loss, chi, t, lowest, highest)
        unit = legendre_rule([0.0, 1.0], orders[1])
        length = np.arcsinh((highest - lowest) / scale)
        v = length[:, None] * unit.nodes
        h = lowest[:, None] + scale[:, None] * np.sinh(v)
        jacobian = (scale * length)[:, None] * np.cosh(v) * unit.weights
        self.label = t[:, None]
        grid_t = np.broadcast_to(self.label, h.shape)
        self.susceptibility = chi
        self.label_probability = 2.0 * normal_density(t) * weight
        self.pre_activation = h
        self.force = loss.slope(h, grid_t)
        self.curvature = loss.curvature(h, grid_t)
        self.loss = loss.value(h, grid_t)
        stiffness = 1.0 + chi * self.curvature
        # Of both signs of z; log of the part without s.
        self.field = h + chi * self.force
        self.measure = 2.0 * normal_density(self.field) * stiffness * jacobian
        self.potential = 0.5 * chi * self.force**2 + self.loss
        if (stiffness[np.abs(self.measure) > 1e-20 * np.abs(self.measure).max()] <= 0.0).any():
            raise AccuracyNotReached(
                f"{loss.name} at susceptibility {chi:.6g}: the inner problem has further minima away from z = 0"
            )
        # Nodes without weight may lie at a singularity.
        self.measure = np.where(stiffness > 0.0, self.measure, 0.0)
        self.response = chi * self.curvature / np.where(stiffness > 0.0, stiffness, 1.0)

    def probabilities(self, s: float) -> tuple[FloatArray, FloatArray]:
        """(T, H) joint probabilities of the nodes and (T,) log Z(t)."""
        base = self.potential.min(axis=1, keepdims=True)
        weighted = self.measure * np.exp(-s * (self.potential - base))
        partition = weighted.sum(axis=1)
        joint = weighted * (self.label_probability / partition)[:, None]
        return joint, np.log(partition) - s * base[:, 0]

    def law(self, s: float) -> OneStepLaw:
        """The averages at Parisi parameter s."""
        joint, log_partition = self.probabilities(s)

        def mean(values: FloatArray) -> float:
            return float(np.einsum("th,th->", joint, values))

        return OneStepLaw(
            float(np.einsum("t,t->", self.label_probability, log_partition)),
            mean(self.potential),
            mean(self.loss),
            mean(self.force**2),
            mean(self.force * self.pre_activation),
            mean(self.response),
            mean(self.response**2),
            mean((1.0 - self.label**2) * self.response),
        )


def respond(loss: Loss, susceptibility: float, field: FloatArray, label: FloatArray) -> FloatArray:
    """h(z, t) at fields z >= 0 of any shape: the root of h + chi F(h, t) = z on the branch of the global minimum."""
    chi, shape = susceptibility, np.broadcast_shapes(field.shape, label.shape)
    z, t = (np.ascontiguousarray(np.broadcast_to(entry, shape)).reshape(-1) for entry in (field, label))
    distinct, place = np.unique(t, return_inverse=True)
    low = _lowest(loss, chi, distinct)[place]
    high = np.maximum(low, np.maximum(z, t)) + 1.0
    for _ in range(60):
        short = high + chi * loss.slope(high, t) < z
        if not short.any():
            break
        high = np.where(short, 2.0 * high, high)
    h = np.clip(z, low, high)
    active = np.arange(len(z))
    for _ in range(_BISECTIONS):
        here, there = h[active], t[active]
        excess = here + chi * loss.slope(here, there) - z[active]
        low[active] = np.where(excess < 0.0, here, low[active])
        high[active] = np.where(excess >= 0.0, here, high[active])
        with np.errstate(all="ignore"):
            following = here - excess / (1.0 + chi * loss.curvature(here, there))
        inside = (following >= low[active]) & (following <= high[active])
        following = np.where(inside, following, 0.5 * (low[active] + high[active]))
        h[active] = following
        active = active[np.abs(following - here) > 4e-15 * (1.0 + np.abs(following))]
        if not len(active):
            break
    return h.reshape(shape)


def _label_nodes(loss: Loss, chi: float, order: int) -> tuple[FloatArray, FloatArray]:
    """Nodes t > 0 and weights dt, in panels that double from the scale of the loss and end at every singular label."""
    first = min(loss.scale, 1.0) / 4.0
    doubling = first * 2.0 ** np.arange(math.ceil(math.log2(_FARTHEST / first)))
    singular = singular_labels(loss, chi)
    breaks = np.array([p for p in (*singular, *loss.label_breakpoints) if p < _FARTHEST])
    edges = np.unique(np.concatenate([[0.0, _FARTHEST], doubling[doubling < 0.8 * _FARTHEST], breaks]))
    # A panel with a singular label at both ends is halved.
    singular_edge = np.isin(edges, singular)
    both = np.flatnonzero(singular_edge[1:] & singular_edge[:-1])
    edges = np.unique(np.concatenate([edges, 0.5 * (edges[both] + edges[both + 1])]))
    unit = legendre_rule([0.0, 1.0], order)
    nodes, weights = [], []
    for a, b in pairwise(edges.tolist()):
        width = b - a
        if a in singular:
            x = a + width * unit.nodes**2
            w = 2.0 * width * unit.nodes * unit.weights
        elif b in singular:
            x = b - width * unit.nodes**2
            w = 2.0 * width * unit.nodes * unit.weights
        else:
            x, w = a + width * unit.nodes, width * unit.weights
        nodes.append(x)
        weights.append(w)
    return np.concatenate(nodes), np.concatenate(weights)


def singular_labels(loss: Loss, chi: float, farthest: float = _FARTHEST) -> tuple[float, ...]:
    """Labels where 1 + chi g(0, t) changes its sign."""
    from scipy.optimize import brentq

    def stiffness(t: float) -> float:
        return 1.0 + chi * float(loss.curvature(np.zeros(1), np.array([t]))[0])

    grid = np.linspace(1e-6, farthest, 400)
    values = 1.0 + chi * loss.curvature(np.zeros_like(grid), grid)
    rows = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    found = [brentq(stiffness, grid[k], grid[k + 1], xtol=1e-15, rtol=1e-15) for k in rows]
    # A jump at a breakpoint is not a root.
    return tuple(t for t in found if abs(stiffness(t)) < 1e-6)


def _lowest(loss: Loss, chi: float, t: FloatArray) -> FloatArray:
    """h0(t), the minimum over h >= 0 of h^2/(2 chi) + l(h, t)."""
    h = np.concatenate([[0.0], np.geomspace(1e-7, 4.0 * _FARTHEST, 300)])
    grid_h, grid_t = np.broadcast_arrays(h, t[:, None])
    # Where the middle of the loss is convex enough nothing needs to be looked for.
    soft = 1.0 + chi * loss.curvature(np.zeros_like(t), t) < 0.0
    energy = h**2 / (2.0 * chi) + loss.value(grid_h, grid_t)
    best = energy.argmin(axis=1)
    gain = energy[:, 0] - energy.min(axis=1)
    soft |= gain > 1e-9 * (np.abs(energy[:, 0]) + 1e-300)
    low = np.where(soft, h[np.maximum(best - 1, 1)], 0.0)
    high = np.where(soft, h[np.minimum(best + 1, len(h) - 1)], 0.0)
    rows = np.flatnonzero(soft)
    for _ in range(_BISECTIONS if len(rows) else 0):
        middle = 0.5 * (low[rows] + high[rows])
        rising = middle + chi * loss.slope(middle, t[rows]) > 0.0
        high[rows] = np.where(rising, middle, high[rows])
        low[rows] = np.where(rising, low[rows], middle)
    return 0.5 * (low + high)


def _highest(loss: Loss, chi: float, t: FloatArray, lowest: FloatArray) -> FloatArray:
    """The h at which z = h + chi F reaches the end of the Gaussian; z grows with h on the branch."""
    low, high = lowest.copy(), np.maximum(lowest, t) + 1.0
    for _ in range(60):
        short = high + chi * loss.slope(high, t) < _FARTHEST
        if not short.any():
            break
        high = np.where(short, 2.0 * high, high)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        beyond = middle + chi * loss.slope(middle, t) > _FARTHEST
        high, low = np.where(beyond, middle, high), np.where(beyond, low, middle)
    return high


def _scale(loss: Loss, chi: float, t: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """The distance from h0 over which 1 + chi g changes by its own size."""
    offsets = np.concatenate([np.geomspace(1e-8, 1.0, 90)])
    h = lowest[:, None] + (highest - lowest)[:, None] * offsets
    grid_t = np.broadcast_to(t[:, None], h.shape)
    start = 1.0 + chi * loss.curvature(lowest, t)
    change = np.abs(1.0 + chi * loss.curvature(h, grid_t) - start[:, None]) >= np.abs(start)[:, None]
    first = np.where(change.any(axis=1), change.argmax(axis=1), len(offsets) - 1)
    return np.asarray((highest - lowest) * offsets[first])
