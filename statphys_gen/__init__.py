"""Statistical physics of generative models: theory, its finite-size simulation, and the comparison of the two.

Subpackages are loaded when they are first used::

    import statphys_gen as sg
    sg.diffusion.clone_agreement(...)

Importing this module loads none of numpy, numba, xarray or matplotlib.
"""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_SUBPACKAGES = (
    "approximation",
    "diffusion",
    "errors",
    "noising",
    "numerics",
    "phase_retrieval",
    "random_features",
    "rbm",
    "solution",
    "statistics",
    "sweep",
    "validation",
)

__all__ = ["__version__", *_SUBPACKAGES]


def __getattr__(name: str) -> ModuleType:
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
