"""Every reader of files, with good files that the fuzzer damages."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any


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


def h5() -> bytes:
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


def _png(mode: str, step: int = 1) -> bytes:
    import numpy as np
    from PIL import Image

    stream = io.BytesIO()
    values = (step * np.arange(60, dtype=np.uint8)).reshape(4, 5, 3)
    Image.fromarray(values).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def _shades(*modes: str) -> list[bytes]:
    return [_png(mode) for mode in modes]


def _rows() -> list[Any]:
    from statphys_gen.sweep.keys import Computation

    return [Computation("f", "1", 0).point({"x": float(k)}, 0) for k in range(3)]


def _store(rows: bool) -> bytes:
    import numpy as np

    from statphys_gen.sweep.execution import Outcome, encode
    from statphys_gen.sweep.store import Store

    with tempfile.TemporaryDirectory() as folder:
        with Store(Path(folder) / "s.sqlite") as store:
            found = Outcome(encode({"y": np.arange(3.0), "name": "a"}, {}))
            if rows:
                store.record([(point, found) for point in _rows()[:2]])
        return (Path(folder) / "s.sqlite").read_bytes()


def _frame() -> bytes:
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.table({"a": [1.0, 2.0, 3.0], "species": ["x", "y", "x"]}), stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Kind:
    """Good files of one ending, made once, how they are read, and under which name if not any.

    ``multiple`` of the size of a file is the memory that reading it may take.
    """

    ending: str
    made: Callable[[], list[bytes]]
    read: Callable[[Path], Any]
    name: str = ""
    multiple: int = 400

    @cached_property
    def good(self) -> list[bytes]:
        return self.made()


def _tables() -> list[bytes]:
    return [
        b"a,b,species\n1,2.5,x\n3,4e-3,y\n5,6,x\n",
        b"a;b\n1,5;2\n3;4,25\n",
        b",a,b\n0,1,2\n1,3,4\n",
        b"1\t2\n3\t4\n",
        b'"a ""q""";b\n"1";2\n3;4\n',
        b"# remark\n1 2\n3 4\n",
    ]


def _data(path: Path) -> Any:
    from statphys_gen.data import load_dataset

    if os.environ.get("PLANTED_READER") == "numpy":  # which raises what it likes, and the tests see it
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

    return load_dataset(path.parent)


def _column(path: Path) -> Any:
    from statphys_gen.data.dataset import read_labels

    return read_labels(path, 3, column="species" if path.suffix == ".csv" else None)


def _machine(path: Path) -> Any:
    from statphys_gen.rbm import read_machine

    return read_machine(path, orientation="visible-hidden" if path.suffix in (".npy", ".csv") else None)


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


def _nodes(path: Path) -> Any:
    from statphys_gen.principal_graph import load_nodes

    return load_nodes("--start", path)


def _edges(path: Path) -> Any:
    from statphys_gen.principal_graph import load_edges

    return load_edges("--edges", path)


def _grid(path: Path) -> Any:
    from statphys_gen.schedules import load_grid

    return load_grid("--grid", path)


def _network(path: Path) -> Any:
    from statphys_gen.score_matching import load_network

    return load_network("--network", path)


def _line(path: Path) -> Any:
    from statphys_gen.score_matching import load_points

    return load_points("--points-file", path)


def _task(path: Path) -> Any:
    from statphys_gen.residual_networks import load_task

    return load_task("--data", path)


def _report(path: Path) -> Any:
    from statphys_gen import verification

    return verification.report("schedules", path.parent)


def _registry(path: Path) -> Any:
    from statphys_gen import registry

    folder = path.parent
    return registry.load(folder), registry.withdrawn(folder, "diffusion"), registry.last_run(folder)


def _ledger(path: Path) -> Any:
    from statphys_gen import registry

    return registry.last_run(path.parent)


def _figure(path: Path) -> Any:
    from figures.runner import cached

    return cached(path, {"preset": "quick"})


def _shown(path: Path) -> Any:
    from figures.gallery import read_record

    return read_record(path)


def _measured(path: Path) -> Any:
    from statphys_gen.cli.compare import read_table

    return read_table(str(path))


def _sweep(path: Path) -> Any:
    from statphys_gen.sweep.execution import decode
    from statphys_gen.sweep.store import Store

    with Store(path) as store:
        points = _rows()
        return store.computed_by_other_code(points), [decode(r) for r in store.finished(points).values()]


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


def _couplings() -> list[bytes]:
    import numpy as np

    w = np.arange(12.0).reshape(4, 3)
    return [_npy(w), _npy(np.asfortranarray(w.astype("f4")))]


def _texts() -> list[bytes]:
    import numpy as np

    return [_npy(np.array(["x", "y", "x"])), _npy(np.arange(3))]


_MATRICES = [b"1,2\n3,4\n", b"1;2\n3;4\n", b"1\t2\n3\t4e-3\n"]
_GRIDS = [
    b'{"noise_levels": [80.0, 3.5, 0.1, 0.0], "scheme": "heun"}',
    b'{"scheme": "ddim", "start": "zero", "noise_levels": [2.0, 0.0], "noise_levels_hex": ["0x1p+1", "0x0p+0"]}',
    b'{"noise_levels": ["inf", 1.0, 0]}',
]
_NETWORKS = [b'{"inner": [1.0, -0.5], "outer": [0.25, 2], "bias": [0.0, 0.125]}']
_TASKS = [
    b'{"inputs": [[1.0, 0.5], [0.25, -1]], "targets": [[1.0, 2.0], [0, 1]], "inner": [[1, 0], [0.5, 1]]}'
]
_FIGURE = (
    b'{"title": "t", "paper": "2402.18491", "figure": "1", "fidelity": "ours", "caption": "c", "preset": "quick", '
    b'"seconds": 1.5, "command": "make"}'
)


def _network_arrays() -> list[bytes]:
    import numpy as np

    return [
        _npz(compressed, inner=np.ones(3), outer=np.arange(3.0), bias=np.zeros(3))
        for compressed in (False, True)
    ]


def _task_arrays() -> list[bytes]:
    import numpy as np

    x = np.arange(6.0).reshape(3, 2)
    return [_npz(compressed, inputs=x, targets=x - 1.0, inner=np.eye(2)) for compressed in (False, True)]


def _figure_data() -> list[bytes]:
    import numpy as np

    return [_npz(_stamp=np.asarray('{"preset": "quick"}'), _seconds=np.asarray(1.5), x=np.arange(4.0))]


def _reports() -> list[bytes]:
    text = (Path(__file__).parents[2] / "validation" / "schedules.json").read_text(encoding="utf-8")
    document = json.loads(text)
    document["ledger"] = "0" * 64
    document["withdrawn"], document["checks"] = document["withdrawn"][:1], document["checks"][:2]
    return [json.dumps(document).encode(), json.dumps(document, indent=1).encode()]


def _registries() -> list[bytes]:
    entries = [{"design": "0" * 64, "id": f"check-{k}", "seed": k, "system": "diffusion"} for k in range(2)]
    entries[0] |= {"withdrawn": "too large"}
    return [json.dumps({"checks": entries, "ledger": "0" * 64}).encode()]


def _ledgers() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        from statphys_gen import registry

        names = {"design": "a", "system": "diffusion", "sources": "b", "verdict": "agrees"}
        runs = [{**names, "id": f"check-{k}", "date": f"2026-11-30T0{k}:00", "t": 0.5 * k} for k in range(3)]
        registry.append_to_ledger(folder, runs)
        return [(Path(folder) / "ledger.jsonl").read_bytes()]


def prepare(folder: Path) -> None:
    """What some readers find beside the file."""
    (folder / "validation").mkdir()
    for name, mode in (("pictures", "L"), ("colours", "RGB")):
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(_png(mode, 3))
    (folder / "means.npy").write_bytes(_npy([[1.0, 0.5], [-1.0, 0.0]]))
    (folder / "other.h5").write_bytes(h5())


KINDS: dict[str, Kind] = {
    "arrays": Kind(".npy", _arrays, _data),
    "archives": Kind(".npz", _archives, _data),
    "tables": Kind(".csv", _tables, _data),
    "tables of words": Kind(".txt", _tables, _data),
    "labels": Kind(".txt", lambda: [b"x\ny\nx\n", b"label\n1\n2\n1\n"], _labels),
    "columns of labels": Kind(".csv", lambda: [_tables()[0], b"name,species\na,1\nb,2\nc,1\n"], _column),
    "arrays of texts": Kind(".npy", _texts, _column),
    "arrays of labels": Kind(".npz", lambda: [_npz(labels=["x", "y", "x"])], _labels),
    "pictures": Kind(".png", lambda: _shades("L", "L", "1"), _pictures, "pictures/0.png", 2000),
    "pictures in colour": Kind(".png", lambda: _shades("RGB", "P"), _pictures, "colours/0.png", 2000),
    "machines": Kind(".npz", _weights, _machine),
    "machines of rbms": Kind(".h5", lambda: [h5()], _machine),
    "machines in arrays": Kind(".npy", _couplings, _machine),
    "machines in tables": Kind(".csv", lambda: _MATRICES, _machine),
    "pickled machines": Kind(".pkl", lambda: [b"cposix\nsystem\n(S'touch EXECUTED'\ntR."], _machine),
    "mixtures": Kind(".json", lambda: _JSON, _mixture),
    "eigenvalues": Kind(".npy", _vector, _eigenvalues),
    "points of a run": Kind(".npy", _pairs, _points),
    "matrices": Kind(".csv", lambda: _MATRICES, _matrix),
    "matrices in arrays": Kind(".npy", _couplings, _matrix),
    "nodes": Kind(".npy", _couplings, _nodes),
    "nodes in tables": Kind(".tsv", lambda: _tables()[1:], _nodes),
    "edges": Kind(".csv", lambda: [b"0,1\n1,2\n3,1\n", b"a b\n0 1\n"], _edges),
    "grids": Kind(".json", lambda: _GRIDS, _grid),
    "networks": Kind(".json", lambda: _NETWORKS, _network),
    "networks in archives": Kind(".npz", _network_arrays, _network),
    "points on the line": Kind(".txt", lambda: [b"1\n2.5\n-3e-2\n2.5\n", b"x\n1.5\n2.5\n"], _line),
    "tasks": Kind(".json", lambda: _TASKS, _task),
    "tasks in archives": Kind(".npz", _task_arrays, _task),
    "measured values": Kind(
        ".csv", lambda: [b"time,value,standard_error\n1,0.9,0.1\n2,0.8,0.1\n"], _measured
    ),
    "stores of sweeps": Kind(".sqlite", lambda: [_store(True), _store(True), _store(False)], _sweep),
    "reports": Kind(".json", _reports, _report, "validation/schedules.json"),
    "registries": Kind(".json", _registries, _registry, "validation/registry.json"),
    "ledgers": Kind(".jsonl", _ledgers, _ledger, "validation/ledger.jsonl"),
    "data of figures": Kind(".npz", _figure_data, _figure),
    "records of figures": Kind(".json", lambda: [_FIGURE], _shown),
}
if find_spec("pyarrow") is not None:
    KINDS["frames"] = Kind(".parquet", lambda: [_frame()], _data)
