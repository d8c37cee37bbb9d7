"""Runs under watch: what is told, and that an ended run is the same call with fewer instances."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from statphys_gen import (
    diffusion,
    memorization,
    phase_retrieval,
    principal_graph,
    rbm,
    residual_networks,
    schedules,
    score_matching,
    sweep,
)
from statphys_gen.errors import InvalidArgument, Stopped
from statphys_gen.numerics.blocks import map_blocks
from statphys_gen.progress import Progress, finished, watching

MODEL = rbm.Model(rbm.Gaussian(), load=0.1, temperature=0.5, convention="sqrt-beta")
PROBLEM = phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(1.0), 3.0)
STEPS = np.full(4, 0.01)


def test_a_run_tells_how_far_it_has_come_and_computes_the_same() -> None:
    told: list[Progress] = []
    with watching(told.append) as run:
        found = rbm.simulate(MODEL, 60, 4, sweeps=10)
    assert (run.cut, run.ended) == ("", False)
    assert [(now.what, now.done, now.total, now.share) for now in told] == [
        ("instances", k, 4, k / 4) for k in range(5)
    ]
    assert np.all(np.diff([now.seconds for now in told]) >= 0.0)
    alone = rbm.simulate(MODEL, 60, 4, sweeps=10)
    assert all(np.array_equal(found.values[name], alone.values[name]) for name in alone.values)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_ended_run_is_the_same_call_with_fewer_instances(threads: int) -> None:
    with watching(lambda now: now.done == 3) as run:
        found = rbm.simulate(MODEL, 60, 20, sweeps=10, threads=threads)
    kept = len(found.values["overlap"])
    assert 3 <= kept <= 2 + threads
    assert run.cut == f"stopped after {kept} of 20 instances: the results are of {kept}"
    fewer = rbm.simulate(MODEL, 60, kept, sweeps=10)
    assert all(np.array_equal(found.values[name], fewer.values[name]) for name in fewer.values)


def test_replicas_of_the_theory_and_blocks_of_instances_are_counted() -> None:
    seen: list[int] = []

    def third_time(now: Progress) -> bool:  # of three schedules, all of which a result needs
        seen.append(now.done)
        return seen.count(3) == 3

    with watching(third_time) as run:
        found = phase_retrieval.gradient_flow_dynamics(PROBLEM, STEPS, paths=128, replicas=5)
    assert run.cut.startswith("stopped after 3 of 5 replicas")
    fewer = phase_retrieval.gradient_flow_dynamics(PROBLEM, STEPS, paths=128, replicas=3)
    assert np.array_equal(found.values["energy"], fewer.values["energy"])
    with watching(lambda now: now.done == 1) as run:
        descents = phase_retrieval.simulate_descent(PROBLEM, 200, step_sizes=STEPS, instances=200)
    kept = len(descents.energy)
    assert 1 < kept < 200
    assert run.cut == f"stopped after {kept} of 200 instances: the results are of {kept}"
    fewer_descents = phase_retrieval.simulate_descent(PROBLEM, 200, step_sizes=STEPS, instances=kept)
    assert np.array_equal(descents.energy, fewer_descents.energy)


def test_what_has_a_shape_of_instances_keeps_it() -> None:
    law = diffusion.GaussianMixture.two_classes(8, 1.0, 0.6, weight=0.3)
    with watching(lambda now: now.done == 4):
        found = diffusion.simulate_collapse(law, [0.2, 0.4], 30, walkers=20, instances=9)
    fewer = diffusion.simulate_collapse(law, [0.2, 0.4], 30, walkers=20, instances=4)
    assert np.array_equal(found.entropy.mean, fewer.entropy.mean)
    assert np.array_equal(found.entropy.standard_error, fewer.entropy.standard_error)


def test_ctrl_c_ends_a_run_like_each() -> None:
    def press(now: Progress) -> None:
        if now.done == 3:
            raise KeyboardInterrupt

    with watching(press) as run:
        found = rbm.simulate(MODEL, 60, 20, sweeps=10)
    assert len(found.values["overlap"]) == 3
    assert run.ended
    with watching(press):
        rbm.simulate(MODEL, 60, 20, sweeps=10)
        with pytest.raises(Stopped, match="before this was begun"):
            rbm.simulate(MODEL, 60, 20, sweeps=10)


def test_too_little_for_a_result_is_refused() -> None:
    with pytest.raises(Stopped, match="before enough was finished"), watching(lambda now: now.done == 1):
        rbm.simulate(MODEL, 60, 20, sweeps=10)
    with pytest.raises(Stopped, match="before enough was finished"), watching(lambda now: now.done == 3):
        map_blocks(lambda k: k, 9)  # parts of one result
    with pytest.raises(InvalidArgument, match=r"each = 3: must be a function"), watching(3):  # type: ignore[arg-type]
        pass


def test_without_a_watch_ctrl_c_is_what_it_always_is() -> None:
    def work(k: int) -> int:
        if k == 3:
            raise KeyboardInterrupt
        return k

    with pytest.raises(KeyboardInterrupt):
        map_blocks(work, 5)
    assert finished(lambda k: k + 1, [1, 2], "points") == [2, 3]


def test_a_list_of_results_keeps_its_first_entries() -> None:
    def at(temperature: float) -> rbm.Measurement:
        return rbm.simulate(MODEL.replace(temperature=temperature), 60, 4, sweeps=10)

    with watching(lambda now: now.what == "instances" and now.share > 0.45) as run:
        found = finished(at, [0.4, 0.5, 0.6], "points")
    assert [len(part.values["overlap"]) for part in found] == [4, 2]
    assert run.cut.startswith("stopped after 2 of 3 points; of the last: stopped after 2 of 4 instances")


def square(x: float) -> dict[str, float]:
    return {"square": x * x}


def test_a_sweep_returns_the_points_that_are_finished(tmp_path: Path) -> None:
    grid = {"x": [1.0, 2.0, 3.0, 4.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with watching(lambda now: now.done == 2) as run:
            found = sweep.run(square, grid, store=tmp_path / "store.sqlite")
    assert run.cut == "stopped after 2 of 4 points"
    assert found["square"].values[:2].tolist() == [1.0, 4.0]
    assert np.isnan(found["square"].values[2:]).all()
    assert set(found["message"].values[2:].tolist()) == {"not computed: the run was stopped"}
    told: list[Progress] = []
    with watching(told.append):
        whole = sweep.run(square, grid, store=tmp_path / "store.sqlite")
    assert whole["square"].values.tolist() == [1.0, 4.0, 9.0, 16.0]
    assert [now.done for now in told] == [3, 4]


def test_another_thread_is_not_watched() -> None:
    told: list[Progress] = []
    with watching(told.append):
        thread = threading.Thread(target=map_blocks, args=(lambda k: k, 3))
        thread.start()
        thread.join()
    assert told == []


@pytest.mark.parametrize("threads", [1, 2])
def test_what_each_computes_itself_is_no_part_of_the_run(threads: int) -> None:
    calls: list[Progress] = []

    def each(now: Progress) -> None:
        calls.append(now)
        map_blocks(lambda k: k, 2)
        rbm.simulate(MODEL, 30, 2, sweeps=2)

    with watching(each) as run:
        found = rbm.simulate(MODEL, 60, 3, sweeps=10, threads=threads)
    alone = rbm.simulate(MODEL, 60, 3, sweeps=10)
    assert (len(calls), run.cut) == (4, "")
    assert all(np.array_equal(found.values[name], alone.values[name]) for name in alone.values)


SAMPLE = score_matching.NoisedSample((-1.1, 0.4, 0.7), 0.8, 0.6)
STARTS = [score_matching.draw_network(6, replica=k) for k in range(5)]
SKEWED = diffusion.GaussianMixture(np.array([0.3, 0.7]), np.array([[1.4], [-0.6]]), np.array([0.5, 0.5]))
CLASSES = schedules.TwoClasses(40_000 // 4, 0.02, 0.6, 0.3)
GRID = schedules.NoiseGrid((3.0, 1.0, 0.3, 0.0), "heun")
TASK, INNER = residual_networks.draw_task(2, 3, 4)
RESIDUAL = residual_networks.ResidualNetwork(1, "tanh", INNER)

PLACES = np.array([[0.0, 0.3], [1.1, 0.2], [0.4, 1.7], [2.3, 1.1]])

# Simulations that go through their instances in a loop, of so many of them; and how many of them a block holds.
LOOPS: dict[str, tuple[Callable[[int], object], str, int]] = {
    "descents of score networks": (
        lambda count: score_matching.simulate_descent(SAMPLE, STARTS[:count], 0.05, 7, kept=[3]),
        "networks",
        1,
    ),
    "reports": (
        lambda count: memorization.simulate_reports(
            memorization.KnownGenerator("perfect", copies=0.3),
            SKEWED,
            training=12,
            held_out=20,
            generated=10,
            runs=count,
        ),
        "runs",
        1,
    ),
    "cooled mixtures": (
        lambda count: principal_graph.simulate_states(SKEWED, [0.5, 0.9], 40, instances=count),
        "instances",
        1,
    ),
    "learned weights": (
        lambda count: principal_graph.simulate_states(
            SKEWED, [0.9], 40, weight_kind="learned", instances=count
        ),
        "instances",
        1,
    ),
    "growth of a displacement": (
        lambda count: score_matching.simulate_growth(SAMPLE, STARTS[0], 0.1, 2, instances=count, nodes=200),
        "instances",
        1,
    ),
    "first splits": (
        lambda count: principal_graph.simulate_first_split(2.0, 5, 60, instances=count),
        "instances",
        1,
    ),
    "random trees": (
        lambda count: dict(enumerate(principal_graph.simulate_trees(PLACES, 0.7, 100 * count))),
        "trees",
        100,
    ),
    "neighbours": (
        lambda count: memorization.simulate_neighbour_fraction(2, 0.6, instances=count, walkers=50),
        "instances",
        1,
    ),
    "depths": (
        lambda count: residual_networks.depth_scaling(RESIDUAL, TASK, [2, 5, 3, 8, 4][:count], 0.1, 6),
        "depths",
        1,
    ),
    "samples of classes": (
        lambda count: schedules.simulate_two_classes(CLASSES, GRID, 104 * count),
        "walkers",
        104,
    ),
}


def _numbers(found: object) -> list[np.ndarray]:
    if isinstance(found, np.ndarray):
        return [found]
    values = found.values() if isinstance(found, dict) else vars(found).values()
    return [
        entry
        for value in values
        for entry in _numbers(np.asarray(value) if isinstance(value, float | int) else value)
    ]


@pytest.mark.parametrize("kind", LOOPS)
def test_an_ended_loop_is_the_same_call_with_fewer_instances(kind: str) -> None:
    simulate, counted, size = LOOPS[kind]
    told: list[Progress] = []
    with watching(told.append) as run:
        whole = simulate(5)
    assert [(now.what, now.done, now.total) for now in told] == [
        (counted, k * size, 5 * size) for k in range(6)
    ]
    assert (run.cut, run.ended) == ("", False)
    for first, second in zip(_numbers(whole), _numbers(simulate(5)), strict=True):
        assert np.array_equal(first, second, equal_nan=True)
    with watching(lambda now: now.done == 3 * size) as run:
        found = simulate(5)
    assert run.cut == f"stopped after {3 * size} of {5 * size} {counted}: the results are of {3 * size}"
    numbers, fewer = _numbers(found), _numbers(simulate(3))
    assert numbers
    for first, second in zip(numbers, fewer, strict=True):
        assert np.array_equal(first, second, equal_nan=True)
    assert not all(np.array_equal(*pair) for pair in zip(numbers, _numbers(whole), strict=True))


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_ended_before_its_first_instance_has_no_result(kind: str) -> None:
    with pytest.raises(Stopped, match="before enough was finished"), watching(lambda now: True):
        LOOPS[kind][0](5)


def test_ctrl_c_inside_of_an_instance_of_a_loop_keeps_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    from statphys_gen.principal_graph.simulation import annealing

    steps = 0

    def step(*arguments: object) -> object:
        nonlocal steps
        steps += 1
        if steps == 200:
            raise KeyboardInterrupt
        return original(*arguments)

    original = annealing.em_step
    monkeypatch.setattr(annealing, "em_step", step)
    with watching(lambda now: False) as run:
        found = principal_graph.simulate_states(SKEWED, [0.5, 0.9], 40, instances=50)
    kept = int(run.cut.split()[2])
    assert 1 < kept < 50
    fewer = principal_graph.simulate_states(SKEWED, [0.5, 0.9], 40, instances=kept)
    assert all(np.array_equal(found[name].mean, fewer[name].mean) for name in fewer)


def test_a_comparison_of_a_stopped_loop_is_of_what_is_finished() -> None:
    with watching(lambda now: now.done == 3) as run:
        found = score_matching.compare(SAMPLE, STARTS, 0.05, 7)
    assert run.cut.startswith("stopped after 3 of 5 networks")
    assert found.records() == score_matching.compare(SAMPLE, STARTS[:3], 0.05, 7).records()
    with watching(lambda now: now.done == 3):
        depths = residual_networks.compare(RESIDUAL, TASK, [2, 3, 4, 5], 0.1, 6)
    assert depths.records() == residual_networks.compare(RESIDUAL, TASK, [2, 3, 4], 0.1, 6).records()
    with (
        pytest.raises(Stopped, match="before two depths were finished"),
        watching(lambda now: now.done == 1),
    ):
        residual_networks.compare(RESIDUAL, TASK, [2, 3, 4, 5], 0.1, 6)


def test_steps_of_networks_that_move_together_are_counted() -> None:
    told: list[Progress] = []
    with watching(told.append):
        found = score_matching.compare(SAMPLE, STARTS, 0.01, 450, batch=3)
    assert [(now.what, now.done, now.total) for now in told] == [("steps", k, 450) for k in (200, 400, 450)]
    assert found.records() == score_matching.compare(SAMPLE, STARTS, 0.01, 450, batch=3).records()
    with pytest.raises(Stopped, match="before enough was finished"), watching(lambda now: now.done == 400):
        score_matching.compare(SAMPLE, STARTS, 0.01, 450, batch=3)
