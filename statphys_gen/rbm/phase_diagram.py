"""The phase diagram of a model over a plane of two parameters: a labelled dataset and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import approximation_of, states
from ..errors import InvalidArgument
from ..solution import Status
from .lines import first_order_line, glass_line, spinodal
from .model import Model
from .replica_symmetric import compare

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]

PHASES = ("none", "paramagnet", "glass", "retrieval")
_SOURCE = "Barra, Genovese, Sollich, Tantari, arXiv 1702.05882; derivations/rbm_replica_symmetric.py"


@states(
    "replica symmetric",
    "N -> infinity; symmetry is broken where the replicon of the dominant state is negative",
    source=_SOURCE,
    verification="derived",
)
def phase_diagram(
    model: Model, *, temperature: ArrayLike, load: ArrayLike, lines: bool = True
) -> xarray.Dataset:
    """Dominant phase, metastable retrieval, order parameters and lines over the plane of temperature and load.

    Parameters
    ----------
    model : the model; its temperature and load are not used.
    temperature, load : one-dimensional, increasing.
    lines : also solve the spinodal, the first-order line and the glass line for each temperature (NaN where none).

    Returns
    -------
    Dataset with the coordinates temperature and load; ``phase`` (code in the attribute ``phases``),
    ``retrieval_exists``, the fields of the dominant state, the free entropy of every state, and ``spinodal_load``,
    ``first_order_load`` and ``glass_load``.
    """
    import xarray

    axes = {"temperature": _axis("temperature", temperature), "load": _axis("load", load)}
    compared = compare(model, temperature=axes["temperature"][:, None], load=axes["load"][None, :])
    names = tuple(axes)
    code = np.zeros(compared.dominant.shape, dtype=np.int8)
    data: dict[str, Any] = {}
    shared = set.intersection(*(set(found.value) for found in compared.solutions.values()))
    for field in sorted(shared):
        merged = np.full(code.shape, np.nan)
        for name, found in compared.solutions.items():
            here = compared.dominant == name
            if found[field].ndim == code.ndim:
                merged[here] = found[field][here]
        data[field] = (names, merged)
    for name, found in compared.solutions.items():
        code[compared.dominant == name] = PHASES.index(name)
        data[f"{name}_free_entropy"] = (names, found["free_entropy"])
        data[f"{name}_status"] = (names, found.status)
    data["phase"] = (names, code)
    exists = (
        compared.solutions["retrieval"].good if "retrieval" in compared.solutions else np.zeros_like(code) > 0
    )
    data["retrieval_exists"] = (names, exists)
    if lines:
        for label, values in _lines(model, axes["temperature"], axes["load"]).items():
            data[label] = (("temperature",), values)
    attributes = {
        "phases": "; ".join(f"{k} {name}" for k, name in enumerate(PHASES)),
        "status_meaning": "; ".join(f"{status.value} {status}" for status in Status),
        "approximation": str(approximation_of(phase_diagram)),
        "convention": model.convention,
        "model": repr(model),
    }
    return xarray.Dataset(data, coords=axes, attrs=attributes)


def _axis(name: str, value: ArrayLike) -> Array:
    axis = validation.array(name, value, ndim=1, at_least=0.0)
    if len(axis) < 2 or (np.diff(axis) <= 0).any():
        raise InvalidArgument(name, value, "at least two increasing numbers")
    return axis


def _lines(model: Model, temperature: Array, load: Array) -> dict[str, Array]:
    """Loads on the lines at each temperature; a model without such a line has none."""
    between = (1e-3 * float(load[-1]), 2.0 * float(load[-1]))
    result: dict[str, Array] = {}
    for label, line in (("glass", glass_line), ("spinodal", spinodal), ("first_order", first_order_line)):
        try:
            found = line(model, solve_for="load", between=between, temperature=temperature)
        except InvalidArgument:
            result[f"{label}_load"] = np.full(len(temperature), np.nan)
            continue
        result[f"{label}_load"] = found["load"]
    return result


def plot_phase_diagram(dataset: xarray.Dataset) -> Any:
    """A matplotlib figure: dominant phases in colour, with the lines and the boundary of broken replica symmetry."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    figure, axes = plt.subplots(figsize=(5.0, 4.0), layout="constrained")
    load, temperature = dataset["load"].values, dataset["temperature"].values
    colours = ListedColormap(["white", "#dfe7ef", "#f3d9b1", "#b9d8b0"])
    axes.pcolormesh(
        load, temperature, dataset["phase"].values, cmap=colours, vmin=-0.5, vmax=3.5, shading="nearest"
    )
    styles = {
        "glass": ("-", "paramagnet - glass"),
        "spinodal": ("--", "spinodal"),
        "first_order": ("-.", "first order"),
    }
    for label, (style, text) in styles.items():
        name = f"{label}_load"
        if name in dataset and np.isfinite(dataset[name].values).any():
            axes.plot(dataset[name].values, temperature, "k" + style, lw=1, label=text)
    replicon = dataset["replicon"].values
    if (np.nanmin(replicon) < 0) and (np.nanmax(replicon) > 0):
        axes.contour(load, temperature, replicon, levels=[0.0], colors="tab:red", linewidths=0.8)
    axes.set(
        xlabel="load", ylabel="temperature", xlim=(load[0], load[-1]), ylim=(temperature[0], temperature[-1])
    )
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
    return figure
