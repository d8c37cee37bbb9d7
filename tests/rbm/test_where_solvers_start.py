"""Where scans reach and solvers start: what does not change a result, and decides whether it is found."""

import math
from typing import Any

import numpy as np
import pytest

from statphys_gen import rbm
from statphys_gen.rbm.theory import field_curves, lines
from statphys_gen.rbm.theory.saddle_point import Batch
from statphys_gen.units import Gaussian


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
