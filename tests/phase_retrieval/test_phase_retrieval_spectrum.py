"""Spectra, outliers and transitions against high-precision references by another route, and known limits."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from statphys_gen.approximation import approximation_of
from statphys_gen.errors import AccuracyNotReached, InsufficientSamples, InvalidArgument
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.theory import spectrum as spectra
from statphys_gen.phase_retrieval.theory import stieltjes_transform
from statphys_gen.phase_retrieval.theory.density import density_positions, spectral_density
from statphys_gen.phase_retrieval.theory.initial_law import initial_curvature_law
from statphys_gen.phase_retrieval.theory.sampled_law import sampled_curvature_law, sampled_spectrum
from statphys_gen.phase_retrieval.theory.spectral_law import (
    optimal_spectral_curvature_law,
    spectral_curvature_law,
)
from statphys_gen.phase_retrieval.theory.spectrum import (
    hessian_spectrum,
    lagrange_multiplier,
    left_edge,
    outlier_criterion,
    signal_outlier,
)
from statphys_gen.phase_retrieval.theory.transition import (
    best_offset,
    initial_transition,
    initial_transition_curve,
    switch_offset,
    transition,
    universal_lower_bound,
)
from statphys_gen.solution import Status

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "phase_retrieval_initialisation.json").read_text()
)


def model(alpha: float = 3.0, offset: float = 1.0, overlap: float = 0.0) -> PhaseRetrieval:
    return PhaseRetrieval(Loss.normalised(offset), alpha, overlap)


USER = Loss.from_expression("(y**2 - t**2)**2/(2*(1 + t**2))")


@pytest.mark.parametrize(("offset", "expected"), REFERENCE["transitions"].items())
def test_continuous_transitions(offset: str, expected: list[str]) -> None:
    found = initial_transition(Loss.normalised(float(offset)))
    assert str(found.kind) == "continuous"
    ratio, stieltjes = map(float, expected)
    assert float(found.solution["samples_per_dimension"]) == pytest.approx(ratio, rel=2e-12)
    assert float(found.solution["stieltjes"]) == pytest.approx(stieltjes, rel=2e-11)
    assert abs(float(found.solution["samples_per_dimension"]) - ratio) <= float(found.solution.error) + 1e-15


@pytest.mark.parametrize(("offset", "expected"), REFERENCE["hard"].items())
def test_discontinuous_transitions(offset: str, expected: str) -> None:
    found = initial_transition(Loss.normalised(float(offset)))
    assert str(found.kind) == "discontinuous"
    assert float(found.solution["samples_per_dimension"]) == pytest.approx(float(expected), rel=1e-13)
    assert float(found.solution["stieltjes"]) == 0.5


def test_exact_limit_of_small_offsets() -> None:
    found = initial_transition_curve([0.0, 1e-8]).solution
    assert found["samples_per_dimension"][0] == pytest.approx(3.0, rel=1e-12)
    assert found["stieltjes"][0] == pytest.approx(0.125, rel=1e-12)
    # The correction is of order offset^(1/2), offset log(offset) or smaller: visible, and small.
    assert 0 < 3.0 - found["samples_per_dimension"][1] < 1e-6


def test_switch_and_best_offset() -> None:
    offset, ratio = map(float, REFERENCE["switch"])
    switch = switch_offset()
    assert float(switch["offset"]) == pytest.approx(offset, rel=1e-12)
    assert float(switch["samples_per_dimension"]) == pytest.approx(ratio, rel=1e-12)
    best = best_offset(lower=1.05, upper=1.2)
    assert best["offset"] == pytest.approx(offset, abs=2 * best["offset_error"])
    assert best["samples_per_dimension"] == pytest.approx(ratio, abs=1e-8)
    assert int(switch_offset(lower=2.0, upper=3.0).status) == Status.NO_SOLUTION


@pytest.mark.parametrize(
    "entry", REFERENCE["spectra"], ids=lambda e: f"{e['offset']}-{e['samples_per_dimension']}"
)
def test_edges_and_outliers(entry: dict[str, str]) -> None:
    ratio, offset, overlap = (float(entry[n]) for n in ("samples_per_dimension", "offset", "overlap"))
    (record,) = hessian_spectrum(model(ratio, offset, overlap)).records()
    assert record["edge_kind"] == entry["kind"]
    for name, key in (
        ("bulk_edge", "bulk_edge"),
        ("outlier", "outlier"),
        ("outlier_overlap_squared", "overlap_squared"),
        ("lagrange_multiplier", "lagrange_multiplier"),
    ):
        assert record[name] == pytest.approx(float(entry[key]), rel=1e-11), name


def test_prefactor_scales_eigenvalues_and_no_threshold() -> None:
    one, three = (Loss.normalised(0.3, prefactor=c) for c in (1.0, 3.0))
    a, b = (
        hessian_spectrum(PhaseRetrieval(loss, 1.0, 0.2), samples_per_dimension=[2.0, 5.0])
        for loss in (one, three)
    )
    assert b.bulk_edge["position"] == pytest.approx(3 * a.bulk_edge["position"], rel=1e-12)
    assert b.outlier["overlap_squared"] == pytest.approx(a.outlier["overlap_squared"], rel=1e-10)
    assert float(initial_transition(three, overlap=0.2).solution["samples_per_dimension"]) == pytest.approx(
        float(initial_transition(one, overlap=0.2).solution["samples_per_dimension"]), rel=1e-12
    )


@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_quadrature_over_the_plane_agrees_with_closed_forms(overlap: float) -> None:
    general, closed = (
        initial_curvature_law(USER, overlap=overlap),
        initial_curvature_law(Loss.normalised(1.0), overlap=overlap),
    )
    for s in (0.1, 0.4, 0.3 + 0.2j):
        for one, other in zip(general.moments(s), closed.moments(s), strict=True):
            assert abs(complex(one) - complex(other)) < 1e-13
    assert general.multiplier_per_sample == pytest.approx(closed.multiplier_per_sample, rel=1e-12)
    assert general.energy_per_sample == pytest.approx(closed.energy_per_sample, rel=1e-12)


def test_outlier_appears_at_the_transition() -> None:
    for offset in (0.1, 4.0):
        ratio = float(initial_transition(Loss.normalised(offset)).solution["samples_per_dimension"])
        around = signal_outlier(
            model(1.0, offset), samples_per_dimension=[ratio * (1 - 1e-6), ratio * (1 + 1e-6)]
        )
        below, above = around.status
        assert below == Status.NO_SOLUTION
        assert above <= Status.NEAR_CRITICAL
        assert outlier_criterion(model(ratio, offset)) == pytest.approx(1.0, abs=1e-9)
        overlap = float(around["overlap_squared"][1])
        # Continuous: linear in the distance. Discontinuous: already large.
        assert overlap < 1e-4 if offset == 0.1 else overlap > 0.2


def test_optimal_preprocessing_reaches_the_universal_bound() -> None:
    found = transition(optimal_spectral_curvature_law())
    assert float(found.solution["samples_per_dimension"]) == pytest.approx(universal_lower_bound(), rel=1e-12)
    assert str(found.kind) == "continuous"
    for offset in (0.01, 1.0, 1.1087555, 10.0):
        assert (
            float(initial_transition(Loss.normalised(offset)).solution["samples_per_dimension"])
            > universal_lower_bound()
        )


def test_truncated_spectral_initialisation() -> None:
    """T = t^2 for |t| <= 3 has its transition between the bound and that of a worse truncation."""
    law = spectral_curvature_law(lambda t: np.minimum(t, 2.0) ** 2)
    assert law.lower_bound == pytest.approx(-4.0)
    assert 0.5 < float(transition(law).solution["samples_per_dimension"]) < 2.0


def test_density_is_normalised_and_has_the_moments_of_the_matrix() -> None:
    case = model(2.0)
    edge = float(left_edge(case)["position"])
    x = np.concatenate([edge + np.geomspace(1e-7, 9, 700), edge + np.geomspace(9.01, 400, 900)])
    density = spectral_density(case, x)
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=5e-5)
    # E g = E (6 y^2 - 2 t^2)/(1 + t^2) and mu = 2 alpha E (3 - t^2)/(1 + t^2) are equal per sample: mean eigenvalue 0.
    assert np.trapezoid(density * x, x) == pytest.approx(0.0, abs=2e-3)
    assert spectral_density(case, edge - np.array([0.1, 5.0])).tolist() == [0.0, 0.0]


def test_density_vanishes_like_a_square_root_at_a_soft_edge() -> None:
    edge = float(left_edge(model())["position"])
    near = spectral_density(model(), edge + np.array([1e-5, 4e-5]))
    assert near[1] / near[0] == pytest.approx(2.0, rel=1e-3)


def test_density_is_exponentially_thin_at_a_hard_edge() -> None:
    case = model(3.0, 4.0)
    edge = float(left_edge(case)["position"])
    density = spectral_density(case, edge + np.array([0.05, 0.1, 0.2, 0.4]))
    assert 0 < density[0] < 1e-9
    assert (np.diff(np.log(density)) > 0).all()
    # The logarithm falls faster than any power of the distance.
    assert (np.diff(np.log(density), 2) < 0).all()
    x = edge + np.concatenate([np.linspace(0.01, 6, 700), np.geomspace(6.01, 200, 500)])
    assert np.trapezoid(spectral_density(case, x), x) == pytest.approx(1.0, abs=1e-4)


def test_density_against_a_finite_matrix() -> None:
    rng = np.random.default_rng(5)
    dimension, alpha = 700, 3.0
    x = rng.standard_normal((int(alpha * dimension), dimension))
    y, t = rng.standard_normal((2, len(x)))
    loss = Loss.normalised(1.0)
    eigenvalues = np.linalg.eigvalsh((x.T * loss.curvature(y, t)) @ x / dimension)
    mu = float(lagrange_multiplier(model(alpha)))
    edges = np.array([-1.0, 0.5, 2.0, 5.0, 15.0])
    for a, b in pairwise(edges):
        grid = np.linspace(a, b, 200)
        expected = np.trapezoid(spectral_density(model(alpha), grid - mu), grid)
        assert ((eigenvalues > a) & (eigenvalues < b)).mean() == pytest.approx(expected, abs=0.012)


def test_points_give_the_law_back_within_their_error() -> None:
    pairs = np.random.default_rng(2).standard_normal((20_000, 2))
    (exact,) = hessian_spectrum(model(4.0)).records()
    estimates = sampled_spectrum(model(4.0), pairs, blocks=6)
    for name in ("bulk_edge", "outlier", "outlier_overlap_squared", "lagrange_multiplier"):
        assert abs(float(estimates[name].mean) - exact[name]) < 6 * float(estimates[name].standard_error)
        assert float(estimates[name].standard_error) < 0.15 * abs(exact[name])


def test_points_from_a_file(tmp_path: Path) -> None:
    pairs = np.random.default_rng(3).standard_normal((500, 2))
    np.save(tmp_path / "pairs.npy", pairs)
    law = sampled_curvature_law(Loss.normalised(1.0), tmp_path / "pairs.npy")
    assert law.moments(0.2).first == pytest.approx(
        sampled_curvature_law(Loss.normalised(1.0), pairs).moments(0.2).first
    )
    positions = np.linspace(-120, 320, 1500)
    smooth = spectral_density(model(), positions, law=law, smoothing=0.5)
    # What a Lorentzian of half width 0.5 has beyond 110 and more on either side is below 0.3 %.
    assert np.trapezoid(smooth, positions) == pytest.approx(1.0, abs=4e-3)


def test_positive_curvatures_have_an_edge() -> None:
    """Labels only: T = -t^2 gives positive curvatures t^2 and, with few samples, an edge at the origin's atom."""
    law = spectral_curvature_law(lambda t: np.full_like(t, -1.0))
    assert math.isinf(law.largest_argument)
    assert float(left_edge(model(4.0), law=law)["position"]) == pytest.approx(1.0, rel=1e-9)


def test_predictions_state_their_approximation() -> None:
    for function in (
        left_edge,
        signal_outlier,
        hessian_spectrum,
        spectral_density,
        outlier_criterion,
        transition,
    ):
        assert approximation_of(function).level == "exact as N -> infinity"


PAIRS = np.random.default_rng(1).standard_normal((200, 2))
ONE = Loss.normalised(1.0)
POINTS_LAW = sampled_curvature_law(ONE, PAIRS)
WITH_NAN = PAIRS.copy()
WITH_NAN[7, 1] = np.nan

BAD = [
    (lambda path: initial_curvature_law("normalised"), "loss"),
    (lambda path: initial_curvature_law(Loss.normalised(1.0), overlap=1.0), "overlap"),
    (lambda path: initial_curvature_law(Loss.normalised(1.0), overlap=-2.0), "overlap"),
    (lambda path: initial_curvature_law(Loss.normalised(1.0), overlap=math.nan), "overlap"),
    (lambda path: left_edge(PhaseRetrieval(Loss.intensity(), 3.0)), "bounded below"),
    (lambda path: left_edge(PhaseRetrieval(Loss.amplitude(1.0), 3.0)), "bounded below"),
    (lambda path: initial_transition(Loss.intensity()), "bounded below"),
    (lambda path: initial_transition("loss"), "loss"),
    (lambda path: initial_transition(ONE, overlap=1.0), "overlap"),
    (lambda path: initial_transition_curve([1.0, math.inf]), "offset"),
    (lambda path: left_edge(model(3.0, 0.0)), "offset 0"),
    (lambda path: left_edge("model"), "model"),
    (lambda path: left_edge(model(), law="law"), "law"),
    (lambda path: left_edge(model(), samples_per_dimension=0.0), "samples_per_dimension"),
    (lambda path: left_edge(model(), samples_per_dimension=-1.0), "samples_per_dimension"),
    (lambda path: signal_outlier(model(), samples_per_dimension=math.nan), "samples_per_dimension"),
    (lambda path: signal_outlier(model(), samples_per_dimension=[]), "samples_per_dimension"),
    (lambda path: hessian_spectrum(model(), samples_per_dimension="2"), "samples_per_dimension"),
    (lambda path: outlier_criterion(model(), samples_per_dimension=math.inf), "samples_per_dimension"),
    (lambda path: spectral_density(model(), [math.nan]), "positions"),
    (lambda path: spectral_density(model(), []), "positions"),
    (lambda path: spectral_density(ONE, [1.0]), "model"),
    (lambda path: spectral_density(model(), [1.0], smoothing=-1.0), "smoothing"),
    (lambda path: spectral_density(model(), [1.0], law=POINTS_LAW), "smoothing"),
    (lambda path: initial_transition_curve(-1.0), "offset"),
    (lambda path: initial_transition_curve("one"), "offset"),
    (lambda path: switch_offset(lower=2.0, upper=1.0), "upper"),
    (lambda path: switch_offset(lower=0.0), "lower"),
    (lambda path: best_offset(lower=1.0, upper=1.0), "upper"),
    (lambda path: best_offset(lower=-1.0, upper=1.0), "lower"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), PAIRS.T), "points"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), PAIRS[:, 0]), "points"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), PAIRS[:50]), "at least 100"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), WITH_NAN), r"points\[7, 1\]"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), PAIRS * [1, 3]), "mean square 1"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), PAIRS + 1j), "points"),
    (
        lambda path: sampled_curvature_law(Loss.normalised(0.0), PAIRS * [1, 0] + [0, 1] * (PAIRS > 0)),
        "points",
    ),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), PAIRS, overlap=1.2), "overlap"),
    (lambda path: sampled_curvature_law("loss", PAIRS), "loss"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), path / "missing.npy"), "points"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), path / "text.npy"), "points"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), path / "cube.npy"), "points"),
    (lambda path: sampled_curvature_law(Loss.normalised(1.0), path / "nan.npy"), "points"),
    (lambda path: sampled_spectrum(model(2.0), PAIRS, blocks=2), "blocks"),
    (lambda path: sampled_spectrum(ONE, PAIRS, blocks=5), "model"),
    (lambda path: spectral_curvature_law("T"), "preprocessing"),
    (lambda path: spectral_curvature_law(lambda t: t * t), "bounded above"),
    (lambda path: spectral_curvature_law(lambda t: np.ones(3)), "preprocessing"),
    (lambda path: spectral_curvature_law(lambda t: np.log(t - 1.0)), "preprocessing"),
    (lambda path: spectral_curvature_law(lambda t: np.minimum(t, 2.0), upper_bound=1.0), "upper_bound"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_input(case: int, tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("1 2\n3 4\n")
    np.save(tmp_path / "cube.npy", np.zeros((3, 2, 2)))
    np.save(tmp_path / "nan.npy", WITH_NAN)
    call, text = BAD[case]
    with pytest.raises(InvalidArgument, match=text) as caught:
        call(tmp_path)
    assert "\n" not in str(caught.value)


def test_too_few_pairs_for_blocks() -> None:
    with pytest.raises(InsufficientSamples, match="blocks"):
        sampled_spectrum(model(2.0), PAIRS, blocks=20)


def test_unresolved_hard_edges_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra, "_MOMENT_TOLERANCE", 0.0)
    with pytest.raises(AccuracyNotReached, match="hard edge"):
        left_edge(model(3.0, 4.0))


@pytest.mark.parametrize(("offset", "alpha"), [(1.0, 4.0), (0.05, 2.0)])
def test_interpolated_densities_solve_the_equation(offset: float, alpha: float) -> None:
    """Many positions are interpolated between nodes, few are solved one by one by continuation."""
    case = model(alpha, offset)
    grid, _ = density_positions(case, 301)
    many = spectral_density(case, grid)
    few = spectral_density(case, grid[5::60])
    assert many[5::60] == pytest.approx(few, rel=1e-9, abs=1e-9 * float(many.max()))


def test_densities_at_a_hard_edge_are_not_interpolated() -> None:
    law = initial_curvature_law(Loss.normalised(4.0))
    asked = spectra.edge_argument(law, 4.5)
    assert asked == law.largest_argument
    assert stieltjes_transform._interpolated(law, 4.5, np.linspace(0.0, 1.0, 200), -1.0, asked) is None


def test_positions_of_a_density() -> None:
    law = initial_curvature_law(Loss.normalised(1.0))
    grid, width = density_positions(model(4.0), 50, upper=10.0)
    assert (np.diff(grid) > 0).all()
    assert grid[-1] == 10.0
    # The mean eigenvalue is alpha E g - mu: E g = 8 E 1/(1 + t^2) - 2.
    mean = 4.0 * (8.0 * math.sqrt(math.pi / 2) * math.exp(0.5) * math.erfc(math.sqrt(0.5)) - 2.0)
    expected = mean - 4.0 * law.multiplier_per_sample - grid[0]
    assert width == pytest.approx(expected, rel=0.05)
    with pytest.raises(InvalidArgument, match="upper"):
        density_positions(model(4.0), 50, upper=-20.0)
    with pytest.raises(InvalidArgument, match="count"):
        density_positions(model(4.0), 1)
