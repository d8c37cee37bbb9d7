"""What stands at an axis is what is drawn along it: labels and legends of every figure, read back from the picture.

``axes.json`` says of every panel its two labels, which arrays of the figure's data are drawn along each axis, and
which of them belongs to each entry of the legend. The data here are not the figure's own but numbers that occur in one
place only, so that each drawn point tells where it comes from; shapes and ranges are those of the quick figures.

``python tests/figures/test_axes.py FOLDER`` writes the entries of the quick figures that lie in the folder, and keeps
the others; read what changed.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from figures.parameters import defaults

FILE = Path(__file__).with_name("axes.json")
# Up to so many numbers are kept, others are drawn within the ranges of the rows.
SMALL = 256
# Numbers that a figure looks up, and intervals that hold their value: these stay as they are.
EXACT = ("retrieval_descent_bbp ratios", "retrieval_success rates", "features_network fraction")


def stand_in(name: str, found: dict[str, Any]) -> NDArray[Any]:
    """An array of the shape, kind and ranges that were found; numbers of which no other array has one."""
    if "values" in found:
        return np.array(found["values"], dtype=found["dtype"])
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if "near" in found:
        near = np.reshape(np.array(found["near"], dtype=np.float64), found["shape"])
        return near + 1e-3 * (np.abs(near) + 1e-6) * random.uniform(0.0, 1.0, near.shape)
    low, high = (np.reshape(end, (*found["shape"][:-1], 1)) for end in found["range"])
    values = random.uniform(low, high, found["shape"])
    return np.sort(values) if found["increasing"] else values


def described(name: str, entry: NDArray[Any]) -> dict[str, Any]:
    if entry.ndim == 0 or entry.dtype.kind != "f" or name in EXACT:
        return {"dtype": entry.dtype.str, "values": entry.tolist()}
    if entry.size <= SMALL:
        near = [float(f"{x:.3g}") for x in entry.ravel()]
        return {"shape": list(entry.shape), "near": [x if np.isfinite(x) else 1.0 for x in near]}
    rows = np.where(np.isfinite(entry), entry, np.nanmean(entry)).reshape(-1, entry.shape[-1])
    ends = [[float(f"{x:.2g}") for x in end] for end in (rows.min(axis=1), rows.max(axis=1))]
    ends[1] = [high if high > low else low + 1.0 for low, high in zip(*ends, strict=True)]
    increasing = entry.ndim == 1 and bool((np.diff(entry) > 0).all())
    return {"shape": list(entry.shape), "range": ends, "increasing": increasing}


class Places:
    """Where a number comes from: the name of its array, and its index but for the last one."""

    def __init__(self, data: dict[str, NDArray[Any]]) -> None:
        self._of: dict[float, str] = {}
        for name, entry in data.items():
            if entry.dtype.kind == "f" and entry.ndim:
                for index in np.ndindex(entry.shape):
                    inner = ",".join(map(str, index[:-1]))
                    self._of[float(entry[index])] = f"{name}[{inner}]" if inner else name

    def __call__(self, values: Any) -> list[str]:
        numbers = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan).ravel().tolist()
        return sorted({self._of[x] for x in numbers if x in self._of})


def names(places: list[str]) -> list[str]:
    return sorted({place.partition("[")[0] for place in places})


def panel(axes: Axes, where: Places) -> dict[str, Any]:
    """Labels, what is drawn along both axes, and what belongs to each entry of the legend."""
    along: dict[str, list[str]] = {"x": [], "y": []}
    legend: dict[str, list[str]] = {}
    for artist in axes.get_children():
        if isinstance(artist, Line2D):
            drawn = {"x": artist.get_xdata(), "y": artist.get_ydata()}
        elif isinstance(artist, PathCollection):
            drawn = dict(zip("xy", np.ma.filled(artist.get_offsets(), np.nan).T, strict=True))
        elif isinstance(artist, QuadMesh):
            drawn = {"colour": artist.get_array()}
        else:
            continue
        found = {axis: where(values) for axis, values in drawn.items()}
        for axis, places in found.items():
            along[axis] = sorted({*along.get(axis, []), *names(places)})
        label = str(artist.get_label())
        if not label.startswith("_"):
            legend[label] = found.get("y", [])[:4]
    for container in axes.containers:
        label = str(container.get_label())
        if not label.startswith("_") and hasattr(container, "lines"):
            legend[label] = where(container.lines[0].get_ydata())[:4]
            assert all(isinstance(bar, LineCollection) for bar in container.lines[2])
    found_labels = {"xlabel": axes.get_xlabel(), "ylabel": axes.get_ylabel(), "title": axes.get_title()}
    return found_labels | along | {"legend": legend}


def panels(script: Any, data: dict[str, NDArray[Any]]) -> list[dict[str, Any]]:
    figure = script.draw({**data, **defaults(script.compute)})
    try:
        return [panel(axes, Places(data)) for axes in figure.axes]
    finally:
        pyplot.close(figure)


def scripts() -> dict[str, Any]:
    from figures import runner

    return {figure.name: figure.script for figure in runner.manifest()}


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def test_every_figure_is_there(recorded: dict[str, Any]) -> None:
    assert list(recorded) == list(scripts())


@pytest.fixture(autouse=True)
def look() -> Iterator[None]:
    from statphys_gen.style import PARAMETERS

    with pyplot.rc_context(PARAMETERS):
        yield


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", list(scripts()))
def test_labels_name_what_is_drawn(name: str, recorded: dict[str, Any]) -> None:
    entry = recorded[name]
    data = {key: stand_in(f"{name} {key}", found) for key, found in entry["data"].items()}
    assert panels(scripts()[name], data) == entry["panels"]


def write(folder: Path) -> None:
    before = json.loads(FILE.read_text(encoding="utf-8"))
    found = []
    for name, script in scripts().items():
        path = folder / f"{name}.quick.npz"
        shapes = dict(before[name]["data"]) if name in before else {}
        if path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                shapes = {
                    key: described(f"{name} {key}", stored[key]) for key in stored.files if key[0] != "_"
                }
        data = {key: stand_in(f"{name} {key}", entry) for key, entry in shapes.items()}
        arrays = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in shapes.items())
        seen = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in panels(script, data))
        found.append(f'"{name}": {{\n "data": {{\n{arrays}\n }},\n "panels": [\n{seen}\n ]\n}}')
    FILE.write_text("{\n" + ",\n".join(found) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
