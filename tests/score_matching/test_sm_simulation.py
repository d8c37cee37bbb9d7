"""Training from the definition: against brute force at the smallest sizes, streams, and what is measured."""

import dataclasses

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.score_matching import (
    NoisedSample,
    ScoreNetwork,
    compare,
    draw_network,
    load_network,
    load_points,
    network_risk,
    population_descent,
    risk_gradient,
    save_network,
    sharpness,
    simulate_descent,
    simulate_growth,
    simulate_stochastic_descent,
)

SAMPLE = NoisedSample((-1.1, -0.3, 0.4, 0.4, 1.2), 0.9, 0.45)
NETWORK = ScoreNetwork((1.0, -1.0, 1.0, -1.0), (0.7, -1.3, 0.4, 0.9), (0.2, 0.5, -0.4, -0.3))


def test_a_fine_grid_measures_the_exact_risk() -> None:
    found = simulate_descent(SAMPLE, [NETWORK, NETWORK], 0.1, 0, nodes=20_000)
    exact = sharpness(SAMPLE, NETWORK)
    for name in ("risk", "excess_risk", "gradient_norm", "total_variation"):
        assert getattr(found, name)[0, 0] == pytest.approx(getattr(exact, name), rel=2e-4), name


def test_grids_of_several_shifts_approach_the_exact_descent_as_nodes_grow() -> None:
    exact = population_descent(SAMPLE, NETWORK, 0.05, 40)
    errors = []
    for nodes in (100, 400):
        found = simulate_descent(SAMPLE, [NETWORK] * 12, 0.05, 40, nodes=nodes)
        errors.append(float(np.abs(found.outer - exact.outer[-1]).mean()))
    # A neuron's step makes the error of a shifted grid one of first order in its distance, up to chance.
    assert errors[0] / 12 < errors[1] < errors[0] / 2.5


def test_one_stochastic_step_is_the_gradient_of_its_batch() -> None:
    """The mean over very many instances of one step is the step of the population."""
    eta, starts = 0.01, 4000
    found = simulate_stochastic_descent(SAMPLE, [NETWORK] * starts, eta, 1, batch=25, nodes=10)
    moved = np.concatenate(
        [found.outer - np.array(NETWORK.outer), found.bias - np.array(NETWORK.bias)], axis=1
    )
    wanted = -4 * eta * risk_gradient(SAMPLE, NETWORK)
    error = moved.std(axis=0, ddof=1) / np.sqrt(starts)
    assert (np.abs(moved.mean(axis=0) - wanted) < 4.5 * error).all()
    assert (error < 0.05 * np.linalg.norm(wanted)).all()


def test_inner_weights_of_any_size_can_be_trained() -> None:
    loose = NETWORK.replace(inner=(0.5, -2.0, 1.5, -0.25))
    found = simulate_descent(SAMPLE, [loose, loose], 0.02, 30, nodes=2000)
    # |w| relu(y + b/|w|) is the same function: its risk is known exactly.
    scale = np.abs(loose.inner)
    same = NETWORK.replace(
        outer=tuple(found.outer[0] * scale),
        bias=tuple(found.bias[0] / scale),
        inner=tuple(np.sign(loose.inner)),
    )
    assert found.risk[0, -1] == pytest.approx(network_risk(SAMPLE, same), rel=1e-4)
    assert found.total_variation[0, -1] == pytest.approx(sharpness(SAMPLE, same).total_variation, rel=1e-2)


def test_streams_belong_to_networks_and_looks_change_nothing() -> None:
    other = NETWORK.replace(bias=(0.3, 0.5, -0.4, -0.3))
    together = simulate_stochastic_descent(SAMPLE, [NETWORK, other, NETWORK], 0.02, 500, batch=3)
    looked = simulate_stochastic_descent(
        SAMPLE, [NETWORK, other, NETWORK], 0.02, 500, batch=3, kept=[0, 200, 400]
    )
    assert (together.outer == looked.outer).all()
    assert looked.step.tolist() == [0, 200, 400, 500]
    assert (together.outer[0] != together.outer[2]).all()


def test_a_run_that_overflows_is_told() -> None:
    found = simulate_descent(SAMPLE, [NETWORK] * 2, 0.1, 2, nodes=20)
    found = dataclasses.replace(found, risk=np.full_like(found.risk, np.nan))
    with pytest.raises(InvalidArgument, match="such that no run overflows"):
        found.estimate("risk")


def test_growth_at_the_smallest_size() -> None:
    """One neuron, where the Hessian is a 2 x 2 matrix: the factor of the steepest direction."""
    from statphys_gen.score_matching import risk_hessian, stationary_point

    sample = NoisedSample((-1.0, 0.6), 0.9, 0.7)
    start = ScoreNetwork((1.0,), (-2.0,), (0.5,))
    found = stationary_point(sample, start).require()
    minimum = start.replace(outer=tuple(found["outer"]), bias=tuple(found["bias"]))
    largest = np.linalg.eigvalsh(risk_hessian(sample, minimum))[-1]
    eta = 1.8 / largest
    growth = simulate_growth(sample, minimum, eta, 2, instances=6, nodes=20_000)
    assert float(growth.mean) == pytest.approx(abs(1.0 - eta * largest), rel=0.03)


def test_drawn_starts_and_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first, again, other = draw_network(5), draw_network(5), draw_network(5, replica=1)
    assert first == again != other
    assert first.inner == (1.0, -1.0, 1.0, -1.0, 1.0)
    save_network(tmp_path / "n.json", first)
    assert load_network("--network", tmp_path / "n.json") == first
    np.savez(tmp_path / "n.npz", inner=first.inner, outer=first.outer, bias=first.bias)
    assert load_network("--network", tmp_path / "n.npz") == first
    (tmp_path / "n.json").write_text('{"inner": [1], "outer": [2]}')
    for name, text in (
        ("n.json", None),
        ("n.txt", "1"),
        ("n.json", '{"inner": 1, "outer": [2], "bias": [1]}'),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(InvalidArgument, match=r"^--network = .*inner, outer and bias"):
            load_network("--network", tmp_path / name)
    (tmp_path / "p.csv").write_text("x\n0.5\n-1\n0.5\n")
    assert load_points("--points-file", tmp_path / "p.csv") in (
        (0.5, 0.5, -1.0),
        (0.5, -1.0, 0.5),
        (-1.0, 0.5, 0.5),
    )
    (tmp_path / "p.csv").write_text("0.5,1\n-1,2\n")
    with pytest.raises(InvalidArgument, match="on the line"):
        load_points("--points-file", tmp_path / "p.csv")


def test_theory_beside_training() -> None:
    networks = [draw_network(6, replica=replica) for replica in range(8)]
    found = compare(SAMPLE, networks, 0.05, 100)
    for row in found:
        assert row.theory == pytest.approx(float(row.estimate.mean), rel=5e-3), row.name
    assert {row.name for row in found} == {"risk", "excess_risk", "gradient_norm", "total_variation"}
    noisy = compare(SAMPLE, networks, 0.01, 100, batch=8)
    assert "order learning_rate/batch" in noisy["risk"].approximation
    with pytest.raises(InvalidArgument, match=r"^networks"):
        compare(SAMPLE, networks[:1], 0.05, 10)
