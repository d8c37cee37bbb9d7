"""Estimates with their errors, and the judgement whether a theory and a simulation agree."""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
