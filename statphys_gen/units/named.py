"""The priors that have a name, as the command line and tables call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import validation
from ..errors import InvalidArgument
from .base import Prior
from .continuous import Gaussian, Mixture, ReLU, SoftThreshold, Spherical
from .discrete import Binary, QState, Ternary, ZeroOne

_BY_NAME: dict[str, type[Prior]] = {
    prior.name: prior
    for prior in (Gaussian, Binary, ZeroOne, Ternary, QState, ReLU, SoftThreshold, Mixture, Spherical)
}
NAMES: Sequence[str] = tuple(_BY_NAME)


def prior(name: str, **parameters: Any) -> Prior:
    """The prior of this name with its parameters (``inactive-cost`` and ``inactive_cost`` are the same)."""
    kind = _BY_NAME[validation.choice("prior", name, NAMES)]
    given = {key.replace("-", "_"): value for key, value in parameters.items()}
    allowed = _PARAMETERS[kind.name]
    for key in given:
        if key not in allowed:
            listed = ", ".join(allowed) if allowed else "no parameters"
            raise InvalidArgument(f"{name} parameter", key, f"one of: {listed}")
    return kind(**given)


_PARAMETERS: dict[str, tuple[str, ...]] = {
    "gaussian": ("variance",),
    "binary": (),
    "zero-one": ("threshold",),
    "ternary": ("inactive_cost",),
    "q-state": ("states", "weights"),
    "relu": ("threshold",),
    "soft-threshold": ("threshold",),
    "mixture": ("gaussian_weight",),
    "spherical": (),
}
