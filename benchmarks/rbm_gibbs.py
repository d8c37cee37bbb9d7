"""Monte Carlo of restricted Boltzmann machines against scikit-learn's sampler, the matrix products, and plain numpy.

N = 1000 visible and 500 hidden units, 64 chains, one thread, float32 weights.

sweep       one sweep of all chains: CPU seconds of BernoulliRBM's (hidden, then visible units, with its float32 weights
            and float32 visible states) over ours, for the same {0, 1} machine and for real-valued hidden units; and the
            share of the two matrix products in ours. Ours also adds up the averages of every unit.
packed      the same over the bit-packed sweep of +-1 units with +-1 patterns.
kernels     plain numpy over each kernel, on the same fields; a kernel below 1.3 would not be kept.
tempering   N = 400, 200 hidden units, 14 temperatures, 4 ladders: microseconds of a sweep of one chain with its
            exchanges, and the share of the exchanges.

    python -m benchmarks.rbm_gibbs
"""

import json
from typing import Any

import numpy as np
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_limits

from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.simulation import kernels, kernels_spins
from statphys_gen.rbm.simulation.gibbs import Chains, Settings
from statphys_gen.rbm.simulation.network import draw_network
from statphys_gen.rbm.simulation.packed import PackedChains
from statphys_gen.rbm.simulation.tempering import Ladders
from statphys_gen.units import Binary, Gaussian, Prior, ReLU, Ternary, ZeroOne

from .baselines import rbm_gibbs_numpy
from .measure import cpu_seconds, machine

UNITS, LOAD, CHAINS, SWEEPS = 1000, 0.5, 64, 10


def machine_of(hidden: Prior, visible: str = "binary") -> Model:
    return Model(hidden, 1.5, LOAD, convention="sqrt-beta", visible=visible_prior(visible))


def generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(0))


def sweeps() -> dict[str, Any]:
    network = draw_network(machine_of(ZeroOne(), "zero-one"), UNITS)
    theirs = BernoulliRBM(n_components=network.hidden_units)
    weights = np.float32(network.model.coupling) * network.weights.T
    theirs.components_ = np.ascontiguousarray(weights)
    theirs.intercept_hidden_ = np.zeros(network.hidden_units, dtype=np.float32)
    theirs.intercept_visible_ = np.zeros(UNITS, dtype=np.float32)
    random_state = np.random.RandomState(0)
    start = (generator().random((CHAINS, UNITS)) < 0.5).astype(np.float32)

    def sklearn_sweeps() -> None:
        visible = start
        for _ in range(SWEEPS):
            hidden = theirs._sample_hiddens(visible, random_state).astype(np.float32)
            visible = theirs._sample_visibles(hidden, random_state).astype(np.float32)

    calls: dict[str, Any] = {"sklearn": sklearn_sweeps}
    for name, hidden, visible, kind in (
        ("zero-one", ZeroOne(), "zero-one", Chains),
        ("gaussian", Gaussian(), "binary", Chains),
        ("binary", Binary(), "binary", Chains),
        ("ternary", Ternary(), "binary", Chains),
        ("relu", ReLU(0.5), "binary", Chains),
        ("packed", Binary(), "binary", PackedChains),
    ):
        own = draw_network(machine_of(hidden, visible), UNITS)
        state = kind(own, generator(), Settings.of(own.model, CHAINS))
        sums = np.zeros((CHAINS, UNITS), np.float32), np.zeros((CHAINS, own.hidden_units), np.float32)

        def run(state: Chains = state, sums: Any = sums) -> None:
            for _ in range(SWEEPS):
                state.sweep(*sums)

        run()
        calls[name] = run
    left, right = network.weights, np.ascontiguousarray(network.weights.T)
    hidden_out, visible_out = np.empty((CHAINS, right.shape[0]), np.float32), start.copy()

    def products() -> None:
        for _ in range(SWEEPS):
            np.matmul(visible_out, left, out=hidden_out)
            np.matmul(hidden_out, right, out=visible_out)
            visible_out[:] = start

    calls["products"] = products
    spent = cpu_seconds(calls, repeats=9)
    per = {name: 1e6 * value / (SWEEPS * CHAINS) for name, value in spent.items()}
    ours = ("zero-one", "gaussian", "binary", "ternary", "relu", "packed")
    return {
        "microseconds_of_a_chain_sweep": per,
        "faster_than_scikit_learn": {name: per["sklearn"] / per[name] for name in ours},
        "share_of_the_matrix_products": {name: per["products"] / per[name] for name in ours[:-1]},
    }


def kernel_gains() -> dict[str, float]:
    shape = (CHAINS, 500)
    field = generator().standard_normal(shape).astype(np.float32)
    one, zero, nothing = np.ones(CHAINS, np.float32), np.zeros(CHAINS, np.float32), np.zeros(500, np.float32)
    sums, dots, squares = np.zeros(shape, np.float32), np.zeros(CHAINS), np.zeros(CHAINS)
    results = (sums, dots, squares)
    rng, plain = generator(), generator()

    lanes = rng.integers(0, 2**32, size=(4, 16), dtype=np.uint32)
    words, numbers = np.empty(shape, np.uint32), np.empty(shape, np.float32)

    def bits() -> np.ndarray:
        kernels.random_words(lanes, words.reshape(-1))
        return words

    def noise() -> np.ndarray:
        kernels.normals(bits().reshape(-1), numbers.reshape(-1))
        return numbers

    pairs = np.empty((CHAINS, 2 * shape[1]), np.uint32)

    def two_words() -> np.ndarray:
        kernels.random_words(lanes, pairs.reshape(-1))
        return pairs

    states, flat = np.array([-1.0, 0.0, 1.0], np.float32), np.zeros((CHAINS, 3), np.float32)
    ours = {
        "binary": lambda f: kernels.two_states(
            bits(), f, one, zero, zero, nothing, -1.0, 2.0, zero, *results
        ),
        "gaussian": lambda f: kernels.normal_units(noise(), f, one, zero, zero, nothing, one, *results),
        "ternary": lambda f: kernels.several_states(bits(), f, one, states, flat, *results),
        "mixture": lambda f: kernels.mixture_units(bits(), noise(), f, one, 0.5, *results),
        "relu": lambda f: kernels.truncated_units(
            two_words(), rng, f, one, 0.0, np.ones(CHAINS), False, *results
        ),
    }
    gains = {}
    for name, kernel in ours.items():
        draw = rbm_gibbs_numpy.PASSES[name]

        def by_kernel(kernel: Any = kernel) -> None:
            for _ in range(5):
                kernel(field.copy())

        def by_numpy(draw: Any = draw) -> None:
            for _ in range(5):
                rbm_gibbs_numpy.summed(field, draw(plain, field), sums)

        by_kernel()
        spent = cpu_seconds({"kernel": by_kernel, "numpy": by_numpy}, repeats=9)
        gains[name] = spent["numpy"] / spent["kernel"]
    return gains | single_spin_gains()


def single_spin_gains() -> dict[str, float]:
    network = draw_network(machine_of(Gaussian()), UNITS)
    weights = network.weights
    start = np.where(generator().random((8, UNITS)) < 0.5, -1.0, 1.0).astype(np.float32)
    strength, field = np.full(8, 0.6), np.zeros((8, UNITS))
    rng = generator()

    def collapsed() -> None:
        states = start.copy()
        kernels_spins.collapsed_sweep(
            rng, rng.permutation(UNITS), weights, strength, field, states, states @ weights
        )

    def collapsed_numpy() -> None:
        states = start.copy()
        rbm_gibbs_numpy.collapsed_sweep(rng, weights, 0.6, states, states @ weights)

    order, empty = np.arange(UNITS), np.zeros(1)

    def descent() -> None:
        state = start[0].astype(np.float64)
        projections = state @ weights
        kernels_spins.descent_pass(order, weights, field[0], 0, 1.0, empty, empty, state, projections)

    def descent_numpy() -> None:
        state = start[0].astype(np.float64)
        rbm_gibbs_numpy.descent_pass(order, weights, state, state @ weights)

    calls = {f.__name__: f for f in (collapsed, collapsed_numpy, descent, descent_numpy)}
    collapsed()
    descent()
    spent = cpu_seconds(calls, repeats=5)
    return {
        "collapsed spins, 8 chains": spent["collapsed_numpy"] / spent["collapsed"],
        "descent": spent["descent_numpy"] / spent["descent"],
    }


def tempering() -> dict[str, Any]:
    temperatures = [float(t) for t in np.geomspace(0.6, 1.6, 14) * np.sqrt(LOAD)]
    report = {}
    for name, hidden in (("binary, packed", Binary()), ("ternary", Ternary())):
        network = draw_network(machine_of(hidden), 400)
        state = Ladders(network, generator(), temperatures, 4, "random")

        def with_exchanges(state: Ladders = state) -> None:
            for _ in range(20):
                state.chains.sweep()
                state.exchange(state.chains)

        def without(state: Ladders = state) -> None:
            for _ in range(20):
                state.chains.sweep()

        with_exchanges()
        spent = cpu_seconds({"all": with_exchanges, "sweeps": without}, repeats=5)
        rows = 20 * 4 * len(temperatures)
        report[name] = {
            "microseconds_of_a_chain_sweep": 1e6 * spent["all"] / rows,
            "share_of_the_exchanges": max(0.0, 1.0 - spent["sweeps"] / spent["all"]),
            "acceptance": [float(x) for x in state.accepted / np.maximum(state.tried, 1.0)],
        }
    return report


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    report = {
        "benchmark": "rbm_gibbs",
        "machine": machine(),
        "parameters": {"visible": UNITS, "hidden": 500, "chains": CHAINS, "weights": "float32", "threads": 1},
        "sweep": sweeps(),
        "kernels": kernel_gains(),
        "tempering": tempering(),
    }
    print(json.dumps(rounded(report), indent=2))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
