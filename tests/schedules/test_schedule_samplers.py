"""Samplers against the exact map, a user's interpolant, and what the simulations of networks and U-turns return."""

import math

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.conformance import conformance
from statphys_gen.data import CurieWeiss, GaussianMixture
from statphys_gen.schedules import (
    Autoencoder,
    Interpolant,
    NoiseGrid,
    TimeGrid,
    TwoClasses,
    autoencoder_details,
    compare,
    generated_weight,
    interpolant,
    simulate_two_classes,
)
from statphys_gen.schedules.model import INTERPOLANTS
from statphys_gen.schedules.simulation.autoencoder import simulate_details, simulate_speciation
from statphys_gen.schedules.simulation.u_turns import simulate_u_turn
from statphys_gen.schedules.theory.autoencoder_speciation import autoencoder_speciation
from statphys_gen.schedules.theory.windows import u_turn

CLASSES = TwoClasses(20, 0.8, 0.36, 0.72)


class Square(Interpolant):
    """A = (1-t)^2, B = t(2-t): three functions of a user."""

    def noise(self, time: float) -> float:
        return (1.0 - time) ** 2

    def data(self, time: float) -> float:
        return time * (2.0 - time)

    def product(self, time: float) -> float:
        return -2.0 * (1.0 - time) ** 3

    def meaning(self) -> str:
        return "square"


class Wrong(Square):
    def product(self, time: float) -> float:
        return -((1.0 - time) ** 3)


@pytest.mark.parametrize("name", INTERPOLANTS)
def test_named_interpolants_conform(name: str) -> None:
    conformance(interpolant(name, 9.0, 2.2 if name.startswith("dilated") else None)).require()


def test_a_users_interpolant() -> None:
    conformance(Square()).require()
    failed = [claim for claim in conformance(Wrong()).claims if not claim.holds]
    assert [claim.statement for claim in failed] == [
        "the product is the derivative of half the squared noise"
    ]
    grid = TimeGrid.uniform(Square(), 7)
    exact = generated_weight(CLASSES, grid)
    found = simulate_two_classes(CLASSES, grid, 20_000, seed=3)
    assert agrees(found["weight"], exact.weight)
    assert exact.detail_std is not None
    assert agrees(found["detail_std"], exact.detail_std)
    # B' by differences is that of the formula.
    assert Square().data_rate(0.3) == pytest.approx(1.4, rel=1e-9)
    # In a time that is not that of B, Euler is not ddim although A = 1 - B.
    ddim = generated_weight(CLASSES, grid.levels())
    assert abs(exact.weight - ddim.weight) > 1e-3


@pytest.mark.parametrize("scheme", ["ddim", "heun", "dpmpp-2m"])
def test_samplers_of_small_dimension(scheme: str) -> None:
    grid = NoiseGrid((9.0, 4.0, 1.5, 0.5, 0.0), scheme, "mean")  # type: ignore[arg-type]
    exact = generated_weight(CLASSES, grid)
    found = simulate_two_classes(CLASSES, grid, 20_000, seed=5)
    assert agrees(found["weight"], exact.weight)
    assert exact.detail_std is not None
    assert agrees(found["detail_std"], exact.detail_std)


def test_a_biased_denoiser_moves_the_weight() -> None:
    grid = NoiseGrid((9.0, 4.0, 1.5, 0.5, 0.0), "ddim", "mean")
    direction = np.full(20, 0.8)

    def drawn_to_one_side(y: np.ndarray, level: float) -> np.ndarray:
        return np.broadcast_to(direction, y.shape)

    found = simulate_two_classes(CLASSES, grid, 1000, denoiser=drawn_to_one_side)
    assert float(found["weight"].mean) == 1.0


def test_comparisons() -> None:
    grid = TimeGrid.uniform(interpolant("vp-linear"), 5)
    for row in compare(CLASSES, grid, 4000, seed=2):
        assert row.z is not None
        assert abs(row.z) < 4.5
    mixture = GaussianMixture([0.5, 0.3, 0.2], np.eye(3) * 3.0, [[0.5, 0.9, 0.2]])
    rows = compare(mixture, grid, 4000, seed=2)
    assert [row.parameters["class"] for row in rows] == [0, 1, 2]
    assert sum(float(row.estimate.mean) for row in rows) == pytest.approx(1.0)
    spins = compare(CurieWeiss(30, 1.6, 0.9), grid, 200, seed=2)
    assert spins["weight"].theory is None
    dilated = TimeGrid.uniform(interpolant("dilated-vp-linear", math.sqrt(30), 2.2), 4)
    assert compare(CurieWeiss(30, 1.6, 0.9), dilated, 200, seed=2)["magnetisation"].theory is not None


def test_autoencoders_at_small_sizes() -> None:
    """Means over data sets approach the limit; at 400 dimensions to a few per cent."""
    model = Autoencoder((2, 1), 0.64, 0.3, noise_draws=2)
    exact = autoencoder_details(model, 0.7, 0.6)
    found = simulate_details(model, 0.7, 0.6, 400, instances=30, seed=1)
    wanted = [exact.skip, exact.output_overlap, exact.output_norm_squared, exact.loss]
    assert found.mean.tolist() == pytest.approx(wanted, rel=0.05)
    net = Autoencoder((4, 2), 0.64, 0.2, 0.05)
    exact_net = autoencoder_speciation(net, 1.3)
    seen = simulate_speciation(net, 1.3, 4000, instances=6, seed=1)
    wanted = [
        exact_net.input_overlap,
        exact_net.input_norm_squared,
        exact_net.bias,
        exact_net.output_overlap,
        exact_net.loss,
    ]
    assert seen.mean.tolist() == pytest.approx(wanted, rel=0.06)


def test_u_turns_of_small_dimension() -> None:
    mixture = GaussianMixture.two_classes(10, 1.3, 0.36, 0.72)
    exact = u_turn(10 * 1.3**2 / (16.0 + 0.36), 0.72)
    found = simulate_u_turn(mixture, 4.0, 8000, seed=4)
    assert agrees(found[0], float(exact.stochastic))
    assert agrees(found[1], float(exact.deterministic))
