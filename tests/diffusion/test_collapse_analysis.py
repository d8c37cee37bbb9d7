"""The collapse of a data set: digits against a loop over samples, and laws where the collapse time is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statphys_gen.data.dataset import DataSet
from statphys_gen.diffusion.analysis import collapse as collapse_analysis
from statphys_gen.diffusion.analysis.collapse import analyse_collapse
from statphys_gen.diffusion.analysis.data_set import analyse
from statphys_gen.diffusion.analysis.report import DataSetCollapse
from statphys_gen.errors import InvalidArgument

REFERENCE = Path(__file__).parents[1] / "reference" / "diffusion_digits_collapse.json"


def collapse_of(samples: np.ndarray, labels: Any = None, **options: Any) -> DataSetCollapse:
    data = DataSet.from_arrays(samples, labels)
    centred = data.points - data.weights @ data.points
    values = np.linalg.eigvalsh((centred * data.weights[:, None]).T @ centred)[::-1]
    return analyse_collapse(data, np.maximum(values, 0.0), float(values[0]), **options)


def gaussian_time(samples: float, dimension: int, variance: float) -> float:
    """Where log n = (d/2) log(1 + variance / (exp(2t) - 1))."""
    return float(0.5 * np.log1p(variance / np.expm1(2.0 * np.log(samples) / dimension)))


@pytest.fixture(scope="module")
def digits() -> DataSetCollapse:
    images = pytest.importorskip("sklearn.datasets").load_digits().data / 8.0 - 1.0
    reference = json.loads(REFERENCE.read_text())
    return collapse_of(images, times=np.array([row["time"] for row in reference["rows"]]), sources=4000)


@pytest.fixture(scope="module")
def normal() -> DataSetCollapse:
    return collapse_of(np.random.default_rng(5).standard_normal((1200, 30)) * np.sqrt(0.6))


def test_digits_against_a_loop_over_samples(digits: DataSetCollapse) -> None:
    curves = digits.curves
    for row in json.loads(REFERENCE.read_text())["rows"]:
        index = int(np.flatnonzero(np.isclose(curves.time, row["time"], rtol=1e-9))[0])
        for name in ("entropy", "participation", "top_one"):
            error = np.hypot(getattr(curves, f"{name}_standard_error")[index], row[f"{name}_error"])
            assert abs(getattr(curves, name)[index] - row[name]) < 4.0 * error, (name, row["time"])
    half = digits.time("half-participation")
    assert 0.2 < half.time < 0.3
    assert half.standard_error < 0.003


def test_digits_on_subsets_predict_all_of_them(digits: DataSetCollapse) -> None:
    half, subsets = digits.time("half-participation"), digits.time("subsample")
    error = np.hypot(half.standard_error, subsets.standard_error)
    assert abs(half.time - subsets.time) < 3.0 * error
    assert error < 0.02
    assert [p.samples for p in digits.predictions] == [28, 56, 112, 224, 449, 898, 1797, 3594, 7188]
    times = [p.half_time for p in digits.predictions]
    assert (np.diff(times) < 0.0).all()
    errors = [p.half_time_standard_error for p in digits.predictions]
    assert errors[-1] > errors[-2] > errors[-3]
    # The bound holds for digits, which are far from Gaussian.
    entropy, bound = digits.time("entropy"), digits.time("surrogate")
    assert entropy.time < bound.time


def test_times_of_a_gaussian_law_for_every_number_of_samples(normal: DataSetCollapse) -> None:
    """The collapse time is known in closed form; participation 1/2 is later by the offset, which is in the error."""
    for prediction in normal.predictions:
        exact = gaussian_time(prediction.samples, 30, 0.6)
        assert abs(prediction.collapse_time - exact) < 2.0 * prediction.collapse_time_standard_error, (
            prediction
        )
        assert prediction.collapse_time_standard_error < 0.05
        assert prediction.offset > 0.0
    entropy, surrogate = normal.time("entropy"), normal.time("surrogate")
    assert surrogate.time == pytest.approx(gaussian_time(1200, 30, 0.6), abs=0.02)
    assert surrogate.standard_error < 0.01
    assert entropy.time == pytest.approx(gaussian_time(1200, 30, 0.6), abs=0.03)


def test_predictions_for_more_samples_hold_when_they_come() -> None:
    rng = np.random.default_rng(11)
    samples = rng.standard_normal((1600, 12)) * np.geomspace(2.0, 0.3, 12)
    few = collapse_of(samples[:400])
    many = collapse_of(samples)
    predicted = {p.samples: p for p in few.predictions}[1600]
    assert not predicted.measured
    half = many.time("half-participation")
    error = np.hypot(half.standard_error, predicted.half_time_standard_error)
    assert abs(predicted.half_time - half.time) < 3.0 * error
    assert predicted.half_time_standard_error < 0.1


def test_the_information_lies_between_its_bounds(normal: DataSetCollapse) -> None:
    curves = normal.curves
    information = 15.0 * np.log1p(0.6 / np.expm1(2.0 * curves.time))
    lower = np.log(1200) - curves.entropy
    upper = np.log(1199) - curves.log_ratio
    assert (lower < information + 4.0 * curves.entropy_standard_error + 0.05).all()
    assert (upper > information - 4.0 * curves.log_ratio_standard_error - 0.05).all()
    late = curves.condensation < 0.02
    assert late.any()
    # One data set of 1200 points: its curve moves as a whole, here by about one standard error of a point.
    assert (np.abs(upper - information)[late] < 3.0 * curves.log_ratio_standard_error[late]).all()


def test_copies_of_every_sample_change_nothing() -> None:
    samples = np.random.default_rng(2).standard_normal((60, 3))
    one, two = collapse_of(samples), collapse_of(np.concatenate([samples, samples]))
    assert (one.duplicates, two.duplicates) == (0, 60)
    assert (two.points, two.largest_multiplicity) == (60, 2)
    assert two.log_points == pytest.approx(np.log(60), abs=1e-12)
    for name in ("half-participation", "balance"):
        first, second = one.time(name), two.time(name)
        assert abs(first.time - second.time) < 5.0 * first.standard_error
    assert two.curves.participation[0] > 0.95


def test_points_that_differ_by_their_label_only_are_one() -> None:
    samples = np.random.default_rng(3).standard_normal((40, 2))
    samples[1], samples[3] = samples[0], samples[2]
    labels = np.arange(40) % 2
    data = DataSet.from_arrays(samples, labels)
    assert len(data.points) == 40
    merged = data.without_labels()
    assert len(merged.points) == 38
    assert merged.samples == 40
    assert merged.labels is None
    assert np.array_equal(merged.without_labels().points, merged.points)
    report = analyse(data, directions=1)
    assert report.collapse.points == 38
    assert report.collapse.duplicates == 2
    assert report.collapse.largest_multiplicity == 2
    assert any("repeat another one" in sentence for sentence in report.warnings)


def test_unequal_multiplicities_weigh_the_points() -> None:
    """Two points far apart, one of them nine times: at late times w = (0.9, 0.1) and H = the entropy of the shares."""
    samples = np.concatenate([np.zeros((9, 1)), np.ones((1, 1))])
    result = collapse_of(samples, times=np.array([9.0]))
    shares = np.array([0.9, 0.1])
    assert result.log_points == pytest.approx(-(shares @ np.log(shares)))
    assert result.curves.time[-1] == 9.0
    assert result.curves.entropy[-1] == pytest.approx(result.log_points, abs=1e-3)
    assert result.curves.participation[-1] == pytest.approx(0.82, abs=1e-3)
    assert result.time("half-participation").time is None
    assert result.time("half-participation").reason


def test_a_law_that_turns_with_the_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data multiplied by s: with the same noise, the same curves at the noise levels multiplied by s."""
    monkeypatch.setattr(collapse_analysis, "fingerprint", lambda data: "any data")
    samples = np.random.default_rng(4).standard_normal((100, 4))
    one, other = collapse_of(samples), collapse_of(7.0 * samples)
    place = [np.expm1(2.0 * result.curves.time) for result in (one, other)]
    np.testing.assert_allclose(place[1], 49.0 * place[0], rtol=1e-9)
    np.testing.assert_allclose(other.curves.entropy, one.curves.entropy, atol=1e-9)
    first, second = (result.time("half-participation").time for result in (one, other))
    assert np.expm1(2.0 * second) == pytest.approx(49.0 * np.expm1(2.0 * first), rel=1e-6)


def test_same_bits_for_any_number_of_threads_and_valid_json() -> None:
    samples = np.random.default_rng(6).standard_normal((300, 5))
    one, two = (collapse_of(samples, threads=threads, sources=600) for threads in (1, 3))
    text = json.dumps(one.record(), allow_nan=False)
    assert text == json.dumps(two.record(), allow_nan=False)
    assert text != json.dumps(collapse_of(samples, seed=1, sources=600).record())
    assert {"points", "duplicates", "times", "predictions", "curves"} <= set(one.record())
    assert len(one.record()["curves"]) == len(one.curves.time)


@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_few_points_give_reasons_instead_of_times(count: int) -> None:
    samples = np.random.default_rng(count).standard_normal((count, 3))
    result = collapse_of(samples, sources=300)
    for entry in result.times:
        assert (entry.time is None) == bool(entry.reason)
    assert result.time("subsample").time is None
    assert result.time("entropy").time is None
    assert result.predictions == ()
    json.dumps(result.record(), allow_nan=False)


def test_unknown_spectrum_gives_no_bound() -> None:
    data = DataSet.from_arrays(np.random.default_rng(0).standard_normal((50, 3)))
    assert analyse_collapse(data, None, 1.0, sources=300).time("surrogate").reason


def test_collapse_later_than_speciation_is_told() -> None:
    """Few samples in many dimensions commit to a sample before the leading direction is decided."""
    samples = np.random.default_rng(1).standard_normal((50, 200))
    samples[:, 0] += np.where(np.arange(50) % 2, 2.0, -2.0)
    report = analyse(DataSet.from_arrays(samples), directions=1, sources=300)
    assert any("commit to one of them before" in sentence for sentence in report.warnings)
    assert report.record()["collapse"]["points"] == 50
    assert analyse(DataSet.from_arrays(samples), directions=1, collapse=False).record()["collapse"] is None


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("sources", {"sources": 1}),
        ("sources", {"sources": 2.5}),
        ("sources", {"sources": "all"}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": None}),
        ("threads", {"threads": 0}),
        ("directions", {"directions": 0}),
        ("time", {"time": [0.1, 0.0]}),
        ("time", {"time": "early"}),
        ("time", {"time": [np.inf]}),
    ],
)
def test_bad_options_are_refused(argument: str, options: dict[str, Any]) -> None:
    data = DataSet.from_arrays(np.eye(4))
    with pytest.raises(InvalidArgument, match=argument) as caught:
        analyse(data, **options)
    assert "\n" not in str(caught.value)


def test_unknown_criterion_is_refused(normal: DataSetCollapse) -> None:
    with pytest.raises(InvalidArgument, match="half-participation"):
        normal.time("bayes")
