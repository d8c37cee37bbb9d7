"""Wrong arguments of Boltzmann machines."""

import math

import numpy as np
from refusals import Given, Row, row

from statphys_gen import rbm
from statphys_gen.rbm.simulation.enumeration import enumerate_network
from statphys_gen.rbm.simulation.network import draw_network


def hopfield(**changes: object) -> rbm.Model:
    options: dict = {"hidden": rbm.Gaussian(), "temperature": 0.4, "load": 0.1, "convention": "sqrt-beta"}
    return rbm.Model(**options | changes)


MODEL = hopfield()

# fmt: off
TABLE: list[Row] = [
    row(rbm.glass_line, dict(model=hopfield(hidden=rbm.Gaussian())), start=[Given(model=hopfield(hidden=rbm.ReLU()))],
        solve_for=[Given(temperature=0.5)], layer_ratio=[Given(solve_for="layer_ratio")],
        parameter=[Given(solve_for="colour")], load=[[-0.1]], between=[(2.0, 1.0), (math.nan, 1.0)]),
    row(rbm.spinodal, dict(model=hopfield(hidden=rbm.Gaussian()), temperature=[0.1, 0.2]),
        start=[Given(model=hopfield(hidden=rbm.Gaussian(), condensed=0))], parameter=[Given(threshold=0.1)],
        parameters=[Given(model=hopfield(hidden=rbm.ReLU()), threshold=[0.1, 0.2, 0.3])]),
    row(rbm.at_line, dict(model=hopfield(hidden=rbm.Gaussian())), start=["paramagnetic"]),
    row(rbm.first_order_line, dict(temperature=0.5), model=[hopfield(hidden=rbm.Binary())]),
    row(rbm.condensation_line, dict(model=hopfield(hidden=rbm.Gaussian())),
        load=[0.1, Given(model=hopfield(hidden=rbm.Gaussian(), load=0.0), solve_for="load")]),
    row(rbm.retrieval_state, dict(model=hopfield(hidden=rbm.Gaussian())),
        load=[0.2, 0.0, Given(model=hopfield(hidden=rbm.Binary()), load=0.1)]),
    row(rbm.glass_state, dict(load=0.1), hidden=[Given(model=hopfield(hidden=rbm.Ternary()))]),
    row(rbm.first_order_load, {}, hidden=[Given(model=hopfield(hidden=rbm.Binary()))]),
    row(rbm.capacity, dict(model=hopfield(hidden=rbm.Gaussian(), visible_field=0.1)), model=[Given()],
        visible=[Given(model=hopfield(hidden=rbm.Gaussian(), visible=rbm.ZeroOne()))],
        ensemble=[Given(model=hopfield(hidden=rbm.Gaussian(), patterns=rbm.Patterns("gaussian")))],
        hidden=[Given(model=hopfield(hidden=rbm.Ternary(), ensemble="bidirectional"))]),
    row(rbm.solve_one_step, dict(model=hopfield(hidden=rbm.Gaussian()), start="glass"),
        hidden=[Given(model=hopfield(hidden=rbm.Binary()))], start=["paramagnet"], temperature=[-0.1], load=[0.0]),
    row(rbm.Gaussian, {}, variance=[0.0, -1.0, math.nan, "1"]),
    row(rbm.Binary, {}, weight=[0.0]),
    row(rbm.ZeroOne, {}, threshold=[math.inf]),
    row(rbm.Ternary, {}, inactive_cost=[None]),
    row(rbm.QState, dict(states=3), states=[1, 2.5, [1.0, 1.0]],
        weights=[[0.5, 0.5], Given(states=2, weights=[0.5, 0.6])]),
    row(rbm.ReLU, {}, threshold=[[1.0]]),
    row(rbm.SoftThreshold, {}, threshold=[True]),
    row(rbm.Mixture, {}, gaussian_weight=[-0.1, 1.1]),
    row(rbm.Mixture(0.5).mean, dict(b=1.0, beta=2.0), convention=[Given(a=0.0)]),
    row(rbm.Mixture(0.5).zero_temperature_response, dict(field=1.0), hidden=[Given(curvature=0.0)]),
    row(rbm.Mixture(0.0).energy, {}, gaussian_weight=[Given(h=1.0)]),
    row(rbm.Binary().energy_gradient, {}, prior=[Given(h=0.0)]),
    row(rbm.prior, dict(name="relu"), prior=[Given(name="gauss")], **{"relu parameter": [Given(slope=1.0)]},
        **{"binary parameter": [Given(name="binary", threshold=1.0)]}),
    row(rbm.Spherical().sample, dict(rng=np.random.default_rng(0)), field=[np.array([1.0])]),
    row(rbm.FromLogDensity, dict(log_density=lambda h: -h * h),
        log_density=[lambda h: -np.abs(h), lambda h: -np.abs(h) ** 1.9, lambda h: -np.log1p(h * h),
            lambda h: h * h, "exp"], support=[(1.0, 0.0)], breakpoints=[(math.nan,)]),
    row(rbm.FromLogMoments, dict(log_moments=np.abs), log_moments=[lambda b: np.abs(b) ** 2.5],
        steepness=[0.0]),
    row(rbm.simulate, dict(model=MODEL, visible_units=100, samples=2), model=["hopfield"],
        visible_units=[1, 100.5, 101, Given(model=hopfield(load=0.0)),
            Given(model=hopfield(ensemble="bidirectional", layer_ratio=0.33), visible_units=10)], samples=[1],
        chains=[1], sweeps=[0], burn_in=[-1],
        start=["retrieval", Given(model=hopfield(ensemble="low-rank", load=0.5), start="pattern")], seed=[-1],
        threads=[0], patterns=[Given(model=hopfield(patterns=rbm.Patterns("diluted")))]),
    row(rbm.simulate_free_entropy, dict(model=MODEL, visible_units=20, samples=2),
        hidden=[Given(model=hopfield(hidden=rbm.FromLogMoments(lambda b: b * b / 2))),
            Given(model=hopfield(hidden=rbm.Spherical()), chains=2, sweeps=1)],
        branch=[Given(visible_units=100, branch="glass")], nodes=[Given(visible_units=100, nodes=1)]),
    row(rbm.simulate_collapsed, dict(model=hopfield(hidden=rbm.ReLU()), visible_units=100, samples=2),
        hidden=[Given()], visible=[Given(model=hopfield(visible=rbm.visible_prior("zero-one")))]),
    row(rbm.simulate_descent, dict(model=MODEL, visible_units=100, samples=2), convention=[Given()],
        hidden=[Given(model=hopfield(hidden=rbm.Mixture()))],
        start=[Given(model=hopfield(convention="beta"), start="glass")]),
    row(rbm.simulate_tempering, dict(model=MODEL, temperatures=[0.4, 0.5], visible_units=100, samples=2),
        temperatures=[[0.5], [0.5, 0.4]], ladders=[1]),
    row(rbm.simulate_hysteresis, dict(model=MODEL, visible_units=100, samples=2, temperatures=[0.4, 0.5]),
        temperatures=[[-0.5, 0.4]]),
    row(rbm.simulate_langevin, dict(model=MODEL, visible_units=100, samples=2),
        prior=[Given(model=hopfield(hidden=rbm.Binary()))], step_sizes=[[0.1]], time_between=[0.0]),
    row(enumerate_network, {},
        network=[draw_network(MODEL, 30), draw_network(hopfield(visible=rbm.visible_prior("gaussian")), 10)]),
    row(rbm.simulate(MODEL, 20, 2, chains=2, sweeps=1).estimate, {}, observable=["energy"]),
    row(rbm.Model, dict(hidden=rbm.Gaussian(), temperature=0.5, load=0.1, convention="sqrt-beta"),
        hidden=[Given(hidden="gaussian", convention="beta")], temperature=[0.0, -1.0, math.inf],
        load=[-0.1, math.nan, Given(ensemble="repeated")],
        convention=["T", Given(hidden=rbm.Mixture(0.5), convention="beta")],
        ensemble=["hopfield", Given(spikes=(1.0,)), Given(noise=0.5),
            Given(patterns=rbm.Patterns("diluted"), ensemble="bidirectional")], visible=[rbm.Ternary()],
        patterns=["binary"], layer_ratio=[0.2, Given(layer_ratio=-1.0, ensemble="bidirectional")],
        noise=[Given(noise=-0.5, ensemble="low-rank")], spikes=[Given(spikes=(-1.0,), ensemble="low-rank")],
        size=[0, Given(size=100, ensemble="bidirectional")], condensed=[-1, 1.5], visible_field=[math.nan],
        pattern_field=["0"]),
    row(rbm.Patterns, dict(law="sparse"), density=[0.0, 1.5, Given(law="binary", density=0.5)],
        patterns=[Given(law="cauchy")]),
    row(rbm.Patterns('diluted').sample, dict(shape=(2,)), patterns=[Given(rng=np.random.default_rng(0))]),
    row(rbm.solve, dict(model=hopfield(), start="glass"),
        start=["ferromagnet", Given(model=hopfield(hidden=rbm.ReLU()), start="paramagnet"),
            Given(model=hopfield(pattern_field=0.1), start="paramagnet"),
            Given(model=hopfield(condensed=0), start="retrieval")],
        parameter=[Given(speed=1.0), Given(threshold=1.0)], temperature=[[0.5, -0.5]],
        parameters=[Given(temperature=[0.5, 0.6], load=[0.1, 0.2, 0.3])], layer_ratio=[0.5],
        ensemble=[Given(noise=0.5)], patterns=[Given(density=0.5)],
        groups=[Given(start="retrieval", groups=(0.5,))],
        pattern_field=[Given(model=hopfield(condensed=3, pattern_field=0.1), start="retrieval")],
        size=[-5.0]),
    row(rbm.phase_diagram, dict(model=hopfield(), load=[0.1, 0.2]), temperature=[[0.5, 0.4], 0.5]),
    row(rbm.condensed_signal, dict(overlap=0.5, size=100),
        ensemble=[Given(model=hopfield(ensemble="bidirectional"))]),
]
