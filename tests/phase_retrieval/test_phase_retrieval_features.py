"""Numbers that cancellation, scales or narrow features hide; tests/reference/phase_retrieval_features.py has them."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    full_rsb_state,
    hessian_spectrum,
    initial_curvature_law,
    initial_transition,
    left_edge,
    one_step_state,
    sampled_curvature_law,
    simulate_descent,
    spectral_curvature_law,
    transition,
)
from statphys_gen.solution import Status

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "phase_retrieval_features.json").read_text(encoding="utf-8")
)
DIP = "(y**2-t**2)**2/(2*(1+t**2)) - 0.01*exp(-((y**2-2)**2+(t**2-1)**2)/0.01)"


@pytest.mark.parametrize("expected", REFERENCE["warm_starts"], ids=lambda e: f"{e['offset']:g}")
def test_outliers_of_many_samples_and_a_warm_start(expected: dict[str, float]) -> None:
    model = PhaseRetrieval(
        Loss.normalised(expected["offset"]), expected["samples_per_dimension"], expected["overlap"]
    )
    (row,) = hessian_spectrum(model).records()
    assert row["status"] == row["outlier_status"] == "converged"
    scale = abs(expected["outlier"]) + abs(row["lagrange_multiplier"])
    assert row["bulk_edge"] == pytest.approx(expected["bulk_edge"], abs=1e-9 * scale)
    assert row["outlier"] == pytest.approx(expected["outlier"], abs=1e-9 * scale)
    assert row["outlier_overlap_squared"] == pytest.approx(expected["overlap_squared"], abs=1e-9)


def test_small_responses_keep_their_digits() -> None:
    """E r -> S E g as S -> 0, with E g in closed form: E (6 y^2 - 2 t^2)/(a + t^2) for y = m t + sigma x."""
    from scipy.special import erfcx

    a, m = 0.8, 0.6
    law = initial_curvature_law(Loss.normalised(a), overlap=m)
    inverse = math.sqrt(math.pi / 2) * erfcx(math.sqrt(a / 2)) / math.sqrt(a)
    # y^2 averages to m^2 t^2 + 1 - m^2, and t^2/(a + t^2) to 1 - a/(a + t^2).
    expected = 6 * (m * m * (1 - a * inverse) + (1 - m * m) * inverse) - 2 * (1 - a * inverse)
    for s in (1e-12, 1e-9, 1e-6):
        first, _ = law.responses(np.array([s]))
        assert first[0] / s == pytest.approx(expected, rel=1e-9 + 60 * s)


def test_left_edge_of_a_run_that_has_found_the_signal() -> None:
    """y = t: all curvatures are positive. The same sums with a root of their own."""
    t = np.random.default_rng(3).standard_normal(1000)
    model = PhaseRetrieval(Loss.normalised(1.0), 4.0)
    found = left_edge(model, law=sampled_curvature_law(model.loss, np.c_[t, t])).require()
    g = 4 * t * t / (1 + t * t)
    s = brentq(lambda s: 4.0 * np.mean((g * s / (1 + g * s)) ** 2) - 1, 1e-3, 1e3, xtol=1e-15)
    # F vanishes at y = t, and the multiplier with it.
    assert found["position"] == pytest.approx(-1 / s + 4.0 * np.mean(g / (1 + g * s)), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.02, 0.5, 1.0, 1.7, 30.0, 1e4, 1e9])
def test_law_of_marchenko_and_pastur_at_any_ratio(alpha: float) -> None:
    """g = 1: the edge is (1 - sqrt(alpha))^2, or 0 with fewer measurements than dimensions; mu = alpha."""
    model = PhaseRetrieval(Loss.from_expression("y**2/2"), alpha)
    found = left_edge(model).require()
    edge = max(math.sqrt(alpha) - 1.0, 0.0) ** 2
    assert found["position"] == pytest.approx(edge - alpha, abs=1e-12 * (1 + alpha))
    if alpha == 1e4:
        assert found["position"] == pytest.approx(-199.0, abs=1e-9)


@pytest.mark.parametrize(
    "expected", REFERENCE["marginal_states"], ids=lambda e: f"{e['samples_per_dimension']:g}"
)
def test_marginal_states_at_any_number_of_samples(expected: dict[str, float]) -> None:
    found = one_step_state(PhaseRetrieval(Loss.normalised(1.0), expected["samples_per_dimension"])).require()
    for name in ("susceptibility", "parisi_parameter", "energy", "lagrange_multiplier"):
        assert found[name] == pytest.approx(expected[name], rel=1e-9)


def test_full_breaking_at_many_samples_approaches_the_one_step_ground_state() -> None:
    """There that is stable (positive replicon), so the energies agree; both points of the batch have one."""
    model = PhaseRetrieval(Loss.normalised(1.0), 5.0)
    found = full_rsb_state(model, samples_per_dimension=[5.0, 1e4], steps=2)
    assert found.good.all()
    ground = one_step_state(model, "ground", samples_per_dimension=1e4).require()
    assert ground["replicon"] > 0.0
    assert found["energy"][1] == pytest.approx(float(ground["energy"]), abs=float(found.error[1]))
    assert found.error[1] < 1e-3 * float(ground["energy"])


def test_isolated_dip_of_the_curvature() -> None:
    loss = Loss.from_expression(DIP)
    found = initial_transition(loss).solution.require()
    assert found["samples_per_dimension"] == pytest.approx(
        REFERENCE["dip"]["samples_per_dimension"], abs=1e-9
    )
    assert found["stieltjes"] == pytest.approx(REFERENCE["dip"]["stieltjes"], abs=1e-9)


@pytest.mark.parametrize("overlap", [0.0, 0.4])
@pytest.mark.parametrize(("width", "y2", "t2"), [(0.016, 1.4, 1.6), (0.02, 3.3, 0.6)])
def test_narrow_dips_are_seen_where_the_scale_declares_them(
    width: float, y2: float, t2: float, overlap: float
) -> None:
    """What the dip adds to E r and E r^2, by a dense rule on the places that have it; the rest has a law of its own."""
    offset, s = 1.3, 0.11
    depth = 0.05 * width**2
    dip = f"{depth}*exp(-((y**2-{y2})**2+(t**2-{t2})**2)/{width**2})"
    loss = Loss.from_expression(
        f"(y**2-t**2)**2/(2*({offset}+t**2)) - {dip}", scale=width / 2 / math.sqrt(max(y2, t2))
    )
    nodes, weights = np.polynomial.legendre.leggauss(120)
    reach = [6 * width / 2 / math.sqrt(place) for place in (y2, t2)]
    expected = np.zeros(4)
    for y_sign in (1.0, -1.0):
        y, t = np.meshgrid(
            y_sign * math.sqrt(y2) + reach[0] * nodes, math.sqrt(t2) + reach[1] * nodes, indexing="ij"
        )
        base = (6 * y * y - 2 * t * t) / (offset + t * t)
        value = -depth * np.exp(-((y * y - y2) ** 2 + (t * t - t2) ** 2) / width**2)
        log_slope = -4 * y * (y * y - y2) / width**2
        both = base + value * (log_slope**2 - (12 * y * y - 4 * y2) / width**2)
        u = (t - overlap * y) / math.sqrt(1 - overlap**2)
        # Twice: (y, t) and (-y, -t).
        probability = 2 * np.exp(-0.5 * (y * y + u * u)) / (2 * math.pi * math.sqrt(1 - overlap**2))
        probability *= np.outer(reach[0] * weights, reach[1] * weights)
        one, two = (s * g / (1 + s * g) for g in (both, base))
        for k, change in enumerate((one - two, one**2 - two**2)):
            expected[k] += (probability * change).sum()
            expected[2 + k] += (probability * u * u * change).sum()
    found, without = (
        np.array(initial_curvature_law(each, overlap=overlap).moments(s))
        for each in (loss, Loss.normalised(offset))
    )
    assert np.abs(expected).max() > 3e-9
    np.testing.assert_allclose(found - without, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("formula", "lowest"),
    [
        # -2 is approached as t -> infinity, beside -k^2 c cos(k y) and the curvature of the logarithm at a finite y.
        (
            "(y**2-t**2)**2/(2*(9.24+t**2)) + 0.4*cos(2.067*y) + 0.03*log(1+3.7*y**2)",
            lambda x: (
                -2 - 0.4 * 2.067**2 * np.cos(2.067 * x) + 0.222 * (1 - 3.7 * x**2) / (1 + 3.7 * x**2) ** 2
            ),
        ),
        # As y -> infinity, at a finite t.
        (
            "sqrt(1+y**2) + y**2*(1+0.3*cos(3.1*t)+0.2*cos(t))",
            lambda x: 2 + 0.6 * np.cos(3.1 * x) + 0.4 * np.cos(x),
        ),
    ],
)
def test_curvature_whose_infimum_lies_at_infinity_in_one_argument(
    formula: str, lowest: Callable[[np.ndarray], np.ndarray]
) -> None:
    grid = np.linspace(0.0, 8.0, 4_000_001)
    assert Loss.from_expression(formula).curvature_bound == pytest.approx(float(lowest(grid).min()), rel=1e-9)


@pytest.mark.parametrize(
    "formula", ["tanh((y**2-t**2)**2)", "log(1+(y**2-t**2)**2)", "1-exp(-(y**2-t**2)**2)"]
)
def test_curvature_that_falls_without_bound_along_the_diagonal(formula: str) -> None:
    """l = f((y^2-t^2)^2) has the curvature t^2 times a function of t (y - t), negative somewhere, near y = t."""
    loss = Loss.from_expression(formula)
    assert loss.lower_bound == -math.inf
    with pytest.raises(InvalidArgument, match="bounded below"):
        initial_transition(loss)


@pytest.mark.parametrize("prefactor", [1e-20, 1e-8, 1e8])
def test_the_infimum_is_that_of_the_loss_times_its_prefactor(prefactor: float) -> None:
    for formula, lowest in {
        "(y**2-t**2)**2/(2*(1+t**2))": -2.0,
        "log(1+y**2)": -0.25,
        "(y**2-t**2)**2/2": -math.inf,
        "tanh((y**2-t**2)**2)": -math.inf,
    }.items():
        bound = Loss.from_expression(f"{prefactor}*({formula})").curvature_bound
        assert bound == pytest.approx(prefactor * lowest, rel=1e-9)
    with pytest.raises(InvalidArgument, match="lower_bound"):
        Loss.from_expression(f"{prefactor}*log(1+y**2)", lower_bound=-0.2 * prefactor)


def huber(width: float) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """(1 + t^2) times Huber's function of y."""

    def value(y: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.where(abs(y) < width, y * y / 2, width * abs(y) - width**2 / 2) * (1 + t * t)

    def slope(y: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.clip(y, -width, width) * (1 + t * t)

    def curvature(y: np.ndarray, t: np.ndarray) -> np.ndarray:
        return (abs(y) < width) * (1 + t * t)

    return value, slope, curvature


def test_a_slope_that_jumps_is_refused() -> None:
    functions = (
        lambda y, t: (abs(y) - abs(t)) ** 2 / 2,
        lambda y, t: y - abs(t) * np.sign(y),
        lambda y, t: np.ones_like(y),
    )
    with pytest.raises(InvalidArgument, match=r"jumps at y = 0 .*delta"):
        Loss(*functions)
    with pytest.raises(InvalidArgument, match=r"jumps at y = 0 .*delta"):
        Loss.from_expression("(Abs(y)-Abs(t))**2/2")
    # Away from 0, at a place that depends on t, and of the value itself.
    with pytest.raises(InvalidArgument, match="delta"):
        Loss.from_expression("Abs(y**2-t**2)")
    with pytest.raises(InvalidArgument, match="continuous in y"):
        Loss.from_expression("Heaviside(y**2-2)")


def test_breakpoints_are_asked_for_and_used() -> None:
    for width in (0.4, 1.3, 2.27):
        with pytest.raises(InvalidArgument, match=rf"breakpoints.*{width:g}"):
            Loss(*huber(width))
        loss = Loss(*huber(width), breakpoints=(width,))
        law = initial_curvature_law(loss)
        # E r = E_t P(|y| < w) s (1+t^2)/(1 + s (1+t^2)), E s/(...) by erfcx: 1 - E 1/(1 + s + s t^2).
        s = 0.7
        c = math.sqrt((1 + s) / s)
        from scipy.special import erf, erfcx

        inverse = math.sqrt(math.pi / 2) * erfcx(c / math.sqrt(2)) / c / s
        assert law.responses(np.array([s]))[0][0] == pytest.approx(
            erf(width / math.sqrt(2)) * (1 - inverse), abs=1e-9
        )


def test_label_breakpoints_are_asked_for() -> None:
    def weight(t: np.ndarray) -> np.ndarray:
        return np.where(abs(t) < 1.2, 1.0, 3.0)

    functions = (
        lambda y, t: y * y / 2 * weight(t),
        lambda y, t: y * weight(t),
        lambda y, t: weight(t) + 0.0 * y,
    )
    with pytest.raises(InvalidArgument, match=r"label_breakpoints.*1\.2"):
        Loss(*functions)
    law = initial_curvature_law(Loss(*functions, label_breakpoints=(1.2,)))
    share = math.erf(1.2 / math.sqrt(2))
    assert law.responses(np.array([0.5]))[0][0] == pytest.approx(share / 3 + (1 - share) * 0.6, abs=1e-10)


def test_jumps_along_curves_are_no_accurate_average() -> None:
    """Huber's function of y^2 - t^2: its jumps cannot be declared, and what is left of them is refused."""
    d = 0.5
    loss = Loss(
        lambda y, t: np.where(
            abs(y * y - t * t) < d, (y * y - t * t) ** 2 / 2, d * abs(y * y - t * t) - d * d / 2
        ),
        lambda y, t: 2 * y * np.clip(y * y - t * t, -d, d),
        lambda y, t: 2 * np.clip(y * y - t * t, -d, d) + 4 * y * y * (abs(y * y - t * t) < d),
        lower_bound=-2 * d,
    )
    with pytest.raises(AccuracyNotReached, match="breakpoints"):
        initial_curvature_law(loss)


PREPROCESSINGS = {
    "capped": (lambda t: np.minimum(t * t, 3.0), (math.sqrt(3.0),)),
    "step": (lambda t: np.where(t > 1.1, 1.0, 0.0), (1.1,)),
    "steep": (lambda t: np.tanh(20 * (t - 1)), ()),
    "bump": (lambda t: np.exp(-(((t - 1.234) / 0.02) ** 2)), ()),
}


@pytest.mark.parametrize("name", PREPROCESSINGS)
@pytest.mark.parametrize("declared", [True, False])
def test_preprocessings_with_kinks_jumps_and_spikes(name: str, declared: bool) -> None:
    function, breakpoints = PREPROCESSINGS[name]
    law = spectral_curvature_law(function, breakpoints=breakpoints if declared else ())
    found = transition(law).solution.require()
    expected = REFERENCE["preprocessings"][name]
    for field in ("samples_per_dimension", "stieltjes"):
        assert found[field] == pytest.approx(expected[field], rel=1e-9)


def test_thermal_fluctuations_of_a_small_system_are_no_divergence() -> None:
    """Three dimensions at temperatures up to the energy itself, with steps that are short against every curvature."""
    for temperature in (0.5, 1.0, 10.0):
        found = simulate_descent(
            PhaseRetrieval(Loss.normalised(1.0), 3.0),
            3,
            step_sizes=np.full(1500, 3e-3),
            instances=40,
            temperature=temperature,
            record=[1500],
        )
        assert (found.diverged_step < 0).all()


def test_steps_that_are_too_long_are_a_divergence_still() -> None:
    found = simulate_descent(
        PhaseRetrieval(Loss.normalised(0.1), 3.0),
        100,
        step_sizes=np.full(60, 0.3),
        instances=4,
        temperature=0.5,
        record=[60],
    )
    assert (found.diverged_step >= 0).all()


def test_the_outlier_has_a_status_of_its_own() -> None:
    model = PhaseRetrieval(Loss.normalised(1.0), 4.0)
    with_outlier, without = hessian_spectrum(model, samples_per_dimension=[4.0, 1.0]).records()
    assert with_outlier["outlier_status"] == "converged"
    assert without["outlier_status"] == str(Status.NO_SOLUTION)
    assert without["status"] == "converged"
    assert without["outlier"] is None
