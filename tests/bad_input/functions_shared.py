"""Wrong arguments of what several systems use."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import data, numerics, statistics
from statphys_gen.comparison import compare
from statphys_gen.noising import (
    ddpm_step,
    ddpm_times,
    edm_sigma,
    noise_variance,
    signal_to_noise,
    time_from_vp_sigma,
)
from statphys_gen.numerics.parisi import step_edges
from statphys_gen.numerics.parisi_minimum import minimise_with, steps_report
from statphys_gen.numerics.stieltjes import inverse_map


def _quadratic_overlap(edges: np.ndarray, s: np.ndarray, parameters: np.ndarray) -> numerics.Coupling:
    """-(1/2) int q s dq."""
    area = np.diff(edges**2) / 4
    return numerics.Coupling(-float(area @ s), -area, np.zeros(0), np.ones(len(edges)))


def _absolute(parameters: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (np.abs(field)[None], np.zeros((0, 1, len(field))))


def sherrington_kirkpatrick(**options: object) -> numerics.ParisiModel:
    return numerics.ParisiModel(_absolute, _quadratic_overlap, np.ones(1), np.zeros(0), **options)


def wigner() -> numerics.SelfConsistent:
    return inverse_map(lambda m: -m - 1.0 / m, lambda m: -1.0 + 1.0 / m**2, scale=2.0)


ESTIMATES = statistics.Estimate(np.zeros(2), np.ones(2), np.ones(2))

# fmt: off
TABLE: list[Row] = [
    row(numerics.ParisiModel,
        dict(boundary=_absolute, coupling=_quadratic_overlap, weight=[1.0], parameters=[]), boundary=[3],
        coupling=[None], weight=[[-1.0], []], parameters=[[0.0], [[1.0]]], boundary_curvature=[1.0],
        external_field=[1.0, math.nan], farthest=[0.0], scale=[-1.0]),
    row(step_edges, dict(steps=4), steps=[0, 2.5], grading=[0.5, math.inf]),
    row(numerics.minimise, dict(model=sherrington_kirkpatrick()),
        edges=[[0.0, 0.5], [0.0, 0.6, 0.5, 1.0], [[0.0, 1.0]], [0.0, math.nan, 1.0]]),
    row(minimise_with, dict(family=lambda c: sherrington_kirkpatrick(), conditions=None, edges=[0, 1]),
        control=[0.0]),
    row(steps_report, dict(model=sherrington_kirkpatrick()), steps=[(), (2, 4), (1, 4, 4)]),
    row(numerics.resolve, dict(system=wigner()), z=[[1.0 - 1j], [np.nan + 0j]]),
    row(inverse_map, dict(position=lambda m: m, derivative=lambda m: m), scale=[0.0]),
    row(numerics.outliers, dict(lower=2.0, upper=1.0), upper=[Given(function=lambda x: x)],
        points=[Given(function=lambda x: x, lower=0.0, points=1)]),
    row(numerics.support, dict(system=wigner()), candidates=[[np.inf]]),
    row(numerics.neighbour_ratios, dict(x=np.eye(3), points=np.eye(3)), points=[np.eye(3)[:1]],
        x=[np.zeros((2, 2))]),
    row(data.Covariance, dict(eigenvalues=[1.0, 2.0], weights=[0.3, 0.7]),
        eigenvalues=[Given(eigenvalues=[0.0], weights=[1.0]), Given(eigenvalues=[], weights=[])],
        weights=[[0.5, 0.6], [1.0]], dimension=[11, 0], **{"eigenvalues[1]": [[1.0, -0.1]]}),
    row(data.Covariance.isotropic, {}, variance=[0.0, Given(variance=0.0, dimension=3)], dimension=[0, 2.5]),
    row(data.Covariance.isotropic(0.7).finite_dimension, {}, law=[Given()]),
    row(lambda law: law.multiplicities, {}, covariance=[Given(law=data.Covariance.power_law(1.0))]),
    row(data.Covariance.parse, {}, covariance=[Given(text="1:0.5,2:x"), Given(text="1:0.5:3"), Given(text=1.0)]),
    row(data.Covariance.marchenko_pastur, dict(ratio=0.5), ratio=[0.0], nodes=[1]),
    row(data.Covariance.power_law, dict(exponent=1.0), exponent=[-1.0], cutoff=[1.0]),
    row(data.Covariance.from_eigenvalues, dict(eigenvalues=[1.0]),
        eigenvalues=[[0.0, 0.0], [], [[1.0]], ["1"]],
        multiplicities=[Given(eigenvalues=[1.0, 2.0], multiplicities=[1]), [1.5]],
        **{"eigenvalues[0]": [[-1.0, 2.0]], "eigenvalues[1]": [[1.0, -1e-3], [1.0, math.nan]],
            "multiplicities[0]": [[0]]}),
    row(data.Covariance.from_file, {}, eigenvalues=[Given(path="/does/not/exist.npy")]),
    row(data.Covariance.from_data, {}, data=[np.ones((5, 3)), np.ones((1, 3)), [1.0, 2.0]]),
    row(data.GaussianMixture, dict(weights=[0.5, 0.5], means=np.eye(2), covariances=1.0), weights=[[0.5, 0.6]],
        means=[[[1.0], [math.nan]]], covariances=[[1.0, 1.0, 1.0], -1.0]),
    row(data.GaussianMixture.two_classes, dict(dimension=2, separation=1.0), dimension=[0], separation=[-1.0],
        variance=[-1.0]),
    row(statistics.power_law_exponent, dict(log_onsets=ESTIMATES), sizes=[[10, 10], [10, 20, 30]]),
    row(numerics.two_nearest, dict(x=np.eye(3), points=np.eye(3)), points=[np.eye(3)[:1]], x=[np.eye(2), [1.0]],
        own=[np.zeros(2, int), 1, "first", [[0, 1, 2]]],
        **{"own[1]": [Given(own=own) for own in ([0, 3, 1], [0, -1, 1], [0, 0.5, 1])]}),
    row(statistics.label_assignment, dict(votes=[1, 0, 2], labelled=np.array([True, False, True])),
        votes=[[1.5, 0.0, 1.0], [[1]], "abc"], labelled=[[1, 0, 1], np.array([True])],
        strata=[[0.5, 1.0, 1.0], [1]], seed=[-2]),
    row(statistics.clopper_pearson, dict(events=2, trials=5), events=[-1, 6, 0.5], trials=[0], level=[0.0, 1.0]),
    row(statistics.newcombe, dict(first_events=2, first_trials=5, second_events=1, second_trials=9),
        first_events=[6], second_events=[-1], first_trials=[0], second_trials=[1.5], level=[1.0]),
    row(statistics.fisher_p_value, dict(first_events=2, first_trials=5, second_events=1, second_trials=9),
        first_events=[6], second_events=[-1], first_trials=[0], second_trials=[0]),
    row(statistics.benjamini_hochberg, {}, p_values=[[[0.1]], [math.nan], [-0.1]]),
    row(statistics.conformal_p_values, dict(scores=[0.1], reference=[0.3]), scores=[[[0.1]], []],
        reference=[[math.nan], []]),
    row(noise_variance, {}, time=[-1.0]),
    row(signal_to_noise, {}, time=[[1.0, 0.0]]),
    row(ddpm_step, {}, time=[6.0]),
    row(time_from_vp_sigma, {}, sigma=[1.0]),
    row(ddpm_times, {}, steps=[1]),
    row(edm_sigma, {}, time=[np.nan]),
    row(numerics.gaussian_average, dict(function=np.tanh, slope=1.0),
        function=[lambda z: 1.0, lambda z: np.ones((z.size, 3))], slope=[-1.0, math.nan],
        steepness=[-1.0, math.nan], tolerance=[0.0, 1e-17], limits=[(-50, 3), (1, 3)],
        breakpoints=[[math.nan]], max_nodes=[3]),
    row(numerics.integrate, dict(function=np.exp, lower=0.0, upper=1.0, width=1.0), function=[lambda x: x[:3]],
        width=[0.0, math.nan, math.inf],
        finest=[0.0, math.nan], scale=[Given(upper=math.inf, scale=-1.0), Given(upper=math.inf)],
        upper=[Given(lower=1.0), Given(lower=2.0), Given(lower=math.nan), Given(lower=math.inf, upper=math.inf)]),
    row(numerics.legendre_rule, {}, edges=[[1.0, 0.0]]),
    row(numerics.newton, dict(residual=lambda x, *p: x, start=[1.0]), residual=[lambda x: x[:, 0]],
        start=[[math.nan], Given(start=[2.0], upper=1.0)], tolerance=[0.0], accuracy=[-1.0],
        jacobian=["exact", lambda x: x], names=[["a", "b"]], max_iterations=[0],
        parameters=[[np.ones(2), np.ones(3)]], lower=[np.zeros(3)], residual_error=[-1.0]),
    row(numerics.bracketed, dict(function=lambda x: x, lower=0.0, upper=1.0), lower=[1.0]),
    row(numerics.fixed_point, dict(mapping=lambda x: x, start=[1.0]), damping=[1.0]),
    row(numerics.logarithmic_contour, dict(lower=1.0, upper=2.0), lower=[0.0, Given(lower=-1.0, shift=0.5), 3.0],
        upper=[math.nan], nodes=[2], closeness=[1.0], shift=[-1.0], outside=[(1.5, 3.0)], tolerance=[1.0]),
    row(numerics.scrambled_sobol, dict(points=8, dimensions=1, random=np.random.default_rng(0)),
        points=[0, 2.5, 2**31], dimensions=[0, 17, "2"]),
    row(numerics.truncated_normal, dict(curvature=1.0, field=1.0), curvature=[0.0, -1.0, math.nan],
        field=[math.inf]),
    row(numerics.follow, dict(residual=lambda x, p: x, start=[0.0], parameter=0.0), direction=[0],
        parameter=[Given(parameter=2.0, parameter_upper=1.0)]),
    row(compare, dict(value=[1.0, 2.0], standard_error=0.1, prediction=1.0), value=[[], [[1.0]], [1.0, math.nan]],
        standard_error=[0.0, [0.1, 0.1, 0.1]], prediction=[[1.0, 2.0, 3.0], math.inf], degrees_of_freedom=[0.0],
        fitted=[2, -1], resolution=[-0.1]),
]
