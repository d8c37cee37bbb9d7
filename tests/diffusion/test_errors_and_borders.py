"""Error bars that the theory states of itself, unbiased variances at small sizes, and borders between regimes."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import qmc

from statphys_gen import diffusion
from statphys_gen.data import Covariance, DiscreteProduct, GaussianMixture, NoisedMixture
from statphys_gen.diffusion.simulation.collapse import data_stream, draw_data
from statphys_gen.diffusion.theory import class_information, clones
from statphys_gen.diffusion.theory.excess_entropy import within_classes
from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.meaning import fingerprint
from statphys_gen.statistics import generator

CLASSES = GaussianMixture.two_classes(dimension=7, separation=0.8, variance=0.6)


def test_error_of_a_time_is_that_of_the_agreement_over_its_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agreement (1 + exp(-t))/2 with error 1e-4: of two equal classes phi = 1/2 is chance, and the share above is
    exp(-t), so that the time at which it is 0.3 is known, with the error 2e-4/0.3."""

    def fake(mixture: Any, times: Any, levels: Any, *, seed: int) -> Any:
        value = 0.5 * (1.0 + np.exp(-np.asarray(times)))[None, :]
        return SimpleNamespace(value=value, error=np.full(value.shape, 1e-4))

    monkeypatch.setattr(clones, "hierarchical_agreement", fake)
    levels = (np.array([0, 1]),)
    time, error, residual, _, status = clones._level_time(CLASSES, levels, 0.3, 0)
    assert status == 0
    assert residual < 1e-8
    assert time == pytest.approx(-math.log(0.3), abs=1e-7)
    assert error == pytest.approx(2e-4 / 0.3, rel=1e-4)


def test_error_of_many_classes_is_that_of_a_mean_over_scramblings() -> None:
    """Of the same points, with the sums written out: the error lies between the two tolerances."""
    random = np.random.default_rng(1)
    positions = random.standard_normal((3, 2))
    weights = np.array([0.5, 0.3, 0.2])
    law = GaussianMixture(weights, random.standard_normal((3, 5)), 0.7)
    count = class_information._SCRAMBLINGS
    key = {"purpose": "class information", "law": fingerprint(law), "rank": 2}
    exponent = min(12, max(5, int(math.log2(2.0**28 / (count * 9)))))
    found = np.empty((count, 3))
    for replica in range(count):
        u = qmc.Sobol(2, scramble=True, rng=generator(0, key, replica)).random_base2(exponent)
        z = ndtri(np.clip(u, 1e-12, 1 - 1e-12))
        for c in range(3):
            x = z + positions[c]
            density = sum(
                w * np.exp(-0.5 * ((x - p) ** 2).sum(axis=1)) for w, p in zip(weights, positions, strict=True)
            )
            found[replica, c] = np.mean(-0.5 * (z**2).sum(axis=1) - np.log(density))
    squared = ((found - found.mean(axis=0)) ** 2).sum(axis=0) / (count - 1) / count
    error = math.sqrt(squared.max())
    drawn = class_information._quasi_monte_carlo(positions, law, 0)
    np.testing.assert_allclose(drawn.mean(axis=0), found.mean(axis=0), rtol=1e-10)
    np.testing.assert_array_equal(class_information._accurate(drawn, 1.001 * error), drawn)
    with pytest.raises(AccuracyNotReached, match="standard error"):
        class_information._accurate(drawn, 0.999 * error)


def test_drift_time_has_the_unbiased_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data of 100 walkers whatever the time: 2 r (1 + r) V = 1 + 2 r with V their sum of squares over 99."""
    data = 3.0 * np.random.default_rng(2).standard_normal((100, 7))
    monkeypatch.setattr(NoisedMixture, "backward", lambda *args: (data, np.zeros(100)))
    mixture = GaussianMixture.two_classes(dimension=7, separation=2.0, variance=1.0)
    found = diffusion.simulate_drift_time(mixture, walkers=100, blocks=2)
    along = (mixture.means[0] - mixture.means[1]) / np.linalg.norm(mixture.means[0] - mixture.means[1])
    projected = data @ along
    variance = float(((projected - projected.mean()) ** 2).sum() / 99)
    # 2 V r^2 + 2 (V - 1) r - 1 = 0.
    r = (-(variance - 1) + math.sqrt((variance - 1) ** 2 + 2 * variance)) / (2 * variance)
    assert float(found.mean) == pytest.approx(0.5 * math.log1p(1 / r), rel=1e-9)


def test_point_masses_have_no_density_at_time_0() -> None:
    wide = [GaussianMixture([1.0], [[m]], 0.5) for m in (-1.0, 1.0)]
    sharp = [GaussianMixture([1.0], [[m]], 0.0) for m in (-1.0, 1.0)]
    found = diffusion.simulate_product_clones(wide, [0.0, 0.3], 2, walkers=50)
    assert found.shape == (2,)
    with pytest.raises(InvalidArgument, match=r"^time"):
        diffusion.simulate_product_clones(sharp, [0.0, 0.3], 2, walkers=50)
    assert diffusion.simulate_product_clones(sharp, [0.3], 2, walkers=50).shape == (1,)


def test_regimes_change_where_their_lines_are() -> None:
    """Isotropic data: log(n)/d = log(1 + r)/2 where they collapse, and r/(1 + r)/2 more where traps set in."""
    law, alpha = Covariance.isotropic(0.7, 12), 0.4
    times = np.linspace(0.02, 1.0, 4001)
    found = diffusion.phase_diagram(law, times, [alpha])
    r = 0.7 / np.expm1(2 * times)
    collapsed = alpha < 0.5 * np.log1p(r)
    trapped = alpha < 0.5 * (np.log1p(r) + r / (1 + r))
    expected = np.where(collapsed, 3, np.where(trapped, 2, 1))
    np.testing.assert_array_equal(found.regime[:, 0], expected)
    assert set(expected) == {1, 2, 3}
    last = [times[expected == code].max() for code in (3, 2)]
    assert float(found.collapse["time"][0]) == pytest.approx(last[0], abs=3e-4)
    assert float(found.trap_onset["time"][0]) == pytest.approx(last[1], abs=3e-4)


def test_information_of_two_points_has_no_bias() -> None:
    """The one other point has all the weight of the others: the correction is 0, and I = -E log(Z_other/Z_source)."""
    law, time = Covariance.isotropic(0.7, 4), [0.2, 0.6]
    curves = diffusion.simulate_collapse(law, time, 2, walkers=50, instances=6)
    found = diffusion.simulate_information(law, time, 2, walkers=50, instances=6)
    np.testing.assert_allclose(curves.condensation.mean, 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.mean, -curves.log_ratio.mean, rtol=1e-12)


def test_slope_of_the_information_of_three_points_by_the_definition() -> None:
    """Of the same draws: mean log(Z_others/Z_source) + (sum of the squared weights of the others - 1/(N - 1))/2."""
    law, time, step, walkers, samples = Covariance.isotropic(0.7, 4), 0.4, 0.05, 6, 3
    found = diffusion.simulate_information_slope(
        law, time, samples, step=step, walkers=walkers, instances=2, seed=5
    )
    slopes = []
    for instance in range(2):
        rng = data_stream(5, "information slope", law, samples, instance, source_class=None, time=time)
        points = draw_data(law, samples, rng)[0]
        noise = rng.standard_normal((walkers, 4))
        known = {}
        for t in (time - step, time + step):
            variance, total = math.expm1(2 * t), 0.0
            for k in range(walkers):
                x = points[k % samples] + math.sqrt(variance) * noise[k]
                weights = np.exp(-((x - points) ** 2).sum(axis=1) / (2 * variance))
                others = np.delete(weights, k % samples)
                squares = float(((others / others.sum()) ** 2).sum())
                total += math.log(others.sum() / weights[k % samples]) + 0.5 * (squares - 1 / (samples - 1))
            known[t] = total / walkers
        slopes.append((known[time - step] - known[time + step]) / (2 * step))
    assert float(found.mean) == pytest.approx(np.mean(slopes), rel=1e-10)


def test_information_of_three_points_by_the_definition() -> None:
    """log(N - 1) less the mean log-ratio, less half of what the squared weights of the others have above 1/(N - 1)."""
    law = Covariance.isotropic(0.7, 4)
    curves = diffusion.simulate_collapse(law, [0.2], 3, walkers=60, instances=6)
    found = diffusion.simulate_information(law, [0.2], 3, walkers=60, instances=6)
    squares = curves.condensation.mean
    assert 0.55 < float(squares[0]) < 1.0
    np.testing.assert_allclose(
        found.mean, math.log(2) - curves.log_ratio.mean - (squares - 0.5) / 2, rtol=1e-12
    )


def test_variance_of_the_information_density_of_a_product() -> None:
    """Of a component +-1 with mean 0.4 in noise of variance E, by integrals over the noise of both values."""
    law, excess = DiscreteProduct.binary(5, 0.4), np.array([0.6, 2.5])
    found = within_classes(law, excess)
    z = np.linspace(-9.0, 9.0, 4001)
    normal = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    for k, variance in enumerate(excess):
        first = second = posterior = 0.0
        for own, share in ((1.0, 0.7), (-1.0, 0.3)):
            y = own + math.sqrt(variance) * z
            plus, minus = (0.7, 1.0), (0.3, -1.0)
            logs = [math.log(w) - (y - a) ** 2 / (2 * variance) for w, a in (plus, minus)]
            density = -((y - own) ** 2) / (2 * variance) - np.logaddexp(*logs)
            first += share * float(normal @ density)
            second += share * float(normal @ density**2)
            mean = np.tanh(0.5 * (logs[0] - logs[1]))
            posterior += share * float(normal @ (1.0 - mean**2))
        assert float(found.information[k, 0]) == pytest.approx(5 * first, rel=1e-9)
        assert float(found.variance[k, 0]) == pytest.approx(5 * (second - first**2), rel=1e-8)
        assert float(found.slope[k, 0]) == pytest.approx(5 * posterior / variance, rel=1e-9)
