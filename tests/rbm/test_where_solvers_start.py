"""Where scans reach and solvers start: what does not change a result, and decides whether it is found."""

import math
from typing import Any

import numpy as np
import pytest

from statphys_gen import rbm
from statphys_gen.rbm.simulation import hysteresis
from statphys_gen.rbm.theory import field_curves, lines, one_step, spinodal_guesses
from statphys_gen.rbm.theory.one_step_equations import OneStepEquations
from statphys_gen.rbm.theory.saddle_point import Batch
from statphys_gen.units import Gaussian, ReLU


def test_a_scan_reaches_twice_the_largest_field_of_a_unit() -> None:
    """Of 3 condensed sparse patterns: the field is the signal of one times the sum of the entries, of variance 3 p."""
    density, load, temperature = 0.6, 0.02, 0.2
    model = rbm.Model(
        Gaussian(),
        temperature,
        load,
        convention="beta",
        couplings=rbm.Patterns("sparse", density),
        condensed=3,
    )
    batch = Batch(model, ("load",))
    values = batch.values(np.array([load]))
    curves = field_curves._Curves(batch, values, np.array([load]), False)
    entries = [(0.5 * density, -1.0), (1.0 - density, 0.0), (0.5 * density, 1.0)]
    size = sum(a * b * c * abs(x + y + z) for a, x in entries for b, y in entries for c, z in entries) / 3.0
    start = field_curves._fresh(batch, values, False)
    assert float(start.overlap[0, 0]) == pytest.approx(size, rel=1e-12)
    signal = float(batch.visible_signal(values, field_curves._state(start.overlap, start.q, start.Q)).max())
    assert float(curves.S.max()) == pytest.approx((2.0 * signal * math.sqrt(3 * density)) ** 2, rel=1e-12)


def test_a_crossing_is_sought_from_within_its_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    model = rbm.Model(Gaussian(1.2), 0.2, 0.05, convention="sqrt-beta")
    starts: list[float] = []
    crossing = lines.crossing

    def watched(one: Any, other: Any, parameter: Any, **options: Any) -> Any:
        starts.extend(np.asarray(parameter).tolist())
        return crossing(one, other, parameter, **options)

    monkeypatch.setattr(lines, "crossing", watched)
    between = (0.01, 0.2)
    found = float(rbm.first_order_line(model, solve_for="load", between=between)["load"])
    line = lines.LineBatch.of(model, "load", between, {})
    grid = np.asarray(line.grid())
    cell = int(np.searchsorted(grid, found))
    (start,) = starts
    assert grid[cell - 1] <= start <= grid[cell]


def test_no_end_is_claimed_beyond_the_interval_of_temperatures() -> None:
    """At load 0.02 the Hopfield network retrieves up to about T = 0.7: there is no end below 0.5."""
    model = rbm.Model(Gaussian(), 0.3, 0.02, convention="sqrt-beta")
    end = rbm.spinodal(model, solve_for="temperature", between=(0.3, 1.0))
    assert 0.5 < float(end["temperature"]) < 1.0
    found = rbm.spinodal(model, solve_for="temperature", between=(0.05, 0.5))
    assert not found.good.any()
    assert np.isnan(found["temperature"]).all()


def test_a_weak_end_starts_at_the_largest_load_of_its_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ReLU units that are rarely active; the guess is read off to the accuracy of a parabola near the maximum."""
    seen: list[int] = []
    weak_ends = spinodal_guesses._weak_ends

    def watched(*args: Any) -> Any:
        seen.append(len(args[-1]))
        return weak_ends(*args)

    monkeypatch.setattr(spinodal_guesses, "_weak_ends", watched)
    model = rbm.Model(ReLU(2.0), 0.9, 0.01, convention="sqrt-beta")
    batch = Batch(model, ("temperature",))
    temperature = np.array([0.9])
    _, load, _ = spinodal_guesses.spinodal_guess(batch, batch.values(temperature))
    found = rbm.spinodal(model, solve_for="load", between=(1e-6, 5.0), temperature=temperature)
    assert seen
    np.testing.assert_allclose(load, found["load"], rtol=1e-5)


def test_responses_of_a_glass_start_falling_as_the_root_of_the_load() -> None:
    equations = OneStepEquations(rbm.Model(Gaussian(), 0.1, 0.1, convention="sqrt-beta"), False, 0.0)
    table, _, possible = one_step._starts(equations, equations, np.array([0.0, 4.0]))  # type: ignore[arg-type]
    assert possible.all()
    np.testing.assert_allclose(table[:, 0, 0] / table[:, 1, 0], 3.0, rtol=1e-12)


def test_both_ways_of_a_hysteresis_start_at_their_first_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    make_chains = hysteresis.make_chains

    def watched(network: Any, rng: Any, settings: Any, start: str) -> Any:
        seen.append(float(settings.coupling[0]))
        return make_chains(network, rng, settings, start)

    monkeypatch.setattr(hysteresis, "make_chains", watched)
    model = rbm.Model(Gaussian(), 0.3, 0.1, convention="sqrt-beta")
    rbm.simulate_hysteresis(model, [0.4, 1.6], 20, 2, chains=2, sweeps=2)
    # g = sqrt(beta): heated from 0.4, cooled from 1.6, in either network.
    np.testing.assert_allclose(seen, [0.4**-0.5, 1.6**-0.5] * 2, rtol=1e-6)
