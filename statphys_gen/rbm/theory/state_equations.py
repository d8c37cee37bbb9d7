"""The equations of a state of any model: unknowns, residual, starting points, and what is reported about a solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...solution import Status
from ...units.discrete import ZeroOne
from ..couplings.base import Moments, State, Values
from ..couplings.patterns import tail
from .saddle_point import Batch
from .single_site import ROUGH as TOLERANCE_ROUGH
from .single_site import TOLERANCE

STARTS = ("paramagnet", "glass", "retrieval")
# Damping and number of steps of the first, rough iterations; the second for points that met a pole in the first.
_ROUGH = ((0.4, 150), (0.85, 400))
_DECAYED = 1e-3
# Central difference of eighth order for the energy.
_DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
# Relative steps in beta; the shorter ones next to a pole of the Gaussian integrals, which a longer one would cross.
_STEPS = (5e-3, 2e-4, 1e-5)


class Equations:
    """The four names of a state: unknowns, residual, free entropy and starting points.

    The unknowns are the overlaps, q and Q of the visible layer; those of the hidden layer follow in closed form or by
    one average. In the ensemble bidirectional, where the noise of both layers depends on both, all are unknown.
    """

    def __init__(self, batch: Batch, start: str) -> None:
        self.batch = batch
        self.model = batch.model
        self.start = validation.choice("start", start, STARTS)
        # Joint noise of finitely many patterns is none at all.
        self.joint = self.model.couplings.joint and batch.noisy
        self.free = self.model.couplings.joint and not batch.noisy
        self.with_overlap = bool(batch.groups) and (start == "retrieval" or batch.along)
        self.with_glass = start != "paramagnet" and not self.free
        if start == "paramagnet" and not batch.has_paramagnet:
            raise InvalidArgument(
                "start", start, "glass or retrieval: with these priors or fields q is never 0"
            )
        if start == "retrieval" and not batch.groups:
            raise InvalidArgument("start", start, "paramagnet or glass when no pattern is condensed")
        self.deflated = start == "glass" and batch.has_paramagnet and not self.with_overlap
        self.names = self._names()

    def _names(self) -> tuple[str, ...]:
        groups = len(self.batch.groups) if self.with_overlap else 0
        names = [f"overlap_{u}" for u in range(groups)]
        if self.joint:
            names += [f"hidden_overlap_{u}" for u in range(groups)]
        if self.with_glass:
            names += ["q"] + ["r"] * self.joint
        if not self.batch.fixed_visible and not self.free:
            names.append("Q")
        if self.joint and not self.batch.fixed_hidden:
            names.append("R")
        return tuple(names)

    def state(self, x: FloatArray, v: Values, tolerance: float = TOLERANCE) -> State:
        """All order parameters from the unknowns; the hidden ones follow from the visible ones unless joint."""
        own = self.own_state(x)
        return (
            own if self.joint else self.followed(own, self.batch.hidden_moments(v, own, tolerance=tolerance))
        )

    def own_state(self, x: FloatArray) -> State:
        """The unknowns as order parameters; the others hold zero or one."""
        points, groups = len(x), len(self.batch.groups)
        column = {name: x[:, k] for k, name in enumerate(self.names)}
        zero, one = np.zeros(points), np.ones(points)
        none = np.zeros((points, groups))

        def overlaps(prefix: str) -> FloatArray:
            return np.stack([column[f"{prefix}_{u}"] for u in range(groups)], axis=1)

        return State(
            overlaps("overlap") if self.with_overlap else none,
            overlaps("hidden_overlap") if self.with_overlap and self.joint else none,
            column.get("q", zero),
            column.get("Q", one),
            column.get("r", zero),
            column.get("R", one),
        )

    def followed(self, state: State, hidden: Moments) -> State:
        """The order parameters of the hidden layer from its averages."""
        carried = hidden.overlaps if self.model.couplings.carried_by_layer else np.zeros_like(state.overlap)
        return replace(state, hidden_overlap=carried, r=hidden.glass, R=hidden.glass + hidden.spread)

    def full_state(self, x: FloatArray, v: Values) -> State:
        """All order parameters, also those that do not enter the equations."""
        state = self.state(x, v)
        if not self.free:
            return state
        visible = self.batch.visible_moments(v, state)
        return replace(state, q=visible.glass, Q=visible.glass + visible.spread)

    def reported(self, x: FloatArray, v: Values) -> tuple[State, tuple[Moments, Moments]]:
        """All order parameters, and all averages over the hidden and the visible layer."""
        state = self.full_state(x, v) if self.joint or self.free else self.own_state(x)
        hidden = self.batch.hidden_moments(v, state, full=True)
        if not (self.joint or self.free):
            state = self.followed(state, hidden)
        return state, (hidden, self.batch.visible_moments(v, state, full=True))

    def image(self, x: FloatArray, *values: FloatArray, tolerance: float = TOLERANCE) -> FloatArray:
        """The order parameters that the state x produces, in the order of the unknowns."""
        v = self.batch.values(*values)
        state = self.state(x, v, tolerance)
        visible = self.batch.visible_moments(v, state, tolerance=tolerance)
        produced = {"q": visible.glass, "Q": visible.glass + visible.spread}
        for u in range(visible.overlaps.shape[1]):
            produced[f"overlap_{u}"] = visible.overlaps[:, u]
        if self.joint:
            hidden = self.batch.hidden_moments(v, state, tolerance=tolerance)
            produced |= {"r": hidden.glass, "R": hidden.glass + hidden.spread}
            for u in range(hidden.overlaps.shape[1]):
                produced[f"hidden_overlap_{u}"] = hidden.overlaps[:, u]
        if not self.names:
            return np.zeros_like(x)
        return np.stack([produced[name] for name in self.names], axis=1)

    def residual(self, x: FloatArray, *values: FloatArray) -> FloatArray:
        """x minus its image; for the glass divided by q (and r), which removes the paramagnet from the roots."""
        difference = x - self.image(x, *values)
        if self.deflated:
            for name in ("q", "r"):
                if name in self.names:
                    k = self.names.index(name)
                    difference[:, k] /= x[:, k]
        return difference

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Open bounds of the unknowns."""
        largest = {"q": 1.0} if self.batch.fixed_visible else {}
        if self.batch.fixed_hidden:
            largest["r"] = 1.0
        lower = [0.0 if name in ("q", "r", "Q", "R") else -np.inf for name in self.names]
        return np.array(lower), np.array([largest.get(name, np.inf) for name in self.names])

    def inside(self, x: FloatArray) -> FloatArray:
        """Unknowns moved off their bounds, which sums that end at 1 reach by rounding."""
        lower, upper = self.bounds()
        return np.clip(x, np.nextafter(lower, np.inf), np.nextafter(upper, -np.inf))

    def starting_points(
        self, v: Values, values: Sequence[FloatArray], points: int
    ) -> tuple[FloatArray, NDArray[np.int8]]:
        """A saturated state improved by damped iteration with rough averages, and what is known before Newton's steps.

        A point whose overlap (or, for the glass, q) has decayed to zero has no such state, provided that the iteration
        kept away from the poles of the Gaussian integrals: the map is then monotone, and stops at the largest fixed
        point from above. Points that met a pole and decayed (or, for the glass, went to and fro) are tried again with
        more damping; those that decayed are otherwise not converged.
        """
        x = self._first_guess(v, points)
        status = np.zeros(points, dtype=np.int8)
        if not self.names or self.start == "paramagnet":
            return x, status
        pending, alive = np.arange(points), np.zeros(points, dtype=bool)
        for damping, steps in _ROUGH:
            chosen = [value[pending] for value in values]
            found, decayed, crossed, lasting = self._rough(x[pending], chosen, damping, steps)
            good = ~decayed
            x[pending[good]] = found[good]
            alive[pending[good]] = True
            # Units outside a sparse pattern are noise only, and can hold the state close to a pole.
            unsure = crossed | (self.model.couplings.law in ("sparse", "diluted"))
            status[pending] = np.where(
                alive[pending], Status.CONVERGED, np.where(unsure, Status.NOT_CONVERGED, Status.NO_SOLUTION)
            )
            # Retrieval that was not lost in the first pass might be in a slower one.
            pending = pending[crossed & (decayed | (lasting & (self.start == "glass")))]
            if not len(pending):
                break
        return x, status

    def _rough(
        self, x: FloatArray, values: Sequence[FloatArray], damping: float, steps: int
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Damped iteration: where it ended, whether the state decayed, met a pole on the way, and still moved."""
        x = x.copy()
        lower, upper = self.bounds()
        upper = np.where(np.isfinite(upper), upper - 1e-12, upper)
        gone, crossed = np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=bool)
        active = np.arange(len(x))
        safe = self._without_fluctuations(x)
        for _ in range(steps):
            here = x[active]
            image = self.image(here, *(value[active] for value in values), tolerance=TOLERANCE_ROUGH)
            lost = np.asarray(~np.isfinite(image).all(axis=1))
            step = damping * here + (1.0 - damping) * np.where(lost[:, None], here, image)
            # A step across a pole of the Gaussian integrals is halved until it stays on this side.
            step[lost] = 0.5 * (here[lost] + safe[active[lost]])
            safe[active[~lost]] = here[~lost]
            crossed[active[lost]] = True
            step = np.clip(step, lower + 1e-9, upper)
            x[active] = step
            decayed = ~lost & self._decayed(step)
            gone[active[decayed]] = True
            moved = np.abs(step - here).max(axis=1)
            settled = ~lost & (moved < 1e-3 * (1.0 - damping) * np.abs(step).min(axis=1))
            active = active[~(settled | decayed)]
            if not len(active):
                break
        x[active] = safe[active]
        lasting = np.zeros(len(x), dtype=bool)
        lasting[active] = True
        return x, gone, crossed, lasting

    def _without_fluctuations(self, x: FloatArray) -> FloatArray:
        """The same with q = Q and r = R, where every Gaussian integral exists."""
        safe = x.copy()
        for inner, outer in (("q", "Q"), ("r", "R")):
            if inner in self.names:
                size = x[:, self.names.index(outer)] if outer in self.names else np.ones(len(x))
                safe[:, self.names.index(inner)] = size * (1.0 - 1e-9)
        return safe

    def _decayed(self, x: FloatArray) -> NDArray[np.bool_]:
        if self.start == "retrieval" and not self.batch.along:
            groups = len(self.batch.groups)
            return np.asarray((np.abs(x[:, :groups]) < _DECAYED).any(axis=1))
        if self.deflated:
            return np.asarray(x[:, self.names.index("q")] < 1e-2 * _DECAYED)
        return np.zeros(len(x), dtype=bool)

    def _first_guess(self, v: Values, points: int) -> FloatArray:
        batch = self.batch
        size = 0.5 if isinstance(self.model.visible, ZeroOne) else 1.0
        omega = tail(v, np.ones((points, 1)))[:, 0]
        gain = v.noise_coupling**2 * np.maximum(omega, 0.0)
        if self.joint:
            gain = v.noise_coupling * np.sqrt(v.alpha)
        room = np.minimum(0.5, 0.3 / np.maximum(gain, 1e-300))
        # Retrieval is approached from above, where the iteration cannot miss it.
        fluctuation = 1e-4 * room if self.start == "retrieval" else np.minimum(0.3, room)
        guess = np.empty((points, len(self.names)))
        values = v.classes_visible.values
        saturated = np.full((1, len(batch.groups)), np.sqrt(2.0 / np.pi))
        if values is not None:
            saturated = (v.classes_visible.weights @ np.abs(values)) / v.multiplicity
        for k, name in enumerate(self.names):
            if name.startswith("overlap") or name.startswith("hidden_overlap"):
                scale = size if name.startswith("overlap") else 1.0
                full = 1.0 if self.start == "retrieval" else 0.05
                guess[:, k] = full * scale * saturated[:, int(name.rsplit("_", 1)[1])]
            elif name in ("Q", "R") and self.start == "paramagnet":
                # Of a free unit: the other layer only raises it, and beyond a pole Newton's steps have no start.
                prior, power = (v.visible if name == "Q" else v.hidden).shaped()
                guess[:, k] = prior.second_moment(np.zeros(points), np.zeros(points), power)
            elif name in ("Q", "R"):
                guess[:, k] = size if name == "Q" else 1.0
            else:
                guess[:, k] = (size if name == "q" else 1.0) * (1.0 - fluctuation)
        return guess

    def fields(self, x: FloatArray, *values: FloatArray) -> dict[str, FloatArray]:
        """Everything that is reported about the states x."""
        batch = self.batch
        v = batch.values(*values)
        state, moments = self.reported(x, v)
        entropy = batch.free_entropy(v, state, moments)
        if self.model.convention == "sqrt-beta" and not batch.corrected:
            energy = -0.5 * batch.interaction(v, state) / v.beta
        else:
            energy = self.energy_by_difference(state, values, len(x))
        single = len(batch.groups) == 1
        carried = state.hidden_overlap
        if batch.groups and not v.couplings.carried_by_layer:
            # Of the one unit that carries the pattern, over sqrt(N).
            signal = batch.visible_signal(v, state)
            signal[:, 0] -= v.along
            carried = signal / v.g[:, None]
        stability = batch.stability(v, state, moments)
        result = {
            "overlap": state.overlap[:, 0] if single else state.overlap,
            "hidden_overlap": carried[:, 0] if single else carried,
            "edwards_anderson_overlap": state.q,
            "self_overlap": state.Q,
            "hidden_edwards_anderson_overlap": state.r,
            "hidden_self_overlap": state.R,
            "free_entropy": entropy,
            "free_energy": -entropy / v.beta,
            "energy": energy,
            "entropy": entropy + v.beta * energy,
            "replicon": stability["replicon"],
            "inverse_spin_glass_susceptibility": stability["inverse_spin_glass_susceptibility"],
            "pattern_stability": stability["pattern_stability"],
        }
        if not batch.groups:
            result["overlap"] = result["hidden_overlap"] = np.zeros(len(x))
        if single and batch.groups[0] != 1.0:
            result["mixture_stability"] = stability["mixture_stability"]
        return result

    def energy_by_difference(self, state: State, values: Sequence[FloatArray], points: int) -> FloatArray:
        """-dA/dbeta at fixed order parameters, in which A is stationary."""
        batch, names = self.batch, self.batch.names
        if "temperature" in names:
            place = names.index("temperature")
            temperature = values[place]
            wide, given = batch, list(values)
        else:
            wide = Batch(self.model, (*names, "temperature"), batch.given)
            temperature = np.full(points, self.model.temperature)
            place, given = len(names), [*values, temperature]
        beta = 1.0 / temperature

        def shifted(shift: float) -> FloatArray:
            moved = list(given)
            moved[place] = 1.0 / (beta * (1.0 + shift))
            return wide.free_entropy(wide.values(*moved), state)

        energy = np.full(points, np.nan)
        for step in _STEPS:
            total = np.zeros(points)
            for k, weight in enumerate(_DIFFERENCE, start=1):
                total += weight * (shifted(k * step) - shifted(-k * step))
            energy = np.where(np.isfinite(energy), energy, -total / (step * beta))
            if np.isfinite(energy).all():
                break
        return energy
