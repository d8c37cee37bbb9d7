"""The spectrum of a data set by every route, its standard error and its upward bias."""

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.data import principal
from statphys_gen.data.dataset import DataSet
from statphys_gen.data.principal import principal_directions
from statphys_gen.statistics.estimate import Estimate


def singular_values(samples: np.ndarray) -> np.ndarray:
    return np.linalg.svd(samples - samples.mean(axis=0), compute_uv=False) ** 2 / len(samples)


@pytest.mark.parametrize("shape", [(50, 7), (9, 40), (2, 3), (30, 1)])
def test_spectrum_is_that_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    samples = np.random.default_rng(0).standard_normal(shape) * np.arange(1, shape[1] + 1) + 50.0
    result = principal_directions(DataSet.from_arrays(samples), 3)
    exact = singular_values(samples)
    np.testing.assert_allclose(result.eigenvalues[: len(exact)], exact, rtol=1e-10, atol=1e-10 * exact[0])
    assert result.total_variance == pytest.approx(exact.sum(), rel=1e-12)
    assert result.effective_rank == pytest.approx(exact.sum() ** 2 / (exact**2).sum(), rel=1e-12)
    leading = len(result.vectors)
    np.testing.assert_allclose(result.vectors @ result.vectors.T, np.eye(leading), atol=1e-10)
    np.testing.assert_allclose((result.projections**2).mean(axis=1), exact[:leading], rtol=1e-10)


def test_lanczos_finds_the_same_leading_eigenvalues(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    samples = random.standard_normal((300, 120)) * np.geomspace(6.0, 0.5, 120)
    monkeypatch.setattr(principal, "DENSE", 100)
    result = principal_directions(DataSet.from_arrays(samples), 4)
    exact = singular_values(samples)
    assert not result.complete
    np.testing.assert_allclose(result.eigenvalues, exact[:20], rtol=1e-8)
    np.testing.assert_allclose((result.projections**2).mean(axis=1), exact[:4], rtol=1e-8)
    # z^T C^2 z with random signs z has the variance 2 sum of the squared entries of C^2 off its diagonal.
    squared = np.cov(samples.T, bias=True) @ np.cov(samples.T, bias=True)
    spread = np.sqrt(2.0 * ((squared**2).sum() - (np.diag(squared) ** 2).sum()) / principal._PROBES)
    assert agrees(
        Estimate(result.relative_squared_trace * result.total_variance**2, spread, 1e9), (exact**2).sum()
    )
    assert spread < 0.03 * (exact**2).sum()
    monkeypatch.undo()
    complete = principal_directions(DataSet.from_arrays(samples), 4)
    # The traces beyond the leading eigenvalues enter the inflation in second order.
    assert result.inflation(0, 300) == pytest.approx(complete.inflation(0, 300), rel=3e-3)


def test_multiplicities_count_as_samples() -> None:
    samples = np.random.default_rng(2).standard_normal((20, 3))
    repeated = np.concatenate([samples, samples[:8], samples[:3]])
    result = principal_directions(DataSet.from_arrays(repeated), 2)
    np.testing.assert_allclose(result.eigenvalues, singular_values(repeated), rtol=1e-12)


@pytest.mark.parametrize(("count", "dimension"), [(400, 200), (150, 300)])
def test_inflation_of_a_spike_by_a_finite_sample(count: int, dimension: int) -> None:
    """Unit noise and one direction of variance 25: the sample eigenvalue is too large, the corrected one is not."""
    random = np.random.default_rng(3)
    ratios = []
    for _ in range(30):
        samples = random.standard_normal((count, dimension))
        samples[:, 0] *= 5.0
        result = principal_directions(DataSet.from_arrays(samples), 1)
        # Over the sample variance along the true direction, which removes most of the sampling noise.
        ratio = result.eigenvalues[0] / samples[:, 0].var()
        ratios.append([ratio, ratio / result.inflation(0, count)])
    raw, corrected = (Estimate.from_samples(column) for column in np.transpose(ratios))
    # The next order is 1/n, also from centring.
    assert agrees(corrected, 1.0, bias=1.0 / count)
    assert corrected.standard_error < 0.3 / count
    # Leading order of the spiked model: 1 + (d / n) / (25 - 1).
    assert agrees(raw, 1.0 + dimension / count / 24.0)
    assert raw.standard_error < 0.03 * dimension / count / 24.0


def test_same_bits_for_any_number_of_threads() -> None:
    samples = np.random.default_rng(4).standard_normal((9000, 5))
    one = principal_directions(DataSet.from_arrays(samples), 2, threads=1)
    two = principal_directions(DataSet.from_arrays(samples), 2, threads=2)
    np.testing.assert_array_equal(one.eigenvalues, two.eigenvalues)
    np.testing.assert_array_equal(one.projections, two.projections)
