"""Lines of the phase diagram, extrapolated from networks in the state that ends there.

What vanishes at the line is fitted through temperatures at some distance, where these networks stay in
their state. Exact values in their place leave an error of at most 0.5 % of the temperature of the line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...solution import Solution
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.propagation import propagated
from ...units.discrete import Binary
from ..comparison import STARTS
from ..model import Model
from ..simulation.measurement import simulate
from ..theory.lines import at_line, glass_line
from .common import description, estimates, sqrt_beta

_RESOLUTION = 0.05


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return stability_checks()


def _limits(
    model: Model,
    start: str,
    observable: str,
    temperatures: Sequence[float],
    sizes: Sequence[int],
    instances: Sequence[int],
    chains: int,
    sweeps: int,
    burn_in: int | None,
    seed: int,
) -> list[Estimate]:
    """One observable at every temperature, of the infinite network."""
    found = []
    for temperature in temperatures:
        there = model.replace(temperature=temperature)
        runs = [
            simulate(
                there, size, count, chains=chains, sweeps=sweeps, burn_in=burn_in, start=start, seed=seed
            )
            for size, count in zip(sizes, instances, strict=True)
        ]
        rows = [estimates(run, (observable,), start == "pattern") for run in runs]
        found.append(componentwise_limit(sizes, rows)[0])
    return found


def _line_check(
    name: str,
    prediction: str,
    source: Callable[..., Solution],
    theory: Callable[[], Solution],
    place: Callable[[FloatArray], float],
    model: Model,
    state: str,
    observable: str,
    temperatures: Sequence[float],
    sizes: Sequence[int],
    instances: Sequence[int],
    chains: int,
    sweeps: int,
    burn_in: int | None = None,
) -> Check:
    """``place`` makes the temperature of the line from the observable at all temperatures."""

    def simulated(seed: int) -> Estimate:
        found = _limits(
            model, STARTS[state], observable, temperatures, sizes, instances, chains, sweeps, burn_in, seed
        )
        return Estimate.stack([propagated(place, found)])

    return Check(
        name,
        prediction,
        approximation_of(source),
        theory=lambda: np.atleast_1d(theory().require()["temperature"]),
        simulate=simulated,
        resolution=_RESOLUTION,
        kind="capacity",
        model=model,
        sizes=description(model, list(sizes), list(instances))
        | {"temperature": list(temperatures), "chains": chains, "sweeps": sweeps}
        | ({} if burn_in is None else {"burn_in": burn_in}),
    )


def _vanishing(temperatures: Sequence[float], power: float, susceptibilities: FloatArray) -> float:
    """The temperature at which a line of 1/susceptibility over this power of 1/temperature vanishes."""
    slope, height = np.polyfit(np.array(temperatures) ** -power, 1.0 / susceptibilities, 1)
    place = -float(height) / float(slope)
    return place ** (-1.0 / power) if place > 0.0 else float("nan")


def stability_checks() -> list[Check]:
    """Where the spin-glass susceptibility diverges.

    Two layers of +-1 units without fields: its inverse is a series in 1/T^2. In a field it is closest to a line in 1/T.
    """
    paramagnet = sqrt_beta(Binary(), 0.9, 0.4)
    in_field = sqrt_beta(Binary(), 0.5, 0.4, visible_field=0.4)
    warm, cool = [0.8, 0.95, 1.2], [0.38, 0.46, 0.6]
    what, chi = "temperature at which the spin-glass susceptibility diverges", "spin_glass_susceptibility"

    def of_paramagnet(name: str, sizes: Sequence[int], instances: Sequence[int]) -> Check:
        return _line_check(
            name,
            f"{what}, from the paramagnet",
            glass_line,
            lambda: glass_line(paramagnet),
            lambda found: _vanishing(warm, 2.0, found),
            paramagnet,
            "paramagnet",
            chi,
            warm,
            sizes,
            instances,
            32,
            50,
        )

    name = "end of the paramagnet, binary units"
    return [
        of_paramagnet(name, (200, 400, 800), (240, 120, 60)),
        # At the lowest temperature terms of order 1/N^2 are felt in networks of 200 units.
        of_paramagnet(f"{name}, larger networks", (400, 800, 1600), (120, 60, 30)),
        # Relaxation slows down towards the line: with a burn-in of 20 sweeps susceptibilities came out high.
        _line_check(
            "line of de Almeida and Thouless in a field, binary units, long burn-in",
            f"{what}, in a field",
            at_line,
            lambda: at_line(in_field, "glass"),
            lambda found: _vanishing(cool, 1.0, found),
            in_field,
            "glass",
            chi,
            cool,
            (200, 400, 800),
            (1560, 780, 390),
            32,
            120,
            120,
        ),
    ]
