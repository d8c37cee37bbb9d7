"""Trained machines on the low-rank diagram: planted spikes are read back, and a real machine is placed."""

import math

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.rbm import Machine, phases, place, read_machine


def planted(visible, hidden, noise, strengths, seed=3):
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.standard_normal((visible, len(strengths))))[0] * math.sqrt(visible)
    v = np.linalg.qr(rng.standard_normal((hidden, len(strengths))))[0] * math.sqrt(hidden)
    random = noise * rng.standard_normal((visible, hidden)) / math.sqrt(visible)
    return random + (u * np.asarray(strengths)) @ v.T / visible, u, v


@pytest.mark.parametrize(("visible", "hidden"), [(900, 300), (300, 900), (600, 600)])
def test_planted_spikes_are_read_back(visible, hidden):
    strengths = (4.0, 2.5)
    couplings, u, v = planted(visible, hidden, 0.6, strengths)
    found = place(Machine(couplings))
    assert found.layer_ratio == hidden / visible
    assert found.noise == pytest.approx(0.6, rel=0.02)
    np.testing.assert_allclose(found.spikes, strengths, rtol=0.03)
    left, _, right = np.linalg.svd(couplings)
    for k in range(2):
        on_left = (left[:, k] @ u[:, k]) ** 2 / visible
        on_right = (right[k] @ v[:, k]) ** 2 / hidden
        assert found.visible_overlaps[k] == pytest.approx(on_left, abs=0.02)
        assert found.hidden_overlaps[k] == pytest.approx(on_right, abs=0.02)


def test_pure_noise_has_no_spike_and_a_weak_spike_stays_inside():
    ratio = 0.5
    threshold = 0.8 * ratio**-0.25
    for strength in (0.0, 0.8 * threshold):
        couplings, _, _ = planted(800, 400, 0.8, (strength,))
        found = place(Machine(couplings))
        assert found.spikes == ()
        assert found.noise == pytest.approx(0.8, rel=0.02)
        assert found.bulk_edge == pytest.approx(0.8 * (1 + math.sqrt(ratio)), rel=0.02)
    couplings, _, _ = planted(800, 400, 0.8, (1.5 * threshold,))
    assert len(place(Machine(couplings)).spikes) == 1


def test_a_machine_of_noise_is_a_paramagnet_and_one_with_a_strong_spike_retrieves():
    couplings, _, _ = planted(400, 200, 0.5, (0.0,))
    assert str(phases(place(Machine(couplings))).dominant) == "paramagnet"
    couplings, _, _ = planted(400, 200, 0.5, (3.0,))
    assert str(phases(place(Machine(couplings))).dominant) == "retrieval"


def structured(visible, hidden, seed=5):
    """Couplings whose every singular value is structure: they fall as 1/k, as those of strongly trained machines."""
    rng = np.random.default_rng(seed)
    least = min(visible, hidden)
    u = np.linalg.qr(rng.standard_normal((visible, least)))[0]
    v = np.linalg.qr(rng.standard_normal((hidden, least)))[0]
    return (u * (3.0 / np.arange(1.0, least + 1.0))) @ v.T


@pytest.mark.parametrize(("visible", "hidden"), [(60, 40), (100, 100), (64, 200)])
def test_a_bulk_that_is_no_noise_is_said_to_be_none(visible, hidden):
    found = place(Machine(structured(visible, hidden)))
    assert not found.bulk_is_noise
    assert found.bulk_distance > found.bulk_limit
    # Unequal amplitudes of the hidden units widen the bulk beyond its law.
    rng = np.random.default_rng(6)
    uneven = rng.standard_normal((400, 200)) * np.exp(0.7 * rng.standard_normal(200)) / 20.0
    assert not place(Machine(uneven)).bulk_is_noise


@pytest.mark.parametrize(("visible", "hidden"), [(30, 30), (64, 16), (60, 40), (100, 300), (400, 200)])
def test_a_bulk_of_noise_is_not_suspected(visible, hidden):
    for seed in range(20 if visible < 400 else 3):
        couplings, _, _ = planted(visible, hidden, 0.5, (3.0,), seed=seed)
        found = place(Machine(couplings))
        assert found.bulk_is_noise, (seed, found.bulk_distance, found.bulk_limit)
    assert found.bulk_limit == pytest.approx(5.0 / (min(visible, hidden) - len(found.spikes)) + 0.01)


def test_distance_from_the_law_is_that_of_its_quantiles():
    """Values at the quantiles (k + 1/2)/n of the law for square matrices, by bisection of its closed form, are at half
    a step from it."""

    def below(s):
        # Quarter circle law of singular values: density sqrt(4 - s^2) / pi on [0, 2].
        return (0.5 * s * math.sqrt(4.0 - s * s) + 2.0 * math.asin(0.5 * s)) / math.pi

    size, values = 40, []
    for k in range(size):
        low, high = 0.0, 2.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if below(middle) < (k + 0.5) / size else (low, middle)
        values.append(low)
    found = place(Machine(np.diag(values)))
    assert found.noise == pytest.approx(1.0, rel=0.01)
    assert found.bulk_distance == pytest.approx(0.5 / size, rel=0.1)


def test_a_machine_trained_on_digits_is_placed(tmp_path):
    datasets = pytest.importorskip("sklearn.datasets", reason="needs the extra examples")
    networks = pytest.importorskip("sklearn.neural_network")
    images = (datasets.load_digits().data > 7.5).astype(float)
    machine = networks.BernoulliRBM(
        n_components=32, learning_rate=0.05, batch_size=50, n_iter=3, random_state=0
    ).fit(images)
    file = tmp_path / "digits.npz"
    np.savez(
        file,
        W=machine.components_.T,
        visible_bias=machine.intercept_visible_,
        hidden_bias=machine.intercept_hidden_,
    )
    found = place(read_machine(file))
    assert found.layer_ratio == 0.5
    assert found.visible_field == pytest.approx(machine.intercept_visible_.mean())
    values = np.linalg.svd(machine.components_, compute_uv=False)
    np.testing.assert_allclose(found.singular_values, values, rtol=1e-10)
    # What it learned first is one direction, far outside the noise that it was initialised with.
    assert len(found.spikes) >= 1
    assert values[0] > 3.0 * found.bulk_edge
    # Rewritten with +-1 units its biases lie along that direction, of which a theory of uniform fields knows nothing.
    spins = place(read_machine(file).spins())
    assert not spins.fields_are_uniform
    assert spins.field_along_spikes > 0.5
    with pytest.raises(InvalidArgument, match="biases are uniform"):
        phases(spins)
