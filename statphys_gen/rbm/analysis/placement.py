"""Where a trained machine lies on the diagram of low-rank couplings: noise level, spikes, layer ratio.

The couplings are read as W = sigma x / sqrt(N) + sum_k (w_k / N) u_k v_k^T with N visible units, normal x and u, v of
unit variance. With theta = w sqrt(ratio) a spike stands out of the Marchenko-Pastur bulk when theta^2 > sigma^2
sqrt(ratio) (Baik, Ben Arous and Peche); its strength and its overlaps with the singular vectors then follow from its
singular value in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import dataset
from ...presentation import Tabular
from ...units.base import Prior
from ...units.continuous import ReLU
from ...units.discrete import Binary, Discrete, QState, ZeroOne
from ..couplings.low_rank import LowRank
from ..model import Model
from ..theory.replica_symmetric import Dominance, dominant_state
from .machine import Machine

if TYPE_CHECKING:
    import xarray

# Largest distance of the bulk of n singular values from the law of noise: pure noise stays below 4.5 / n (hundreds of
# matrices with n from 16 to 800, median fitted).
_FLUCTUATION, _ALLOWED = 5.0, 0.01
# Of biases that count as uniform: standard deviation, and component along a spike in units of the usual one.
_SPREAD, _COMPONENT = 0.05, 4.0
_SPIKE = ("strength", "visible_overlap_squared", "hidden_overlap_squared")
_WHERE = "large layers, independent normal noise; a trained machine follows this law only roughly"


@dataclass(frozen=True, repr=False)
class Placement(Tabular):
    """A machine on the diagram of low-rank couplings.

    Attributes
    ----------
    layer_ratio : hidden per visible units.
    noise : sigma, in units of the coupling g = 1 (the weights carry the temperature).
    bulk_edge : largest singular value of the noise alone.
    spikes : strengths of the spikes that stand out, largest first.
    visible_overlaps, hidden_overlaps : squared overlaps of their singular vectors with u and v.
    singular_values : of the couplings, largest first.
    visible_field, hidden_field : means of the biases.
    visible_field_spread, hidden_field_spread : standard deviations of the biases over the units.
    field_along_spikes : largest component of the biases along a spike, (1/N) sum_i b_i u_i, or of the hidden ones.
    fields_are_uniform : whether the spreads are at most 0.05 and the component along spikes is what a uniform field has
        along random directions. Where it is false the theory, of uniform fields, does not know the phase.
    bulk_distance : Kolmogorov distance of the squared singular values without the spikes from the Marchenko-Pastur law
        at this noise.
    bulk_limit : 5/n + 0.01 for n of them, above every distance of pure noise.
    bulk_is_noise : whether the distance is below the limit. Where it is not, what is called noise has structure: the
        noise is too large, weak spikes hide in it, and the place on the diagram is not to be trusted. Below about 20
        singular values only gross structure shows.
    """

    layer_ratio: float
    noise: float
    bulk_edge: float
    spikes: tuple[float, ...]
    visible_overlaps: tuple[float, ...]
    hidden_overlaps: tuple[float, ...]
    singular_values: FloatArray
    visible_field: float
    hidden_field: float
    visible_field_spread: float
    hidden_field_spread: float
    field_along_spikes: float
    fields_are_uniform: bool
    bulk_distance: float
    bulk_limit: float
    bulk_is_noise: bool

    def records(self) -> list[dict[str, Any]]:
        """Its numbers, with one entry for each spike in ``spikes``."""
        single = {name: value for name, value in vars(self).items() if isinstance(value, bool | float)}
        spikes = [dict(zip(_SPIKE, row, strict=True)) for row in self._spikes()]
        largest = self.spikes[0] if spikes else None
        return [single | {"number_of_spikes": len(spikes), "largest_spike": largest, "spikes": spikes}]

    def _spikes(self) -> zip[tuple[float, float, float]]:
        return zip(self.spikes, self.visible_overlaps, self.hidden_overlaps, strict=True)

    def to_dataset(self) -> xarray.Dataset:
        """Everything, with the dimensions ``spike`` and ``singular_value``."""
        columns = np.array(list(self._spikes())).reshape(-1, 3).T
        data: dict[str, Any] = {
            name: (("spike",), entry) for name, entry in zip(_SPIKE, columns, strict=True)
        }
        data["singular_values"] = (("singular_value",), self.singular_values)
        data |= {name: ((), value) for name, value in vars(self).items() if isinstance(value, bool | float)}
        return dataset(data, {}, approximation_of(place))


@states(
    "exact as N -> infinity",
    _WHERE,
    source="Benaych-Georges, Nadakuditi, J. Multivariate Anal. 111 (2012) 120",
    verification="derived and simulated",
)
def place(machine: Machine, *, margin: float | None = None) -> Placement:
    """Noise level and spikes of a machine.

    Parameters
    ----------
    machine : its couplings and biases, see :func:`read_machine`; one with {0, 1} units as ``machine.spins()``.
    margin : a singular value is a spike when it exceeds the edge of the bulk by this relative amount; by default
        4 N^(-2/3), several times the fluctuation of the largest singular value of pure noise.

    The noise is the median of the squared singular values over that of the Marchenko-Pastur law, repeated without the
    spikes until their number stays. Whether the rest then looks like noise at all is in ``bulk_is_noise``.
    """
    matrix = machine.couplings
    visible, hidden = matrix.shape
    ratio = hidden / visible
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    allowed = 4.0 * visible ** (-2.0 / 3.0) if margin is None else validation.positive("margin", margin)
    outside = 0
    sigma, edge = 0.0, 0.0
    for _ in range(len(values)):
        bulk = values[outside:]
        sigma = math.sqrt(float(np.median(bulk**2)) / _median(min(ratio, 1.0 / ratio), visible, hidden))
        edge = sigma * (1.0 + math.sqrt(ratio))
        # Without noise the other singular values are rounding.
        count = int((values > max(edge * (1.0 + allowed), 1e-12 * values[0])).sum())
        if count <= outside or count >= len(values) // 2:
            break
        outside = count
    found = [_spike(float(s), sigma, ratio) for s in values[:outside]]
    bulk = values[outside:]
    # Without noise there is no bulk to compare.
    exact = not sigma > 1e-12 * values[0]
    distance = 0.0 if exact else _distance((bulk / sigma) ** 2, visible, hidden)
    limit = _FLUCTUATION / len(bulk) + _ALLOWED
    along, uniform = _fields(machine, left[:, :outside], right[:outside].T)
    return Placement(
        layer_ratio=ratio,
        noise=sigma,
        bulk_edge=edge,
        spikes=tuple(w for w, _, _ in found),
        visible_overlaps=tuple(u for _, u, _ in found),
        hidden_overlaps=tuple(v for _, _, v in found),
        singular_values=values,
        visible_field=float(machine.biases[0].mean()),
        hidden_field=float(machine.biases[1].mean()),
        visible_field_spread=float(machine.biases[0].std()),
        hidden_field_spread=float(machine.biases[1].std()),
        field_along_spikes=along,
        fields_are_uniform=uniform,
        bulk_distance=distance,
        bulk_limit=limit,
        bulk_is_noise=distance <= limit,
    )


def _fields(machine: Machine, left: FloatArray, right: FloatArray) -> tuple[float, bool]:
    """Largest component of the biases along a spike, and whether they are those of a uniform field."""
    along, uniform = 0.0, True
    for bias, directions in zip(machine.biases, (left, right), strict=True):
        units = len(bias)
        found = float(np.abs(bias @ directions).max(initial=0.0)) / math.sqrt(units)
        # A uniform field has a component of its size / sqrt(units) along a random direction.
        usual = _COMPONENT * abs(float(bias.mean())) / math.sqrt(units)
        uniform = uniform and bool(bias.std() <= _SPREAD and found <= usual + _SPREAD)
        along = max(along, found)
    return along, uniform


def _median(ratio: float, visible: int, hidden: int) -> float:
    """Median of the squared nonzero singular values of x / sqrt(visible), for aspect ratio at most 1."""
    from scipy.integrate import quad
    from scipy.optimize import brentq

    def below(angle: float) -> float:
        return float(quad(lambda x: float(_mass(ratio, x)), 0.0, angle, epsabs=1e-12)[0]) - 0.5

    # The law is that of the smaller layer: its eigenvalues are in units of the larger one over the visible layer.
    return float(_position(ratio, brentq(below, 1e-9, math.pi))) * max(hidden / visible, 1.0)


def _position(ratio: float, angle: ArrayLike) -> FloatArray:
    """Eigenvalue between the edges of the Marchenko-Pastur law at angles between 0 and pi."""
    root = math.sqrt(ratio)
    low, high = (1.0 - root) ** 2, (1.0 + root) ** 2
    return np.asarray(low + (high - low) * np.square(np.sin(0.5 * np.asarray(angle))))


def _mass(ratio: float, angle: ArrayLike) -> FloatArray:
    """Density of the Marchenko-Pastur law in the angle, in which it is smooth at both edges."""
    width = 4.0 * math.sqrt(ratio)
    x = np.maximum(_position(ratio, angle), 1e-300)
    return np.asarray(np.square(0.5 * width * np.sin(angle)) / (2.0 * math.pi * ratio * x))


def _distance(squares: FloatArray, visible: int, hidden: int) -> float:
    """Kolmogorov distance of squared singular values, in units of the noise, from the law of x / sqrt(visible)."""
    ratio = min(visible, hidden) / max(visible, hidden)
    angle = np.linspace(0.0, math.pi, 4001)
    middle = 0.5 * (angle[1:] + angle[:-1])
    cumulative = np.concatenate([[0.0], np.cumsum(_mass(ratio, middle))])
    sorted_squares = np.sort(squares) / max(hidden / visible, 1.0)
    below = np.interp(sorted_squares, _position(ratio, angle), cumulative / cumulative[-1])
    step = np.arange(len(squares)) / len(squares)
    return float(max((below - step).max(), (step + 1.0 / len(squares) - below).max()))


def _spike(value: float, sigma: float, ratio: float) -> tuple[float, float, float]:
    """Strength and squared overlaps of a spike from its singular value s.

    With t = (w/sigma)^2 ratio, the singular value is s^2 = sigma^2 (t + 1)(t + ratio) / t.
    """
    if sigma == 0.0:
        return value / math.sqrt(ratio), 1.0, 1.0
    scaled = (value / sigma) ** 2
    middle = scaled - 1.0 - ratio
    theta = 0.5 * (middle + math.sqrt(max(middle * middle - 4.0 * ratio, 0.0)))
    visible = 1.0 - (ratio + theta) / (theta * (theta + 1.0))
    hidden = 1.0 - ratio * (1.0 + theta) / (theta * (theta + ratio))
    return sigma * math.sqrt(theta / ratio), max(visible, 0.0), max(hidden, 0.0)


@states(
    "replica symmetric",
    f"{_WHERE}; biases that are the same for all units of a layer",
    source="derivations/rbm/replica_symmetric.py",
    verification="derived and simulated",
)
def phases(placement: Placement, *, hidden: Prior | None = None, visible: Prior | None = None) -> Dominance:
    """The states of low-rank couplings with the noise and the spikes of a machine, and which one dominates.

    The means of the biases enter as uniform fields. In a field the state "glass" is the polarised one; it is a glass
    where its replicon is negative. Free entropies are those of the hidden law in its field, normalised.

    Parameters
    ----------
    placement : from :func:`place`.
    hidden, visible : laws of the units; +-1 by default. A machine with {0, 1} units is placed as ``machine.spins()``,
        whose units are +-1.

    Raises
    ------
    InvalidArgument : a {0, 1} law; a mean bias of hidden units whose law is neither discrete nor of rectified units;
        biases that are not those of a uniform field, as ``fields_are_uniform`` tells.
    """
    if not placement.fields_are_uniform:
        spread = max(placement.visible_field_spread, placement.hidden_field_spread)
        found = (
            f"they vary by {spread:.3g}, and {placement.field_along_spikes:.3g} of them lies along a spike"
        )
        allowed = (
            f"of a machine whose biases are uniform in each layer and do not lie along its spikes ({found})"
        )
        raise InvalidArgument("placement", placement, allowed)
    for name, law in (("hidden", hidden), ("visible", visible)):
        if isinstance(law, ZeroOne):
            raise InvalidArgument(
                name, law, "the law of +-1 units, of a machine that was placed as machine.spins()"
            )
    own = hidden if hidden is not None else Binary()
    model = Model(
        _in_field(own, placement.hidden_field) if placement.hidden_field else own,
        1.0,
        placement.layer_ratio,
        convention="sqrt-beta",
        visible=visible if visible is not None else Binary(weight=1.0),
        couplings=LowRank(placement.noise, placement.spikes),
        visible_field=placement.visible_field,
    )
    return dominant_state(model)


def _in_field(law: Prior, field: float) -> Prior:
    """The normalised law with weight exp(field h) more."""
    if isinstance(law, ReLU):
        return ReLU(law.threshold - field)
    if not isinstance(law, Discrete):
        raise InvalidArgument(
            "hidden_bias", field, "of mean 0 with hidden units that are neither discrete nor ReLU"
        )
    exponents = field * law.states - law.energies
    weights = np.exp(exponents - exponents.max())
    return QState(law.states, weights / weights.sum())
