"""Laws of single units: the measure rho(h) of a hidden (or visible) unit before the couplings act.

Every prior has the same verbs. With the tilted weight

    w(h) = rho_beta(h) exp(a h^2 / 2 + b h),        rho_beta(h) ~ exp(-beta U(h)),

- ``log_partition(a, b, beta)``, ``mean``, ``variance``, ``second_moment``: of w, element by element; NaN where the
  integral diverges. ``variance`` is summed from positive terms.
- ``sample(rng, field, beta)``: exact draws from w at a = 0, b = ``field``, one for each entry.
- ``tail_coefficient(side, beta)``: Omega in log rho_beta(h) -> -h^2 / (2 Omega) as h -> side * infinity; 0 for bounded
  units and for tails thinner than Gaussian. Thicker tails have no partition function in a large network.
- ``zero_temperature_response(curvature, field)``: the h at which curvature h^2 / 2 + field h - U(h) is largest.
- ``energy(h)``: U, up to the constant of the normalisation; ``energy_gradient(h)`` for continuous units.
- ``support``: the interval of h; ``states``: the values of a discrete unit, None for a continuous one.
- ``steepness(a, beta)``: the mean varies, as a function of b, over distances of 1/steepness.

beta = 1 gives the law itself (convention "sqrt-beta"); in the convention "beta" the whole of U, quadratic term and
thresholds included, is multiplied by the inverse temperature. Parameters of a prior are plain numbers; a, b, beta and
``field`` broadcast.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
