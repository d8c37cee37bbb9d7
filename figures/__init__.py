"""One folder per system, one script per figure: ``compute(preset, *, parameters)`` makes data, ``draw(data)`` draws.

``python -m figures`` makes them all, from a checkout; an installed package carries the same scripts and runs them with
``statphys-gen figures``, or from Python::

    from statphys_gen import figures
    figures.make("speciation", separation=1.5)
"""

from .runner import data_of, make, make_all, manifest

__all__ = ["data_of", "make", "make_all", "manifest"]
