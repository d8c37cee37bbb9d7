"""Files as people have them: each is read to the numbers that were written, or refused with what to do about it."""

import math
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statphys_gen.data import DataSet, load_dataset
from statphys_gen.errors import InvalidArgument, MissingExtra

POINTS = np.array([[5.1, 3.5], [4.9, 3.0], [6.3, 3.3], [5.8, -2.75]])
NAMES = ("setosa", "virginica")
CODES = [0, 0, 1, 1]
TEXTS = [NAMES[k] for k in CODES]


def written(name: str, text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return write


def saved(values: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.save(folder / "data.npy", values)
        return folder / "data.npy"

    return write


def archived(**arrays: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez_compressed(folder / "data.npz", **arrays)
        return folder / "data.npz"

    return write


def table(delimiter: str = ",", header: str | None = "length,width,species", *, comma: bool = False) -> str:
    rows = [] if header is None else [header.replace(",", delimiter)]
    for point, text in zip(POINTS.tolist(), TEXTS, strict=True):
        cells = [str(x).replace(".", ",") if comma else str(x) for x in point]
        rows.append(delimiter.join([*cells, text]))
    return "\n".join(rows) + "\n"


def numbered() -> str:
    """As ``frame.to_csv(path)`` writes it: the numbers of the rows under an empty name."""
    return "".join(
        f"{'' if k == 0 else k - 1},{line}\n" for k, line in enumerate(table().strip().splitlines())
    )


RECORDS = np.array(
    [(k, *p, t) for k, (p, t) in enumerate(zip(POINTS.tolist(), TEXTS, strict=True))],
    dtype=[("index", "i8"), ("length", ">f8"), ("width", "<f8"), ("species", "U12")],
)
COLUMNS = {"length": POINTS[:, 0], "width": POINTS[:, 1]}

LABELLED: dict[str, tuple[Callable[[Path], Path], str | None]] = {
    "header and texts": (written("a.csv", table()), "species"),
    "tab": (written("a.tsv", table("\t")), "species"),
    "semicolon": (written("a.csv", table(";")), "species"),
    "semicolon and decimal comma": (written("a.csv", table(";", comma=True)), "species"),
    "tab and decimal comma": (written("a.txt", table("\t", comma=True)), "species"),
    "semicolon in a quoted name": (written("a.csv", table(header='"length; cm",width,species')), "species"),
    "no header": (written("a.csv", table(header=None)), "3"),
    "a column called class": (written("a.csv", table(header="length,width,class")), None),
    "a column called Label": (written("a.csv", table(header="length,width,Label")), None),
    "numbers of the rows": (written("a.csv", numbered()), "species"),
    "remarks above": (written("a.csv", "# measured in June\n" + table()), "species"),
    "quoted": (written("a.csv", table().replace("setosa", '"setosa"')), "species"),
    "byte order mark and blank lines": (
        written("a.csv", "\ufeff" + table().replace("\n", "\r\n\r\n")),
        "species",
    ),
    "records": (saved(RECORDS), "species"),
    "archive of columns": (archived(**COLUMNS, species=np.array(TEXTS)), "species"),
    "archive of columns with labels": (archived(**COLUMNS, label=np.array(TEXTS)), None),
    "archive with another name": (archived(samples=POINTS, species=np.array(TEXTS)), "species"),
    "bytes": (archived(samples=POINTS, labels=np.array(TEXTS, dtype="S12")), None),
}


@pytest.mark.parametrize("case", LABELLED)
def test_samples_and_labels_come_out_as_they_were_written(case: str, tmp_path: Path) -> None:
    write, column = LABELLED[case]
    found = load_dataset(write(tmp_path), label_column=column)
    np.testing.assert_array_equal(found.points, POINTS)
    assert found.class_names == NAMES
    np.testing.assert_array_equal(found.labels, CODES)


def test_what_was_guessed_is_said(tmp_path: Path) -> None:
    found = load_dataset(written("a.csv", numbered())(tmp_path), label_column="species")
    assert found.notes == ("Column '' numbers the rows and was left out.",)
    found = load_dataset(written("a.csv", table(header="length,width,class"))(tmp_path))
    assert found.notes == ("The column of labels was found by its name.",)
    found = load_dataset(written("a.csv", table(";", comma=True))(tmp_path), label_column="species")
    assert found.notes == ("Commas were read as decimal points.",)


PLAIN: dict[str, tuple[Callable[[Path], Path], np.ndarray]] = {
    "blanks, as np.savetxt writes": (written("a.txt", "5.1 3.5\n4.9 3\n6.3 3.3\n5.8 -2.75\n"), POINTS),
    "x and y": (written("a.csv", "x,y\n5.1,3.5\n4.9,3\n6.3,3.3\n5.8,-2.75\n"), POINTS),
    "columns that are counted": (
        written("a.csv", ",0,1\n0,5.1,3.5\n1,4.9,3\n2,6.3,3.3\n3,5.8,-2.75\n"),
        POINTS,
    ),
    "one column": (written("a.csv", "length\n5.1\n4.9\n"), np.array([[5.1], [4.9]])),
    "one column without header": (written("a.csv", "5.1\n4.9\n"), np.array([[5.1], [4.9]])),
    "archive of columns": (archived(**COLUMNS), POINTS),
    "archive of coordinates": (archived(x=POINTS[:, 0], y=POINTS[:, 1]), POINTS),
    "half precision": (saved(POINTS.astype(np.float16)), POINTS.astype(np.float16).astype(float)),
    "big endian": (saved(POINTS.astype(">f4")), POINTS.astype("f4").astype(float)),
    "long floats": (saved(POINTS.astype(np.longdouble)), POINTS),
    "columns first": (saved(np.asfortranarray(POINTS)), POINTS),
    "bytes": (
        saved((10 * np.abs(POINTS)).astype(np.uint8)),
        (10 * np.abs(POINTS)).astype(np.uint8).astype(float),
    ),
    "signed bytes": (
        saved(np.array([[-128, 127], [1, 2]], dtype=np.int8)),
        np.array([[-128.0, 127.0], [1.0, 2.0]]),
    ),
    "large integers": (
        saved(np.array([[2**53, 1], [-(2**53), 2]])),
        np.array([[2.0**53, 1.0], [-(2.0**53), 2.0]]),
    ),
    "truth values": (saved(np.array([[True, False], [True, True]])), np.array([[1.0, 0.0], [1.0, 1.0]])),
    "images": (saved(np.arange(24, dtype=np.uint8).reshape(2, 3, 4)), np.arange(24.0).reshape(2, 12)),
    "colours": (saved(np.arange(48.0).reshape(2, 2, 4, 3)), np.arange(48.0).reshape(2, 24)),
    "arange": (written("a.csv", "0,1,2\n3,4,5\n"), np.arange(6.0).reshape(2, 3)),
}


@pytest.mark.parametrize("case", PLAIN)
def test_samples_come_out_as_they_were_written(case: str, tmp_path: Path) -> None:
    write, expected = PLAIN[case]
    found = load_dataset(write(tmp_path))
    np.testing.assert_array_equal(found.points, expected)
    assert found.labels is None


def test_a_line_that_counts_the_columns_is_a_header(tmp_path: Path) -> None:
    found = load_dataset(written("a.csv", "0,1,2\n5.1,3.5,1\n4.9,3,2\n")(tmp_path))
    np.testing.assert_array_equal(found.points, [[5.1, 3.5, 1.0], [4.9, 3.0, 2.0]])
    assert "counts the columns" in found.notes[0]


REFUSED: dict[str, tuple[Callable[[Path], Path], dict[str, Any], tuple[str, ...]]] = {
    "texts without being told": (
        written("a.csv", table()),
        {},
        ("data = ", "column 'species' holds text ('setosa', row 1, line 2)", "--label-column species"),
    ),
    "texts in records": (
        saved(RECORDS),
        {},
        ("column 'species' holds text (setosa)", "--label-column species"),
    ),
    "no such column": (
        written("a.csv", table()),
        {"label_column": "kind"},
        ("label_column = 'kind'", "length, width, species"),
    ),
    "columns without names": (
        written("a.csv", table(header=None)),
        {"label_column": "species"},
        ("count from 1 to 3",),
    ),
    "texts without names": (
        written("a.csv", table(header=None)),
        {},
        ("column '3' holds text ('setosa', row 1, line 1)", "--label-column 3"),
    ),
    "missing number": (
        written("a.csv", table().replace("4.9", "")),
        {"label_column": "species"},
        ("data[1, 0] = ''", "row 2, line 3, column 'length', is missing", "fill in"),
    ),
    "NA": (
        written("a.csv", table().replace("3.3", "NA")),
        {"label_column": "species"},
        ("data[2, 1] = 'NA'", "row 3, line 4, column 'width'"),
    ),
    "missing in another file": (
        written("a.csv", table().replace("3.3", "NA")),
        {"label_column": "species", "name": "held-out"},
        ("held-out[2, 1] = 'NA'",),
    ),
    "missing label": (
        written("a.csv", table().replace("virginica\n", "\n", 1)),
        {"label_column": "species"},
        ("labels[2] = ''", "row 3, line 4, column 'species'"),
    ),
    "underscore": (
        written("a.csv", "a,b\n1,2\n1_0,4\n"),
        {},
        ("column 'a' holds text ('1_0', row 2, line 3)",),
    ),
    "two decimal marks": (written("a.csv", "a;b\n1,5;2.5\n1;2\n"), {}, ("one decimal mark",)),
    "a name twice": (written("a.csv", "a,a\n1,2\n3,4\n"), {}, ("distinct names; 'a' is twice",)),
    "labels only": (written("a.csv", "label\n1\n2\n"), {}, ("a column besides the labels",)),
    "key of a table": (written("a.csv", table()), {"key": "length"}, ("key = 'length'", "an .npz file")),
    "column of an array": (
        saved(POINTS),
        {"label_column": "a"},
        ("label_column = 'a'", "labels as a second file"),
    ),
    "two sets in an archive": (
        archived(x_train=POINTS, y_train=CODES, x_test=POINTS),
        {},
        ("given as key", "x_train (4, 2), y_train (4,), x_test (4, 2)"),
    ),
    "integers that become equal": (
        saved(np.array([[2**53 + 1, 1], [3, 2]])),
        {},
        ("data[0, 0] = 9007199254740993", "2^53", "subtract"),
    ),
    "unsigned integers": (
        saved(np.array([[1, 2**64 - 1], [3, 2]], dtype=np.uint64)),
        {},
        ("data[0, 1] = 1844",),
    ),
    "overflowing long floats": (
        saved(np.array([[1.0, 2.0], [3.0, np.longdouble("1e4000")]], dtype=np.longdouble)),
        {},
        ("data[1, 1] = inf",),
    ),
    "another encoding": (
        lambda folder: (
            Path(folder / "a.csv")
            if (folder / "a.csv").write_bytes("größe,b\n1,2\n".encode("latin1"))
            else folder
        ),
        {},
        ("a text file in UTF-8",),
    ),
    "a bomb": (archived(samples=np.zeros((4_000_000, 8))), {}, ("more than 100 times its size", "np.savez")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_what_would_be_accepted(case: str, tmp_path: Path) -> None:
    write, options, said = REFUSED[case]
    with pytest.raises(InvalidArgument) as caught:
        load_dataset(write(tmp_path), **options)
    text = str(caught.value)
    assert "\n" not in text
    assert [part for part in said if part not in text] == [], text


LABEL_FILES: dict[str, tuple[str, str, str | None]] = {
    "a header that is no known word": ("a.txt", "\n".join(["species", *TEXTS]) + "\n", None),
    "a table with that header": ("a.csv", "\n".join(["species", *TEXTS]) + "\n", None),
    "no header": ("a.txt", "\n".join(TEXTS), None),
    "a column of a table": (
        "a.csv",
        "\n".join(["id,species", *(f"{k},{t}" for k, t in enumerate(TEXTS))]),
        "species",
    ),
    "a column of another": (
        "a.tsv",
        "\n".join(["species\tid", *(f"{t}\t{k}" for k, t in enumerate(TEXTS))]),
        "species",
    ),
}


@pytest.mark.parametrize("case", LABEL_FILES)
def test_files_of_labels(case: str, tmp_path: Path) -> None:
    name, text, column = LABEL_FILES[case]
    np.save(tmp_path / "data.npy", POINTS)
    found = load_dataset(tmp_path / "data.npy", written(name, text)(tmp_path), label_column=column)
    assert found.class_names == NAMES
    np.testing.assert_array_equal(found.labels, CODES)


def test_two_columns_of_labels_ask_which(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", POINTS)
    file = written("a.csv", "id,species\n0,a\n1,a\n2,b\n3,b\n")(tmp_path)
    with pytest.raises(InvalidArgument, match="--label-column"):
        load_dataset(tmp_path / "data.npy", file)


def test_columns_of_a_frame(tmp_path: Path) -> None:
    """Frames hand over arrays of objects where their columns differ in type."""
    objects = np.array([[5.1, 1], [4.9, 2], [6.3, True], [5.8, np.float32(0.5)]], dtype=object)
    found = DataSet.from_arrays(objects, np.array(TEXTS, dtype=object))
    np.testing.assert_array_equal(found.points, [[5.1, 1.0], [4.9, 2.0], [6.3, 1.0], [5.8, 0.5]])
    assert found.class_names == NAMES
    with pytest.raises(InvalidArgument, match=r"points\[1, 0\] = None.*fill in missing"):
        DataSet.from_arrays(np.array([[1.0, 2.0], [None, 3.0]], dtype=object))
    with pytest.raises(InvalidArgument, match=r"points\[0, 1\] = 'setosa'.*as labels"):
        DataSet.from_arrays(np.array([[1.0, "setosa"], [2.0, "virginica"]], dtype=object))
    for missing in (None, math.nan):
        with pytest.raises(InvalidArgument, match=r"labels\[2\] = .*none may be missing"):
            DataSet.from_arrays(POINTS, np.array(["a", "b", missing, "a"], dtype=object))
    np.save(tmp_path / "labels.npy", np.array(TEXTS, dtype=object), allow_pickle=True)
    np.save(tmp_path / "data.npy", POINTS)
    with pytest.raises(InvalidArgument, match=r"labels = .*np\.save\(path, array\.astype\(str\)\)"):
        load_dataset(tmp_path / "data.npy", tmp_path / "labels.npy")


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(3)
    for mode, shape in (("L", (4, 5)), ("RGB", (4, 5, 3)), ("RGBA", (4, 5, 4))):
        folder = tmp_path / mode
        values = rng.integers(0, 256, (3, *shape), dtype=np.uint8)
        for k, name in enumerate(("a", "b", "c")):
            path = folder / NAMES[k % 2] / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values[k]).save(path)
            Image.fromarray(values[k]).save(folder / f"flat {name}.png")
        found = load_dataset(folder)
        np.testing.assert_array_equal(found.points, values.reshape(3, -1))
        assert found.labels is None
        for path in folder.glob("*.png"):
            path.unlink()
        found = load_dataset(folder)
        np.testing.assert_array_equal(found.points, values[[0, 2, 1]].reshape(3, -1))
        assert found.class_names == NAMES
        np.testing.assert_array_equal(found.labels, [0, 0, 1])
    deep = rng.integers(0, 2**16, (2, 4, 5), dtype=np.uint16)
    (tmp_path / "deep").mkdir()
    for k in range(2):
        Image.fromarray(deep[k]).save(tmp_path / "deep" / f"{k}.png")
    np.testing.assert_array_equal(load_dataset(tmp_path / "deep").points, deep.reshape(2, -1))


def test_pictures_of_two_sizes_and_no_pictures(tmp_path: Path) -> None:
    from PIL import Image

    with pytest.raises(InvalidArgument, match="a folder with PNG files"):
        load_dataset(tmp_path)
    for k in range(2):
        Image.fromarray(np.full((4, 5 + k), k, dtype=np.uint8)).save(tmp_path / f"{k}.png")
    with pytest.raises(InvalidArgument, match=r"0\.png has 5 x 4 pixels, 1 channels.*1\.png 6 x 4 .*convert"):
        load_dataset(tmp_path)
    (tmp_path / "1.png").write_bytes((tmp_path / "0.png").read_bytes()[:40])
    with pytest.raises(InvalidArgument, match=r"1\.png': must be a PNG file"):
        load_dataset(tmp_path)


def test_a_chunk_that_calls_itself_long_gets_no_room(tmp_path: Path) -> None:
    from PIL import Image

    for k in range(2):
        Image.fromarray(np.full((4, 5), k, dtype=np.uint8)).save(tmp_path / f"{k}.png")
    damaged = bytearray((tmp_path / "0.png").read_bytes())
    damaged[33:37] = (2**31 - 1).to_bytes(4, "big")  # of the first chunk after the header
    (tmp_path / "0.png").write_bytes(damaged)
    tracemalloc.start()
    with suppress(InvalidArgument):
        load_dataset(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e7


def test_many_empty_pictures_fill_no_more_than_they_may_together(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.zeros((1000, 1000), dtype=np.uint8)).save(tmp_path / "0.png")
    small = (tmp_path / "0.png").read_bytes()
    for k in range(1, 40):
        (tmp_path / f"{k}.png").write_bytes(small)
    with pytest.raises(InvalidArgument, match=r"it promises 1000 x 1000 pixels; save .* np\.save"):
        load_dataset(tmp_path)


def test_one_long_label_takes_no_room_for_all(tmp_path: Path) -> None:
    lines = ["x,label", "1," + "a" * 100_000, *["2,b"] * 10_000]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(InvalidArgument, match=r"labels = 'a+': must be texts .* not one of 100000"):
        load_dataset(tmp_path / "a.csv")


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {**COLUMNS, "species": TEXTS, "__index_level_0__": list(range(4))}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    found = load_dataset(tmp_path / "a.parquet", label_column="species")
    np.testing.assert_array_equal(found.points, POINTS)
    assert found.class_names == NAMES
    with pytest.raises(InvalidArgument, match=r"column 'species' holds text .*--label-column species"):
        load_dataset(tmp_path / "a.parquet")
    coded = pyarrow.table({**COLUMNS, "species": pyarrow.array(TEXTS).dictionary_encode()})
    parquet.write_table(coded, tmp_path / "a.parquet")
    assert load_dataset(tmp_path / "a.parquet", label_column="species").class_names == NAMES
    parquet.write_table(pyarrow.table({"a": [1.0, None, 2.0], "b": [1, 2, 3]}), tmp_path / "a.parquet")
    with pytest.raises(InvalidArgument, match=r"data\[1\] = None.*row 2, column 'a', is missing"):
        load_dataset(tmp_path / "a.parquet")
    parquet.write_table(pyarrow.table({"a": [1.0, 2.0], "b": [[1, 2], [3]]}), tmp_path / "a.parquet")
    with pytest.raises(InvalidArgument, match="a table of numbers; the entries of column 'b' have type list"):
        load_dataset(tmp_path / "a.parquet")
    counted = pyarrow.table({"a": [1.0, 2.0, 4.0], "k": pyarrow.array([5, 5, 7]).dictionary_encode()})
    parquet.write_table(counted, tmp_path / "a.parquet")
    np.testing.assert_array_equal(load_dataset(tmp_path / "a.parquet").points, [[1, 5], [2, 5], [4, 7]])
    (tmp_path / "a.parquet").write_text("hello")
    with pytest.raises(InvalidArgument, match="a parquet file"):
        load_dataset(tmp_path / "a.parquet")


def test_parquet_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_text("")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        MissingExtra, match=r"reading \.parquet needs pyarrow: pip install 'statphys-gen\[parquet\]'"
    ):
        load_dataset(tmp_path / "a.parquet")


def test_texts_that_are_no_texts_and_names_that_no_file_has(tmp_path: Path) -> None:
    np.save(tmp_path / "points.npy", POINTS)
    for order in "<>":
        np.save(tmp_path / "labels.npy", np.array(TEXTS).astype(f"{order}U9"))
        whole = (tmp_path / "labels.npy").read_bytes()
        assert load_dataset(tmp_path / "points.npy", tmp_path / "labels.npy").class_names == NAMES
        (tmp_path / "labels.npy").write_bytes(whole[:-4] + b"\xff\xff\xff\xff")
        with pytest.raises(InvalidArgument, match="its texts are damaged"):
            load_dataset(tmp_path / "points.npy", tmp_path / "labels.npy")
    np.save(tmp_path / "records.npy", RECORDS)
    whole = (tmp_path / "records.npy").read_bytes()
    (tmp_path / "records.npy").write_bytes(whole[:-1] + b"\x7f")
    with pytest.raises(InvalidArgument, match="its texts are damaged"):
        load_dataset(tmp_path / "records.npy", label_column="species")
    for name in ("x" * 5000, "\0"):
        with pytest.raises(InvalidArgument, match="a readable file"):
            load_dataset(name)
        with pytest.raises(InvalidArgument, match="a readable file"):
            load_dataset(tmp_path / "points.npy", name)


def test_a_refusal_that_quotes_a_file_stays_short(tmp_path: Path) -> None:
    file = written("a.csv", "a,b\n1," + "x" * 60_000 + "\n")(tmp_path)
    with pytest.raises(InvalidArgument) as caught:
        load_dataset(file)
    assert len(str(caught.value)) < 1200
