"""Bad input is refused in one line that names the argument."""

from pathlib import Path

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features.model import Covariance, RandomFeatures


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "eigenvalues.npy"
    np.save(path, np.array([1.0, 2.0, 3.0, 2.0]))
    found = Covariance.from_file(path)
    np.testing.assert_allclose(found.eigenvalues, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(found.weights, [0.25, 0.5, 0.25])
    np.save(path, np.array([1.0, -2.0]))
    with pytest.raises(InvalidArgument, match="at least 0"):
        Covariance.from_file(path)
    path.write_text("not an array")
    with pytest.raises(InvalidArgument, match="npy"):
        Covariance.from_file(path)


def test_covariances() -> None:
    assert Covariance.parse("0.5:0.5,1.5:0.5").variance == 1.0
    assert Covariance.parse("2").variance == 2.0
    for ratio in (0.3, 1.0, 2.5):
        law = Covariance.marchenko_pastur(ratio, 2.0)
        moments = [float(law.weights @ law.eigenvalues**k) for k in (1, 2, 3)]
        np.testing.assert_allclose(moments, [2, 4 * (1 + ratio), 8 * (1 + 3 * ratio + ratio**2)], rtol=1e-12)
        assert law.quadrature_error < (1e-10 if ratio != 1.0 else 0.02)
    law = Covariance.power_law(1.3, 0.01, 3.0)
    assert law.variance == pytest.approx(3.0)
    assert law.eigenvalues[-1] / law.eigenvalues[0] == pytest.approx(0.01**-1.3, rel=0.02)
    generator = np.random.default_rng(0)
    data = Covariance.from_data(generator.standard_normal((4000, 6)) * np.array([1, 1, 1, 2, 2, 2]))
    assert data.variance == pytest.approx(2.5, rel=0.05)
    assert len(Covariance.from_data(generator.standard_normal((3, 10))).eigenvalues) == 3


def test_noise_draws_may_be_given_as_a_whole_float() -> None:
    assert RandomFeatures("tanh", 2, 3, 0.1, noise_draws=2.0).noise_draws == 2.0
