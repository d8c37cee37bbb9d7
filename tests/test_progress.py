"""Runs under watch: what is told, and that an ended run is the same call with fewer instances."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from statphys_gen import diffusion, phase_retrieval, rbm, sweep
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
