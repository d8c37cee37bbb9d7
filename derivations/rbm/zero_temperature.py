"""Hopfield networks at T = 0 to 30 digits, from the equations of Amit, Gutfreund and Sompolinsky.

m = erf(m / sqrt(2 load r)), C = sqrt(2 / (pi load r)) exp(-m^2 / (2 load r)), r = 1 / (1 - C)^2: a system in (m, C, r),
solved as it stands, and not by the explicit load along the branch that the package uses.
"""

from mpmath import diff, erf, exp, findroot, mp, mpf, pi, sqrt

from derivations import claim


def _residuals(load: mpf, m: mpf, c: mpf) -> tuple[mpf, mpf]:
    r = 1 / (1 - c) ** 2
    width = sqrt(2 * load * r)
    return m - erf(m / width), c - 2 / (sqrt(pi) * width) * exp(-((m / width) ** 2))


def _energy(load: mpf, m: mpf, c: mpf) -> mpf:
    r = 1 / (1 - c) ** 2
    width = sqrt(2 * load * r)
    gauss = exp(-((m / width) ** 2))
    return m * m / 2 + load * c * r / 2 - load / (2 * (1 - c)) - width * gauss / sqrt(pi) - m * erf(m / width)


@claim("The retrieval state of the Hopfield network at T = 0 ends in a fold at load 0.13790556649493")
def capacity_is_a_fold() -> bool:
    from statphys_gen.rbm.model import Model
    from statphys_gen.rbm.theory.zero_temperature import capacity
    from statphys_gen.units import Gaussian

    with mp.workdps(30):

        def system(load: mpf, m: mpf, c: mpf) -> tuple[mpf, ...]:
            def determinant() -> mpf:
                f = [lambda x, y, k=k: _residuals(load, x, y)[k] for k in range(2)]
                rows = [[diff(g, (m, c), order) for order in ((1, 0), (0, 1))] for g in f]
                return rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]

            return (*_residuals(load, m, c), determinant())

        load, m, _ = findroot(system, (mpf("0.138"), mpf("0.967"), mpf("0.18")))
        ours = capacity(Model(Gaussian(), 1.0, 0.1, convention="beta"))
        exact = mpf("0.137905566494931737843636")
        return (
            abs(load - exact) < mpf(10) ** -20
            and abs(ours.load - load) < 1e-15
            and abs(ours.overlap - m) < 1e-14
        )


@claim("Its energy equals that of the spin glass at load 0.0518543309189")
def equal_energies() -> bool:
    from statphys_gen.rbm.model import Model
    from statphys_gen.rbm.theory.zero_temperature import first_order_load
    from statphys_gen.units import Gaussian

    with mp.workdps(30):

        def system(load: mpf, m: mpf, c: mpf) -> tuple[mpf, ...]:
            glass = -1 / pi - sqrt(2 * load / pi) - load / 2
            return (*_residuals(load, m, c), _energy(load, m, c) - glass)

        load, _, _ = findroot(system, (mpf("0.0518"), mpf("0.99998"), mpf("0.0002")))
        ours = first_order_load(Model(Gaussian(), 1.0, 0.1, convention="beta"))
        return abs(load - mpf("0.05185433091891706")) < mpf(10) ** -15 and abs(ours.load - load) < 1e-14
