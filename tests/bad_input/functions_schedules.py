"""Wrong arguments of schedules."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import schedules
from statphys_gen.data import CurieWeiss, DataSet, GaussianMixture

CLASSES = schedules.TwoClasses(50, 0.8, 0.36, 0.7)
GRID = schedules.NoiseGrid((20.0, 3.0, 0.5, 0.0))
MIXTURE = GaussianMixture([0.7, 0.3], [[2.0, 0.1], [-1.0, 0.3]], [[0.5, 0.2]])
FLAT = GaussianMixture([0.7, 0.3], [[2.0, 0.1], [-1.0, 0.3]], [[0.5, 0.0]])
MODEL = schedules.Autoencoder((3, 1), 0.64, 0.2, 0.05)
FEW = schedules.Autoencoder((3, 1), 0.64, 0.2, 0.05, noise_draws=2)
DATA = DataSet.from_arrays(np.random.default_rng(1).normal(size=(40, 3)) * [3.0, 1.0, 0.5])
CONSTANT = DataSet.from_arrays(np.repeat([[0.0, 1.0], [2.0, 1.0]], 5, axis=0), [0] * 5 + [1] * 5)
SINGLE = DataSet.from_arrays(np.arange(20.0).reshape(10, 2), [0] * 9 + [1])

TABLE: list[Row] = [
    row(
        schedules.TwoClasses,
        dict(dimension=5, separation=0.8, variance=0.3, weight=0.7),
        dimension=[0, 2.5, 10**16],
        separation=[0.0, -1.0, math.inf],
        variance=[-0.1, math.nan, 1e101],
        weight=[0.0, 1.0, "p"],
    ),
    row(
        schedules.NamedInterpolant,
        dict(name="dilated-ve-linear", scale=5.0, dilation=0.3),
        name=["linear", 3],
        scale=[0.0, -1.0, Given(name="vp-linear", dilation=0.0)],
        dilation=[0.0, 1.0, Given(name="ve-linear", dilation=0.2)],
    ),
    row(
        schedules.interpolant,
        dict(name="dilated-vp-linear", norm=9.0, dilation=2.0),
        norm=[0.0, math.inf],
        schedule=[Given(name="vp")],
        dilation=[0.0, 9.0, -1.0, None, Given(name="vp-linear")],
    ),
    row(
        schedules.TimeGrid,
        dict(interpolant=schedules.interpolant("vp-linear"), times=(0.0, 0.4, 1.0)),
        interpolant=["vp-linear"],
        times=[(0.0,), (0.1, 1.0), (0.0, 0.9), (0.0, 0.5, 0.5, 1.0), 3.0, "01"],
    ),
    row(
        schedules.TimeGrid.uniform,
        dict(interpolant=schedules.interpolant("vp-linear"), steps=3),
        steps=[0, 2.5, 10**6],
    ),
    row(
        schedules.NoiseGrid,
        dict(levels=(3.0, 1.0, 0.0), scheme="heun", start="mean"),
        scheme=["euler", 2],
        start=["one"],
        noise_levels=[
            Given(levels=(3.0,)),
            Given(levels=(3.0, 1.0)),
            Given(levels=(math.inf, 0.0)),
            Given(levels=4.0),
            Given(levels=(3.0, 3.0, 0.0)),
            Given(levels=(3.0, -1.0, 0.0)),
            Given(levels=(3.0, math.nan, 0.0)),
            Given(levels=(3.0, math.inf, 0.0)),
            Given(levels=(1e200, 1.0, 0.0)),
        ],
    ),
    row(
        schedules.noise_grid,
        dict(name="karras", steps=4, noise_level_range=(0.1, 9.0)),
        steps=[0, 1.5],
        schedule=[Given(name="linear")],
        noise_level_range=[
            None,
            (1.0, 0.5),
            (0.0, 2.0),
            (0.1, math.inf),
            (1.0, 1.0),
            Given(name="ddpm-linear", noise_level_range=(1e-6, 2.0)),
        ],
        variance=[Given(name="tangent"), Given(name="tangent", variance=0.0)],
    ),
    row(
        schedules.Autoencoder,
        dict(samples=(3, 1), variance=0.6, output_ridge=0.2),
        samples=[(0, 0)],
        positive_samples=[Given(samples=(-1, 2))],
        negative_samples=[Given(samples=(3, 0.5))],
        variance=[-1.0],
        output_ridge=[0.0, math.inf],
        input_ridge=[-0.1],
        noise_draws=[0, 1.5],
    ),
    row(schedules.detail_std, dict(variance=0.4, grid=GRID), variance=[0.0, -1.0, "a"]),
    row(schedules.generated_weights, dict(mixture=MIXTURE, grid=GRID), covariances=[Given(mixture=FLAT)]),
    row(
        schedules.start_error,
        dict(classes=CLASSES, noise_level=9.0),
        noise_level=[0.0, math.inf],
        start=["one"],
    ),
    row(
        schedules.posterior_quantile, dict(signal=1.0, weight=0.7), signal=[-1.0, math.nan], weight=[0.0, 1.0]
    ),
    row(
        schedules.limit,
        dict(schedule="dilated-ve-linear", weight=0.7, variance=0.3, steps=4, dilation=2.0),
        schedule=["ve"],
        weight=[0.0, 1.0],
        variance=[-1.0],
        steps=[0, 5, 2.5],
        dilation=[None, 0.0, Given(schedule="ve-linear")],
    ),
    row(
        schedules.vp_crossover,
        dict(steps_ratio=1.0, weight=0.7),
        steps_ratio=[0.0, 1e-4, 1e5],
        weight=[0.0, 1.0],
    ),
    row(schedules.ve_crossover, dict(steps_ratio=1.0), steps_ratio=[0.0, -1.0, math.nan]),
    row(schedules.detail_density, dict(noise_level=1.0, variance=0.4), noise_level=[0.0], variance=[0.0]),
    row(schedules.weight_density, dict(noise_level=1.0, classes=CLASSES), noise_level=[0.0, -1.0]),
    row(schedules.feature_area, dict(classes=CLASSES, feature="weight"), feature=["weights"]),
    row(
        schedules.u_turn,
        dict(signal=1.0, weight=0.7, data_signal=2.0),
        signal=[-1.0, 3.0],
        weight=[0.0],
        data_signal=[0.0, math.nan],
    ),
    row(schedules.weight_sensitivity, dict(noise_level=1.0, classes=CLASSES), noise_level=[0.0]),
    row(schedules.bias_variance, dict(signal=1.0, weight=0.7), signal=[0.0], weight=[1.0]),
    row(
        schedules.weight_variance,
        dict(classes=CLASSES, noise_level=[3.0, 1.0], draws=[10.0, 10.0]),
        noise_level=[3.0, [0.0, 1.0], [1.0, 3.0]],
        draws=[[1.0], [0.0, 1.0]],
    ),
    row(
        schedules.training_density,
        dict(classes=CLASSES, noise_level=[3.0, 1.0]),
        noise_level=[[0.0, 1.0], 1.0],
    ),
    row(
        schedules.curie_weiss_modes,
        dict(model=CurieWeiss(20, 1.6, 0.9)),
        inverse_temperature=[Given(model=CurieWeiss(20, 0.9))],
    ),
    row(
        schedules.curie_weiss_limit,
        dict(inverse_temperature=1.6, tilt=0.9, dilation=2.0, steps=4),
        inverse_temperature=[1.0, 0.0],
        tilt=[math.inf],
        dilation=[0.0],
        steps=[1, 2.5, 1000],
        schedule=["vp-linear"],
    ),
    row(
        schedules.autoencoder_details,
        dict(model=MODEL, noise_scale=0.7, data_scale=0.5),
        noise_scale=[0.0],
        data_scale=[-1.0],
    ),
    row(
        schedules.autoencoder_speciation,
        dict(model=MODEL, dilated_time=1.0),
        dilated_time=[0.0, math.nan],
        noise_draws=[Given(model=FEW)],
        negative_samples=[Given(model=schedules.Autoencoder((3, 0), 0.6, 0.2, 0.1))],
        input_ridge=[Given(model=schedules.Autoencoder((3, 1), 0.6, 0.2))],
    ),
    row(
        schedules.autoencoder_weight, dict(model=MODEL, dilation=2.0, steps=2), dilation=[0.0], steps=[0, 2.5]
    ),
    row(
        schedules.design_schedule,
        dict(law=CLASSES, steps=3),
        steps=[0, 2.5, 201, Given(steps=1, from_infinity=True)],
        scheme=["euler"],
        weight_tolerance=[0.0],
        detail_tolerance=[-1.0],
        detail_weighting=["all"],
        detail_floor=[-0.1, 1.5],
        noise_level_range=[(2.0, 1.0), (0.0, 1.0)],
        covariances=[Given(law=FLAT)],
    ),
    row(
        schedules.design_report,
        dict(law=CLASSES, steps=3),
        target=["comfy"],
        shift=[2.0, Given(target="flow-match", shift=-1.0)],
        dynamic_shift=[Given(target="flow-match", shift=2.0, dynamic_shift=2.0)],
        table=[Given(target="ddpm-timesteps")],
        interpolant=[Given(target="interpolant")],
        walkers=[],
    ),
    row(
        schedules.export,
        dict(grid=GRID, target="k-diffusion"),
        target=["comfy"],
        shift=[2.0],
        grid=[Given(target="flow-match")],
        begin_index=[Given(target="diffusers-euler")],
        spectrum=[Given(target="training")],
    ),
    row(schedules.named_table, dict(name="linear"), table=[Given(name="cosine")]),
    row(
        schedules.fit_modes,
        dict(dataset=DATA),
        labels=[Given(dataset=SINGLE)],
        data=[Given(dataset=CONSTANT)],
    ),
    row(
        schedules.validate,
        dict(grid=GRID, dataset=DATA, walkers=20),
        grid=[CLASSES],
        denoiser=[lambda y, s: y[:1], lambda y, s: y * math.nan],
        walkers=[5],
    ),
    row(
        schedules.simulate_two_classes,
        dict(classes=CLASSES, grid=GRID, walkers=20),
        walkers=[5],
        denoiser=[lambda y, s: y * math.inf],
        dimension=[Given(classes=schedules.TwoClasses(10**6, 0.8, 0.3, 0.7))],
    ),
    row(schedules.simulate_mixture, dict(mixture=MIXTURE, grid=GRID, walkers=20), walkers=[5]),
    row(
        schedules.simulate_curie_weiss,
        dict(model=CurieWeiss(20, 1.6, 0.9), grid=GRID, walkers=20),
        walkers=[5],
    ),
    row(schedules.compare, dict(law=CLASSES, grid=GRID, walkers=20), law=["classes"], walkers=[5]),
    row(
        schedules.load_grid,
        dict(argument="grid", path="absent.json"),
        grid=[Given(path="absent.json"), Given(path=__file__)],
    ),
]
