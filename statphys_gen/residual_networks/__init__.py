"""Residual networks with scaling 1/depth: do trained weights become a smooth function of depth, and how fast.

``model`` holds the network and the regression that it is trained on; ``theory`` what is known of the limit of depth;
``simulation`` trains.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
