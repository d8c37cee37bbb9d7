"""Lazy, mixed and active training of two-layer linear networks A = W2 W1, at any width.

One number, the threshold c, decides for each singular direction of the target: below c it is learned like a kernel
machine (lazy), above like a balanced network (active). ``model`` holds the network and the task; the other modules hold
theory or simulation.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
