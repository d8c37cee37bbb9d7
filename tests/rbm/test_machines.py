"""Trained machines from files of every layout; those of {0, 1} units are +-1 machines rewritten, and placed as such."""

import itertools
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument, MissingExtra
from statphys_gen.rbm import Machine, ReLU, phases, place, read_machine
from statphys_gen.units import Gaussian, Ternary, ZeroOne

RNG = np.random.default_rng(11)
W, B, C = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=3)
SQUARE, BIAS = RNG.normal(size=(4, 4)), RNG.normal(size=4)


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "machine.npz", **arrays)
    return folder / "machine.npz"


def named(**arrays: Any) -> dict[str, Any]:
    """Names with a point: the first double underscore of each."""
    return {name.replace("__", "."): values for name, values in arrays.items()}


LAYOUTS: dict[str, dict[str, Any]] = {
    "own": dict(W=W, visible_bias=B, hidden_bias=C),
    "own, turned as the biases say": dict(W=W.T, visible_bias=B, hidden_bias=C),
    "own, biases of shape (1, n) and (n, 1)": dict(W=W, visible_bias=B[None], hidden_bias=C[:, None]),
    "scikit-learn": dict(components_=W.T, intercept_visible_=B, intercept_hidden_=C),
    "rbms": dict(weight_matrix=W, vbias=B, hbias=C),
    "torch": named(rbm__W=W.T, rbm__v_bias=B[None], rbm__h_bias=C[None]),
    "torch, a linear layer": named(encoder__weight=W.T, encoder__bias=C, v_bias=B),
    "torch, parallel": dict(W=W, b_v=B, b_h=C),
    "letters": dict(W=W, a=B, b=C),
    "other letters": dict(W=W, b=B, c=C),
    "extra arrays": dict(
        W=W, visible_bias=B, hidden_bias=C, epoch=7, losses=np.arange(9.0), momentum=np.zeros((5, 3))
    ),
    "half precision": dict(W=W.astype(np.float16), visible_bias=B, hidden_bias=C),
    "big endian": dict(W=W.astype(">f8"), visible_bias=B, hidden_bias=C),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts(case: str, tmp_path: Path) -> None:
    found = read_machine(saved(tmp_path, **LAYOUTS[case]))
    np.testing.assert_allclose(
        found.couplings,
        W,
        rtol=2e-3 if case == "half precision" else 0.0,
        atol=1e-3 * (case == "half precision"),
    )
    np.testing.assert_array_equal(found.biases[0], B)
    np.testing.assert_array_equal(found.biases[1], C)
    assert found.units == ("zero-one" if case in ("scikit-learn", "rbms") else "")
    assert ("epoch, losses, momentum" in " ".join(found.notes)) == (case == "extra arrays")


def test_couplings_alone(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_machine(saved(tmp_path, W=W)).couplings, W)
    np.testing.assert_array_equal(read_machine(saved(tmp_path, components_=W.T)).couplings, W)
    np.save(tmp_path / "w.npy", W)
    np.savetxt(tmp_path / "w.csv", W, delimiter=",", fmt="%.17g")
    for file in (tmp_path / "w.npy", tmp_path / "w.csv", saved(tmp_path, weight=W)):
        with pytest.raises(
            InvalidArgument, match=r"orientation = None.*5 rows and 3 columns.*hidden-visible"
        ):
            read_machine(file)
        np.testing.assert_array_equal(read_machine(file, orientation="visible-hidden").couplings, W)
        np.testing.assert_array_equal(read_machine(file, orientation="hidden-visible").couplings, W.T)


def test_orientation_is_asked_for_only_where_nothing_tells(tmp_path: Path) -> None:
    file = saved(tmp_path, weight=SQUARE, v_bias=BIAS, h_bias=-BIAS)
    with pytest.raises(InvalidArgument, match="orientation = None"):
        read_machine(file)
    np.testing.assert_array_equal(read_machine(file, orientation="hidden-visible").couplings, SQUARE.T)
    own = saved(tmp_path, W=SQUARE, visible_bias=BIAS, hidden_bias=-BIAS)
    np.testing.assert_array_equal(read_machine(own).couplings, SQUARE)
    learned = saved(tmp_path, components_=SQUARE, intercept_visible_=BIAS, intercept_hidden_=BIAS)
    np.testing.assert_array_equal(read_machine(learned).couplings, SQUARE.T)
    one = saved(tmp_path, weight=W, hbias=C)
    np.testing.assert_array_equal(read_machine(one).couplings, W)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "biases that do not fit": (
        dict(W=W, hidden_bias=np.ones(7)),
        {},
        r"^hidden_bias = array of shape \(7,\)",
    ),
    "two layers": (
        named(first__weight=W, second__weight=W),
        {},
        r"given as key.*first\.weight \(5, 3\).*np\.savez",
    ),
    "two biases of a layer": (
        dict(W=W, hbias=C, h_bias=C),
        {},
        "one array of biases for each layer, not hbias and h_bias",
    ),
    "nothing": (dict(epoch=3), {}, "one matrix of couplings"),
    "no such array": (dict(W=W), dict(key="V"), r"^key = 'V'.*W \(5, 3\)"),
    "no such axis": (dict(W=W), dict(orientation="rows"), "one of visible-hidden, hidden-visible"),
    "an update of an archive": (dict(W=W), dict(update=3), "only the .h5 files of rbms"),
    "orientation against the biases": (
        dict(W=W, visible_bias=B, hidden_bias=C),
        dict(orientation="hidden-visible"),
        r"^visible_bias = array of shape \(5,\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str, tmp_path: Path) -> None:
    arrays, options, said = REFUSED[case]
    with pytest.raises(InvalidArgument, match=said) as caught:
        read_machine(saved(tmp_path, **arrays), **options)
    assert "\n" not in str(caught.value)


def test_files_of_rbms(tmp_path: Path) -> None:
    """The layout that rbms 0.5.0 writes, in ``rbms.io.save_model``."""
    h5py = pytest.importorskip("h5py")
    file = tmp_path / "RBM.h5"
    with h5py.File(file, "w") as content:
        content.create_group("hyperparameters")["num_hiddens"] = 3
        for update in (1, 9, 10, 100):
            group = content.create_group(f"update_{update}")
            params = group.create_group("params")
            for name, values in (("weight_matrix", update * W), ("vbias", B), ("hbias", C)):
                params[name] = values.astype(np.float32)
                group[name] = params[name]
            group["time"] = 0.5
            group["numpy_rng_arg0"] = "MT19937"
            group.create_group("flags")["trajectory"] = True
        content["model_type"] = "BBRBM"
        content["parallel_chains"] = np.zeros((7, 5))
    found = read_machine(file)
    np.testing.assert_array_equal(found.couplings, (100 * W).astype(np.float32))
    np.testing.assert_array_equal(found.biases[0], B.astype(np.float32))
    assert found.units == "zero-one"
    np.testing.assert_array_equal(read_machine(file, update=9).couplings, (9 * W).astype(np.float32))
    with pytest.raises(
        InvalidArgument, match=r"^update = 11: must be one of those in the file: 1, 9, 10, 100"
    ):
        read_machine(file, update=11)
    with h5py.File(file, "a") as content:
        del content["model_type"]
        content["model_type"] = "PBRBM"
    with pytest.raises(InvalidArgument, match="two states a unit"):
        read_machine(file)
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(InvalidArgument, match=r"an \.h5 file of rbms"):
        read_machine(file)


def test_six_numbers_in_a_chunk_of_many_are_not_read(tmp_path: Path) -> None:
    """A chunk is unpacked as a whole, whatever the shape of what lies in it."""
    h5py = pytest.importorskip("h5py")
    file = tmp_path / "RBM.h5"
    with h5py.File(file, "w") as content:
        params = content.create_group("update_1/params")
        params["vbias"], params["hbias"] = B, C
        layout = {"maxshape": (None, None), "chunks": (4096, 4096), "compression": "gzip"}
        params.create_dataset("weight_matrix", data=np.asarray(W, dtype=np.float64), **layout)
    assert file.stat().st_size < 1_000_000
    with pytest.raises(InvalidArgument, match="weight_matrix would fill 134217728 bytes"):
        read_machine(file)


class Payload:
    """What a hostile pickle does when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("EXECUTED"),))


@pytest.mark.parametrize("ending", [".pkl", ".pickle", ".joblib"])
def test_pickles_are_loaded_by_permission_only(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle

    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"machine{ending}"
    file.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(
        InvalidArgument, match=r"--allow-pickle.*np\.savez\(path, components_=machine\.components_"
    ):
        read_machine(file)
    assert not Path("EXECUTED").exists()
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(MissingExtra, match="statphys-gen\\[examples\\]"):
        read_machine(file, allow_pickle=True)


def test_a_machine_of_scikit_learn(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="needs the extra examples")
    networks = pytest.importorskip("sklearn.neural_network")
    data = np.random.default_rng(0).integers(0, 2, (40, 6)).astype(float)
    machine = networks.BernoulliRBM(n_components=4, n_iter=2, random_state=0).fit(data)
    joblib.dump(machine, tmp_path / "machine.joblib")
    found = read_machine(tmp_path / "machine.joblib", allow_pickle=True)
    np.testing.assert_array_equal(found.couplings, machine.components_.T)
    np.testing.assert_array_equal(found.biases[0], machine.intercept_visible_)
    assert found.units == "zero-one"


@pytest.mark.parametrize(("visible", "hidden"), [(True, True), (True, False), (False, True)])
def test_rewriting_keeps_every_probability(visible: bool, hidden: bool) -> None:
    """All states of a small machine, from the definition on both sides."""
    machine = Machine(W, B, C)
    spins = machine.spins(visible=visible, hidden=hidden)

    def log_weights(
        m: Machine, states: list[tuple[float, ...]], others: list[tuple[float, ...]]
    ) -> np.ndarray:
        b, c = m.biases
        return np.array(
            [[b @ v + c @ h + np.array(v) @ m.couplings @ np.array(h) for h in others] for v in states]
        )

    def layers(values: tuple[float, float], units: int) -> list[tuple[float, ...]]:
        return list(itertools.product(values, repeat=units))

    zero_one, plus_minus = (0.0, 1.0), (-1.0, 1.0)
    before = log_weights(
        machine, layers(zero_one if visible else plus_minus, 5), layers(zero_one if hidden else plus_minus, 3)
    )
    after = log_weights(spins, layers(plus_minus, 5), layers(plus_minus, 3))
    np.testing.assert_allclose(np.diff((before - after).ravel()), 0.0, atol=1e-12)


def planted(visible: int, hidden: int, strength: float, noise: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(8)
    u, v = rng.choice([-1.0, 1.0], visible), rng.choice([-1.0, 1.0], hidden)
    return (
        noise * rng.standard_normal((visible, hidden)) / math.sqrt(visible)
        + strength * np.outer(u, v) / visible
    )


def as_zero_one(couplings: np.ndarray) -> Machine:
    """The {0, 1} machine that a +-1 machine without biases is: s = 2v - 1 and t = 2h - 1 in s W t."""
    return Machine(4.0 * couplings, -2.0 * couplings.sum(axis=1), -2.0 * couplings.sum(axis=0))


@pytest.mark.parametrize("strength", [0.0, 1.9])
def test_a_machine_rewritten_gives_the_same_answer(strength: float) -> None:
    couplings = planted(400, 200, strength)
    direct = place(Machine(couplings))
    again = place(as_zero_one(couplings).spins())
    assert again.noise == pytest.approx(direct.noise, rel=1e-12)
    np.testing.assert_allclose(again.spikes, direct.spikes, rtol=1e-12)
    assert abs(again.visible_field) < 1e-12
    assert abs(again.hidden_field) < 1e-12
    assert max(again.visible_field_spread, again.hidden_field_spread) < 1e-12
    one, two = phases(direct), phases(again)
    assert str(one.dominant) == str(two.dominant) == ("retrieval" if strength else "paramagnet")
    if strength:
        found = [float(both.solutions["retrieval"].require()["overlap"]) for both in (one, two)]
        assert found[1] == pytest.approx(found[0], rel=1e-9)
        # Without noise the state of one spike is m = tanh(w n), n = ratio tanh(w m); noise lowers it.
        m = 1.0
        for _ in range(2000):
            m = math.tanh(direct.spikes[0] * 0.5 * math.tanh(direct.spikes[0] * m))
        assert 0.3 < found[0] < m


def test_zero_one_laws_ask_for_the_machine_rewritten() -> None:
    found = place(Machine(planted(60, 40, 2.0)))
    for laws in (dict(hidden=ZeroOne()), dict(visible=ZeroOne())):
        with pytest.raises(InvalidArgument, match=r"machine\.spins\(\)"):
            phases(found, **laws)


def test_a_strong_bias_polarises() -> None:
    """W = 0.4 of noise and a visible bias of 3: the units are polarised, q = tanh^2(3 + small)."""
    couplings = planted(300, 200, 0.0)
    found = phases(place(Machine(couplings, np.full(300, 3.0))))
    assert str(found.dominant) == "glass"
    state = found.solutions["glass"].require()
    assert float(state["edwards_anderson_overlap"]) == pytest.approx(math.tanh(3.0) ** 2, abs=0.01)
    assert float(state["replicon"]) > 0.9
    # Uncoupled units: the definition, with the couplings of rounding.
    free = phases(place(Machine(1e-9 * couplings, np.full(300, 0.8), np.full(200, -0.4))))
    state = free.solutions[str(free.dominant)].require()
    assert float(state["edwards_anderson_overlap"]) == pytest.approx(math.tanh(0.8) ** 2, abs=1e-9)
    assert float(state["hidden_edwards_anderson_overlap"]) == pytest.approx(math.tanh(0.4) ** 2, abs=1e-9)


def test_biases_that_no_uniform_field_is() -> None:
    couplings = planted(400, 200, 1.9)
    left = np.linalg.svd(couplings)[0][:, 0] * math.sqrt(400)
    for bias in (0.3 * left, np.linspace(-0.2, 0.2, 400)):
        found = place(Machine(couplings, bias))
        assert not found.fields_are_uniform
        with pytest.raises(InvalidArgument, match="biases are uniform in each layer"):
            phases(found)
    assert place(Machine(couplings, 0.3 * left)).field_along_spikes == pytest.approx(0.3, rel=1e-9)
    # A uniform field along a spike that is itself uniform.
    along = 2.0 * np.ones((400, 200)) / 400 + planted(400, 200, 0.0)
    assert not place(Machine(along, None, np.full(200, 0.4))).fields_are_uniform
    assert place(Machine(couplings, np.full(400, 0.4), np.full(200, -0.2))).fields_are_uniform


def test_biases_of_hidden_units_of_other_laws() -> None:
    tiny = 1e-9 * planted(300, 200, 0.0)
    found = place(Machine(tiny, None, np.full(200, 0.7)))
    state = phases(found, hidden=Ternary(0.4)).solutions
    best = next(iter(state.values())).require()
    w = math.exp(-0.4)
    mean = w * 2 * math.sinh(0.7) / (1.0 + w * 2 * math.cosh(0.7))
    assert float(best["hidden_edwards_anderson_overlap"]) == pytest.approx(mean**2, abs=1e-9)
    # ReLU with threshold theta and bias c is ReLU with threshold theta - c: both by the same command.
    with_bias = phases(found, hidden=ReLU(0.2)).solutions
    without = phases(place(Machine(tiny)), hidden=ReLU(0.2 - 0.7)).solutions
    for name, one in with_bias.items():
        if one.good:
            assert float(one["hidden_self_overlap"]) == pytest.approx(
                float(without[name]["hidden_self_overlap"]), rel=1e-9
            )
    with pytest.raises(InvalidArgument, match=r"^hidden_bias = 0\.7.*neither discrete nor ReLU"):
        phases(found, hidden=Gaussian())
