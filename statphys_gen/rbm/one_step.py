r"""One step of replica-symmetry breaking for Hopfield networks and bidirectional memories of +-1 units, at T >= 0.

In units that stay finite at T = 0 (X_1 = beta (1 - q_1), p = beta times the Parisi parameter,
X_2 = X_1 + p (q_1 - q_0), fields divided by beta), a unit sees the field b = signal + sqrt(s_0) z_0 +
sqrt(s_1 - s_0) z_1, and with l(b) = T log 2cosh(b/T) and <...> the average over z_1 weighted with exp(p l)

    m = E <tanh(b/T)>,   q_0 = E <tanh>^2,   X_1 = E <1 - tanh^2> / T,   Lambda = E log E exp(p l) / p.

Hopfield (Gaussian hidden units of variance 1, both conventions agree): signal m, c_k = 1 - X_k,
s_0 = load q_0 / c_2^2, s_1 = s_0 + load (1/c_2 - 1/c_1) / p. Bidirectional (+-1 units, convention "beta"):
signal alpha mbar, D_k = alpha X_k Y_k, s_0 = load alpha (r_0 + alpha Y_2^2 q_0) / (1 - D_2)^2,
s_1 = s_0 + load alpha (Y_2/(1 - D_2) - Y_1/(1 - D_1)) / p, and so for the hidden layer. The Parisi parameter makes the
free energy stationary.

Source: Crisanti, Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95 (1994) 249.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr

from .. import validation
from ..approximation import approximation_of, states
from ..errors import InvalidArgument, NotConverged
from ..numerics.quadrature import Rule, gaussian_rule
from ..numerics.roots import newton
from ..numerics.special import log_two_cosh
from ..solution import Solution, Status
from .model import Model
from .priors import Binary, Gaussian
from .replica_symmetric import solve

Array = NDArray[np.float64]

_SOURCE = "Crisanti, Amit, Gutfreund, Europhys. Lett. 2 (1986) 337; Steffan, Kuehn, Z. Phys. B 95 (1994) 249"
_WHERE = (
    "N -> infinity; one step of replica-symmetry breaking: unstable where inner_replicon or outer_replicon is "
    "negative, and at T = 0, where the inner one is -infinity"
)
_DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
# Error of the averages with the rules below, relative to the integrands; the tests double the nodes.
_QUADRATURE = 1e-11
# Steepness of the integrands shared by a block of points, and the largest one.
_RATIO, _STEEPEST = 1.5, 1000.0
# A retrieval state further than this from the symmetric overlap is another one.
_SAME_BRANCH = 0.02
# Step in the overlap along the branch.
_PACE = 0.004


@dataclass(frozen=True)
class _Layer:
    """Averages over one layer: m, q_0, X_1, Lambda and its derivative by p at fixed fields, and the mean squares of the
    responses within and of the states, E <(beta (1 - tanh^2))^2> (NaN at T = 0) and E (d<tanh>/db)^2."""

    overlap: Array
    outer: Array
    response: Array
    value: Array
    slope: Array
    within: Array
    between: Array


def _layer(signal: Array, s0: Array, s1: Array, p: Array, temperature: float, refine: float) -> _Layer:
    result = np.full((len(p), 7), np.nan)
    with np.errstate(all="ignore"):
        width = np.sqrt(s1 - s0)
        # Along z_0 the averages vary as normal distribution functions of base/width and as tanh(p base).
        steep = np.sqrt(s0) * (p + 0.6 / width)
        if temperature > 0:
            steep = np.minimum(steep, np.sqrt(s0) / temperature + p)
        level = np.ceil(np.log(np.maximum(steep, 1.0)) / np.log(_RATIO))
    usable = np.isfinite(level) & (steep < _STEEPEST)
    if temperature > 0:
        # The weight moves z_1 by up to p width, and the inner rule reaches one unit further than its accuracy needs.
        usable &= p * width < 1.2
    for k in np.unique(level[usable]):
        rows = np.flatnonzero(usable & (level == k))
        outer = gaussian_rule(refine * _RATIO ** float(k), 1e-13)
        base = signal[rows, None] + np.sqrt(s0[rows])[:, None] * outer.nodes
        if temperature == 0.0:
            parts = _ground(base, width[rows, None], p[rows, None])
        else:
            inner = gaussian_rule(refine * max(float(width[rows].max()) / temperature, 1.0), 1e-15)
            parts = _thermal(base, width[rows, None], p[rows, None], temperature, inner)
        mean, response, log, loss, within, local = parts
        value = outer.average(log) / p[rows]
        columns = (outer.average(mean), outer.average(mean * mean), outer.average(response), value)
        slope = (outer.average(loss) - value) / p[rows]
        squares = outer.average(within), outer.average(local * local)
        result[rows] = np.stack([*columns, slope, *squares], axis=1)
    return _Layer(*result.T)


def _ground(base: Array, width: Array, p: Array) -> tuple[Array, ...]:
    """T = 0: tanh is the sign, l the modulus. exp(p|b|) is averaged on either side of b = 0 in closed form."""
    u, shift = base / width, p * width
    right = p * base + log_ndtr(u + shift)
    left = -p * base + log_ndtr(shift - u)
    total = np.logaddexp(right, left)
    mean = np.tanh(0.5 * (right - left))
    log = total + 0.5 * shift * shift
    # The weight of the field 0, relative to E exp(p|b|).
    zero = np.exp(-0.5 * u * u - log) / np.sqrt(2.0 * np.pi)
    loss = base * mean + width * (shift + 2.0 * zero)
    response = 2.0 * zero / width
    return mean, response, log, loss, np.full_like(mean, np.nan), response + p * (1.0 - mean * mean)


def _thermal(base: Array, width: Array, p: Array, temperature: float, rule: Rule) -> tuple[Array, ...]:
    field = (base[:, :, None] + width[:, :, None] * rule.nodes) / temperature
    energy = temperature * log_two_cosh(field)
    exponent = p[:, :, None] * energy
    largest = exponent.max(axis=2, keepdims=True)
    weight = np.exp(exponent - largest) * rule.weights
    total = weight.sum(axis=2)
    mean = np.tanh(field)
    average = (weight * mean).sum(axis=2) / total
    rest = 1.0 - mean * mean
    response = (weight * rest).sum(axis=2) / total / temperature
    within = (weight * rest * rest).sum(axis=2) / total / temperature**2
    log = np.log(total) + largest[:, :, 0]
    local = response + p * (1.0 - temperature * response - average * average)
    return average, response, log, (weight * energy).sum(axis=2) / total, within, local


class _Equations:
    """Unknowns X_1, X_2 - X_1, 1/p, for ``bidirectional`` also Y_1, Y_2 - Y_1, and last the overlaps of retrieval.

    These stay of order 0.1 to 1 from weakly broken retrieval (p = 100, q_1 - q_0 = 1e-3) to the glass.
    """

    def __init__(self, model: Model, retrieval: bool, temperature: float, refine: float = 1.0) -> None:
        self.two_layers = model.ensemble == "bidirectional"
        self.alpha = float(model.layer_ratio or 1.0) if self.two_layers else 1.0
        self.temperature = temperature
        self.retrieval = retrieval
        names = ["response", "breaking", "inverse_parisi"]
        names += ["hidden_response", "hidden_breaking"] * self.two_layers
        names += (["overlap"] + ["hidden_overlap"] * self.two_layers) * retrieval
        self.names = tuple(names)
        self.refine = refine

    def columns(self, x: Array) -> dict[str, Array]:
        """The unknowns by name, and p, q_0, r_0."""
        c = {name: x[:, k] for k, name in enumerate(self.names)}
        with np.errstate(all="ignore"):
            c["p"] = 1.0 / c["inverse_parisi"]
            c["q_0"] = 1.0 - self.temperature * c["response"] - c["breaking"] / c["p"]
            if self.two_layers:
                c["r_0"] = 1.0 - self.temperature * c["hidden_response"] - c["hidden_breaking"] / c["p"]
        return c

    def noise(self, c: dict[str, Array], load: Array, p: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Free energy of the noise, and s_0, s_1, t_0, t_1."""
        T = self.temperature
        X1, q0 = c["response"], c["q_0"]
        X2 = X1 + p * (1.0 - T * X1 - q0)
        with np.errstate(all="ignore"):
            if not self.two_layers:
                c1, c2 = _above(1.0 - X1), _above(1.0 - X2)
                s0 = load * q0 / c2**2
                s1 = s0 + load * (1.0 / c2 - 1.0 / c1) / p
                value = 0.5 * load * (q0 / c2 - T * np.log(c1) - np.log(c2 / c1) / p)
                return value, s0, s1, s0, s1
            Y1, r0 = c["hidden_response"], c["r_0"]
            Y2 = Y1 + p * (1.0 - T * Y1 - r0)
            a = self.alpha
            e1, e2 = _above(1.0 - a * X1 * Y1), _above(1.0 - a * X2 * Y2)
            s0 = load * a * (r0 + a * Y2**2 * q0) / e2**2
            s1 = s0 + load * a * (Y2 / e2 - Y1 / e1) / p
            t0 = load * (q0 + a * X2**2 * r0) / e2**2
            t1 = t0 + load * (X2 / e2 - X1 / e1) / p
            random = a * (X2 * r0 + Y2 * q0) / e2
            value = 0.5 * load * (random - T * np.log(e1) - np.log(e2 / e1) / p)
            return value, s0, s1, t0, t1

    def layers(self, c: dict[str, Array], fields: tuple[Array, ...]) -> tuple[_Layer, _Layer | None]:
        s0, s1, t0, t1 = fields
        m = c.get("overlap", np.zeros_like(s0))
        p, T = c["p"], self.temperature
        if not self.two_layers:
            return _layer(m, s0, s1, p, T, self.refine), None
        n = c.get("hidden_overlap", np.zeros_like(s0))
        return _layer(self.alpha * n, s0, s1, p, T, self.refine), _layer(m, t0, t1, p, T, self.refine)

    def free_entropy_over_beta(self, x: Array, load: Array) -> Array:
        """-f per visible unit."""
        c = self.columns(x)
        p, T = c["p"], self.temperature
        value, *fields = self.noise(c, load, p)
        first, second = self.layers(c, tuple(fields))
        s0, s1, t0, t1 = fields
        q1 = 1.0 - T * c["response"]
        total = value + first.value - 0.5 * (s1 * c["response"] + p * (s1 * q1 - s0 * c["q_0"]))
        m = c.get("overlap", np.zeros_like(p))
        if second is None:
            return np.asarray(total - 0.5 * m * m)
        r1 = 1.0 - T * c["hidden_response"]
        hidden = second.value - 0.5 * (t1 * c["hidden_response"] + p * (t1 * r1 - t0 * c["r_0"]))
        n = c.get("hidden_overlap", np.zeros_like(p))
        return np.asarray(total + self.alpha * (hidden - m * n))

    def residual(self, x: Array, load: Array) -> Array:
        """The equations with the replica-symmetric root q_0 = q_1 divided out."""
        c = self.columns(x)
        p, T = c["p"], self.temperature
        _, *fields = self.noise(c, load, p)
        first, second = self.layers(c, tuple(fields))
        s0, s1, t0, t1 = fields
        gap = 1.0 - T * c["response"] - c["q_0"]
        image = 1.0 - T * first.response - first.outer
        step = 2e-2 * p
        slope = sum(
            w * (self.noise(c, load, p + k * step)[0] - self.noise(c, load, p - k * step)[0])
            for k, w in enumerate(_DIFFERENCE, 1)
        )
        q1 = 1.0 - T * c["response"]
        stationary = slope / step + first.slope - 0.5 * (s1 * q1 - s0 * c["q_0"])
        columns = {"response": c["response"] - first.response, "breaking": (gap - image) / gap}
        if second is not None:
            r1 = 1.0 - T * c["hidden_response"]
            stationary = stationary + self.alpha * (second.slope - 0.5 * (t1 * r1 - t0 * c["r_0"]))
            there = r1 - c["r_0"]
            columns["hidden_response"] = c["hidden_response"] - second.response
            columns["hidden_breaking"] = (there - (1.0 - T * second.response - second.outer)) / there
            columns["hidden_overlap"] = c.get("hidden_overlap", p) - second.overlap
        columns["inverse_parisi"] = stationary / gap**2
        columns["overlap"] = c.get("overlap", p) - first.overlap
        return np.stack([columns[name] for name in self.names], axis=1)

    def replicons(self, x: Array, load: Array) -> tuple[Array, Array]:
        """1 minus the gain of a further breaking of symmetry within the states, and between them."""
        c = self.columns(x)
        p, T = c["p"], self.temperature
        _, *fields = self.noise(c, load, p)
        first, second = self.layers(c, tuple(fields))
        X1, X2 = c["response"], c["response"] + p * (1.0 - T * c["response"] - c["q_0"])
        if second is None:
            return 1.0 - load * first.within / (1.0 - X1) ** 2, 1.0 - load * first.between / (1.0 - X2) ** 2
        Y1 = c["hidden_response"]
        Y2 = Y1 + p * (1.0 - T * Y1 - c["r_0"])
        pairs = ((X1, Y1, first.within, second.within), (X2, Y2, first.between, second.between))
        inner, outer = (self._two_layers_replicon(*pair, load) for pair in pairs)
        return inner, outer

    def _two_layers_replicon(self, X: Array, Y: Array, own: Array, other: Array, load: Array) -> Array:
        a = self.alpha
        rest = (1.0 - a * X * Y) ** 2
        first, last = load * own * (a * Y) ** 2 / rest, load * other * a * X * X / rest
        product = load**2 * a * own * other / rest**2
        return np.asarray(1.0 - (0.5 * (first + last) + np.sqrt(0.25 * (first - last) ** 2 + product)) ** 2)

    def bounds(self) -> tuple[Array, Array]:
        upper = {"response": 1.0 if not self.two_layers else np.inf}
        lower = {"inverse_parisi": self.temperature}
        return (
            np.array([lower.get(name, 0.0) for name in self.names]),
            np.array([upper.get(name, np.inf) for name in self.names]),
        )


def _above(value: Array) -> Array:
    return np.where(value > 0, value, np.nan)


def _checked(model: Model, temperature: float) -> None:
    if not isinstance(model.visible, Binary):
        raise InvalidArgument("visible", model.visible.name, "binary in the one-step theory")
    if model.ensemble == "patterns":
        if not isinstance(model.hidden, Gaussian) or model.hidden.tail_coefficient() != 1.0:
            raise InvalidArgument(
                "hidden", model.hidden.name, "gaussian of variance 1 in the ensemble patterns"
            )
    elif model.ensemble != "bidirectional" or not isinstance(model.hidden, Binary):
        raise InvalidArgument(
            "ensemble", model.ensemble, "patterns, or bidirectional with binary hidden units"
        )
    elif model.convention != "beta" and temperature != 1.0:
        raise InvalidArgument("convention", model.convention, "beta in the ensemble bidirectional")
    if model.patterns.law != "binary" or model.pattern_field or model.visible_field or model.condensed != 1:
        raise InvalidArgument(
            "model", "fields, mixtures or other patterns", "without these in the one-step theory"
        )
    if model.size is not None:
        raise InvalidArgument("size", model.size, "None in the one-step theory")


# Starting points (X_1, q_0, p) of the glass.
_GLASS = (
    (0.2, 0.3, 0.6),
    (0.2, 0.5, 1.0),
    (0.4, 0.5, 0.5),
    (0.15, 0.6, 1.5),
    (0.3, 0.7, 0.3),
    (0.1, 0.8, 2.0),
)
# Of the replica-symmetric response, the part that stays in X_1; and p.
_PARTS, _PARISI = (0.25, 0.4), (8.0, 20.0, 50.0, 100.0)


def _starts(model: Model, equations: _Equations, loads: Array) -> tuple[Array, Array]:
    """Starting points of shape (starts, points, unknowns), and the replica-symmetric overlaps beside them."""
    if not equations.retrieval:
        T = equations.temperature
        # Fields grow as the root of the load, and responses fall with it.
        scale = 1.3 / (1.0 + np.sqrt(loads))
        table: list[Array] = []
        for small, q, strong in _GLASS:
            own = [scale * small, np.maximum(scale * strong * (1.0 - T * scale * small - q), 0.05 * scale)]
            inverse = np.maximum(1.0 / (scale * strong), 1.1 * T)
            table.append(np.stack([*own, inverse, *(own * equations.two_layers)], axis=1))
        return np.stack(table), np.zeros(loads.size)
    m, n, response, hidden = _symmetric(model, equations, loads)
    temperature = equations.temperature
    rows: list[Array] = []
    for part in _PARTS:
        for parisi in _PARISI:
            p = min(parisi, 0.9 / temperature) if temperature > 0 else parisi
            columns = [part * response, (1.0 - part) * response, np.full(loads.size, 1.0 / p)]
            if equations.two_layers:
                columns += [part * hidden, (1.0 - part) * hidden]
            columns += [m] + [n] * equations.two_layers
            rows.append(np.stack(columns, axis=1))
    return np.stack(rows), m


def _symmetric(model: Model, equations: _Equations, loads: Array) -> tuple[Array, Array, Array, Array]:
    """Overlaps and responses beta (1 - q) of the replica-symmetric retrieval state, near T = 0 if T = 0."""
    temperature = equations.temperature if equations.temperature > 0 else 2e-3
    plain = model.with_(convention="beta")
    found = solve(plain, "retrieval", temperature=temperature, load=loads)
    m, n = found["overlap"], found["hidden_overlap"]
    response = (1.0 - found["edwards_anderson_overlap"]) / temperature
    hidden = (1.0 - found["hidden_edwards_anderson_overlap"]) / temperature
    return tuple(np.nan_to_num(x, nan=0.5) for x in (m, n, response, hidden))  # type: ignore[return-value]


@states("1RSB", _WHERE, source=_SOURCE, verification="unverified")
def solve_one_step(
    model: Model,
    start: str,
    *,
    temperature: float = 0.0,
    load: ArrayLike | None = None,
    guess: ArrayLike | None = None,
) -> Solution:
    """The state with one step of replica-symmetry breaking.

    Parameters
    ----------
    model : ``patterns`` with Gaussian hidden units of variance 1 (Hopfield), or ``bidirectional`` with +-1 hidden
        units in the convention "beta"; +-1 visible units, binary patterns, no fields. Its temperature is not used.
    start : "glass" or "retrieval".
    temperature : T, at least 0 (default 0).
    load : array of loads; that of the model by default.
    guess : starting unknowns (X_1, X_2 - X_1, 1/p, Y_1, Y_2 - Y_1, overlaps), for following a branch; several
        built-in ones by default.

    Returns
    -------
    Solution with response X_1 = (1 - q_1)/T, q_0, p (Parisi parameter times beta), overlap, free_energy and
    edwards_anderson_overlap q_1; for ``bidirectional`` also those of the hidden layer; outer_replicon and, at T > 0,
    inner_replicon: the state is stable against a second step where both are positive. A bad status: no state with
    broken symmetry was found from the starting points.
    """
    temperature = validation.non_negative("temperature", temperature)
    _checked(model, temperature)
    validation.choice("start", start, ("glass", "retrieval"))
    loads = validation.array("load", model.load if load is None else load, above=0.0)
    equations = _Equations(model, start == "retrieval", temperature)
    lower, upper = equations.bounds()
    flat = loads.reshape(-1)
    if guess is None:
        first, near = _starts(model, equations, flat)
    else:
        first = np.broadcast_to(validation.array("guess", guess), (1, flat.size, len(equations.names)))
        near = np.full(flat.size, np.nan)
    found = newton(
        equations.residual,
        np.clip(first, lower + 1e-9, np.where(np.isfinite(upper), upper - 1e-9, 1e9)),
        parameters=[flat],
        lower=lower,
        upper=upper,
        tolerance=1e-10,
        accuracy=1e-7,
        residual_error=_QUADRATURE,
        names=equations.names,
        approximation=approximation_of(solve_one_step),
    )
    return _reported(equations, _chosen(found, near), loads)


def _chosen(found: Solution, near: Array) -> Solution:
    """Of the starting points (first axis) the first good one, for retrieval that closest to the symmetric overlap."""
    rank = np.where(found.good, 0.0, np.inf)
    if "overlap" in found.value and np.isfinite(near).all():
        distance = np.abs(np.nan_to_num(found["overlap"], nan=9.0) - near)
        rank = np.where(found.good & (distance < _SAME_BRANCH), distance, np.inf)
    index = rank.argmin(axis=0)
    points = np.arange(rank.shape[1])
    none = ~np.isfinite(rank[index, points])
    status = np.where(none & found.good[index, points], Status.NOT_CONVERGED, found.status[index, points])
    return Solution(
        {name: entry[index, points] for name, entry in found.value.items()},
        status.astype(np.int8),
        found.residual[index, points],
        found.error[index, points],
        found.iterations[index, points],
        found.approximation,
    )


def _reported(equations: _Equations, found: Solution, loads: Array) -> Solution:
    """All fields in the shape of the loads."""
    x = np.stack([found[name] for name in equations.names], axis=1)
    c = equations.columns(x)
    names = ["response", "p", "q_0", "overlap"]
    names += ["hidden_response", "r_0", "hidden_overlap"] * equations.two_layers
    value = {name: c[name] for name in names if name in c}
    value["free_energy"] = -equations.free_entropy_over_beta(x, loads.reshape(-1))
    inner, outer = equations.replicons(x, loads.reshape(-1))
    value["outer_replicon"] = outer
    if equations.temperature > 0:
        value["inner_replicon"] = inner
    value["edwards_anderson_overlap"] = 1.0 - equations.temperature * found["response"]
    if equations.two_layers:
        value["hidden_edwards_anderson_overlap"] = 1.0 - equations.temperature * found["hidden_response"]
    return Solution(
        {name: entry.reshape(loads.shape) for name, entry in value.items()},
        found.status.reshape(loads.shape),
        found.residual.reshape(loads.shape),
        found.error.reshape(loads.shape),
        found.iterations.reshape(loads.shape),
        found.approximation,
    )


@states("1RSB", _WHERE, source=_SOURCE, verification="unverified")
def one_step_capacity(model: Model, *, temperature: float = 0.0) -> Solution:
    """The load at which the retrieval state with one step of replica-symmetry breaking ends (a fold).

    Parameters: as for :func:`solve_one_step`. The fields are its unknowns and the load.
    """
    from .lines import spinodal
    from .zero_temperature import capacity

    temperature = validation.non_negative("temperature", temperature)
    _checked(model, temperature)
    if temperature == 0.0:
        edge = capacity(model).load
    else:
        edge = float(spinodal(model, temperature=temperature).require()["load"])
    equations = _Equations(model, True, temperature)
    near = solve_one_step(model, "retrieval", temperature=temperature, load=0.99 * edge).require()
    branch = _Branch(equations, edge)
    start = _unknowns(equations, near)
    m = float(near["overlap"])
    y = np.append(np.delete(start, branch.place), 0.99 * edge)
    # Along the branch the overlap falls and the load rises, to its maximum.
    while True:
        further = branch.at(np.array([m - _PACE]), y).require()
        if float(further["load"][0]) < y[-1]:
            break
        y, m = branch.unknowns(further)[0], m - _PACE
    # The maximum of the polynomial through Chebyshev nodes around it.
    nodes = m + _PACE * np.cos(np.pi * (np.arange(12) + 0.5) / 12)
    loads = branch.at(nodes, y).require()["load"]
    fit = np.polynomial.Chebyshev.fit(nodes, loads / edge, 11, domain=[m - _PACE, m + _PACE])
    roots = np.asarray(fit.deriv().roots())
    inside = roots[(np.abs(roots.imag) < 1e-9) & (np.abs(roots.real - m) <= _PACE)].real
    if len(inside) != 1:
        raise NotConverged("one_step_capacity: the load has no single maximum along the branch")
    found = branch.at(inside, y).require()
    x = np.insert(branch.unknowns(found)[:, :-1], branch.place, inside, axis=1)
    flat = np.asarray(found["load"])
    reported = _reported(equations, replace(found, value=dict(zip(equations.names, x.T, strict=True))), flat)
    reported = replace(
        reported, value={**reported.value, "load": flat}, approximation=approximation_of(one_step_capacity)
    )
    return replace(
        reported,
        value={name: entry.reshape(()) for name, entry in reported.value.items()},
        status=reported.status.reshape(()),
        residual=reported.residual.reshape(()),
        error=reported.error.reshape(()),
        iterations=reported.iterations.reshape(()),
    )


class _Branch:
    """The retrieval branch with its overlap given and the load unknown, which is regular at the end of the branch."""

    def __init__(self, equations: _Equations, edge: float) -> None:
        self.equations = equations
        self.place = equations.names.index("overlap")
        self.names = (*(name for name in equations.names if name != "overlap"), "load")
        lower, upper = equations.bounds()
        self.lower = np.append(np.delete(lower, self.place), 0.5 * edge)
        self.upper = np.append(np.delete(upper, self.place), 2.0 * edge)

    def residual(self, y: Array, overlap: Array) -> Array:
        return self.equations.residual(np.insert(y[:, :-1], self.place, overlap, axis=1), y[:, -1])

    def at(self, overlap: Array, start: Array) -> Solution:
        return newton(
            self.residual,
            start,
            parameters=[overlap],
            lower=self.lower,
            upper=self.upper,
            tolerance=1e-9,
            accuracy=1e-6,
            residual_error=_QUADRATURE,
            names=self.names,
        )

    def unknowns(self, found: Solution) -> Array:
        return np.stack([found[name] for name in self.names], axis=1)


def _unknowns(equations: _Equations, found: Solution) -> Array:
    """The unknowns of one reported state."""
    value = {name: float(entry) for name, entry in found.value.items()}
    value["inverse_parisi"] = 1.0 / value["p"]
    value["breaking"] = value["p"] * (value["edwards_anderson_overlap"] - value["q_0"])
    if equations.two_layers:
        value["hidden_breaking"] = value["p"] * (value["hidden_edwards_anderson_overlap"] - value["r_0"])
    return np.array([value[name] for name in equations.names])
