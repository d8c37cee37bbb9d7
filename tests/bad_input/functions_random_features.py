"""Wrong arguments of random features."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import random_features
from statphys_gen.data import NoisedMixture
from statphys_gen.random_features.simulation.instances import modes_at, modes_between, sample_matrices
from statphys_gen.random_features.simulation.memorization import (
    MemorizationCurve,
    backward_times,
    generate,
    memorized_fraction,
)

GOOD = random_features.RandomFeatures("tanh", 2.0, 3.0, 0.1)
ANISOTROPIC = GOOD.replace(covariance=random_features.Covariance([1.0, 2.0], [0.5, 0.5]))
FINITE = GOOD.replace(noise_draws=2)
LAW = random_features.GaussianMixture.two_classes(8, 1.0)
CLEAN = NoisedMixture(LAW).clean
SMALL = random_features.Architecture(16, 2)
STEPS = random_features.NetworkTraining((10,))


def curve_of(fractions: list[list[float]], steps: list[int], samples: int = 10) -> MemorizationCurve:
    """A curve of which the fractions are given, in hundredths."""
    ratios = np.where(np.arange(100) < 100 * np.array(fractions)[:, :, None] - 1e-09, 0.1, 0.9)
    nothing = np.zeros(ratios.shape[:2])
    return MemorizationCurve(samples, np.array(steps), ratios, nothing, nothing, 0.1)


SIN = random_features.RandomFeatures("sin", 2.0, 1.5, 0.2)

KINK = random_features.Activation(lambda x: np.abs(x) * x, "kink", (0.0,))

# fmt: off
TABLE: list[Row] = [
    row(random_features.RandomFeatures,
        dict(activation="tanh", features_per_dimension=2.0, samples_per_dimension=3.0, time=0.1),
        features_per_dimension=[0.0, -1.0, math.inf], samples_per_dimension=[0.0, math.nan, "3"],
        time=[0.0, 21.0, True], activation=["gelu", np.tanh], covariance=[[1.0]],
        noise_draws=[0, 1.5, -math.inf]),
    row(GOOD.replace, {}, changes=[Given(size=3)]),
    row(random_features.Activation, dict(function=np.tanh), function=[3.0], name=[""],
        breakpoints=[(math.nan,)],
        activation=[Given(function=lambda x: np.where(x > 0, x, np.nan), name="half"),
            Given(function=lambda x: x[:2], name="short"), Given(function=lambda x: 1j * x, name="complex")]),
    row(random_features.Activation.from_polynomial, {}, coefficients=[[1.0], [1.0, 0.0], np.ones(30)]),
    row(random_features.coefficients, dict(activation="tanh", time=0.1),
        activation=[random_features.Activation.from_polynomial([0.0, 1e+200]),
            random_features.Activation.from_polynomial([0.0, 1e-200]),
            random_features.Activation.from_polynomial([0.0] * 20 + [1e+160]),
            random_features.Activation(lambda x: 1e+90 * np.tanh(x), "large"),
            Given(activation=random_features.Activation.from_polynomial([0.0, 1.0]), data_variance=1e+70), 3],
        time=[0.0, [0.1, 30.0]], data_variance=[0.0]),
    row(random_features.outliers, dict(model=GOOD), dimension=[0]),
    row(random_features.learning_curves, dict(model=GOOD, training_time=math.inf),
        training_time=[-1.0, math.nan, []],
        features_per_dimension=[Given(model=GOOD.replace(features_per_dimension=6, noise_draws=2))]),
    row(random_features.ridge_curves, dict(model=GOOD), penalty=[-1.0]),
    row(random_features.losses, dict(model=GOOD), algorithm=[3.0]),
    row(random_features.score_error_from_test_loss, dict(test_loss=1.0, time=0.1, fisher_information=1.0),
        time=[0.0], fisher_information=[-1.0]),
    row(random_features.ridge, {}, penalty=[0.0]),
    row(random_features.gradient_descent, dict(model=GOOD, steps=[3], learning_rate=0.1),
        steps=[[1.5], [-1], [10 ** 9]], learning_rate=[0.0]),
    row(random_features.momentum_descent, dict(model=GOOD, steps=[3], learning_rate=0.1), momentum=[1.0]),
    row(random_features.custom_filter, dict(function=lambda z: z), function=[3.0, lambda z: np.nan * z], pole=[1.0]),
    row(random_features.spectrum(GOOD).density, dict(position=1.0), position=[[math.nan]], kind=["weights"]),
    row(random_features.spectrum(GOOD).grid, {}, points=[1]),
    row(random_features.merging_point, dict(model=GOOD, solve_for="time", lower=1.0, upper=2.0),
        solve_for=["size"], lower=[Given(lower=2.0, upper=1.0)], upper=[Given(lower=0.1, upper=0.100001)]),
    row(random_features.merging_line,
        dict(model=GOOD, along="time", along_lower=1.0, along_upper=2.0, solve_for="time", lower=0.1, upper=0.2),
        along=["size"], solve_for=[Given(along_lower=0.05, along_upper=0.2)],
        along_lower=[Given(along_lower=0.2, along_upper=0.3, solve_for="samples_per_dimension", lower=1.0,
            upper=2.0)]),
    row(random_features.timescales, dict(model=GOOD), unit=["seconds"], at=["left"]),
    row(random_features.training_window, dict(model=GOOD), tolerance=[0.0]),
    row(random_features.memorization_time, dict(model=GOOD), gap=[-0.1, 1e-17]),
    row(random_features.phase_diagram,
        dict(activation="tanh", time=0.1, training_time=[1.0], features_per_dimension=[1.0],
            samples_per_dimension=[1.0]), features_per_dimension=[[0.0]], training_time=[[-1.0]]),
    row(random_features.score_error_exponent, dict(model=GOOD, samples_per_dimension=[1.0, 2.0]),
        features_per_dimension=[[1.0, 2.0, 3.0]]),
    row(random_features.overfitting_edges, {}, noise_draws=[Given(model=FINITE)]),
    row(random_features.interpolation_edges, {}, covariance=[Given(model=ANISOTROPIC)]),
    row(random_features.fast_phase_score_error, dict(training_time=1.0),
        covariance=[Given(model=ANISOTROPIC)]),
    row(random_features.kernel_train_loss, dict(model=GOOD, training_time=1.0), training_time=[-1.0],
        activation=[Given(model=GOOD.replace(activation="linear"))]),
    row(random_features.large_sample_stopping_time, {},
        covariance=[Given(model=GOOD.replace(covariance=random_features.Covariance.isotropic(2.0)))]),
    row(random_features.bulk_edges, {},
        activation=[Given(model=GOOD.replace(activation=random_features.Activation.from_polynomial([0.0,
            0.0, 1.0])))]),
    row(random_features.Architecture, dict(width=8), width=[0], hidden_layers=[0],
        activation=[Given(hidden_layers=1, activation="gelu")]),
    row(random_features.NetworkTraining, dict(steps=(1,)), steps=[(3, 3), (), (-1,)], batch=[0],
        algorithm=["lion"], learning_rate=[0.0], momentum=[1.0], shortest_time=[0.0],
        longest_time=[Given(shortest_time=2.0, longest_time=1.0)]),
    row(random_features.simulate_memorization,
        dict(mixture=LAW, samples=4, architecture=SMALL, training=STEPS, instances=1),
        longest_time=[Given(training=random_features.NetworkTraining((1,), shortest_time=1.0, longest_time=1.0))],
        mixture=["two"], samples=[1], architecture=[64], training=[100], instances=[0], loss_time=[-0.1]),
    row(backward_times, dict(shortest_time=1.0, steps=3), longest_time=[1.0]),
    row(generate,
        dict(guess=CLEAN, dimension=8, mean_square=2.0, walkers=3, rng=np.random.default_rng(0), times=[2.0, 1.0]),
        times=[[1.0, 2.0]], guess=[None], mean_square=[0.0]),
    row(memorized_fraction, dict(ratios=[0.5]), ratios=[np.zeros((2, 2, 2)), [-1.0]], ratio=[1.0],
        resamples=[1]),
    row(random_features.memorization_onset, dict(curve=curve_of([[0.0, 1.0]], [1, 2])), level=[1.0]),
    row(random_features.simulate_losses, dict(model=SIN, training_time=[1.0], dimension=8, instances=4),
        model=["sin"], dimension=[0, 7], instances=[1], training_time=["long"], moments=[(1.0, 0.0, 0.0)]),
    row(random_features.simulate_limit,
        dict(model=SIN, training_time=[1.0], dimensions=(4, 8, 16), instances=(8, 8, 8)),
        dimensions=[8, (4, 8)], instances=[(8, 8), 8, (8, 8, 7)]),
    row(random_features.simulate_train_parts,
        dict(model=SIN, training_time=[1.0], dimension=8, ranks=[0, 16], instances=4),
        training_time=[random_features.GradientDescent([1], 0.1)], ranks=[[0, 17]]),
    row(modes_at, dict(eigenvalues=np.ones((3, 4))), ranks=[[4]]),
    row(random_features.FeatureMoments, dict(linear=1.0, shared_variance=0.1, fresh_variance=0.0),
        shared_variance=[-0.1], fresh_variance=[math.nan]),
    row(random_features.GradientFlow, {}, training_time=[[-1.0], ["now"]]),
    row(random_features.simulate_best_stopping, dict(model=SIN, dimension=8, instances=4,
            training_time=np.geomspace(0.1, 10.0, 6)),
        training_time=[[1.0, 2.0], np.geomspace(0.001, 0.002, 6)]),
    row(random_features.Ridge, {}, penalty=[[0.0]]),
    row(random_features.GradientDescent, dict(steps=[1], learning_rate=0.1), steps=[[3, 2]], learning_rate=[0.0],
        momentum=[1.0]),
    row(random_features.Adam, dict(steps=[1]), steps=[[1.5]],
        first_decay=[Given(learning_rate=0.1, first_decay=1.0)], learning_rate=[math.inf]),
    row(modes_between, dict(eigenvalues=np.ones((3, 4)), boundaries=[0.0, 1.0], dimension=4),
        boundaries=[[1.0, 0.0]], eigenvalues=[np.ones(3)]),
    row(sample_matrices, dict(dimension=4, rng=np.random.default_rng(0)),
        activation=[Given(model=SIN.replace(activation=KINK))]),
    row(random_features.compare, dict(model=SIN, dimension=8, training_time=[1.0], instances=3),
        dimension=[Given(dimension=[8, 16], instances=8), Given(dimension=[8, 8, 16], spectrum=True, instances=8)],
        instances=[Given(training_time=random_features.Ridge([0.1]), instances=[3, 3]),
            Given(dimension=[8, 16, 32], spectrum=True, instances=[4, 8, 8])],
        training_time=["long", None],
        model=[Given(model="sin", training_time=random_features.GradientDescent([1], 0.1))],
        seed=[Given(training_time=random_features.Adam([1]), seed=-1)]),
    row(random_features.simulate_eigenvalues, dict(model=SIN, dimension=8, instances=4), model=["sin"],
        dimension=[0, 7]),
]
