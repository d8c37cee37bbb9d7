"""Curie-Weiss data: density, score, magnetisation and clone agreement."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from statphys_gen.data.curie_weiss import (
    curie_weiss_log_density,
    curie_weiss_score,
    log_partition,
    magnetisation_posterior,
    spontaneous_magnetisation,
)
from statphys_gen.data.laws import CurieWeiss
from statphys_gen.diffusion.theory.curie_weiss import (
    curie_weiss_agreement,
    curie_weiss_agreement_from_sum,
    curie_weiss_signal,
    curie_weiss_speciation_time,
)
from statphys_gen.errors import InvalidArgument
from statphys_gen.solution import Status

TABLE = Path(__file__).parents[1] / "reference" / "diffusion_clone_agreement.csv"
with TABLE.open() as file:
    ROWS = [
        (row["quantity"], row["arguments"].split(" | "), float(row["value"])) for row in csv.DictReader(file)
    ]


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] == "magnetisation"])
def test_magnetisation(row: tuple[str, list[str], float]) -> None:
    assert float(spontaneous_magnetisation(float(row[1][0]))) == pytest.approx(row[2], rel=3e-13)


def test_magnetisation_limits() -> None:
    values = spontaneous_magnetisation([[0.0, 1.0], [1 + 2.0**-40, 60.0]])
    assert values[0].tolist() == [0.0, 0.0]
    assert values[1, 0] == pytest.approx(math.sqrt(3 * 2.0**-40), rel=1e-11)
    assert values[1, 1] == 1.0


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] == "curie_weiss_from_sum"])
def test_agreement_from_the_sum(row: tuple[str, list[str], float]) -> None:
    model = CurieWeiss(int(row[1][0]), float(row[1][1]))
    assert float(curie_weiss_agreement_from_sum(model, float(row[1][2]))) == pytest.approx(row[2], abs=1e-11)


def test_agreement_from_the_sum_tends_to_two_gaussian_classes() -> None:
    gaps = []
    for dimension in (200, 800, 3200):
        model = CurieWeiss(dimension, 1.5)
        time = float(curie_weiss_speciation_time(model)["time"])
        assert float(curie_weiss_signal(model, time)) == pytest.approx(1.0, rel=1e-13)
        gaps.append(float(curie_weiss_agreement(model, time) - curie_weiss_agreement_from_sum(model, time)))
    # Corrections of relative order 1/d.
    assert np.array(gaps[1:]) / gaps[:-1] == pytest.approx([0.25, 0.25], abs=0.03)


def test_agreement_limits() -> None:
    model = CurieWeiss(40, 0.7)
    values = curie_weiss_agreement_from_sum(model, [1e-4, 30.0])
    # At t -> 0 the magnetisation is known; only the fair coin at M = 0 is not.
    binomial = [math.comb(40, k) * math.exp(0.7 * (2 * k - 40) ** 2 / 80) for k in range(41)]
    assert values[0] == pytest.approx(1 - 0.5 * binomial[20] / sum(binomial), abs=1e-10)
    assert values[1] == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.8, 2.0])
def test_density_is_a_density(beta: float) -> None:
    """d = 2, on a grid over the plane: unit mass, and the score is its gradient."""
    model, time = CurieWeiss(2, beta), 0.5
    axis = np.linspace(-7, 7, 71)
    plane = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    assert np.exp(curie_weiss_log_density(model, plane, time)).sum() * (
        axis[1] - axis[0]
    ) ** 2 == pytest.approx(1.0, abs=1e-12)
    point, step = np.array([0.4, -1.3]), 1e-5
    gradient = [
        (
            curie_weiss_log_density(model, point + step * e, time)
            - curie_weiss_log_density(model, point - step * e, time)
        )
        / (2 * step)
        for e in np.eye(2)
    ]
    assert curie_weiss_score(model, point, time) == pytest.approx(gradient, abs=1e-8)


def test_independent_spins() -> None:
    """beta = 0: the coordinates are independent, and so is the law of the number of spins up."""
    model, time = CurieWeiss(6, 0.0), 0.4
    x = np.linspace(-1.0, 2.0, 6)
    field = x * math.exp(-time) / -math.expm1(-2 * time)
    expected = (math.exp(-time) * np.tanh(field) - x) / -math.expm1(-2 * time)
    assert curie_weiss_score(model, x, time) == pytest.approx(expected, rel=1e-13)
    law = magnetisation_posterior(model, x, time)
    assert law @ np.arange(-6, 7, 2) == pytest.approx(np.tanh(field).sum(), rel=1e-13)
    assert log_partition(model) == pytest.approx(6 * math.log(2), rel=1e-14)


def test_posterior_and_score_agree_at_large_dimension() -> None:
    """Two routes, spins one by one and the auxiliary field: the mean magnetisation must be the same."""
    model, time = CurieWeiss(600, 1.4), 2.5
    rng = np.random.Generator(np.random.PCG64(1))
    x = rng.standard_normal((2, 600))
    noise = -math.expm1(-2 * time)
    law = magnetisation_posterior(model, x, time)
    assert law.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-12)
    means = (curie_weiss_score(model, x, time) * noise + x).sum(axis=1) * math.exp(time)
    assert law @ np.arange(-600, 601, 2) == pytest.approx(means, rel=1e-10)


def test_no_classes_and_no_time() -> None:
    with pytest.raises(InvalidArgument, match="inverse_temperature"):
        curie_weiss_signal(CurieWeiss(10, 1.0), 0.5)
    assert int(curie_weiss_speciation_time(CurieWeiss(10, 1.01)).status) == Status.NO_SOLUTION
    with pytest.raises(InvalidArgument, match="x"):
        curie_weiss_log_density(CurieWeiss(10, 1.2), np.zeros(9), 0.5)
    with pytest.raises(InvalidArgument, match="time"):
        curie_weiss_score(CurieWeiss(10, 1.2), np.zeros(10), 0.0)
