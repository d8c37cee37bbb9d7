import numpy as np
import pytest

from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.estimate import Estimate


def test_from_samples():
    estimate = Estimate.from_samples([1.0, 2.0, 4.0, 5.0])
    assert estimate.mean == 3.0
    # Sum of squares 10 over 3, over 4 samples.
    assert estimate.standard_error == pytest.approx(np.sqrt(10 / 12))
    assert estimate.degrees_of_freedom == 3.0
    assert str(estimate) == "3 +- 0.91"


def test_axis_and_indexing():
    samples = np.arange(12.0).reshape(3, 4) ** 2
    along_first, along_last = Estimate.from_samples(samples), Estimate.from_samples(samples, axis=1)
    assert along_first.shape == (4,)
    assert along_last.shape == (3,)
    assert along_last[1].mean == samples[1].mean()
    assert along_first.degrees_of_freedom.tolist() == [2.0] * 4
    assert str(along_first[:2]).startswith("[")


def test_stack():
    parts = [Estimate.from_samples([1.0, 3.0]), Estimate.from_samples([2.0, 4.0, 6.0])]
    stacked = Estimate.stack(parts)
    assert stacked.mean.tolist() == [2.0, 4.0]
    assert stacked.degrees_of_freedom.tolist() == [1.0, 2.0]


def test_refusals():
    with pytest.raises(InsufficientSamples, match="1 independent sample"):
        Estimate.from_samples([1.0])
    with pytest.raises(InvalidArgument, match="standard_error"):
        Estimate(np.array(1.0), np.array(-1.0), np.array(1.0))
    with pytest.raises(InvalidArgument, match="mean"):
        Estimate(np.array(np.nan), np.array(1.0), np.array(1.0))
    with pytest.raises(InvalidArgument, match="degrees_of_freedom"):
        Estimate(np.array(1.0), np.array(1.0), np.array(0.0))
