"""Do couplings keep the contract? Their averages against one another, and against draws of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..arrays import FloatArray
from ..conformance import Claim, Conformance, close, drawn
from ..errors import InvalidArgument, StatphysError
from ..statistics.streams import generator
from ..units.continuous import Gaussian
from ..units.discrete import Ternary, ZeroOne
from .couplings.base import Couplings, Drawn, Moments, Pair, State, Values
from .model import Model
from .theory.replica_symmetric import solve
from .theory.saddle_point import Batch
from .theory.state_equations import Equations

_NETWORKS = 24


def couplings_conformance(couplings: Couplings, *, load: float = 0.5, seed: int = 0) -> Conformance:
    """Claims about couplings of Boltzmann machines: averages against one another, and against draws of their own.

    Parameters
    ----------
    couplings : with the verbs of :class:`~statphys_gen.rbm.Couplings`, not diluted and without a size.
    load : patterns per visible unit; not used where their number is finite.
    seed : of the draws.
    """
    load = load if couplings.has_load else 0.0
    single = couplings.one_pattern(couplings.groups(1))
    # Bounded units keep away from the poles of the averages; a pattern that one unit carries needs an unbounded one.
    hidden = Ternary(0.3) if couplings.carried_by_layer else Gaussian(0.3)
    model = Model(
        hidden,
        1.3,
        load,
        convention="sqrt-beta",
        visible=ZeroOne(),
        couplings=couplings,
        visible_field=0.2,
        pattern_field=0.3 * single,
    )
    equations = Equations(Batch(model, ("temperature",)), "retrieval" if single else "glass")
    v = equations.batch.values(np.array([model.temperature]))
    try:
        claims = _averages(equations, v)
    except StatphysError as error:
        claims = [Claim("it has a state in a field", False, " ".join(str(error).split()))]
    rng = generator(seed, {"conformance": "couplings"})
    units = next(n for n in range(100, 10_000) if _drawable(couplings, n, load))
    draws = [[couplings.draw(rng, n, load, 1) for n in (units, 2 * units)] for _ in range(_NETWORKS)]
    small, large = (np.stack([pair[k].weights.astype(float) for pair in draws]) for k in range(2))
    hot = 2.0 * max(float(np.linalg.svd(w, compute_uv=False)[:, 0].max() ** 2) for w in (small, large))
    normal = Model(Gaussian(), hot, load, convention="sqrt-beta", visible=Gaussian(), couplings=couplings)
    theory = float(solve(normal, "paramagnet").require()["free_entropy"])
    claims.append(
        drawn(
            "draws have the free entropy of the theory, with normal units in both layers",
            2.0 * _normal_entropy(large, hot) - _normal_entropy(small, hot),
            theory,
        )
    )
    if single:
        claims += _signals(couplings, [large for _, large in draws], v)
    controls = np.array([couplings.controls(large, load, 1, False) for _, large in draws])
    claims += [drawn(f"control {k} has the mean 0", column, 0.0) for k, column in enumerate(controls.T)]
    return Conformance(f"couplings {couplings.name}", tuple(claims))


def _averages(equations: Equations, v: Values) -> list[Claim]:
    """The terms of the free entropy against one another, at the state in both fields."""
    batch, couplings = equations.batch, v.couplings
    found = solve(batch.model, equations.start).require()
    layers = ("edwards_anderson_overlap", "self_overlap")
    vectors = (np.reshape(found[name], (1, -1)) for name in ("overlap", "hidden_overlap"))
    numbers = (np.reshape(found[prefix + name], 1) for prefix in ("", "hidden_") for name in layers)
    state = State(*(entry[:, : len(batch.groups)] for entry in vectors), *numbers)
    hidden, visible = batch.both_moments(v, state)

    def moved(names: str, shift: float) -> State:
        return replace(state, **{name: getattr(state, name) + shift for name in names.split()})

    def slope(function: Callable[[float], FloatArray], step: float = 1e-3) -> FloatArray:
        eighth = enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), start=1)
        return np.sum([w * (function(k * step) - function(-k * step)) for k, w in eighth], axis=0) / step

    def gradient(name: str) -> FloatArray:
        return slope(lambda shift: batch.free_entropy(v, moved(name, shift)))

    def response(noise: Callable[[Values, State], Pair], moments: Moments, names: str) -> FloatArray:
        return moments.spread_squared * slope(lambda shift: noise(v, moved(names, shift))[1])

    def hotter(shift: float) -> FloatArray:
        return batch.free_entropy(batch.values(1.0 / (v.beta * (1.0 + shift))), state)

    names = ["q", "Q", "r", "R"] * couplings.has_load + ["overlap"] * bool(batch.groups)
    names += ["hidden_overlap"] * (bool(batch.groups) and couplings.carried_by_layer)
    layers_noise = ((couplings.visible_noise, visible), (couplings.hidden_noise, hidden))
    transfer = np.array(couplings.transfer(v, visible, hidden))
    expected = np.array([[response(*layer, names) for names in ("q Q", "r R")] for layer in layers_noise])
    interaction = batch.interaction(v, state)
    return [
        close("the free entropy is stationary in every order parameter", [*map(gradient, names)], 0.0, 1e-8),
        close(
            "the interaction is its derivative by the coupling", interaction, 2.0 * slope(hotter, 1e-4), 1e-7
        ),
        close("the transfer is how the noise follows q and r", transfer, expected, 1e-8),
    ]


def _drawable(couplings: Couplings, units: int, load: float) -> bool:
    """Whether all numbers of units are whole."""
    try:
        couplings.draw(np.random.default_rng(0), units, load, 1)
    except InvalidArgument:
        return False
    return True


def _normal_entropy(weights: FloatArray, temperature: float) -> FloatArray:
    """(1/N) log Z of normal units in both layers, of each network."""
    n = weights.shape[1]
    inner = np.eye(n) - weights @ weights.transpose(0, 2, 1) / temperature
    return np.asarray(-0.5 * np.linalg.slogdet(inner)[1] / n)


def _signals(couplings: Couplings, draws: list[Drawn], v: Values) -> list[Claim]:
    """The fields of one layer when the other one is the first pattern, projected on their own pattern."""

    def claim(statement: str, values: list[float], expected: float) -> Claim:
        # Without what single precision leaves of an exact one.
        return drawn(statement, np.round(values, 5), expected)

    xi = [draw.patterns[:, 0].astype(float) for draw in draws]
    if not couplings.carried_by_layer:
        carried = [
            float(np.sqrt(len(x)) * (d.weights[:, 0] @ x) / (x @ x)) for d, x in zip(draws, xi, strict=True)
        ]
        return [claim("the first hidden unit carries the first pattern", carried, 1.0)]
    full, zero = np.full((1, 1), couplings.density), np.zeros(1)
    state = State(full, full, zero, zero, zero, zero)
    eta = [draw.hidden_patterns[:, 0].astype(float) for draw in draws if draw.hidden_patterns is not None]
    both = list(zip(draws, xi, eta, strict=True))
    on_hidden = [float(y @ (d.weights.T @ x) / (y @ y)) for d, x, y in both]
    on_visible = [float(x @ (d.weights @ y) / (x @ x)) for d, x, y in both]
    hidden, visible = (
        float(f(v, state)[0, 0] / v.g[0]) for f in (couplings.hidden_signal, couplings.visible_signal)
    )
    return [
        claim("the signal on the hidden units is that of the draws", on_hidden, hidden),
        claim("the signal on the visible units is that of the draws", on_visible, visible),
    ]
