"""Random-features score models: spectra, time scales and learning curves of generalisation and memorization.

A score model A sigma(W x / sqrt(d)) / sqrt(p) with frozen Gaussian W is trained by denoising score matching at
one diffusion time. In the limit of large dimension everything is a functional of the spectrum of one random matrix.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
