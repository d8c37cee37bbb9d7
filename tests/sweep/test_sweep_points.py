"""Grids, lines, names of points, random streams and the shape of the dataset."""

import io
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import sweep_functions as functions

from statphys_gen import __version__, sweep
from statphys_gen.errors import InvalidArgument
from statphys_gen.sweep import keys


@dataclass(frozen=True)
class Model:
    strength: float
    kind: str = "linear"


def key_of(parameters=None, function="f", code="1", seed=0, replica=0):
    return keys.Computation(function, code, seed).point(parameters or {}, replica).key


def test_grid_is_a_cartesian_product_with_constants():
    dataset = sweep.run(functions.product, {"a": [1.5, 2.0, 3.0], "b": np.array([2, 5])})
    assert dict(dataset.sizes) == {"a": 3, "b": 2}
    np.testing.assert_array_equal(dataset["product"], np.outer([1.5, 2.0, 3.0], [2, 5]))
    assert dataset["b"].dtype == np.int64
    assert dataset.attrs == {"function": "product", "version": __version__, "seed": 0}
    assert (dataset["message"] == "").all()
    fixed = sweep.run(functions.product, {"b": 2.5, "a": range(3)})
    np.testing.assert_array_equal(fixed["product"], [0.0, 2.5, 5.0])
    assert fixed["b"].dims == ()
    assert fixed["b"] == 2.5
    assert sweep.run(functions.product, {"a": 2, "b": 3})["product"] == 6


def test_line_of_points():
    points = sweep.line(a=[1.0, 2.0], b=np.array([10.0, 20.0]))
    assert points == [{"a": 1.0, "b": 10.0}, {"a": 2.0, "b": 20.0}]
    dataset = sweep.run(functions.product, points)
    assert dict(dataset.sizes) == {"point": 2}
    np.testing.assert_array_equal(dataset["product"], [10.0, 40.0])
    np.testing.assert_array_equal(dataset["b"], [10.0, 20.0])
    assert dataset["b"].dims == ("point",)


def test_arrays_as_parameters(tmp_path):
    spectra = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    line = sweep.run(functions.spectrum_mean, sweep.line(eigenvalues=spectra, power=2), store=tmp_path / "s")
    np.testing.assert_array_equal(line["mean"], [14 / 3, 77 / 3])
    assert line["eigenvalues"].dims == ("point", "eigenvalues_0")
    ragged = sweep.run(functions.spectrum_mean, sweep.line(eigenvalues=[spectra[0], spectra[0, :2]], power=1))
    np.testing.assert_array_equal(ragged["mean"], [2.0, 1.5])
    assert "array" in str(ragged["eigenvalues"].values[0])
    grid = {"eigenvalues": sweep.constant(spectra[0]), "power": [1, 2]}
    dataset = sweep.run(functions.spectrum_mean, grid, store=tmp_path / "s")
    np.testing.assert_array_equal(dataset["mean"], [2.0, 14 / 3])
    np.testing.assert_array_equal(dataset["eigenvalues"], spectra[0])


def test_dataclasses_as_parameters():
    grid = {"a": [1, 2], "b": Model(0.5)}
    dataset = sweep.run(lambda a, b: {"value": a * b.strength}, grid, key="strength")
    np.testing.assert_array_equal(dataset["value"], [0.5, 1.0])
    assert key_of({"b": Model(0.5)}) != key_of({"b": Model(0.5, "cubic")})


@pytest.mark.parametrize(
    ("grid", "argument"),
    [
        ({}, "grid"),
        ([], "grid"),
        (3, "grid"),
        ({"a": [], "b": 1}, "a"),
        ({"a": [[1, 2], [3, 4]], "b": 1}, "a"),
        ({"a": [1.0, np.nan], "b": 1}, "a"),
        ({"a": float("nan"), "b": 1}, "a"),
        ({"a": [1], "b": sweep.constant([1.0, [float("nan")]])}, "b"),
        ({"a": [1], "b": sweep.constant(np.array([1.0, np.nan]))}, "b"),
        (sweep.line(a=[1], b=[np.array([1.0, np.nan])]), "b"),
        ({"a": [2**53 + 1, 0.5], "b": 1}, "a"),
        ({"a": [-1, 2**63 + 1], "b": 1}, "a"),
        (sweep.line(a=[2**53 + 1, 0.5], b=1), "a"),
        ({"a": [1, "one"], "b": 1}, "a"),
        ({"a": [1], "b": object()}, "b"),
        ({"a": [1], "replica": 1}, "grid"),
        ({"a": [1], "c": 1}, "grid"),
        ({"a": [1]}, "grid"),
        ([{"a": 1, "b": 2}, {"a": 1}], "grid[1]"),
    ],
)
def test_bad_grids_are_refused(grid, argument):
    with pytest.raises(InvalidArgument) as caught:
        sweep.run(functions.product, grid)
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)


def test_large_integers_alone_are_exact():
    dataset = sweep.run(functions.product, {"a": [2**53 + 1, 2**62 + 1], "b": 1})
    np.testing.assert_array_equal(dataset["product"], [2**53 + 1, 2**62 + 1])


def test_bad_lines_are_refused():
    with pytest.raises(InvalidArgument, match="2 values"):
        sweep.line(a=[1, 2], b=[1, 2, 3])
    with pytest.raises(InvalidArgument, match="list of values"):
        sweep.line(a=1, b=2)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"replicas": 0}, "replicas"),
        ({"replicas": 2}, "replicas"),
        ({"batch": 0}, "batch"),
        ({"workers": -1}, "workers"),
        ({"workers": 2, "executor": sys}, "executor"),
        ({"version": ""}, "version"),
        ({"version": 1}, "version"),
        ({"key": ""}, "key"),
        ({"maximum": 3}, "maximum"),
        ({"maximum": {"product": 0}}, "maximum['product']"),
    ],
)
def test_bad_arguments_are_refused(arguments, argument):
    with pytest.raises(InvalidArgument) as caught:
        sweep.run(functions.product, {"a": [1], "b": [2]}, **arguments)
    assert caught.value.argument == argument


def test_functions_without_an_importable_name_need_a_key():
    def local(a):
        return {"value": a}

    for function in (local, lambda a: {"value": a}):
        with pytest.raises(InvalidArgument, match="key="):
            sweep.run(function, {"a": [1, 2]})
        dataset = sweep.run(function, {"a": [1, 2]}, key="identity")
        np.testing.assert_array_equal(dataset["value"], [1, 2])
        assert dataset.attrs["function"] == "identity"
        with pytest.raises(InvalidArgument, match="other processes"):
            sweep.run(function, {"a": [1, 2]}, key="identity", workers=2)
    with pytest.raises(InvalidArgument, match="a callable"):
        sweep.run("local", {"a": [1, 2]})


def test_keys_tell_everything_apart():
    different = [
        {},
        {"function": "g"},
        {"code": "2"},
        {"seed": 1},
        {"replica": 1},
        {"parameters": {"x": 1}},
        {"parameters": {"y": 1}},
        {"parameters": {"x": 1.0}},
        {"parameters": {"x": np.nextafter(1.0, 2.0)}},
        {"parameters": {"x": True}},
        {"parameters": {"x": "1"}},
        {"parameters": {"x": None}},
        {"parameters": {"x": [1]}},
        {"parameters": {"x": np.array([1])}},
        {"parameters": {"x": np.array([1.0])}},
        {"parameters": {"x": np.array([[1]])}},
        {"parameters": {"x": np.array([1], np.int32)}},
        {"parameters": {"x": {"float": (1.0).hex()}}},
        {"parameters": {"x": np.array(["a"])}},
        {"parameters": {"x": 0.0}},
        {"parameters": {"x": -0.0}},
        {"parameters": {"x": np.inf}},
    ]
    assert len({key_of(**case) for case in different}) == len(different)
    assert key_of({"x": 1.0, "y": 2}) == key_of({"y": np.int64(2), "x": np.float64(1.0)})
    transposed = np.arange(6.0).reshape(2, 3).T
    assert key_of({"x": transposed}) == key_of({"x": transposed.copy()})
    with pytest.raises(TypeError, match="canonical form"):
        key_of({"x": {1, 2}})


def test_key_is_stable():
    """Changing this would orphan every store; the text was written down by hand, and hashed by sha256sum."""
    point = keys.Computation("f", "version 1.0", 3).point({"beta": 0.5, "size": 10}, 2)
    assert point.text == (
        '{"mapping":{"code":"version 1.0","function":"f",'
        '"parameters":{"mapping":{"beta":{"float":"0x1.0000000000000p-1"},"size":10}},"replica":2,"seed":3}}'
    )
    assert point.key == "c5aab237d7446ce174e0115525d5b9c6b2ed96169a633e1f4fcc009dce8a395e"
    assert point.stream == '{"mapping":{"beta":{"float":"0x1.0000000000000p-1"},"size":10}}'


def test_streams_are_keyed_by_the_point_alone():
    grid = {"x": [0.5, 1.5, 2.5]}
    full = sweep.run(functions.streams_of, grid, replicas=3, seed=5)
    assert full["draw"].dims == ("x", "replica")
    assert len(np.unique(full["draw"])) == 9
    assert len(np.unique(full["seed_value"])) == 9
    assert (full["seed_value"] >= 0).all()
    np.testing.assert_array_equal(full["replica_value"], np.tile(np.arange(3), (3, 1)))
    part = sweep.run(functions.streams_of, {"x": [2.5, 0.5]}, replicas=2, seed=5, version="another")
    np.testing.assert_array_equal(part["draw"], full["draw"].sel(x=[2.5, 0.5], replica=[0, 1]))
    np.testing.assert_array_equal(part["seed_value"], full["seed_value"].sel(x=[2.5, 0.5], replica=[0, 1]))

    def renamed(x, generator):
        return {"draw": generator.standard_normal()}

    np.testing.assert_array_equal(
        sweep.run(renamed, grid, replicas=3, seed=5, key="another name")["draw"], full["draw"]
    )
    other = sweep.run(functions.streams_of, grid, replicas=3, seed=6)
    assert not np.isin(other["draw"], full["draw"]).any()
    assert not np.isin(other["seed_value"], full["seed_value"]).any()


def test_seed_is_the_point_s_own_unless_the_grid_gives_it():
    keyed = sweep.run(functions.uses_seed, {"x": [1, 2, 3]}, replicas=2)
    assert len(np.unique(keyed["draw"])) == 6
    given = sweep.run(functions.uses_seed, {"x": [1, 2], "seed": [7]})
    np.testing.assert_array_equal(given["draw"], np.full((2, 1), np.random.default_rng(7).standard_normal()))
    with pytest.raises(InvalidArgument, match="all would be the same"):
        sweep.run(functions.uses_seed, {"x": [1, 2], "seed": [7]}, replicas=2)


def test_ragged_results_are_padded():
    grid = {"length": [2, 0, 3]}
    dataset = sweep.run(functions.ragged, grid, maximum={"numbers": 4, "matrix": (3, 2)})
    nan = np.nan
    expected = [[0, 1, nan, nan], [nan] * 4, [0, 1, 2, nan]]
    np.testing.assert_array_equal(dataset["numbers"], expected)
    assert dataset["numbers"].dims == ("length", "numbers_0")
    assert dataset["matrix"].shape == (3, 3, 2)
    assert int(np.isnan(dataset["matrix"]).sum()) == (1 + 3 + 0) * 2
    with pytest.warns(RuntimeWarning, match=r"1 of 3 points failed.*exceeds its declared maximum \(2,\)"):
        short = sweep.run(functions.ragged, grid, maximum={"numbers": 2, "matrix": (3, 2)})
    assert list(short["message"].values != "") == [False, False, True]


def test_undeclared_ragged_results_fail_the_points_that_differ():
    with pytest.warns(RuntimeWarning, match=r"1 of 4 points failed.*declare its maximum"):
        dataset = sweep.run(functions.changing_shape, {"x": [1, 2, 3, 4]})
    assert list(dataset["message"].values != "") == [False, False, True, False]
    np.testing.assert_array_equal(np.isnan(dataset["v"]).all("v_0"), [False, False, True, False])


def test_results_that_no_dataset_can_hold_are_errors_of_their_points():
    with pytest.warns(RuntimeWarning, match="5 of 6 points failed"):
        dataset = sweep.run(functions.bad_result, {"x": range(6)})
    texts = list(dataset["message"].values)
    for text, part in zip(
        texts, ["returned a list", "type object", "complex128", "returned a dict", "ragged", ""], strict=True
    ):
        assert part in text
    np.testing.assert_array_equal(np.isnan(dataset["v"]), [True] * 5 + [False])


@pytest.mark.parametrize("name", ["a", "message", "replica"])
def test_result_with_the_name_of_a_parameter_is_refused_at_the_first_point(name):
    calls = []

    def function(a):
        calls.append(a)
        return {name: a}

    with pytest.raises(InvalidArgument, match="unlike every parameter"):
        sweep.run(function, {"a": [1, 2]}, key="same name")
    assert calls == [1]


def test_dataset_files_are_identical_and_replaced_as_a_whole(tmp_path, monkeypatch):
    import xarray

    grid = {"size": [3, 5], "scale": [0.5, 1.0]}
    for name in ("first.nc", "second.nc"):
        sweep.to_netcdf(sweep.run(functions.blas, grid, replicas=2), tmp_path / name)
    content = (tmp_path / "first.nc").read_bytes()
    assert content == (tmp_path / "second.nc").read_bytes()
    with xarray.open_dataset(tmp_path / "first.nc", engine="h5netcdf") as read:
        assert read.load().identical(sweep.run(functions.blas, grid, replicas=2))

    def break_off(self, path, **options):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", break_off)
    with pytest.raises(OSError, match="disk full"):
        sweep.to_netcdf(sweep.run(functions.blas, grid), tmp_path / "first.nc")
    assert (tmp_path / "first.nc").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.nc", "second.nc"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys):
    sweep.run(functions.product, {"a": [1, 2, 3], "b": 1})
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    sweep.run(functions.product, {"a": [1, 2, 3], "b": 1}, progress=False)
    assert terminal.getvalue() == ""
    sweep.run(functions.product, {"a": [1, 2, 3], "b": 1})
    assert "3/3" in terminal.getvalue()


def test_import_is_light():
    heavy = ["xarray", "numba", "matplotlib", "tqdm", "scipy"]
    code = f"import sys, statphys_gen.sweep; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


SCRIPT = """
from dataclasses import dataclass
from statphys_gen import sweep

@dataclass(frozen=True)
class Model:
    strength: float

def draw(model, index, generator):
    return {"draw": model.strength * generator.standard_normal()}

if __name__ == "__main__":
    runs = [sweep.run(draw, {"model": Model(2.0), "index": range(3)}, workers=n) for n in (0, 2)]
    print(runs[0].attrs["function"], runs[0].identical(runs[1]), len(set(runs[0]["draw"].values.tolist())))
"""


def test_a_script_reaches_workers(tmp_path):
    script = tmp_path / "my_script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout == "draw True 3\n"


@pytest.mark.parametrize("workers", [None, 1])
def test_no_point_sees_what_another_one_changed(workers):
    data = {"list": [1.0], "array": np.ones(2)}
    grid = {"x": [1.0, 2.0, 3.0], "data": sweep.constant(data)}
    dataset = sweep.run(functions.changes_its_parameters, grid, workers=workers, batch=3)
    assert dataset["value"].values.tolist() == [4.0, 5.0, 6.0]
    assert data["list"] == [1.0]
    assert data["array"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", ["masked", "zero character", "half a pair", "slash", "dots"])
def test_a_result_that_no_file_holds_fails_its_point(kind, tmp_path):
    with pytest.warns(RuntimeWarning, match="1 of 1 points failed, the first with TypeError"):
        dataset = sweep.run(functions.returns, {"kind": [kind]})
    sweep.to_netcdf(dataset, tmp_path / "x.nc")


@pytest.mark.parametrize(
    "grid",
    [
        {"x": ["a\0b"]},
        {"x": "a\0b"},
        {"x": ["\ud800"]},
        {"x": "\ud800"},
        {"a/b": [1]},
        {".": [1]},
        {"x": np.ma.masked_array([1.0, 2.0], [False, True])},
        {"x": sweep.constant(np.ma.masked_array([1.0, 2.0], [False, True]))},
    ],
    ids=range(8),
)
def test_parameters_that_no_file_holds_are_refused(grid):
    with pytest.raises(InvalidArgument):
        sweep.run(functions.class_of, grid)


def test_an_integer_of_any_size_is_a_constant(tmp_path):
    dataset = sweep.run(functions.class_of, {"x": [1], "model": 2**70})
    sweep.to_netcdf(dataset, tmp_path / "x.nc")
    assert str(dataset["model"].values) == str(2**70)


@pytest.mark.parametrize(("points", "failed"), [((0, 1), [0]), ((2, 3), [3]), ((0, 2), []), ((3, 3), [])])
def test_integers_of_results_are_not_rounded(points, failed):
    """Beside a number that is no integer, or signed beside unsigned ones, numpy would make floats of them."""
    grid = sweep.line(x=list(points))
    if failed:
        with pytest.warns(RuntimeWarning, match="1 of 2 points failed"):
            dataset = sweep.run(functions.large_integer, grid)
    else:
        dataset = sweep.run(functions.large_integer, grid)
    for x, value, message in zip(
        points, dataset["v"].values.tolist(), dataset["message"].values, strict=True
    ):
        assert bool(message) == (x in failed)
        assert message or value == functions.large_integer(x)["v"]
