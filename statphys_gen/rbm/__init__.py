"""Restricted Boltzmann machines and Hopfield networks with any prior of the hidden units.

P(s, h) ~ prod_i rho_s(s_i) prod_a rho_h(h_a) exp(sum_ia W_ia s_i h_a). ``priors`` holds the laws of single units,
``model`` the ensembles of couplings and the conventions; the other modules hold theory or simulation.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
