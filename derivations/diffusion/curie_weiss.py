"""Noised Curie-Weiss data: the auxiliary field against enumeration, and the Gaussian channel of the magnetisation."""

from itertools import product

import mpmath as mp
import numpy as np
import sympy as sp

from derivations import claim
from statphys_gen.data.curie_weiss import curie_weiss_log_density, curie_weiss_score, magnetisation_posterior
from statphys_gen.data.laws import CurieWeiss
from statphys_gen.diffusion.theory.curie_weiss import curie_weiss_agreement_from_sum


def _enumerated(model: CurieWeiss, x: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
    """All configurations and their joint densities with x_t = x."""
    spins = np.array(list(product([-1.0, 1.0], repeat=model.dimension)))
    totals = spins.sum(axis=1)
    law = np.exp(
        model.inverse_temperature * totals**2 / (2 * model.dimension) + model.tilt * totals / model.dimension
    )
    noise = -np.expm1(-2 * time)
    distances = ((x - np.exp(-time) * spins) ** 2).sum(axis=1)
    return spins, law / law.sum() * np.exp(-distances / (2 * noise)) * (2 * np.pi * noise) ** (
        -model.dimension / 2
    )


@claim(
    "With a tilt, density, score and posterior of the magnetisation equal the enumeration of 2^10 configurations"
)
def against_enumeration() -> bool:
    model, time = CurieWeiss(10, 1.3, 0.7), 0.35
    x = 1.7 * np.cos(np.arange(10.0) ** 2)
    spins, joint = _enumerated(model, x, time)
    weights = joint / joint.sum()
    exact_score = (np.exp(-time) * weights @ spins - x) / -np.expm1(-2 * time)
    totals = spins.sum(axis=1)
    exact_law = np.array([weights[totals == value].sum() for value in range(-10, 11, 2)])
    return bool(
        abs(curie_weiss_log_density(model, x, time) - np.log(joint.sum())) < 1e-13
        and np.abs(curie_weiss_score(model, x, time) - exact_score).max() < 1e-13
        and np.abs(magnetisation_posterior(model, x, time) - exact_law).max() < 1e-14
    )


@claim(
    "The trapezoidal sum over the auxiliary field with spacing 0.7 gives exp(beta M^2/(2d)) to 7e-18, whatever M"
)
def auxiliary_field() -> bool:
    with mp.workdps(40):
        beta, d, spacing = mp.mpf("1.4"), 30, mp.mpf("0.7")
        width = mp.sqrt(beta / d)
        for total in (-30, -7, 0, 12):
            terms = mp.fsum(
                spacing * mp.npdf(spacing * j) * mp.exp(spacing * j * width * total) for j in range(-80, 81)
            )
            if abs(terms / mp.exp(beta * total**2 / (2 * mp.mpf(d))) - 1) > 2.01 * mp.exp(
                -2 * mp.pi**2 / spacing**2
            ):
                return False
        return True


@claim("Within a class the magnetisation per spin has variance chi/d, chi = (1-m*^2)/(1 - beta(1-m*^2))")
def fluctuation() -> bool:
    m, beta = sp.symbols("m beta", positive=True)
    entropy = -(1 + m) / 2 * sp.log((1 + m) / 2) - (1 - m) / 2 * sp.log((1 - m) / 2)
    exponent = beta * m**2 / 2 + entropy  # per spin
    stationary = sp.simplify(sp.diff(exponent, m) - (beta * m - sp.atanh(m)).rewrite(sp.log))
    chi = -1 / sp.diff(exponent, m, 2)
    numbers = {m: sp.Rational(2, 5), beta: sp.Rational(3, 2)}
    same = sp.simplify(chi - (1 - m**2) / (1 - beta * (1 - m**2))) == 0
    return bool(same and abs(sp.N(stationary.subs(numbers))) < 1e-14)


@claim(
    "A tilt of h/d per spin leaves m* and chi as d -> infinity, and gives the class +m* the weight 1/(1+exp(-2hm*))"
)
def weight() -> bool:
    with mp.workdps(30):
        beta, tilt = mp.mpf("1.6"), mp.mpf("0.9")
        m = mp.findroot(lambda x: x - mp.tanh(beta * x), mp.mpf("0.9"))

        def moments(d: int) -> list[mp.mpf]:
            """Weight, mean and d times the variance of the magnetisation per spin of the positive class."""
            totals = range(-d, d + 1, 2)
            law = [
                mp.binomial(d, (d + t) // 2) * mp.exp(beta * t**2 / (2 * mp.mpf(d)) + tilt * t / mp.mpf(d))
                for t in totals
            ]
            up = [(t / mp.mpf(d), p) for t, p in zip(totals, law, strict=True) if t > 0]
            mass = mp.fsum(p for _, p in up)
            mean = mp.fsum(x * p for x, p in up) / mass
            return [
                mass / mp.fsum(law),
                mean,
                d * mp.fsum((x - mean) ** 2 * p for x, p in up) / mass,
            ]

        limits = [1 / (1 + mp.exp(-2 * tilt * m)), m, (1 - m**2) / (1 - beta * (1 - m**2))]
        # The deviation falls as 1/d: three odd sizes and two steps of Richardson's extrapolation.
        sizes = (1001, 2001, 4001)
        found = [moments(d) for d in sizes]
        matrix = mp.matrix([[1, 1 / mp.mpf(d), 1 / mp.mpf(d) ** 2] for d in sizes])

        def extrapolated(k: int) -> mp.mpf:
            return mp.lu_solve(matrix, mp.matrix([row[k] for row in found]))[0]

        return all(abs(extrapolated(k) / limit - 1) < mp.mpf("1e-6") for k, limit in enumerate(limits))


@claim(
    "x(t) of the noised sum is d m*^2 exp(-2t) / (1 + exp(-2t)(chi - 1)), and x = 1 at t = log(d m*^2 + 1 - chi)/2"
)
def channel() -> bool:
    d, m, chi, q = sp.symbols("d m chi q", positive=True)  # q = exp(-2t)
    # sum_i x_i / sqrt(d): means +- sqrt(q d) m, variance q chi + D.
    signal = q * d * m**2 / (q * chi + 1 - q)
    root = sp.solve(sp.Eq(signal, 1), q)
    form = d * m**2 * q / (1 + q * (chi - 1))
    return sp.simplify(signal - form) == 0 and sp.simplify(1 / root[0] - (d * m**2 + 1 - chi)) == 0


@claim(
    "The agreement of an observer of the sum is below that of an observer of x: d = 2, by a sum over the plane"
)
def lower_bound() -> bool:
    model, time = CurieWeiss(2, 1.5), 0.4
    axis = np.linspace(-7.0, 7.0, 281)
    plane = np.array(list(product(axis, axis)))
    spins = np.array(list(product([-1.0, 1.0], repeat=2)))
    law = np.exp(model.inverse_temperature * spins.sum(axis=1) ** 2 / 4)
    noise = -np.expm1(-2 * time)
    squares = ((plane[:, None, :] - np.exp(-time) * spins) ** 2).sum(axis=-1)
    joint = law / law.sum() * np.exp(-squares / (2 * noise)) / (2 * np.pi * noise)
    share = (spins.sum(axis=1) > 0) + 0.5 * (spins.sum(axis=1) == 0)
    density = joint.sum(axis=1)
    up = joint @ share
    exact = ((up**2 + (density - up) ** 2) / density).sum() * (axis[1] - axis[0]) ** 2
    bound = float(curie_weiss_agreement_from_sum(model, time))
    return bool(0.0 < exact - bound < 0.05 and abs(density.sum() * (axis[1] - axis[0]) ** 2 - 1) < 1e-12)
