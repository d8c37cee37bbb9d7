"""Statistical physics of generative models: theory, its finite-size simulation, and the comparison of the two.

Systems and the layers that they share are loaded when they are first used::

    import statphys_gen as sg
    sg.diffusion.clone_agreement(...)

Importing this module loads none of numpy, numba, xarray or matplotlib.
"""

from importlib import import_module
from typing import Any

from .systems import SYSTEMS

__version__ = "0.1.0"

_MODULES = (
    *(system.name for system in SYSTEMS),
    "approximation",
    "citation",
    "comparison",
    "conformance",
    "data",
    "description",
    "errors",
    "noising",
    "numerics",
    "plots",
    "progress",
    "solution",
    "statistics",
    "style",
    "sweep",
    "systems",
    "units",
    "validation",
    "verification",
)

# Functions that serve all systems, with the modules that hold them.
_FUNCTIONS = {"cite": "citation", "describe": "description"}

__all__ = ["__version__", *_FUNCTIONS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
