"""Collapse theory against published curves and simulations of finite data, and along trajectories."""

import json
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.theory import trajectory_collapse
from statphys_gen.diffusion.theory.condensed_phase import condensed_phase, finite_size_condensed_phase
from statphys_gen.diffusion.theory.excess_entropy import (
    excess_entropy,
    gaussian_window,
    leading_excess_entropy,
)
from statphys_gen.diffusion.theory.finite_size_collapse import isotropic_collapse
from statphys_gen.diffusion.theory.trajectory_collapse import (
    FIRST_PASSAGE,
    linear_mean_shift,
    own_nearest_probability,
)
from statphys_gen.errors import InvalidArgument

REFERENCE = Path(__file__).parents[1] / "reference"
SIZES = json.loads((REFERENCE / "diffusion_collapse_sizes.json").read_text())
PASSAGE = json.loads((REFERENCE / "diffusion_first_passage.json").read_text())


# ------------------------------------------------------------------------------------------- simulations


def published_chi_square(function) -> tuple[float, int]:
    """Mean squared deviation over the points above 0.3 of the late value, in units of the published errors."""
    published = json.loads((REFERENCE / "diffusion_published_excess_entropy.json").read_text())
    log_n = np.log(published["samples"])
    terms: list[float] = []
    for dimension, points in published["relative_excess_entropy"].items():
        times, measured = np.array(points).T
        d = int(dimension)
        mixture = GaussianMixture.two_classes(d, published["separation"], published["variance"])
        used = d * excess_entropy(mixture, times, log_n) / log_n > 0.3
        theory = function(mixture, times[used], log_n)
        terms.extend(((measured[used] - theory) / published["standard_error"][dimension]) ** 2)
    return float(np.mean(terms)), len(terms)


def test_published_excess_entropy_needs_the_class_term() -> None:
    with_term, count = published_chi_square(lambda m, t, n: m.dimension * excess_entropy(m, t, n) / n)
    smoothed, _ = published_chi_square(lambda m, t, n: gaussian_window(m, t, n).entropy / n)
    without, _ = published_chi_square(lambda m, t, n: m.dimension * leading_excess_entropy(m, t, n) / n)
    assert count >= 30
    # 1 +- 0.25 for independent points with these errors.
    assert smoothed < 1.5
    assert with_term < 1.7
    assert without > 20.0


@pytest.mark.parametrize("case", SIZES["isotropic"], ids=lambda case: f"d = {case['dimension']}")
def test_isotropic_curve_against_simulation(case: dict) -> None:
    used = [0, 1] if case["dimension"] == 3 else [1]
    times = [case["times"][k] for k in used]
    exact = isotropic_collapse(case["dimension"], case["variance"], case["samples"], times)
    theory = np.stack([exact.entropy, exact.participation, exact.own_nearest], axis=1)
    measured, error = (np.array(case[name])[used, :3] for name in ("mean", "standard_error"))
    assert np.abs((measured - theory) / error).max() < 3.5
    # The same test with one point more must fail where the data sets are many.
    if case["dimension"] == 3:
        wrong = isotropic_collapse(3, case["variance"], case["samples"] + 1, times[1:])
        assert abs(measured[1, 0] - float(wrong.entropy[0])) > 5 * error[1, 0]


def test_isotropic_curve_limits() -> None:
    alone = isotropic_collapse(5, 1.0, 1, 2.0)
    assert (float(alone.entropy), float(alone.participation), float(alone.own_nearest)) == pytest.approx(
        (0, 1, 1)
    )
    late = isotropic_collapse(5, 1.0, 50, 9.0)
    assert float(late.entropy) == pytest.approx(np.log(50), rel=1e-6)
    assert float(late.participation) == pytest.approx(0.02, rel=1e-6)
    early = isotropic_collapse(60, 1.0, 3, 0.4)
    assert float(early.participation) == pytest.approx(1.0, abs=1e-3)


def test_gaussian_window_against_simulation() -> None:
    case = SIZES["two_classes"]
    window = gaussian_window(GaussianMixture.two_classes(64, 1.0, 1.0), case["times"], np.log(4000))
    deviation = (np.array(case["mean"])[:, 0] - window.entropy) / np.array(case["standard_error"])[:, 0]
    assert np.abs(deviation).max() < 3.0
    binary = SIZES["binary"]
    theory = gaussian_window(DiscreteProduct.binary(48, 0.5), binary["times"], np.log(2000)).entropy
    excess = theory / np.array(binary["mean"])[:, 0] - 1.0
    # Stated: an overestimate by up to 10 % above the collapse time.
    assert (excess > 0.0).all()
    assert (excess < 0.1).all()
    assert excess[1] < 0.01


def test_class_resolved_participation_against_simulation() -> None:
    case = SIZES["class_resolved"]
    means = np.array([[-2.0], [2.0]]) * np.ones(40)
    window = gaussian_window(
        GaussianMixture([0.5, 0.5], means, case["variances"]), case["times"], np.log(3000)
    )
    measured = np.array(case["mean"])[:, 3:]
    # The window is an approximation: it places each class on its side of its own collapse.
    # It is off by 0.095 where half of the weight is on the source, and by less than 0.008 at the second time.
    difference = np.abs(window.class_participation - measured)
    assert difference.max() < 0.1
    assert difference[1].max() < 0.01


def test_condensed_participation_against_simulation() -> None:
    for case in SIZES["fresh"]:
        d = case["dimension"]
        law = Covariance.isotropic(case["variance"], d)
        corrected = finite_size_condensed_phase(law, case["time"], case["alpha"] * d)
        limit = condensed_phase(law, case["time"], case["alpha"] * d)
        z = (case["mean"] - float(corrected["test_participation_ratio"])) / case["standard_error"]
        assert abs(z) < 3.0
        assert case["mean"] - float(limit["test_participation_ratio"]) > 8 * case["standard_error"]


# ------------------------------------------------------------------------------------------- trajectories


def test_first_passage_number() -> None:
    for run in PASSAGE["first_passage"]:
        assert abs(run["mean"] - FIRST_PASSAGE) < 3 * run["standard_error"]


@pytest.mark.parametrize(
    "case", PASSAGE["exit_times"], ids=lambda case: f"n = {case['samples']}, d = {case['dimension']}"
)
def test_trajectory_collapse_against_exit_times(case: dict) -> None:
    law = Covariance.isotropic(case["variance"], case["dimension"])
    result = trajectory_collapse.trajectory_collapse(law, np.log(case["samples"]))
    assert abs(float(result.mean) - case["mean"]) < 3 * case["standard_error"]
    # The width of a law known to 3-4 %, from 300 to 740 exit times; the theory's is 4-9 % below it.
    error = case["standard_error"] / np.sqrt(2.0)
    assert -0.06 * case["width"] - 3 * error < float(result.width) - case["width"] < 3 * error
    assert float(result.mean_shift) > 0


def test_trajectory_mean_approaches_its_expansion() -> None:
    gaps = []
    for d in (200, 3200):
        law = Covariance.isotropic(1.0, d)
        shift = trajectory_collapse.trajectory_collapse(law, 0.3 * d).mean_shift
        gaps.append(float(shift / linear_mean_shift(law, 0.3 * d)) - 1.0)
    assert 0 < gaps[1] < 0.2 * gaps[0]
    assert gaps[1] < 0.02


def test_own_nearest_probability_against_the_exact_one() -> None:
    times = np.array([0.42])
    exact = isotropic_collapse(60, 1.0, np.exp(18.0), times).own_nearest
    approximate = own_nearest_probability(Covariance.isotropic(1.0, 60), times, 18.0)
    # Leading order: off by 6e-4 here.
    assert approximate == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize(("dimension", "variance"), [(2, 1.0), (8, 1.0), (3, 1e4), (64, 0.01)])
def test_two_sample_collapse_against_a_brownian_hitting_time(dimension: int, variance: float) -> None:
    # T = log(1 + E)/2, and E = h^2/X^2 for the hitting time of h; h^2 = variance chi^2/2 makes X Student's.
    with mp.workdps(30):
        d = mp.mpf(dimension)
        norm = 2 * mp.gamma((d + 1) / 2) / mp.sqrt(d * mp.pi) / mp.gamma(d / 2)

        def moment(power: int) -> mp.mpf:
            def weighted(x: mp.mpf) -> mp.mpf:
                time = mp.log1p(variance * d / (2 * x * x)) / 2
                return norm * (1 + x * x / d) ** (-(d + 1) / 2) * time**power

            return mp.quad(weighted, [0, 0.01, 0.1, 0.5, 1, 2, 5, 20, 200, mp.inf])

        mean, square = moment(1), moment(2)
        exact = float(mean), float(mp.sqrt(square - mean**2))
    law = Covariance.isotropic(variance, dimension)
    assert trajectory_collapse.two_sample_collapse(law) == pytest.approx(exact, rel=1e-11)
    if dimension == 2 and variance == 1.0:
        assert exact[0] == pytest.approx(np.pi / 4, rel=1e-14)


def test_two_sample_collapse_of_an_anisotropic_law_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"^law = .*must be isotropic, with a positive variance"):
        trajectory_collapse.two_sample_collapse(Covariance.from_eigenvalues([1.0, 2.0], [3, 3]))


def test_trajectory_collapse_is_batched() -> None:
    mixture = GaussianMixture.two_classes(100, 1.0, 1.0)
    batch = trajectory_collapse.trajectory_collapse(mixture, [[6.0], [9.0]])
    assert batch.mean.shape == batch.width.shape == (2, 1)
    alone = trajectory_collapse.trajectory_collapse(Covariance.isotropic(1.0, 100), 9.0 - np.log(2))
    assert float(batch.mean[1, 0]) == pytest.approx(float(alone.mean), rel=1e-13)
