"""Score matching on the line with two-layer ReLU networks, and what large learning rates leave of memorization.

The score of noised training points is irregular between them. Gradient descent with a large learning rate cannot stay
at a solution that is as irregular: the sharpness of the risk grows with the total variation of the score. ``model``
holds the noised sample and the network; the other modules hold theory or simulation.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
