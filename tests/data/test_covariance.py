"""The covariance of data by its eigenvalues: finite dimensions and limiting laws."""

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import InvalidArgument


def test_a_finite_dimension_keeps_order_and_multiplicities():
    law = Covariance.from_eigenvalues([2.0, 0.0, 0.1], [3, 10, 4])
    assert law.dimension == 17
    np.testing.assert_array_equal(law.eigenvalues, [2.0, 0.0, 0.1])
    np.testing.assert_array_equal(law.multiplicities, [3.0, 10.0, 4.0])
    assert law.rank == 7
    assert law.variance == pytest.approx(6.4 / 17, rel=1e-15)


def test_its_limit_is_sorted_and_merged():
    law = Covariance.from_eigenvalues([2.0, 0.5, 2.0, 0.5, 0.5]).limit()
    assert law.dimension is None
    np.testing.assert_array_equal(law.eigenvalues, [0.5, 2.0])
    np.testing.assert_allclose(law.weights, [0.6, 0.4], rtol=1e-15)
    assert law.limit() is law


def test_a_printed_law_can_be_pasted_back():
    law = Covariance.from_eigenvalues([2.0, 0.5, 1.25], [1, 2, 4])
    again = eval(repr(law), {"Covariance": Covariance})
    np.testing.assert_array_equal(again.eigenvalues, law.eigenvalues)
    np.testing.assert_array_equal(again.multiplicities, law.multiplicities)


@pytest.mark.parametrize("dimension", [1, 7, 49, 10**6 + 3])
def test_weights_of_a_finite_dimension_are_counts(dimension):
    rng = np.random.default_rng(dimension)
    counts = np.unique(rng.integers(1, dimension + 1, 5))
    law = Covariance.from_eigenvalues(1.0 + np.arange(len(counts)), counts)
    np.testing.assert_array_equal(law.multiplicities, counts)
    assert Covariance(law.eigenvalues, law.weights, law.dimension).multiplicities.sum() == law.dimension


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("dimension", lambda: Covariance([1.0, 2.0], [0.3, 0.7], 11)),
        ("dimension", lambda: Covariance([1.0, 2.0], [0.3, 0.7], 0)),
        ("law", lambda: Covariance.isotropic(0.7).finite_dimension()),
        ("covariance", lambda: Covariance.power_law(1.0).multiplicities),
        ("variance", lambda: Covariance.isotropic(0.0)),
        ("eigenvalues[1]", lambda: Covariance([1.0, -0.1], [0.5, 0.5])),
        ("eigenvalues", lambda: Covariance([0.0], [1.0])),
        ("weights", lambda: Covariance([1.0, 2.0], [0.5, 0.6])),
        ("weights", lambda: Covariance([1.0, 2.0], [1.0])),
        ("eigenvalues", lambda: Covariance([], [])),
        ("covariance", lambda: Covariance.parse("1:0.5,2:x")),
        ("covariance", lambda: Covariance.parse("1:0.5:3")),
        ("covariance", lambda: Covariance.parse(1.0)),
        ("ratio", lambda: Covariance.marchenko_pastur(0.0)),
        ("nodes", lambda: Covariance.marchenko_pastur(0.5, nodes=1)),
        ("exponent", lambda: Covariance.power_law(-1.0)),
        ("cutoff", lambda: Covariance.power_law(1.0, cutoff=1.0)),
        ("eigenvalues[1]", lambda: Covariance.from_eigenvalues([1.0, -1e-3])),
        ("eigenvalues", lambda: Covariance.from_file("/does/not/exist.npy")),
        ("data", lambda: Covariance.from_data(np.ones((5, 3)))),
        ("data", lambda: Covariance.from_data(np.ones((1, 3)))),
        ("data", lambda: Covariance.from_data([1.0, 2.0])),
        ("eigenvalues[0]", lambda: Covariance.from_eigenvalues([-1.0, 2.0])),
        ("eigenvalues", lambda: Covariance.from_eigenvalues([0.0, 0.0])),
        ("eigenvalues", lambda: Covariance.from_eigenvalues([])),
        ("eigenvalues", lambda: Covariance.from_eigenvalues([[1.0]])),
        ("eigenvalues[1]", lambda: Covariance.from_eigenvalues([1.0, np.nan])),
        ("eigenvalues", lambda: Covariance.from_eigenvalues(["1"])),
        ("multiplicities", lambda: Covariance.from_eigenvalues([1.0, 2.0], [1])),
        ("multiplicities[0]", lambda: Covariance.from_eigenvalues([1.0], [0])),
        ("multiplicities", lambda: Covariance.from_eigenvalues([1.0], [1.5])),
        ("dimension", lambda: Covariance.isotropic(dimension=0)),
        ("dimension", lambda: Covariance.isotropic(dimension=2.5)),
        ("variance", lambda: Covariance.isotropic(0.0, 3)),
    ],
)
def test_bad_input_is_refused_in_one_line(argument, call):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)


def test_files(tmp_path):
    path = tmp_path / "eigenvalues.npy"
    np.save(path, np.array([1.0, 2.0, 3.0, 2.0]))
    found = Covariance.from_file(path).limit()
    np.testing.assert_allclose(found.eigenvalues, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(found.weights, [0.25, 0.5, 0.25])
    np.save(path, np.array([1.0, -2.0]))
    with pytest.raises(InvalidArgument, match="at least 0"):
        Covariance.from_file(path)
    path.write_text("not an array")
    with pytest.raises(InvalidArgument, match="npy"):
        Covariance.from_file(path)


def test_covariances():
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
    assert len(Covariance.from_data(generator.standard_normal((3, 10))).limit().eigenvalues) == 3
