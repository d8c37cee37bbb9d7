"""Since when in training a generator copies: the onset of copies and that of over-fitting, from a table of looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import InsufficientSamples, InvalidArgument
from ...presentation import Scalars
from ...statistics.onset import log_crossing
from ...statistics.streams import generator
from ...tables import open_table
from ..theory.nulls import SOURCE

_RESAMPLES = 2000
_LEAST_STEP, _MOST, _LARGEST_LOSS = 1e-300, 1e15, 1e150
_COUNTS = ("copies", "generated", "null_copies", "null_generated")
_LOSSES = ("train_loss", "test_loss", "train_loss_standard_error", "test_loss_standard_error")


@dataclass(frozen=True)
class Looks:
    """A generator along its training.

    Parameters
    ----------
    step : (looks,) increasing, at least 0; training times serve as well.
    copies, generated : (looks,) how many of the generated points are copies.
    null_copies, null_generated : the same of points that are none, such as held-out ones; both or none.
    train_loss, test_loss, train_loss_standard_error, test_loss_standard_error : (looks,) all four or none.
    """

    step: FloatArray
    copies: FloatArray
    generated: FloatArray
    null_copies: FloatArray | None = None
    null_generated: FloatArray | None = None
    train_loss: FloatArray | None = None
    test_loss: FloatArray | None = None
    train_loss_standard_error: FloatArray | None = None
    test_loss_standard_error: FloatArray | None = None

    def __post_init__(self) -> None:
        step = validation.array("step", self.step, ndim=1, at_least=0.0)
        if len(step) < 2 or (np.diff(step) <= 0.0).any():
            raise InvalidArgument("step", step.tolist(), "at least 2 increasing numbers")
        if 0.0 < step[step > 0.0][0] < _LEAST_STEP:
            raise InvalidArgument("step", step.tolist(), f"0 or at least {_LEAST_STEP:g}")
        object.__setattr__(self, "step", step)
        for names in (_COUNTS[2:], _LOSSES):
            given = [name for name in names if getattr(self, name) is not None]
            if given and len(given) < len(names):
                missing = next(name for name in names if name not in given)
                raise InvalidArgument(missing, None, f"given with {given[0]}")
        for name in (*_COUNTS, *_LOSSES):
            if getattr(self, name) is None:
                continue
            least = 0.0 if name in _COUNTS or name.endswith("standard_error") else None
            entry = validation.array(name, getattr(self, name), shape=step.shape, at_least=least)
            if name in _COUNTS and ((entry != np.round(entry)) | (entry > _MOST)).any():
                raise InvalidArgument(name, entry.tolist(), f"whole numbers, at most {_MOST:g}")
            if name in _LOSSES and (np.abs(entry) > _LARGEST_LOSS).any():
                raise InvalidArgument(name, entry.tolist(), f"numbers of at most {_LARGEST_LOSS:g} in size")
            object.__setattr__(self, name, entry)
        for part, whole in (_COUNTS[:2], _COUNTS[2:]):
            total, events = getattr(self, whole), getattr(self, part)
            if total is None:
                continue
            validation.array(whole, total, above=0.0)
            if (events > total).any():
                k = int(np.argmax(events > total))
                raise InvalidArgument(f"{part}[{k}]", float(events[k]), f"at most {whole}, {total[k]:g}")

    @property
    def excess_fraction(self) -> FloatArray:
        """(looks,) (f - f0)/(1 - f0)."""
        null: FloatArray | float = 0.0
        if self.null_copies is not None and self.null_generated is not None:
            null = self.null_copies / self.null_generated
        return _excess(self.copies / self.generated, null)


def _excess(fraction: FloatArray, null: FloatArray | float) -> FloatArray:
    return np.asarray((fraction - null) / np.maximum(1.0 - null, 1e-12))


@dataclass(frozen=True, repr=False)
class Onset(Scalars):
    """When copies set in; None where a number is not defined, and ``reason`` says why.

    Attributes
    ----------
    onset : step at which the excess fraction first reaches the level, linear in the logarithm between two looks.
    lower, upper : 95 % interval of the parametric bootstrap; infinite where resamples do not reach the level.
    loss_onset : first look from which the test loss exceeds the training loss for good.
    reason : empty where the onset is defined.
    """

    onset: float | None
    lower: float | None
    upper: float | None
    loss_onset: float | None
    reason: str


@states(
    "heuristic",
    "statistical: the crossing of the line between two looks, with an interval of large counts; a curve that rises by "
    "less than its noise from look to look crosses early",
    source=SOURCE,
    verification="derived and simulated",
)
def copying_onset(looks: Looks, *, level: float = 0.1, z: float = 2.0, seed: int = 0) -> Onset:
    """When a generator begins to copy, and when its losses part.

    Parameters
    ----------
    looks : the counts and losses.
    level : of the excess fraction, in (0, 1).
    z : standard errors by which the test loss exceeds the training loss from the loss onset on.
    seed : of the bootstrap, which draws all counts anew from binomial laws of the measured fractions.
    """
    if not isinstance(looks, Looks):
        raise InvalidArgument("looks", looks, "Looks of arrays, or of a table by load_looks")
    wanted = validation.inside("level", level, 0.0, 1.0)
    threshold = validation.positive("z", z)
    validation.integer("seed", seed, minimum=0)
    parted = _parted(looks, threshold)
    try:
        found = float(np.exp(log_crossing(looks.step, looks.excess_fraction, wanted, name="excess fraction")))
    except InsufficientSamples as error:
        return Onset(None, None, None, parted, str(error))
    rng = generator(seed, {"purpose": "onset of copies", "looks": len(looks.step)})
    fractions = _redrawn(looks.copies, looks.generated, rng)
    null: FloatArray | float = 0.0
    if looks.null_copies is not None and looks.null_generated is not None:
        null = _redrawn(looks.null_copies, looks.null_generated, rng)
    drawn = _crossings(looks.step, _excess(fractions, null), wanted)
    lower, upper = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    return Onset(found, float(lower), float(upper), parted, "")


def _redrawn(events: FloatArray, trials: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(resamples, looks) fractions."""
    shape = (_RESAMPLES, len(events))
    return np.asarray(rng.binomial(trials.astype(np.int64), events / trials, shape) / trials)


def _crossings(step: FloatArray, excess: FloatArray, level: float) -> FloatArray:
    """The onset of every resample, (resamples, looks): the first look where nothing lies before it below the level,
    infinity where nothing lies above.
    """
    above = excess >= level
    after = above.argmax(axis=1)
    before, rows = np.maximum(after - 1, 0), np.arange(len(excess))
    low, high = excess[rows, before], excess[rows, after]
    inside = above.any(axis=1) & (after > 0) & (step[before] > 0.0)
    share = np.where(inside, (level - low) / np.where(inside, high - low, 1.0), 1.0)
    logs = np.log(np.maximum(step, 1e-300))
    found = np.exp(logs[before] + share * (logs[after] - logs[before]))
    return np.where(above.any(axis=1), np.where(inside, found, step[after]), np.inf)


def _parted(looks: Looks, threshold: float) -> float | None:
    """First look after which, itself included, the test loss lies above by more than its error for good."""
    if looks.train_loss is None or looks.test_loss is None:
        return None
    error = np.hypot(np.asarray(looks.train_loss_standard_error), np.asarray(looks.test_loss_standard_error))
    apart = looks.test_loss - looks.train_loss > threshold * error
    for_good = np.logical_and.accumulate(apart[::-1])[::-1]
    return float(looks.step[int(np.argmax(for_good))]) if for_good.any() else None


def load_looks(argument: str, path: str | Path) -> Looks:
    """Looks from a table with the columns ``step``, ``copies``, ``generated``, and the others of :class:`Looks` if
    they are there; further columns are not read.

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that holds no such table.
    """
    file = validation.readable_file(argument, path)
    if file.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise InvalidArgument(argument, str(path), "a table that ends in .csv, .tsv or .txt")
    table = open_table(argument, file)
    names = ("step", *_COUNTS, *_LOSSES)
    missing = [name for name in names[:3] if name not in table.names]
    if missing:
        there = ", ".join(table.names)
        raise InvalidArgument(
            argument, str(path), f"a table with a column {missing[0]} (its columns: {there})"
        )
    places = {name: table.names.index(name) for name in names if name in table.names}
    columns: dict[str, list[float]] = {name: [] for name in places}
    for line, cells in table.rows():
        for name, place in places.items():
            try:
                columns[name].append(table.number(cells[place]))
            except ValueError:
                text = f"a table of numbers; line {line} has {cells[place]!r} in the column {name}"
                raise InvalidArgument(argument, str(path), text) from None
    try:
        return Looks(**{name: np.array(entry) for name, entry in columns.items()})
    except InvalidArgument as error:
        raise InvalidArgument(argument, str(path), f"a table of looks: {error}") from None


def normalised_step(
    step: ArrayLike,
    *,
    samples: float,
    reference_samples: float,
    batch: float = 1.0,
    reference_batch: float = 1.0,
    learning_rate: float = 1.0,
    reference_learning_rate: float = 1.0,
) -> FloatArray:
    """tau (N0/N) (B/B0) (eta/eta0): steps on the clock of a reference training.

    With a reference of one sample this is training time over n, the clock on which the onset of random features stays.

    Parameters
    ----------
    step : tau, any shape, at least 0.
    samples, batch, learning_rate : N, B and eta, above 0; the reference's are N0, B0 and eta0.
    """
    tau = validation.array("step", step, at_least=0.0)
    ratios = [
        validation.positive(name, value)
        for name, value in (
            ("samples", samples),
            ("reference_samples", reference_samples),
            ("batch", batch),
            ("reference_batch", reference_batch),
            ("learning_rate", learning_rate),
            ("reference_learning_rate", reference_learning_rate),
        )
    ]
    n, n0, b, b0, eta, eta0 = ratios
    return np.asarray(tau * (n0 / n) * (b / b0) * (eta / eta0))
