"""What the checks of losses and of spectra share."""

from __future__ import annotations

import math
from typing import Any

from ..model import RandomFeatures
from ..simulation.gaussian_equivalent import FeatureMoments

RESOLUTION = 0.02
EDGE_RESOLUTION = 0.05
DIMENSIONS = (32, 64, 128)
REDUCED = "reduced simulation: Gaussian equivalent with given coefficients"

# a, v^2 and s^2 by activation, time and variance of the data, as numbers, so that the simulation has nothing of the
# theory: Hermite series of the definition at 40 digits, which tests/random_features/test_rf_checks.py sums again.
_MOMENTS = {
    ("sin", 0.01, 1.0): (0.6065306597126334, 0.0605808711273443, 0.0038720460829070303),
    ("sin", 0.01, 1.3): (0.5235986616541288, 0.10251952889043738, 0.00512620308689044),
    ("sin", 0.05, 1.0): (0.6065306597126334, 0.047318045492842395, 0.01713487171740894),
    ("sin", 0.05, 1.24): (0.5441227086647187, 0.07421869617081829, 0.021588453129513373),
    ("tanh", 0.01, 1.0): (0.6057055096021589, 0.025541776444364884, 0.0018735495910653733),
    ("tanh", 0.1, 1.0): (0.6057055096021589, 0.013841453738219682, 0.013573872297210575),
    ("tanh", 0.2, 1.0): (0.6057055096021589, 0.0072358480799639135, 0.020179477955466343),
}


def given_moments(model: RandomFeatures) -> FeatureMoments:
    """The coefficients with which the Gaussian equivalent of a model is simulated."""
    variance = round(model.covariance.variance, 12)
    return FeatureMoments(*_MOMENTS[model.activation.name, model.time, variance])


def sizes_of(model: RandomFeatures, dimensions: Any, instances: Any, **others: Any) -> dict[str, Any]:
    draws = "infinite" if math.isinf(model.noise_draws) else int(model.noise_draws)
    return {
        "dimension": dimensions,
        "instances": instances,
        "activation": model.activation.name,
        "features_per_dimension": model.features_per_dimension,
        "samples_per_dimension": model.samples_per_dimension,
        "time": model.time,
        "covariance": model.covariance.name,
        "noise_draws": draws,
        **others,
    }
