"""Types of arrays, under one name each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
ComplexArray = NDArray[np.complex128]
IntArray = NDArray[np.int64]
