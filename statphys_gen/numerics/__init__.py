"""Numerical methods that know no physics."""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
