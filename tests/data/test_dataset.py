"""Reading a data set: what is accepted, what is merged, and one line for everything that is not a data set."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statphys_gen.data.dataset import DataSet, load_dataset
from statphys_gen.errors import InvalidArgument

GOOD = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.5]])


def npy(values: Any, **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.save(folder / "data.npy", values, **options)
        return folder / "data.npy"

    return write


def raw(name: str, content: bytes | str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        file = folder / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


def npz(**arrays: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez(folder / "data.npz", **arrays)
        return folder / "data.npz"

    return write


def cut(writer: Callable[[Path], Path], keep: float) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        file = writer(folder)
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * keep)])
        return file

    return write


def corrupted_member(folder: Path) -> Path:
    file = folder / "data.npz"
    np.savez_compressed(file, samples=np.random.default_rng(0).normal(size=(50, 4)))
    content = bytearray(file.read_bytes())
    content[len(content) // 4] ^= 0xFF
    file.write_bytes(content)
    return file


def archive_of_text(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        archive.writestr("samples.npy", "this is not an array")
    return folder / "data.npz"


def spoiled(index: tuple[int, int], value: float) -> np.ndarray:
    values = GOOD.copy()
    values[index] = value
    return values


HUGE_HEADER = b"\x93NUMPY\x01\x00v\x00" + (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000), }".ljust(117) + b"\n"
)

MALFORMED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no such file": (lambda folder: folder / "nothing.npy", "readable file"),
    "a directory": (lambda folder: folder, "readable file"),
    "unknown ending": (raw("data.dat", "1 2\n3 4\n"), "ends in"),
    "no ending": (raw("data", "1 2\n3 4\n"), "ends in"),
    "empty npy file": (raw("data.npy", b""), ".npy"),
    "text called npy": (raw("data.npy", "1,2\n3,4\n"), ".npy"),
    "truncated npy": (cut(npy(np.arange(40.0).reshape(20, 2)), 0.7), ".npy"),
    "truncated npy header": (cut(npy(GOOD), 0.2), ".npy"),
    "impossible shape in the header": (raw("data.npy", HUGE_HEADER), ".npy"),
    "objects": (npy(np.array([[1, "a"], [2, None]], dtype=object), allow_pickle=True), "Python objects"),
    "texts": (npy(np.array([["1", "2"], ["3", "4"]])), "<U1"),
    "complex numbers": (npy(GOOD + 1j), "complex128"),
    "records within records": (npy(np.zeros(3, dtype=[("a", [("b", "f8")]), ("c", "f8")])), "column 'a'"),
    "records of arrays": (npy(np.zeros(3, dtype=[("a", "f8", (2,)), ("c", "f8")])), "shape (2,)"),
    "dates": (npy(np.zeros((3, 2), dtype="M8[s]")), "datetime64"),
    "a scalar": (npy(np.float64(3.0)), "3 or 4 axes"),
    "one axis": (npy(np.arange(5.0)), "reshape"),
    "five axes": (npy(np.zeros((2, 2, 2, 2, 2))), "3 or 4 axes"),
    "no samples": (npy(np.zeros((0, 3))), "not empty"),
    "no dimensions": (npy(np.zeros((3, 0))), "not empty"),
    "one sample": (npy(np.zeros((1, 3))), "at least 2 samples"),
    "constant": (npy(np.full((5, 2), 1.5)), "not constant"),
    "constant apart from the sign of zero": (npy(np.array([[0.0], [-0.0]])), "not constant"),
    "NaN": (npy(spoiled((1, 0), np.nan)), "data[1, 0] = nan"),
    "infinity": (npy(spoiled((2, 1), -np.inf)), "data[2, 1] = -inf"),
    "overflowing squares": (npy(spoiled((0, 1), 1e200)), "data[0, 1] = 1e+200"),
    "NaN in an image": (
        npy(np.where(np.arange(12).reshape(3, 2, 2) == 7, np.nan, 1.0)),
        "data[1, 3] = nan",
    ),
    "an archive called npy": (
        lambda folder: npz(samples=GOOD)(folder).rename(folder / "a.npy"),
        "must end in .npz",
    ),
    "an array called npz": (lambda folder: npy(GOOD)(folder).rename(folder / "a.npz"), ".npz"),
    "empty npz file": (raw("data.npz", b""), ".npz"),
    "archive without arrays": (npz(), "none"),
    "archive with two candidates": (npz(first=GOOD, second=GOOD), "first (3, 2), second (3, 2)"),
    "archive with two known names": (npz(X=GOOD, samples=GOOD), "samples"),
    "archive with labels only": (npz(labels=np.arange(3)), "labels"),
    "truncated npz": (cut(npz(samples=GOOD), 0.6), ".npz"),
    "corrupted npz": (corrupted_member, ".npz"),
    "archive of something else": (archive_of_text, ".npz"),
    "objects in an archive": (npz(samples=np.array([[1, None], [2, 3]], dtype=object)), "Python objects"),
    "short labels in the archive": (npz(samples=GOOD, y=[0, 1]), "there are 2"),
    "empty csv": (raw("data.csv", ""), "not empty"),
    "blank csv": (raw("data.csv", "\n\n  \n"), "not empty"),
    "header only": (raw("data.csv", "a,b\n"), "below its header"),
    "ragged csv": (raw("data.csv", "1,2\n3,4,5\n6,7\n"), "row 2"),
    "text inside csv": (raw("data.csv", "1,2\n3,four\n5,6\n"), "four"),
    "missing value in csv": (
        raw("data.csv", "a,b\n1,\n3,4\n"),
        "data[0, 1] = '': must be a value (row 1, line 2, column 'b'",
    ),
    "NaN in csv": (raw("data.csv", "a,b\n1,2\nnan,4\n"), "data[1, 0] = nan"),
    "one line of csv": (raw("data.csv", "1,2,3\n"), "at least 2 samples"),
    "binary csv": (raw("data.csv", b"\xff\xfe\x00\x01\x80"), "text file"),
    "two-dimensional numbers as text in quotes": (raw("data.csv", "x\n'a b'\n"), "table of numbers"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_data_gives_one_line(case: str, tmp_path: Path) -> None:
    writer, hint = MALFORMED[case]
    with pytest.raises(InvalidArgument) as caught:
        load_dataset(writer(tmp_path))
    assert "\n" not in str(caught.value)
    assert hint in str(caught.value)


LABELS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "nothing.txt", "readable file"),
    "unknown ending": (raw("labels.dat", "0\n1\n0\n"), "ends in"),
    "too few": (raw("labels.txt", "0\n1\n"), "one for each of the 3 samples; there are 2"),
    "too many": (raw("labels.csv", "0\n1\n0\n1\n"), "there are 4"),
    "one class": (raw("labels.txt", "cat\ncat\ncat\n"), "at least two classes"),
    "empty": (raw("labels.txt", ""), "not empty"),
    "fractions": (npy(np.array([0.0, 0.5, 1.0])), "labels[1] = 0.5"),
    "NaN": (npy(np.array([0.0, 1.0, np.nan])), "labels[2] = nan"),
    "two columns": (raw("labels.csv", "0,1\n1,1\n0,1\n"), "one column"),
    "matrix": (npy(np.zeros((3, 2))), "one-dimensional"),
    "objects": (npy(np.array([0, None, "a"], dtype=object), allow_pickle=True), "Python objects"),
    "complex": (npy(np.array([0j, 1j, 0j])), "complex128"),
    "truncated": (cut(npy(np.arange(3)), 0.9), ".npy"),
    "empty text": (npy(np.array(["a", "", "b"])), "not empty"),
    "binary": (raw("labels.txt", b"\xff\xfe\xfa"), "text file"),
}


@pytest.mark.parametrize("case", LABELS)
def test_malformed_labels_give_one_line(case: str, tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", GOOD)
    writer, hint = LABELS[case]
    with pytest.raises(InvalidArgument) as caught:
        load_dataset(tmp_path / "good.npy", writer(tmp_path))
    assert "\n" not in str(caught.value)
    assert hint in str(caught.value)
    assert str(caught.value).startswith("labels")


def test_a_key_must_exist_and_belongs_to_archives(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", first=GOOD, second=2.0 * GOOD)
    np.testing.assert_array_equal(load_dataset(tmp_path / "data.npz", key="second").points, 2.0 * GOOD)
    with pytest.raises(InvalidArgument, match=r"first \(3, 2\), second \(3, 2\)"):
        load_dataset(tmp_path / "data.npz", key="third")
    np.save(tmp_path / "data.npy", GOOD)
    with pytest.raises(InvalidArgument, match="key"):
        load_dataset(tmp_path / "data.npy", key="first")


@pytest.mark.parametrize(
    "writer",
    [
        npy(GOOD),
        npy(np.asfortranarray(GOOD)),
        npz(samples=GOOD),
        npz(anything=GOOD, labels=np.arange(3)),
        npz(X=GOOD, something_else=np.zeros(7)),
        raw("data.csv", "0,1\n2,3\n4,5.5\n"),
        raw("data.csv", "first,second\n0,1\n2,3\n4,5.5\n"),
        raw("data.csv", "\ufefffirst;second\r\n0;1\r\n2;3\r\n4;5.5\r\n"),
        raw("data.csv", "0\t1\n2\t3\n\n4\t5.5\n"),
    ],
)
def test_every_format_gives_the_same_samples(writer: Callable[[Path], Path], tmp_path: Path) -> None:
    dataset = load_dataset(writer(tmp_path))
    np.testing.assert_array_equal(dataset.points, GOOD)
    assert dataset.samples == 3
    assert dataset.dimension == 2
    assert dataset.points.dtype == np.float64


@pytest.mark.parametrize(
    ("writer", "names"),
    [
        (npy(np.array([5, 2, 5])), ("2", "5")),
        (npy(np.array([[5.0], [2.0], [5.0]])), ("2", "5")),
        (npy(np.array([True, False, True])), ("False", "True")),
        (npz(labels=np.array(["dog", "cat", "dog"])), ("cat", "dog")),
        (raw("labels.txt", "dog\ncat\ndog\n"), ("cat", "dog")),
        (raw("labels.csv", "label\n5\n2\n5\n"), ("2", "5")),
        (raw("labels.csv", 'label\n"dog"\n"cat"\n"dog"\n'), ("cat", "dog")),
    ],
)
def test_every_format_of_labels(
    writer: Callable[[Path], Path], names: tuple[str, ...], tmp_path: Path
) -> None:
    np.save(tmp_path / "good.npy", GOOD)
    dataset = load_dataset(tmp_path / "good.npy", writer(tmp_path))
    assert dataset.class_names == names
    np.testing.assert_array_equal(dataset.labels, [1, 0, 1])
    np.testing.assert_allclose(dataset.class_weights, [1 / 3, 2 / 3])


def test_labels_inside_an_archive_are_used(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", data=GOOD, y=[1, 0, 1])
    np.testing.assert_array_equal(load_dataset(tmp_path / "data.npz").labels, [1, 0, 1])


def test_images_are_flattened_and_it_is_said() -> None:
    images = np.arange(24).reshape(2, 2, 2, 3)
    dataset = DataSet.from_arrays(images)
    np.testing.assert_array_equal(dataset.points, images.reshape(2, 12))
    assert "(2, 2, 3)" in dataset.notes[0]


def test_duplicates_are_merged_with_multiplicities() -> None:
    samples = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, -0.0], [1.0, 0.0], [3.0, 0.0]])
    dataset = DataSet.from_arrays(samples)
    np.testing.assert_array_equal(dataset.points[:, 0], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(dataset.multiplicities, [3, 1, 1])
    assert dataset.samples == 5
    assert "2 of 5" in dataset.notes[0]
    labelled = DataSet.from_arrays(samples, [0, 1, 1, 0, 1])
    np.testing.assert_array_equal(labelled.points[:, 0], [1.0, 2.0, 1.0, 3.0])
    np.testing.assert_array_equal(labelled.labels, [0, 1, 1, 1])
    np.testing.assert_array_equal(labelled.multiplicities, [2, 1, 1, 1])
    assert "more than one label" in labelled.notes[1]


def test_the_data_set_owns_its_arrays() -> None:
    samples = GOOD.copy()
    dataset = DataSet.from_arrays(samples)
    samples[0, 0] = 7.0
    assert dataset.points[0, 0] == 0.0
    assert not dataset.points.flags.writeable
    assert samples.flags.writeable


def test_the_point_of_every_sample() -> None:
    rows = np.array([[1.0, 2.0], [0.5, 0.5], [1.0, 2.0], [3.0, 1.0], [0.5, 0.5]])
    for labels in (None, ["a", "b", "c", "a", "b"]):
        found = DataSet.from_arrays(rows, labels)
        np.testing.assert_array_equal(found.points[found.places], rows)
        np.testing.assert_array_equal(np.bincount(found.places), found.multiplicities)
        merged = found.without_labels()
        np.testing.assert_array_equal(merged.points[merged.places], rows)
        np.testing.assert_array_equal(np.bincount(merged.places), merged.multiplicities)
        assert len(merged.points) == 3
