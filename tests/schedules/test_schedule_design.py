"""The designer, its targets, fitted modes, and files."""

import json
import math

import numpy as np
import pytest

from statphys_gen.data import DataSet, GaussianMixture
from statphys_gen.errors import InvalidArgument
from statphys_gen.noising import flow_time, shifted, sigma_table, unshifted
from statphys_gen.schedules import (
    NoiseGrid,
    TwoClasses,
    design_report,
    design_schedule,
    export,
    fit_modes,
    generated_weight,
    interpolant,
    load_grid,
    named_table,
    noise_grid,
    save_grid,
    validate,
)
from statphys_gen.schedules.theory.design import problem_of
from statphys_gen.schedules.theory.steps import WeightMap, detail_objective

CLASSES = TwoClasses(100_000, 1.0, 0.25, 0.8)


def _clusters(labels: bool = True) -> DataSet:
    rng = np.random.default_rng(8)
    codes = np.array([0] * 210 + [1] * 90)
    points = rng.normal(size=(300, 6)) * [2.0, 1.0, 0.7, 0.5, 0.3, 0.1]
    points[codes == 0, 1] += 9.0
    return DataSet.from_arrays(points, codes if labels else None)


@pytest.mark.parametrize("mean", [0.0, 0.6])
def test_derivatives_of_the_objective(mean: float) -> None:
    logs = np.log([900.0, 300.0, 150.0, 40.0, 3.0, 0.6, 0.2])
    weight = WeightMap(CLASSES, mean)
    values, shares = np.array([0.04, 0.25, 3.0]), np.array([0.2, 0.5, 0.3])
    for function in (weight, lambda x: detail_objective(x, values, shares)):
        found = function(logs)[1]
        for k in range(len(logs)):
            move = np.zeros(len(logs))
            move[k] = 1e-5
            difference = (function(logs + move)[0] - function(logs - move)[0]) / 2e-5
            assert found[k] == pytest.approx(difference, rel=2e-4, abs=1e-9)


def test_the_objective_is_that_of_the_exact_errors() -> None:
    grid = noise_grid("karras", 9, (0.05, 2000.0), start="mean")
    logs = np.log(grid.levels[:-1])
    exact = generated_weight(CLASSES, grid)
    assert WeightMap(CLASSES, 0.6)(logs)[0] == pytest.approx(exact.weight, abs=1e-12)
    assert exact.detail_ratio is not None
    total, _ = detail_objective(logs, np.array([0.25]), np.ones(1))
    assert total == pytest.approx(math.log(exact.detail_ratio) ** 2, rel=1e-12)


def test_designed_grids_beat_the_usual_ones() -> None:
    for steps in (8, 20):
        found = design_schedule(CLASSES, steps)
        assert found.chosen == "designed"
        assert found.errors.objective < 0.7 * min(entry.objective for entry in found.alternatives)
        exact = generated_weight(CLASSES, found.grid)
        assert found.errors.weight_error == pytest.approx(exact.weight_error, abs=1e-12)
        assert found.errors.detail_error == pytest.approx(abs(math.log(exact.detail_ratio or 0.0)), rel=1e-12)
        assert found.errors.start_error == pytest.approx(exact.start_error, abs=1e-12)


def test_no_random_grid_near_a_polished_one_is_better() -> None:
    found = design_schedule(CLASSES, 6)
    problem = problem_of(CLASSES)
    rng = np.random.default_rng(3)
    levels = np.array(found.grid.levels[:-1])
    for size in (0.003, 0.03, 0.2):
        for _ in range(20):
            moved = np.sort(levels * np.exp(size * rng.standard_normal(len(levels))))[::-1]
            other = problem.errors(NoiseGrid((*moved.tolist(), 0.0), "ddim", "mean"))
            assert other.objective > found.errors.objective * (1.0 - 1e-6)


def test_one_direction_alone_gets_the_tangent_law() -> None:
    law = GaussianMixture([1.0], [[0.0]], [[0.49]])
    found = design_schedule(law, 12, noise_level_range=(1e-3, 400.0))
    tangent = noise_grid("tangent", 12, (0.0, found.grid.levels[0]), variance=0.49, start="mean")
    assert np.log(found.grid.levels[:-1]) == pytest.approx(np.log(tangent.levels[:-1]), abs=0.05)
    assert found.errors.weight is None
    assert any("details only" in note for note in found.notes)


def test_light_and_heavy_classes_need_the_same_grid() -> None:
    """e_w changes its sign with p - 1/2: its size is what counts."""
    heavy = design_schedule(TwoClasses(4000, 0.8, 0.36, 0.72), 7)
    light = design_schedule(TwoClasses(4000, 0.8, 0.36, 0.28), 7)
    assert np.array(heavy.grid.levels) == pytest.approx(np.array(light.grid.levels), rel=1e-3, abs=1e-12)
    assert heavy.errors.weight_error == pytest.approx(-(light.errors.weight_error or 0.0), rel=1e-3)


def test_the_fewest_steps() -> None:
    law = TwoClasses(400, 0.8, 0.36, 0.72)
    found = design_schedule(law, weight_tolerance=0.04, detail_tolerance=0.3)
    before = design_schedule(law, found.steps - 1, weight_tolerance=0.04, detail_tolerance=0.3)

    def keeps(schedule) -> bool:  # type: ignore[no-untyped-def]
        return abs(schedule.errors.weight_error) <= 0.04 and schedule.errors.detail_error <= 0.3

    assert keeps(found)
    assert not keeps(before)


def test_levels_keep_to_their_range() -> None:
    found = design_schedule(TwoClasses(4000, 0.8, 0.36, 0.72), 7, noise_level_range=(0.2, 80.0))
    assert found.grid.levels[0] <= 80.0
    assert found.grid.levels[-2] >= 0.2


def test_targets() -> None:
    grid = NoiseGrid((math.inf, 9.0, 2.0, 0.5, 0.0), "ddim", "mean")
    plain = export(grid, "flow-match").schedule
    assert plain[0] == 1.0
    assert plain == pytest.approx([1.0, 0.9, 2 / 3, 1 / 3])
    given = export(grid, "flow-match", shift=3.0).schedule
    # As the scheduler applies it.
    assert [3.0 * s / (1.0 + 2.0 * s) for s in given] == pytest.approx(plain, rel=1e-12)
    dynamic = export(grid, "flow-match", dynamic_shift=math.exp(0.8)).schedule
    again = [math.exp(0.8) / (math.exp(0.8) + (1.0 / s - 1.0)) for s in dynamic]
    assert again == pytest.approx(plain, rel=1e-12)
    finite = NoiseGrid((12.0, 2.0, 0.02, 0.0), "ddim", "mean")
    euler = export(finite, "diffusers-euler")
    assert euler.schedule == [12.0, 2.0, 0.02, 0.0]
    assert any("timestep 0" in note for note in euler.notes)
    high = NoiseGrid((20.0, 2.0, 0.0), "ddim", "mean")
    with pytest.raises(InvalidArgument, match=r"^begin_index"):
        export(high, "diffusers-euler")
    assert any("set_begin_index" in note for note in export(high, "diffusers-euler", begin_index=True).notes)
    table = named_table("linear")
    rounded = export(high, "ddpm-timesteps", table=table)
    assert rounded.grid.levels[:-1] == tuple(table[rounded.schedule].tolist())
    near = [int(np.argmin(np.abs(np.log(table) - math.log(level)))) for level in (20.0, 2.0)]
    assert rounded.schedule == near
    times = export(finite, "interpolant", interpolant=interpolant("vp-trigonometric")).schedule
    assert [math.sqrt(1 - t * t) / t for t in times[:-1]] == pytest.approx([12.0, 2.0, 0.02], rel=1e-9)
    assert times[-1] == 1.0
    assert export(finite, "k-diffusion").schedule == np.float32([12.0, 2.0, 0.02, 0.0]).tolist()


def test_tables_and_shifts() -> None:
    # sqrt((1 - abar)/abar) of the usual betas, as diffusers computes it in single precision.
    assert named_table("scaled-linear")[[0, -1]].tolist() == pytest.approx([0.0291675, 14.614647], rel=2e-5)
    assert sigma_table([0.3, 0.5]).tolist() == pytest.approx([math.sqrt(0.3 / 0.7), math.sqrt(0.65 / 0.35)])
    s = np.array([0.0, 0.2, 0.9, 1.0])
    assert shifted(unshifted(s, 3.0), 3.0).tolist() == pytest.approx(s.tolist())
    assert flow_time([0.0, 3.0, math.inf]).tolist() == [0.0, 0.75, 1.0]


def test_fitted_modes() -> None:
    data = _clusters()
    fitted = fit_modes(data)
    centred = data.points - fitted.means[fitted.classes]
    pooled = centred.T @ centred / 300
    scale, n = np.trace(pooled) / 6, 300
    noise = np.mean([((np.outer(x, x) - pooled) ** 2).sum() for x in centred]) / n
    intensity = noise / ((pooled - scale * np.eye(6)) ** 2).sum()
    assert fitted.shrinkage == pytest.approx(intensity, rel=1e-10)
    wanted = (1 - intensity) * pooled + intensity * scale * np.eye(6)
    assert fitted.mixture.covariances[0] == pytest.approx(wanted, abs=1e-12)
    assert fitted.spectrum.half_difference().sum() == pytest.approx(
        0.25 * ((fitted.means[0] - fitted.means[1]) ** 2).sum()
    )
    found = fit_modes(_clusters(labels=False))
    assert sorted(np.bincount(found.classes).tolist()) == [90, 210]
    assert (found.classes == found.classes[0]).sum() in (90, 210)
    rng = np.random.default_rng(1)
    one = fit_modes(DataSet.from_arrays(rng.normal(size=(200, 4))))
    assert one.names == ("all",)
    assert any("details only" in note for note in one.notes)


def test_more_dimensions_than_samples() -> None:
    rng = np.random.default_rng(2)
    data = DataSet.from_arrays(rng.normal(size=(40, 90)), [0] * 25 + [1] * 15)
    fitted = fit_modes(data)
    full = fitted.mixture.covariances[0]
    centred = data.points - fitted.means[fitted.classes]
    pooled = centred.T @ centred / 40
    wanted = (1 - fitted.shrinkage) * pooled + fitted.shrinkage * np.trace(pooled) / 90 * np.eye(90)
    assert full == pytest.approx(wanted, abs=1e-10)
    direct = np.linalg.eigvalsh(full)
    spread = np.repeat(fitted.spectrum.eigenvalues, fitted.spectrum.multiplicities.astype(int))
    assert spread == pytest.approx(direct, rel=1e-8)
    # Means lie partly outside of the span.
    total = fitted.spectrum.half_difference().sum()
    assert total == pytest.approx(0.25 * ((fitted.means[0] - fitted.means[1]) ** 2).sum(), rel=1e-10)


def test_validation_measures_a_known_denoiser() -> None:
    """A denoiser that always answers with one point generates it alone."""
    data = _clusters()
    fitted = fit_modes(data)
    grid = noise_grid("karras", 5, (0.05, 30.0), start="mean")
    first = data.points[np.flatnonzero(fitted.classes == 0)[0]]
    all_of_one = validate(grid, data, denoiser=lambda y, s: np.broadcast_to(first, y.shape), walkers=50)
    assert all_of_one.measured_weight == 1.0
    own = validate(grid, data, walkers=3000, seed=1)
    designed = design_report(fitted, 5, dataset=data, walkers=400)
    assert designed.measured is not None
    assert own.measured_weight == pytest.approx(0.7, abs=0.1)
    with pytest.raises(InvalidArgument, match=r"^denoiser"):
        validate(grid, data, denoiser=lambda y, s: y[:1], walkers=50)


def test_rounded_targets_report_the_rounded_errors() -> None:
    law = TwoClasses(400, 0.8, 0.36, 0.72)
    table = named_table("linear")[::40]
    found = design_report(law, 8, target="ddpm-timesteps", table=table)
    exact = generated_weight(law, found.schedule.grid)
    assert found.schedule.errors.weight_error == pytest.approx(exact.weight_error, abs=1e-12)
    assert found.schedule.steps == len(found.emitted)
    flow = design_report(law, 8, target="flow-match", shift=3.0)
    assert math.isinf(flow.schedule.grid.levels[0])
    assert flow.schedule.errors.start_error == 0.0
    assert len(flow.emitted) == 8


def test_start_error_of_more_than_two_classes() -> None:
    """Two of three classes with one mean are one class; a flow of many steps finds the closed form of two."""
    variances = [[1.1, 0.7, 0.4]]
    three = [[9.0, 0.0, 0.0], [-9.0, 0.0, 0.0], [-9.0, 0.0, 0.0]]
    many = problem_of(GaussianMixture([0.72, 0.18, 0.10], three, variances))
    two = problem_of(GaussianMixture([0.72, 0.28], three[:2], variances))
    grid = NoiseGrid((20.0, 1.0, 0.0), "ddim", "mean")
    errors = many.with_start_error(many.errors(grid), grid)
    # The first two classes err by as much, with opposite signs.
    assert errors.start_error is not None
    assert errors.weight_error is not None
    assert abs(errors.start_error) == pytest.approx(two.start_error(grid), abs=1e-3)
    assert errors.start_error * errors.weight_error > 0.0
    assert many.start_error(grid.replace(levels=(math.inf, 20.0, 1.0, 0.0))) == 0.0


def test_grids_of_more_than_two_classes_are_polished(monkeypatch: pytest.MonkeyPatch) -> None:
    means = [[3.0, 0.4, -1.0, 0.0], [-2.5, 1.0, 0.5, 0.3], [0.2, -3.0, 0.6, 1.0]]
    law = GaussianMixture([0.55, 0.3, 0.15], means, [[1.5, 0.7, 0.4, 0.2]])
    polished = design_schedule(law, 12, noise_level_range=(0.02, 100.0))
    monkeypatch.setattr("statphys_gen.schedules.theory.design._MOST_POLISHED", 0)
    plain = design_schedule(law, 12, noise_level_range=(0.02, 100.0))
    assert polished.errors.objective < 0.98 * plain.errors.objective
    assert polished.errors.start_error is not None
    assert len(polished.errors.weights) == 3


def test_files_keep_every_bit(tmp_path) -> None:  # type: ignore[no-untyped-def]
    found = design_report(_law(), 5, target="flow-match")
    found.save(tmp_path / "schedule.json")
    again = load_grid("--grid", tmp_path / "schedule.json")
    assert again == found.schedule.grid
    (tmp_path / "plain.json").write_text(json.dumps({"noise_levels": [3.0, 1.0, 0.0], "scheme": "euler"}))
    assert load_grid("--grid", tmp_path / "plain.json") == NoiseGrid((3.0, 1.0, 0.0), "ddim", "zero")
    save_grid(tmp_path / "again.json", again)
    for text in (
        "[1, 2]",
        '{"noise_levels": [1.0, 2.0, 0.0]}',
        '{"noise_levels": 3}',
        '{"noise_levels": ["a", 0]}',
    ):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InvalidArgument, match=r"^--grid = "):
            load_grid("--grid", tmp_path / "bad.json")


def _law() -> GaussianMixture:
    return GaussianMixture([0.7, 0.3], [[3.0, 0.2, -1.0], [-2.0, 0.1, 0.6]], [[0.5, 1.4, 0.1]])


def test_pictures(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Each is drawn, from one class and from two."""
    from statphys_gen import schedules

    two, one = (
        schedules.ClassSpectrum.of(_law()),
        schedules.ClassSpectrum.of(GaussianMixture([1.0], [[0.0, 0.0]], [[0.4, 2.0]])),
    )
    for k, spectrum in enumerate((two, one)):
        schedules.plot_densities(spectrum, tmp_path / f"densities{k}.png")
        schedules.plot_design(spectrum, design_schedule(spectrum, 5), tmp_path / f"design{k}.png")
    schedules.plot_crossover(
        "ve-linear", [0.3, 1.7], schedules.ve_crossover([0.3, 1.7]), tmp_path / "crossover.png"
    )
    schedules.plot_u_turn(schedules.u_turn([0.0, 1.7], 0.72), 0.72, tmp_path / "turn.png")
    assert len(list(tmp_path.glob("*.png"))) == 6
