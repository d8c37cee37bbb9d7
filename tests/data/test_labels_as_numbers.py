"""Labels that are floating-point numbers: integers as far as these are exact."""

import numpy as np
import pytest

from statphys_gen.data import DataSet
from statphys_gen.errors import InvalidArgument

POINTS = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("last", [2.0**53, -(2.0**53), 7.0])
def test_integers_are_labels(last: float) -> None:
    found = DataSet.from_arrays(POINTS, np.array([1.0, 1.0, last]))
    assert set(found.class_names) == {"1", str(int(last))}


@pytest.mark.parametrize("last", [2.0**53 + 2.0, -(2.0**53) - 2.0, 0.5, np.nan, np.inf])
def test_others_are_refused(last: float) -> None:
    with pytest.raises(InvalidArgument, match=r"^labels\[2\]"):
        DataSet.from_arrays(POINTS, np.array([1.0, 1.0, last]))
