"""The phase diagram of a model over a plane of two parameters: a labelled dataset and a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import dataset
from ...solution import Solution, Status
from ..model import Model
from .lines import at_line, condensation_line, first_order_line, glass_line, spinodal
from .replica_symmetric import Dominance, dominant_state
from .saddle_point import Batch

if TYPE_CHECKING:
    import xarray


PHASES = ("none", "paramagnet", "glass", "retrieval")
_SOURCE = "Barra, Genovese, Sollich, Tantari, arXiv 1702.05882; derivations/rbm/replica_symmetric.py"


@states(
    "replica symmetric",
    "N -> infinity; symmetry is broken where the replicon of the dominant state is negative",
    source=_SOURCE,
    verification="derived and simulated",
)
def phase_diagram(
    model: Model, *, temperature: ArrayLike, load: ArrayLike, lines: bool = True
) -> xarray.Dataset:
    """Dominant phase, metastable retrieval, order parameters and lines over the plane of temperature and load.

    Parameters
    ----------
    model : the model; its temperature and load are not used.
    temperature, load : one-dimensional, increasing.
    lines : also solve the lines of the model for each temperature: the glass line (symmetric priors), the line of
        condensation (``LowRank``), the spinodal, the first-order line and the de Almeida-Thouless line of retrieval
        (models with retrieval).

    Returns
    -------
    Dataset with the coordinates temperature and load; ``phase`` (code in the attribute ``phases``),
    ``retrieval_exists``, the fields, residual and error of the dominant state; for every state its free entropy,
    status, residual and error; for every line its load (NaN where there is none below twice the largest load), status,
    residual and error: ``spinodal_load``, ``spinodal_line_status``, ...

    Raises
    ------
    InvalidArgument : an axis is not increasing, or there is no load (``Repeated``).
    """
    if not model.couplings.has_load:
        raise InvalidArgument("couplings", model.couplings, "couplings with a load")
    axes = {"temperature": _axis("temperature", temperature), "load": _axis("load", load)}
    compared = dominant_state(model, temperature=axes["temperature"][:, None], load=axes["load"][None, :])
    solutions, none = compared.solutions, np.full(compared.dominant.shape, np.nan)
    code = np.zeros(none.shape, dtype=np.int8)
    plane: dict[str, Any] = {"phase": code, "retrieval_exists": np.zeros(none.shape, dtype=bool)}
    shared = set.intersection(*(set(found.value) for found in solutions.values()))
    for name, found in solutions.items():
        here = compared.dominant == name
        code[here] = PHASES.index(name)
        entries = {field: found[field] for field in sorted(shared) if found[field].ndim == code.ndim}
        for field, entry in (entries | {"residual": found.residual, "error": found.error}).items():
            plane.setdefault(field, none.copy())[here] = entry[here]
        plane[f"{name}_free_entropy"] = found["free_entropy"]
        plane |= {f"{name}_{label}": getattr(found, label) for label in ("status", "residual", "error")}
        if name == "retrieval":
            plane["retrieval_exists"] = found.good
    edges: dict[str, Any] = {}
    if lines:
        edges = {f"{name}_load": none[:, 0] for name in ("glass", "spinodal", "first_order")}
        for name, found in _lines(model, axes["temperature"], axes["load"], compared).items():
            edges[f"{name}_load"] = found["load"]
            edges |= {
                f"{name}_line_{label}": getattr(found, label) for label in ("status", "residual", "error")
            }
    labelled = dataset(
        {name: (tuple(axes)[: entry.ndim], entry) for name, entry in (plane | edges).items()},
        {name: ((name,), entry) for name, entry in axes.items()},
        approximation_of(phase_diagram),
    )
    said = {
        "phases": "; ".join(f"{k} {name}" for k, name in enumerate(PHASES)),
        "status_meaning": "; ".join(f"{status.value} {status}" for status in Status),
        "convention": model.convention,
        "model": repr(model),
    }
    return labelled.assign_attrs(said)


def _axis(name: str, value: ArrayLike) -> FloatArray:
    axis = validation.array(name, value, ndim=1, at_least=0.0)
    if len(axis) < 2 or (np.diff(axis) <= 0).any():
        raise InvalidArgument(name, value, "at least two increasing numbers")
    return axis


def _lines(
    model: Model, temperature: FloatArray, load: FloatArray, compared: Dominance
) -> dict[str, Solution]:
    """The lines that the model has, solved for the load at each temperature."""
    lines: dict[str, Callable[..., Solution]] = {}
    if Batch(model, ()).has_paramagnet:
        lines["glass"] = glass_line
        if model.couplings.condenses:
            lines["condensation"] = condensation_line
    if "retrieval" in compared.solutions:
        lines |= {"spinodal": spinodal, "first_order": first_order_line, "at": at_line}
    between = (1e-3 * float(load[-1]), 2.0 * float(load[-1]))
    return {
        name: line(model, solve_for="load", between=between, temperature=temperature)
        for name, line in lines.items()
    }
