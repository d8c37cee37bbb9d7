"""Noise schedules of the probability-flow ODE: exact errors of any schedule, windows, and the design of step grids.

Data have features of high level (in which class a sample lies) and of low level (details within a class), which are
generated at different noise levels. ``model`` holds interpolants, grids and classes; the other modules hold theory or
simulation.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
