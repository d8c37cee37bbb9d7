"""Phase retrieval: spectra of Hessians, their signal outliers (BBP transitions) and gradient descent.

M = samples_per_dimension N measurements t_i = x_i.w*/sqrt(N) of an unknown signal w* are known without their sign, and
a student w on the sphere |w|^2 = N descends a loss sum_i l(x_i.w/sqrt(N), t_i). Predictions and simulations take a
:class:`~statphys_gen.phase_retrieval.PhaseRetrieval`; what is solved for samples_per_dimension takes its loss alone.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
