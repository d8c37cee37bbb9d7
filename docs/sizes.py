"""Deviations of theory from simulation by the size of the simulation, from the records of the checks.

A record holds values at one size, or the limit that was extrapolated from several with the values at these, where the
limit is judged as it was extrapolated. A few records hold the values of several sizes one behind the other. A check
without a size of its own (a network of given weights, a channel) holds at its setting alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

_SIZES = (
    "dimension",
    "visible_units",
    "depths",
    "depth",
    "half_depth",
    "neurons",
    "samples",
    "sizes",
    "norm",
    "norms",
    "roots",
    "nodes",
    "pairs",
    "training_draws",
)
_NAMES = {
    "sizes": "dimension",
    "norm": "half distance",
    "norms": "half distance",
    "roots": "root of the dimension",
}
_NODES = "principal-graph"  # elsewhere nodes are those of a grid
# Those of which no limit is taken: they compare at every size, and hold the values of the sizes in their order.
_ONE_BEHIND_THE_OTHER = (
    "linear-orthogonal-errors",
    "residual-networks-tied-linear-network",
    "residual-networks-by-size-each-",
    "linear-by-size-each-",
    "memorization-by-size-each-",
    "phase-retrieval-by-size-each-",
    "principal-graph-by-size-each-",
    "random-features-by-size-each-",
    "rbm-by-size-each-",
    "schedules-by-size-weight-after-training",
    "diffusion-by-size",
)
_BY_SIZE = "-by-size-"
_KINDS = ("general", "eigenvalue", "capacity", "spread")
SMALL = 0.01


@dataclass(frozen=True)
class Deviation:
    """What a record at one size, or the limit of several, says of the deviation.

    Attributes
    ----------
    check : id of the record.
    size : what it was simulated at, by name; a tuple of sizes where a limit was taken; empty where it
        names none.
    deviation, standard_error : of the value whose bound is the largest, relative as the check judges it.
    bound : the largest deviation, over the values, that 95 % intervals leave open.
    judged : whether the check is.
    """

    check: str
    size: dict[str, Any]
    deviation: float
    standard_error: float
    bound: float
    judged: bool

    @property
    def is_limit(self) -> bool:
        return any(isinstance(value, tuple) for value in self.size.values())

    def words(self) -> str:
        shown = []
        for name, value in self.size.items():
            text = ", ".join(f"{x:g}" for x in value) if isinstance(value, tuple) else f"{value:g}"
            shown.append(f"{_NAMES.get(name, name).replace('_', ' ')} {text}")
        return ("limit of " if self.is_limit else "") + (", ".join(shown) or "setting of the check")


@dataclass(frozen=True)
class Law:
    """How a value approaches its limit: deviation = amplitude size^(-exponent), with the theory as the limit.

    Attributes
    ----------
    name : of the size; ``smallest`` and ``largest`` of it were simulated.
    amplitude : the largest one that an interval of 95 % leaves open, of the deviation relative to the scale.
    """

    name: str
    smallest: float
    largest: float
    exponent: float
    amplitude: float

    @property
    def small_from(self) -> float:
        return max(self.smallest, float((self.amplitude / SMALL) ** (1.0 / self.exponent)))


def laws(record: dict[str, Any]) -> list[Law]:
    """One for every value of a record that was extrapolated."""
    if record["kind"] not in _KINDS or not record["judged"]:
        return []
    found = []
    for component, rows in _by(record["at_sizes"], 0).items():
        _, exponent, size, value, error, freedom = np.array(rows).T
        theory, scale = (np.ravel(record[name])[int(component)] for name in ("theory", "scale"))
        decay, away, spread = size ** -exponent[0], (value - theory) / scale, error / scale
        weight = decay**2 / spread**2
        amplitude = (away * decay / spread**2).sum() / weight.sum()
        width = special.stdtrit(freedom.min(), 0.975) / np.sqrt(weight.sum())
        largest = float(abs(amplitude) + width)
        found.append(
            Law(_size_name(record, size), *map(float, (size.min(), size.max(), exponent[0])), largest)
        )
    return found


def _by(rows: list[list[float]], column: int) -> dict[float, list[list[float]]]:
    groups: dict[float, list[list[float]]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def _size_name(record: dict[str, Any], size: np.ndarray) -> str:
    wanted = set(size.tolist())
    for name, value in record["sizes"].items():
        if isinstance(value, list) and all(np.isscalar(x) for x in value) and set(value) == wanted:
            return name
    return "size"


def _at_sizes(record: dict[str, Any]) -> list[Deviation]:
    """The values from which a limit was extrapolated, one entry for each size."""
    name = _size_name(record, np.unique([row[2] for row in record["at_sizes"]]))
    found = []
    for size, rows in _by(record["at_sizes"], 2).items():
        component, _, _, value, error, freedom = np.array(rows).T
        theory, scale = (np.ravel(record[entry])[component.astype(int)] for entry in ("theory", "scale"))
        found.append(_one(record, {name: size}, value, theory, error, scale, freedom))
    return found


def deviations(record: dict[str, Any]) -> list[Deviation]:
    """Those of one record; empty where it judges something that has no relative deviation."""
    if record["kind"] not in _KINDS:
        return []
    size = {}
    for name in _SIZES:
        if name == "nodes" and not record["id"].startswith(_NODES):
            continue
        value = record["sizes"].get(name)
        if isinstance(value, list):
            size[name] = tuple(value) if len(value) > 1 else value[0]
        elif value is not None:
            size[name] = value
    if not all(np.isscalar(x) for v in size.values() for x in np.atleast_1d(v)):
        return []
    entries = [np.atleast_1d(record[k]).astype(float) for k in ("value", "theory", "standard_error", "scale")]
    degrees = np.broadcast_to(np.asarray(record["degrees_of_freedom"], float), entries[0].shape)
    lists = [name for name, value in size.items() if isinstance(value, tuple)]
    if not (lists and record["id"].startswith(_ONE_BEHIND_THE_OTHER)):
        return [*_at_sizes(record), _one(record, size, *entries, degrees)]
    found = []
    parts = [np.split(entry, len(size[lists[0]])) for entry in (*entries, degrees)]
    for k, value in enumerate(size[lists[0]]):
        found.append(_one(record, size | {lists[0]: value}, *(part[k] for part in parts)))
    return found


def _one(record: dict[str, Any], size: dict[str, Any], *arrays: np.ndarray) -> Deviation:
    value, theory, error, scale, degrees = arrays
    away, spread = np.abs(value - theory) / scale, error / scale
    bound = away + special.stdtrit(degrees, 0.975) * spread
    worst = int(np.argmax(bound))
    return Deviation(
        record["id"], size, float(away[worst]), float(spread[worst]), float(bound[worst]), record["judged"]
    )


def small_from(found: list[Deviation], approached: list[Law]) -> str:
    """From which size on the records leave less than one per cent open, in words."""
    if approached:
        return "; ".join(_by_law(name, approached) for name in dict.fromkeys(law.name for law in approached))
    sizeless = [item for item in found if not item.size and item.judged]
    if sizeless and not any(item.size for item in found if item.judged):
        small = all(item.bound < SMALL for item in sizeless)
        return "at the setting of its checks " + (
            "below 1 %" if small else "not shown by all of them to be below 1 %"
        )
    # Checks by size are there to show the approach; the others may have been made at places without any deviation.
    by_size = [item for item in found if _BY_SIZE in item.check and not item.is_limit]
    at_sizes = by_size or [item for item in found if item.size and not item.is_limit and item.judged]
    good: list[Deviation] = []
    for item in sorted(at_sizes, key=_order, reverse=True):
        if item.bound >= SMALL:
            break
        good.append(item)
    if good:
        number = len({item.words() for item in good})
        if number == 1:
            return f"below 1 % at {good[-1].words()}, and not simulated beyond"
        return f"below 1 % from {good[-1].words()} on, at {number} sizes"
    if by_size:
        last = max(by_size, key=_order)
        return f"not below 1 % at the sizes that were simulated: {100 * last.bound:.2g} % are open at {last.words()}"
    limits = [item for item in found if item.is_limit and item.judged]
    if limits and all(item.bound < SMALL for item in limits):
        return "the limit is below 1 %; the size from which on is not in the records"
    return "a size from which on it is below 1 % is not in the records"


def _by_law(name: str, approached: list[Law]) -> str:
    of_name = [law for law in approached if law.name == name]
    size = max(law.small_from for law in of_name)
    smallest, largest = min(law.smallest for law in of_name), max(law.largest for law in of_name)
    what = _NAMES.get(name, name).replace("_", " ")
    how = "as its limit is approached" if len(of_name) == 1 else "as its limits are approached"
    return f"below 1 % from {what} {float(f'{size:.2g}'):g} on, {how} (simulated from {smallest:g} to {largest:g})"


def _order(item: Deviation) -> tuple[float, ...]:
    return tuple(float(np.max(value)) for value in item.size.values())


def rows(found: list[Deviation]) -> Iterator[tuple[str, str, str, str, str]]:
    """Check, size, deviation with its standard error, bound, all in words, by size."""
    for item in sorted(found, key=lambda item: (item.is_limit, _order(item))):
        note = "" if item.judged else "reported"
        deviation = f"{100 * item.deviation:.2g} ± {100 * item.standard_error:.2g} %"
        yield item.check, item.words(), deviation, f"{100 * item.bound:.2g} %", note
