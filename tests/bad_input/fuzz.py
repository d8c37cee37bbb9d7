"""Files that were damaged or made to harm, for every reader of files.

``python -m tests.bad_input.fuzz --count 10000 --seed 0`` mutates good files of every kind and hands each to its reader,
in processes of their own. A reader may return or refuse in one line. It may not run code, start a program, write, read
other files, take longer than 20 seconds, take more memory than ``FREE + MULTIPLE * size``, kill its process or raise
anything else. The exit status is 1 where one did; ``--keep FOLDER`` keeps the file.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FREE, MULTIPLE = 2**26, 400
SECONDS = 20
_BATCH = 250
_HARMFUL = (
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class", "exec"),
    *(
        "marshal.loads",
        "ctypes.dlopen",
        "socket.connect",
        "os.remove",
        "os.rename",
        "os.mkdir",
        "shutil.rmtree",
    ),
)


def _npy(values: Any) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def _npz(compressed: bool = False, **arrays: Any) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def _h5() -> bytes:
    import h5py
    import numpy as np

    stream = io.BytesIO()
    with h5py.File(stream, "w") as content:
        for update in (1, 20):
            params = content.create_group(f"update_{update}/params")
            params["weight_matrix"] = np.arange(12.0).reshape(4, 3)
            params.create_dataset("vbias", data=np.arange(4.0), chunks=(2,), compression="gzip")
            params["hbias"] = np.arange(3.0)
        content["model_type"] = "BBRBM"
    return stream.getvalue()


def _png(mode: str) -> bytes:
    import numpy as np
    from PIL import Image

    stream = io.BytesIO()
    values = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    Image.fromarray(values).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def _store() -> bytes:
    from statphys_gen.sweep.store import Store

    with tempfile.TemporaryDirectory() as folder:
        with Store(Path(folder) / "s.sqlite"):
            pass
        return (Path(folder) / "s.sqlite").read_bytes()


def _frame() -> bytes:
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.table({"a": [1.0, 2.0, 3.0], "species": ["x", "y", "x"]}), stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Kind:
    """Good files of one ending, and how they are read."""

    ending: str
    good: Callable[[], list[bytes]]
    read: Callable[[Path], Any]


def _tables() -> list[bytes]:
    return [
        b"a,b,species\n1,2.5,x\n3,4e-3,y\n5,6,x\n",
        b"a;b\n1,5;2\n3;4,25\n",
        b",a,b\n0,1,2\n1,3,4\n",
        b"1\t2\n3\t4\n",
        b'"a ""q""";b\n"1";2\n3;NA\n',
        b"# remark\n1 2\n3 4\n",
    ]


def _data(path: Path) -> Any:
    from statphys_gen.data import load_dataset

    if (
        os.environ.get("PLANTED_READER") == "numpy"
    ):  # which raises what it likes: the tests see that this is found
        import numpy as np

        return np.load(path)
    named = path.suffix == ".parquet" or b"species" in path.read_bytes().partition(b"\n")[0]
    return load_dataset(path, label_column="species" if named and path.suffix != ".npz" else None)


def _labels(path: Path) -> Any:
    import numpy as np

    from statphys_gen.data import load_dataset

    points = path.parent / "points.npy"
    if not points.exists():
        np.save(points, np.arange(6.0).reshape(3, 2))
    return load_dataset(points, path)


def _pictures(path: Path) -> Any:
    from statphys_gen.data import load_dataset

    return load_dataset(path.parent / "pictures")


def _machine(path: Path) -> Any:
    from statphys_gen.rbm import read_machine

    return read_machine(path)


def _mixture(path: Path) -> Any:
    from statphys_gen.data import GaussianMixture

    return GaussianMixture.from_json(path)


def _eigenvalues(path: Path) -> Any:
    from statphys_gen.data import Covariance

    return Covariance.from_file(path)


def _points(path: Path) -> Any:
    from statphys_gen.phase_retrieval import Loss, sampled_curvature_law

    return sampled_curvature_law(Loss.normalised(1.0), path)


def _matrix(path: Path) -> Any:
    from statphys_gen.linear_dynamics.analysis.files import load_matrix

    return load_matrix("--target", path)


def _measured(path: Path) -> Any:
    from statphys_gen.cli.compare import read_table

    return read_table(str(path))


def _sweep(path: Path) -> Any:
    from statphys_gen.sweep.store import Store

    with Store(path) as store:
        return store


def _arrays() -> list[bytes]:
    import numpy as np

    records = np.array([(1.0, 2, "x"), (3.0, 4, "y")], dtype=[("a", "f8"), ("b", "i4"), ("species", "U1")])
    cube = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    return [
        _npy(np.arange(6.0).reshape(3, 2)),
        _npy(records),
        _npy(cube),
        _npy(np.asfortranarray(np.eye(3, dtype=">f4"))),
    ]


def _archives() -> list[bytes]:
    import numpy as np

    points = np.arange(6.0).reshape(3, 2)
    return [
        _npz(samples=points, y=[0, 1, 0]),
        _npz(True, a=points[:, 0], b=points[:, 1]),
        _npz(True, x=points),
    ]


def _weights() -> list[bytes]:
    import numpy as np

    w, b, c = np.arange(12.0).reshape(4, 3), np.arange(4.0), np.arange(3.0)
    return [
        _npz(W=w, visible_bias=b, hidden_bias=c),
        _npz(True, components_=w.T, intercept_visible_=b[None], intercept_hidden_=c),
        _npz(**{"rbm.weight": w, "rbm.vbias": b, "rbm.hbias": c, "step": 3}),
    ]


def _pairs() -> list[bytes]:
    import numpy as np

    return [_npy(np.random.default_rng(0).standard_normal((120, 2)))]


_JSON = [
    b'{"weights": [0.5, 0.5], "means": [[1.0, 0.0], [-1.0, 0.0]], "covariances": 1.0}',
    b'{"weights": [0.5, 0.5], "means": "means.npy", "covariances": [1.0, 2.0]}',
]


def _vector() -> list[bytes]:
    import numpy as np

    return [_npy(np.arange(1.0, 7.0))]


def _matrices() -> list[bytes]:
    return [b"1,2\n3,4\n", b"1;2\n3;4\n"]


KINDS: dict[str, Kind] = {
    "arrays": Kind(".npy", _arrays, _data),
    "archives": Kind(".npz", _archives, _data),
    "tables": Kind(".csv", _tables, _data),
    "tables of words": Kind(".txt", _tables, _data),
    "labels": Kind(".txt", lambda: [b"x\ny\nx\n", b"label\n1\n2\n1\n"], _labels),
    "arrays of labels": Kind(".npz", lambda: [_npz(labels=["x", "y", "x"])], _labels),
    "pictures": Kind(".png", lambda: [_png(mode) for mode in ("L", "L", "L", "RGB", "P", "1")], _pictures),
    "machines": Kind(".npz", _weights, _machine),
    "machines of rbms": Kind(".h5", lambda: [_h5()], _machine),
    "pickled machines": Kind(".pkl", lambda: [b"cposix\nsystem\n(S'touch EXECUTED'\ntR."], _machine),
    "mixtures": Kind(".json", lambda: _JSON, _mixture),
    "eigenvalues": Kind(".npy", _vector, _eigenvalues),
    "points of a run": Kind(".npy", _pairs, _points),
    "matrices": Kind(".csv", _matrices, _matrix),
    "measured values": Kind(
        ".csv", lambda: [b"time,value,standard_error\n1,0.9,0.1\n2,0.8,0.1\n"], _measured
    ),
    "stores of sweeps": Kind(".sqlite", lambda: [_store()], _sweep),
}
try:
    import pyarrow  # noqa: F401
except ImportError:
    pass
else:
    KINDS["frames"] = Kind(".parquet", lambda: [_frame()], _data)


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 2, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def _remove(data: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(data) + 1)
    del data[start : start + rng.choice((1, 4, 30))]
    return data


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(data) + 1)
    piece = data[start : start + rng.choice((1, 8, 100))]
    return data[:start] + piece * rng.choice((2, 50, 2000)) + data[start:]


def _field(data: bytearray, rng: random.Random) -> bytearray:
    """A size, somewhere, blown up."""
    form = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(form)
    if len(data) >= size:
        value = rng.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1))
        struct.pack_into(form, data, rng.randrange(len(data) - size + 1), value % 2 ** (8 * size))
    return data


_WORDS = [
    *(
        b"999999999999",
        b"1" * 400,
        b"1e999",
        b"nan",
        b"-",
        b"1_0",
        b"None",
        b"True",
        b"''",
        b"9**9**9",
        b"O",
        b"|O8",
    ),
    *(
        b"(" * 3000,
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"\0" * 100,
        b'"',
        b'"' + b"x" * 200_000,
        b"\r",
        b"\xff\xfe",
        b",",
    ),
    *(
        b";",
        b"\t",
        b"__import__('os').system('touch EXECUTED')",
        b"(1000000000,)",
        b"(-1, 2)",
        b"(2**70,)",
        b"V0",
        b"S0",
    ),
    *(
        "\u0661\u0662".encode(),
        "\u2028".encode(),
        b"../../etc/passwd",
        b"1" + b"0" * 5000,
        b"True,False",
        b"{}",
        b"[]",
    ),
]


def _word(data: bytearray, rng: random.Random) -> bytearray:
    """A word, or a number, replaced or inserted."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.choice(_WORDS) + data[start + rng.choice((0, 1, 3, 8)) :]


def _number(data: bytearray, rng: random.Random) -> bytearray:
    """Digits replaced, as in the header of an array."""
    places = [k for k, byte in enumerate(data) if 48 <= byte <= 57]
    if places:
        place = rng.choice(places)
        data[place : place + 1] = str(rng.choice((0, 7, 2**31, 2**63, 10**30))).encode()
    return data


def _bomb(data: bytearray, rng: random.Random) -> bytearray:
    """An archive that fills far more than its size, or a picture that does."""
    size = rng.choice((10**6, 10**8, 3 * 10**8))
    header = _npy_header(size // 8)
    if data[:4] == b"\x89PNG":
        side = rng.choice((10_000, 30_000, 2**31 - 1))
        return (
            bytearray(data[:16] + struct.pack(">II", side, side) + data[24:29])
            + struct.pack(">I", zlib.crc32(data[12:16] + struct.pack(">II", side, side) + data[24:29]))
            + data[33:]
        )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))) as archive:
        name = rng.choice(("samples.npy", "W.npy", "labels.npy", "../x.npy"))
        with archive.open(name, "w") as member:
            member.write(header)
            for _ in range(min(size, 10**7) // 10**6):
                member.write(b"\0" * 10**6)
    return bytearray(stream.getvalue())


def _npy_header(count: int) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({count // 2}, 2), }}".encode()
    text = text.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


_MUTATIONS = (_flip, _flip, _cut, _remove, _repeat, _field, _field, _word, _word, _number, _number)


def mutated(seed: int, k: int) -> tuple[str, bytes]:
    """The k-th file of a seed: its kind, and its bytes."""
    rng = random.Random(f"{seed} {k}")
    name = rng.choice(list(KINDS))
    data = bytearray(rng.choice(KINDS[name].good()))
    if KINDS[name].ending in (".npz", ".png") and rng.random() < 0.03:
        return name, bytes(_bomb(data, rng))
    if KINDS[name].ending == ".npz" and rng.random() < 0.4:
        return name, _inside(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(_MUTATIONS)(data, rng)
    if KINDS[name].ending == ".png" and rng.random() < 0.7:
        data = _with_sums(data)
    return name, bytes(data)


def _with_sums(data: bytearray) -> bytearray:
    """A picture whose chunks have the right check sums, so that what is wrong in them is decoded."""
    place = 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return data


def _inside(data: bytearray, rng: random.Random) -> bytes:
    """An archive whose members are damaged and whose frame is sound."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for member in old.namelist():
            content = bytearray(old.read(member))
            new.writestr(
                member, bytes(rng.choice(_MUTATIONS)(content, rng) if rng.random() < 0.7 else content)
            )
    return stream.getvalue()


class _Alarm(BaseException):
    pass


def _ring(*_: Any) -> None:
    raise _Alarm


def examine(seed: int, numbers: range, folder: Path) -> Iterator[dict[str, Any]]:
    """Read every file in this process: its kind, what came out, and what was wrong with that."""
    from statphys_gen.errors import StatphysError

    watched: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and (event in _HARMFUL or (event == "open" and _elsewhere(arguments[0], folder))):
            watched.append(f"{event} {str(arguments[0])[:200]}")

    (folder / "pictures").mkdir()
    (folder / "pictures" / "1.png").write_bytes(_png("L"))
    (folder / "pictures" / "0.png").write_bytes(_png("L"))
    for kind in KINDS.values():  # what is loaded or compiled at the first call is so now
        path = folder / f"warm{kind.ending}"
        for good in kind.good():
            path.write_bytes(good)
            with contextlib.suppress(Exception):
                kind.read(path)
        path.unlink()
    sys.addaudithook(hook)
    signal.signal(signal.SIGALRM, _ring)
    tracemalloc.start()
    for k in numbers:
        name, data = mutated(seed, k)
        path = folder / f"file{KINDS[name].ending}"
        path.write_bytes(data)
        (folder / "pictures" / "0.png").write_bytes(data)
        yield {"k": k, "begun": name}
        tracemalloc.reset_peak()
        before, begun = tracemalloc.get_traced_memory()[0], time.monotonic()
        watched.clear()
        outcome, wrong = "read", ""
        watching = True
        signal.alarm(SECONDS)
        try:
            KINDS[name].read(path)
        except StatphysError as error:
            outcome = "refused"
            wrong = (
                ""
                if "\n" not in str(error) and len(str(error)) < 2000
                else f"more than a line: {error}"[:400]
            )
        except _Alarm:
            wrong = f"longer than {SECONDS} s"
        except BaseException as error:  # what no reader may raise
            wrong = f"{type(error).__name__}: {error}"[:400]
        signal.alarm(0)
        watching = False
        taken = tracemalloc.get_traced_memory()[1] - before
        if taken > FREE + MULTIPLE * len(data):
            wrong = wrong or f"{taken} bytes for a file of {len(data)}"
        if watched:
            wrong = wrong or f"it did {watched[0]}"
        if (folder / "EXECUTED").exists() or Path("EXECUTED").exists():
            wrong = "it ran code"
        seconds = round(time.monotonic() - begun, 3)
        yield {"k": k, "kind": name, "outcome": outcome, "wrong": wrong, "seconds": seconds, "taken": taken}


def _elsewhere(path: Any, folder: Path) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    return not os.fspath(path if isinstance(path, str) else os.fsdecode(path)).startswith(
        (str(folder), "/dev/null", sys.prefix, str(ROOT / "statphys_gen"))
    )


def run(count: int, seed: int, keep: Path | None = None) -> tuple[Counter[str], list[str]]:
    """Counts of outcomes by kind, and one sentence for each file at which a reader failed."""
    found: Counter[str] = Counter()
    failures = []
    start = 0
    while start < count:
        numbers = range(start, min(start + _BATCH, count))
        last = None
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, "-m", "tests.bad_input.fuzz", "--examine", str(start), str(numbers.stop)]
            environment = os.environ | {
                "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
            }
            process = subprocess.run(
                [*words, "--seed", str(seed)],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS * _BATCH,
            )
        for line in process.stdout.splitlines():
            record = json.loads(line)
            last = record
            if "begun" in record:
                continue
            found[f"{record['kind']}: {record['outcome'] if not record['wrong'] else 'WRONG'}"] += 1
            if record["wrong"]:
                failures.append(f"{record['k']} ({record['kind']}): {record['wrong']}")
        if last is None or (process.returncode and "begun" not in last):
            raise RuntimeError(process.stderr[-2000:])
        if "begun" in last:
            end = f"the process ended with {process.returncode}"
            failures.append(f"{last['k']} ({last['begun']}): {end} {process.stderr[-300:]}")
            found[f"{last['begun']}: KILLED"] += 1
        start = last["k"] + 1
    if keep is not None:
        for text in failures:
            k = int(text.split()[0])
            name, data = mutated(seed, k)
            (keep / f"{k}{KINDS[name].ending}").write_bytes(data)
    return found, failures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files at which a reader failed")
    parser.add_argument("--examine", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.examine:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
        for record in examine(options.seed, range(*options.examine), Path.cwd()):
            print(json.dumps(record), flush=True)
        return 0
    found, failures = run(options.count, options.seed, options.keep)
    for name in sorted(found):
        print(f"{found[name]:6d}  {name}")
    for text in failures:
        print(text[:400])
    print(f"{sum(found.values())} files, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
