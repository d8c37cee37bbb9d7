"""Mixtures that are cooled, the cascade of their transitions, and principal graphs of noisy points.

A spherical mixture at temperature T, the variance of a component, splits into more and more clusters as it is cooled.
With a graph as prior the same mixture becomes a smooth skeleton of the points. ``model`` holds the law, the prior and
the options of a fit; ``theory`` the transitions, ``simulation`` the annealing itself and points with a known truth,
``analysis`` the fit of a graph to a user's points.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
