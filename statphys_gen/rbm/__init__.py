"""Restricted Boltzmann machines and Hopfield networks with any prior of the hidden units and any couplings.

P(s, h) ~ prod_i rho_s(s_i) prod_a rho_h(h_a) exp(sum_ia W_ia s_i h_a). ``model`` says what is studied; ``couplings``
holds the ensembles of W, ``statphys_gen.units`` the laws of the units; theory and simulation take the same model.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
