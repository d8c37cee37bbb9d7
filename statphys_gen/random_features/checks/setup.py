"""What the checks of losses and of spectra share."""

from __future__ import annotations

import math
from typing import Any

from ..model import RandomFeatures
from ..simulation.gaussian_equivalent import FeatureMoments
from ..theory.coefficients import model_coefficients

RESOLUTION = 0.02
EDGE_RESOLUTION = 0.05
DIMENSIONS = (32, 64, 128)


def equivalent_moments(model: RandomFeatures) -> FeatureMoments:
    """The coefficients that the Gaussian equivalent of a model needs."""
    c = model_coefficients(model)
    return FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))


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
