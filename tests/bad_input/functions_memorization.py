"""Wrong arguments of reports on copying."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import memorization
from statphys_gen.data import DataSet

RNG = np.random.default_rng(5)
SEEN, FRESH, MADE = (RNG.normal(0.3, 1.2, (count, 2)) for count in (40, 25, 30))
DATA = DataSet.from_arrays(SEEN)
SETS = dict(generated=MADE, training=SEEN, held_out=FRESH)
KNOWN = memorization.KnownGenerator("perfect")
LAW = memorization.GaussianMixture.two_classes(2, 0.7, 0.6)
TRIAL = dict(known=KNOWN, law=LAW, training=30, held_out=20, generated=20, runs=2)
LOOKS = dict(step=[1.0, 4.0, 9.0], copies=[0, 2, 8], generated=[10, 10, 10])
GAUSSIANS = dict(
    first_mean=[0.3, 0.1], first_covariance=np.eye(2), second_mean=[0.1, 0.2], second_covariance=2 * np.eye(2)
)
NOISED = dict(inputs=SEEN[:5], outputs=SEEN[5:10], training=SEEN, data_scale=0.8, noise_scale=0.5)
POINTS = dict(inputs=SEEN[:5], training=SEEN, data_scale=0.8, noise_scale=0.5)
CLOCK = dict(step=[1.0], samples=20, reference_samples=10)

# fmt: off
TABLE: list[Row] = [
    row(memorization.report, SETS,
        generated=[MADE[:1], np.ones((30, 2)), [1.0, 2.0], "abc"], training=[SEEN[:, :1], np.ones((40, 2))],
        held_out=[FRESH[:19], FRESH[:, :1], np.concatenate([FRESH, SEEN[:3]])],
        features=[[MADE], [MADE, SEEN, SEEN], MADE, DATA], ratio=[0.0, 1.0, math.nan], level=[0.0, 1.0],
        false_discovery_rate=[0.0, 1.0], smallest_fraction=[0.0, 1.0],
        groups=[DATA, 3, [np.zeros(40, int)], [np.zeros(40), np.ones(24)], [np.zeros(40, int), np.zeros(25, int)],
            Given(held_out=None, groups=[np.zeros(40)]), [np.arange(40), np.full(25, "a")],
            [np.arange(40) + 0.5, np.arange(25)]],
        strata=[[np.zeros(40, int)], [np.arange(40), np.arange(25) % 2 - 0.5],
            Given(groups=[np.arange(40) // 2, 50 + np.arange(25)], strata=[np.arange(40), np.arange(25)])],
        **{"generated[2, 1]": [np.where(np.arange(60).reshape(30, 2) == 5, np.nan, MADE)]}),
    row(memorization.sample_distances, dict(first=MADE, second=SEEN), second=[SEEN[:, :1], np.ones((3, 2))],
        directions=[0, 2.5], bandwidth=[0.0, math.inf], resamples=[1]),
    row(memorization.Looks, LOOKS, step=[[1.0], [1.0, 1.0, 2.0], [3.0, 2.0, 4.0], [-1.0, 1.0, 2.0]],
        copies=[[0, 2], [0.5, 1, 2]], generated=[[10, 10, 0]], null_generated=[Given(null_copies=[1, 1, 1])],
        test_loss=[Given(train_loss=[1.0, 0.9, 0.8])],
        **{"copies[1]": [[0, 11, 12]], "null_copies[0]": [Given(null_copies=[4, 1, 1], null_generated=[3, 3, 3])]}),
    row(memorization.copying_onset, dict(looks=memorization.Looks(**LOOKS)), level=[0.0, 1.0], z=[0.0, math.nan],
        looks=[LOOKS, SEEN]),
    row(memorization.load_looks, dict(argument="TABLE"), TABLE=[Given(path="/does/not/exist.csv")]),
    row(memorization.normalised_step, CLOCK, step=[[-1.0]], samples=[0.0], reference_samples=[-1.0], batch=[0.0],
        learning_rate=[math.inf], reference_batch=[0.0], reference_learning_rate=[0.0]),
    row(memorization.denoiser_report, NOISED, inputs=[SEEN[:5, :1], [1.0]], outputs=[None, SEEN[:4]],
        data_scale=[0.0, -1.0], noise_scale=[0.0, math.inf], predicts=["x0", 1], other=[SEEN[:4]],
        population=[SEEN[:4]], score=[Given(outputs=None, score="x")],
        other_training=[SEEN, Given(other=SEEN[:5], other_training=SEEN[:, :1])]),
    *(row(function, POINTS, inputs=[SEEN[:, :1]], data_scale=[0.0], noise_scale=[0.0])
        for function in (memorization.empirical_denoiser, memorization.gaussian_denoiser)),
    row(memorization.KnownGenerator, dict(kind="smoothed"), kind=["gan", 1], copies=[-0.1, 1.1], width=[-1.0],
        shrinkage=[0.0, 1.0]),
    row(KNOWN.draw, dict(law=LAW, training=SEEN, count=3, rng=RNG), training=[SEEN[:, :1]], count=[0],
        law=[SEEN, {"means": 1}]),
    row(memorization.KnownGenerator("perfect", copies=1.0).draw, dict(law=LAW, training=SEEN, rng=RNG),
        copies=[Given(count=50)]),
    row(memorization.simulate_reports, TRIAL, known=["perfect"], training=[1], held_out=[19], generated=[1],
        runs=[1], ratio=[0.0], false_discovery_rate=[1.0]),
    row(memorization.simulate_neighbour_fraction, dict(dimension=2, ratio=0.4), dimension=[0, 5, 1.5],
        ratio=[0.0, 1.0], point_density=[0.0], smoothing_width=[-0.1, 9.0], instances=[1]),
    row(memorization.compare, dict(dimension=2, ratio=0.4, point_density=70.0, smoothing_width=0.06),
        dimension=[0], ratio=[1.0], point_density=[0.0], smoothing_width=[-1.0], instances=[1]),
    row(memorization.null_fraction, dict(dimension=2.5, ratio=0.4), dimension=[0.0, [1.0, -2.0]], ratio=[0.0, 1.0]),
    row(memorization.intrinsic_dimension, {}, ratios=[[[0.2]], [0.0, 0.3], [0.2, 1.1]]),
    row(memorization.smoothed_fraction, dict(dimension=2, ratio=0.4, point_density=70.0, smoothing_width=0.06),
        dimension=[0.0, 1e-3, 1000.0], ratio=[0.0], point_density=[0.0], smoothing_width=[-0.1, [0.1, math.nan]]),
    row(memorization.smoothing_width, dict(fraction=0.4, dimension=2), fraction=[0.0, 1.0, [0.3, math.nan]],
        dimension=[0.0], ratio=[1.0]),
    row(memorization.distinct_copies_needed, dict(training=10, held_out=20), training=[0], held_out=[0.5],
        level=[0.0, 1.0]),
    row(memorization.smallest_nameable, dict(generated=10, held_out=20), generated=[0], held_out=[0],
        false_discovery_rate=[0.0]),
    row(memorization.gaussian_frechet, GAUSSIANS, first_mean=[[[1.0]]], second_mean=[[1.0, math.nan]],
        first_covariance=[np.eye(3), -np.eye(2)], second_covariance=[[[1.0, 0.3], [0.0, 1.0]]]),
    row(memorization.gaussian_sliced_wasserstein, GAUSSIANS | dict(directions=np.eye(2)), directions=[[1.0], np.eye(3)],
        second_mean=[[math.inf, 1.0]]),
]
# fmt: on
