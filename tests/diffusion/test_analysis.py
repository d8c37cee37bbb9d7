"""The analysis of planted data sets where the truth is known, and of the handwritten digits."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from statphys_gen.data.dataset import DataSet
from statphys_gen.diffusion.analysis.data_set import CHOSEN_FRACTION, agreement_level, analyse
from statphys_gen.diffusion.analysis.report import DataSetReport, conversions
from statphys_gen.diffusion.plots import plot_report
from statphys_gen.errors import InvalidArgument

DIMENSION = 20


def two_classes(
    seed: int, count: int = 600, norm_of_mean: float = 4.0, spike: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Unit noise, means +-norm_of_mean along the first coordinate, variance ``spike`` along the second."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    samples = random.standard_normal((count, DIMENSION))
    samples[:, 1] *= np.sqrt(spike)
    samples[:, 0] += np.where(labels == 0, norm_of_mean, -norm_of_mean)
    return samples, labels


def within_class_warnings(report: DataSetReport) -> list[str]:
    return [sentence for sentence in report.warnings if "within-class" in sentence]


@pytest.fixture(scope="module")
def genuine() -> DataSetReport:
    return analyse(DataSet.from_arrays(*two_classes(1)), directions=2)


@pytest.fixture(scope="module")
def spiked() -> DataSetReport:
    return analyse(DataSet.from_arrays(*two_classes(2, spike=400.0)), directions=2, collapse=False)


def test_two_genuine_classes(genuine: DataSetReport) -> None:
    assert not within_class_warnings(genuine)
    # Lambda = 1 + 16, within 3 standard errors and the O(d/n) bias that the report states.
    spectral = genuine.time("spectral")
    assert abs(spectral.time - 0.5 * np.log(17.0)) < 3.0 * spectral.standard_error
    assert spectral.standard_error < 0.02
    # Between the classes there is |m|^2 = 16, and the class is chosen at log(16) / 2 by both other criteria.
    for criterion, largest_error in (("between-class", 0.02), ("bayes", 0.05), ("bimodality", 0.05)):
        entry = genuine.time(criterion)
        assert entry.standard_error < largest_error
        assert abs(entry.time - 0.5 * np.log(16.0)) < 3.5 * entry.standard_error + 0.01
    leading = genuine.directions[0]
    assert leading.bimodal
    error = leading.between_class_fraction_standard_error
    assert leading.between_class_fraction == pytest.approx(16.0 / 17.0, abs=3.0 * error)
    assert error < 0.005
    # As of the criterion between-class, whose standard error is 0.010.
    assert leading.class_time == pytest.approx(0.5 * np.log(16.0), abs=0.03)


def test_a_within_class_spike_is_seen_with_labels(spiked: DataSetReport) -> None:
    """Variance 400 inside the classes: the spectral time is 3.0, where nothing happens; the truth is log(16) / 2."""
    spectral = spiked.time("spectral")
    assert spectral.time == pytest.approx(0.5 * np.log(400.0), abs=3.0 * spectral.standard_error)
    assert spectral.standard_error < 0.03
    assert len(within_class_warnings(spiked)) == 1
    assert any("differs from the time bayes" in sentence for sentence in spiked.warnings)
    bayes = spiked.time("bayes")
    assert abs(bayes.time - 0.5 * np.log(16.0)) < 3.5 * bayes.standard_error + 0.01
    # Over data sets it scatters by 0.021: the spike is in the means of both classes.
    assert spiked.time("between-class").time == pytest.approx(0.5 * np.log(16.0), abs=0.065)
    assert spiked.directions[0].class_time is None
    assert spiked.directions[1].class_time == pytest.approx(0.5 * np.log(16.0), abs=0.03)
    at_spectral = np.interp(0.5 * np.log(400.0), spiked.grid, spiked.agreement.leave_one_out)
    assert at_spectral < 0.55


def test_a_within_class_spike_is_seen_without_labels() -> None:
    report = analyse(DataSet.from_arrays(two_classes(2, spike=400.0)[0]), directions=3, collapse=False)
    assert len(within_class_warnings(report)) == 1
    assert "direction 2" in within_class_warnings(report)[0]
    bimodality = report.time("bimodality")
    assert bimodality.time == pytest.approx(0.5 * np.log(16.0), abs=3.0 * bimodality.standard_error)
    assert bimodality.standard_error < 0.05
    assert [entry.criterion for entry in report.times] == ["spectral", "bimodality"]
    assert report.agreement is None
    assert any("Without labels" in note for note in report.notes)


def test_genuine_classes_are_not_suspected_without_labels() -> None:
    suspected = 0
    for seed in range(10):
        report = analyse(
            DataSet.from_arrays(two_classes(100 + seed, count=300)[0]), directions=1, collapse=False
        )
        suspected += bool(within_class_warnings(report))
    assert suspected == 0


def test_rotation_and_order_do_not_matter() -> None:
    samples, labels = two_classes(3, count=400)
    random = np.random.default_rng(0)
    rotation = np.linalg.qr(random.standard_normal((DIMENSION, DIMENSION)))[0]
    shuffle = random.permutation(len(samples))
    one = analyse(DataSet.from_arrays(samples, labels), directions=2, collapse=False)
    moved = DataSet.from_arrays((samples @ rotation + 5.0)[shuffle], labels[shuffle])
    other = analyse(moved, directions=2, collapse=False)
    np.testing.assert_allclose(other.eigenvalues, one.eigenvalues, rtol=1e-10)
    for a, b in zip(one.directions, other.directions, strict=True):
        assert b.spectral_time == pytest.approx(a.spectral_time, abs=1e-10)
        assert b.dip == pytest.approx(a.dip, abs=1e-12)
        assert b.between_class_fraction == pytest.approx(a.between_class_fraction, abs=1e-10)
    assert other.time("between-class").time == pytest.approx(one.time("between-class").time, abs=1e-10)
    # The noise is drawn anew in the other coordinates: the agreement is the same within its error.
    error = np.hypot(one.agreement.leave_one_out_standard_error, other.agreement.leave_one_out_standard_error)
    difference = np.abs(one.agreement.leave_one_out - other.agreement.leave_one_out)
    assert (difference < 3.5 * error + 1e-12).all()


def test_scale_shifts_the_spectral_time_by_its_logarithm() -> None:
    samples, _ = two_classes(4, count=200)
    one, other = (
        analyse(DataSet.from_arrays(scale * samples), directions=1, collapse=False) for scale in (1.0, 3.0)
    )
    first, second = one.time("spectral").time, other.time("spectral").time
    assert second == pytest.approx(first + np.log(3.0), abs=1e-10)
    assert f"{other.total_variance:.6g}" in other.notes[0] or any(
        "scale given" in note for note in other.notes
    )


def test_data_repeated_twice_have_the_same_times_and_smaller_errors() -> None:
    samples, labels = two_classes(5, count=200)
    one = analyse(DataSet.from_arrays(samples, labels), directions=1)
    twice = analyse(DataSet.from_arrays(np.tile(samples, (2, 1)), np.tile(labels, 2)), directions=1)
    assert twice.samples == 400
    assert twice.distinct_samples == 200
    np.testing.assert_allclose(twice.eigenvalues, one.eigenvalues, rtol=1e-10)
    assert any("repeat another" in note for note in twice.notes)
    # Taking out all copies of a point leaves the same competitors with the same shares.
    error = np.hypot(one.agreement.leave_one_out_standard_error, twice.agreement.leave_one_out_standard_error)
    assert (np.abs(one.agreement.leave_one_out - twice.agreement.leave_one_out) < 3.5 * error + 1e-12).all()


def test_same_bits_for_any_number_of_threads() -> None:
    data = DataSet.from_arrays(*two_classes(6, count=300))
    times = [0.1, 1.0]
    one, two = (analyse(data, time=times, directions=2, threads=threads).record() for threads in (1, 2))
    assert json.dumps(one) == json.dumps(two)
    assert json.dumps(analyse(data, time=times, directions=2, seed=1).record()) != json.dumps(one)


def test_small_scale_has_no_spectral_time_and_a_record_without_nan() -> None:
    samples, labels = two_classes(7, count=100)
    report = analyse(DataSet.from_arrays(0.01 * samples, labels))
    assert report.time("spectral").time is None
    assert "at most 1" in report.time("spectral").reason
    assert report.time("between-class").time is None
    assert any("No spectral time" in sentence for sentence in report.warnings)
    record = json.loads(json.dumps(report.record(), allow_nan=False))
    assert record["times"][0]["time"] is None
    assert record["times"][0]["conversions"] is None
    assert len(record["curves"]) == len(report.grid)


@pytest.mark.parametrize(
    ("samples", "labels"),
    [
        ([[0.0], [10.0]], [0, 1]),
        ([[0.0, 0.0], [10.0, 0.0], [10.0, 0.0]], [0, 1, 0]),
        (np.eye(4), [0, 1, 2, 3]),
        (1e6 + 1e-3 * np.arange(12.0).reshape(6, 2), [0, 0, 0, 1, 1, 1]),
        (np.repeat(np.arange(5.0), 40)[:, None], np.repeat([0, 0, 1, 1, 1], 40)),
        (1e6 * np.random.default_rng(0).standard_normal((30, 3)), np.arange(30) % 2),
    ],
)
def test_degenerate_sets_give_a_valid_record(samples: np.ndarray, labels: list[int]) -> None:
    for given in (labels, None):
        report = analyse(DataSet.from_arrays(samples, given))
        json.dumps(report.record(), allow_nan=False)


def test_times_can_be_given() -> None:
    report = analyse(DataSet.from_arrays(*two_classes(8, count=100)), time=[0.5, 0.1], directions=1)
    np.testing.assert_array_equal(report.grid, [0.1, 0.5])
    assert report.time("bayes").time is None
    assert "last time" in report.time("bayes").reason
    assert analyse(
        DataSet.from_arrays(two_classes(8, count=100)[0]), time=0.3, directions=1
    ).grid.tolist() == [0.3]
    for bad in (0.0, [-1.0], [np.nan], [], [[0.1]]):
        with pytest.raises(InvalidArgument, match="time"):
            analyse(DataSet.from_arrays(two_classes(8, count=100)[0]), time=bad)


def test_level_of_two_classes_by_another_quadrature() -> None:
    for weight in (0.5, 0.35, 0.2):

        def integrand(u: float, weight: float = weight) -> float:
            first, second = weight * norm.pdf(u, 1.0), (1.0 - weight) * norm.pdf(u, -1.0)
            return (first**2 + second**2) / (first + second)

        exact = quad(integrand, -9.0, 9.0, epsabs=1e-12)[0]
        assert agreement_level([weight, 1.0 - weight]) == pytest.approx(exact, abs=1e-9)
    fraction = quad(lambda z: norm.pdf(z) * np.tanh(1.0 + z) ** 2, -10.0, 10.0, epsabs=1e-13)[0]
    assert pytest.approx(fraction, abs=1e-10) == CHOSEN_FRACTION
    assert agreement_level(np.full(4, 0.25)) == pytest.approx(0.25 + 0.75 * fraction, abs=1e-9)


def test_conversions_of_a_time() -> None:
    found = conversions(0.5 * np.log(2.0))
    assert found["edm_sigma"] == pytest.approx(1.0)
    assert found["vp_sigma"] == pytest.approx(np.sqrt(0.5))
    assert found["signal_to_noise"] == pytest.approx(1.0)
    # 1000 steps with variances from 1e-4 to 0.02: half of the signal's variance is left between two of them.
    left = np.cumprod(1.0 - np.linspace(1e-4, 2e-2, 1000))
    assert left[258] > 0.5 > left[259]
    assert 259.0 < found["ddpm_step"] < 260.0
    assert conversions(7.0)["ddpm_step"] is None
    assert conversions(0.0)["signal_to_noise"] is None


def test_handwritten_digits() -> None:
    """1797 images scaled to [-1, 1]; eigenvalues by singular values, and three published with weight 1 / (n - 1)."""
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    samples = images / 8.0 - 1.0
    report = analyse(
        DataSet.from_arrays(samples, labels), time=[0.3, 0.4, 0.5, 0.7], sources=500, directions=2
    )
    exact = np.linalg.svd(samples - samples.mean(axis=0), compute_uv=False) ** 2 / 1797
    np.testing.assert_allclose(report.eigenvalues[:10], exact[:10], rtol=1e-10)
    assert report.time("spectral").time == pytest.approx(0.5 * np.log(exact[0]), abs=1e-12)
    assert report.unbiased_top_eigenvalue == pytest.approx(
        np.linalg.eigvalsh(np.cov(samples.T))[-1], rel=1e-10
    )
    np.testing.assert_allclose(exact[:3] * 1797 / 1796, [2.79698328, 2.55808980, 2.21544436], atol=5e-9)
    # Ten classes, and most of the leading direction's variance lies between them.
    assert not within_class_warnings(report)
    leading = np.linalg.svd(samples - samples.mean(axis=0), full_matrices=False)[2][0]
    along = (samples - samples.mean(axis=0)) @ leading
    within = sum(along[labels == k].var() * (labels == k).mean() for k in range(10))
    # The correction for the error of ten class means is of the order 9/1797.
    assert report.directions[0].between_class_fraction == pytest.approx(1.0 - within / exact[0], abs=9 / 1797)
    assert report.directions[0].between_class_fraction > 0.5
    bayes = report.time("bayes")
    assert abs(bayes.time - 0.5 * np.log(exact[0])) < 0.1


def test_pictures_are_written(genuine: DataSetReport, tmp_path: Path) -> None:
    files = plot_report(genuine, tmp_path / "new" / "folder")
    assert {file.name for file in files} == {
        f"{name}.{ending}"
        for name in ("spectrum", "projection", "agreement", "collapse", "collapse-sizes")
        for ending in ("png", "pdf")
    }
    assert all(file.stat().st_size > 3000 for file in files)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidArgument, match="directory"):
        plot_report(genuine, tmp_path / "file")
