"""What a problem of the bank is, and how an answer is judged: right, refused or wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from statphys_gen.errors import AccuracyNotReached, NotConverged
from statphys_gen.numerics.quadrature import Integral
from statphys_gen.solution import Solution, Status


@dataclass(frozen=True)
class Problem:
    """A question with its right answers.

    Attributes
    ----------
    kind : quadrature, root, fold, ...: refusals are counted by it.
    solve : asks; an ``Integral``, a ``Solution`` of one point, or a pair of a value and its claimed error.
    right : the answers of which one must come back (arrays of the answer's shape). None: there is no answer, and a
        refusal is right.
    hard : a refusal is expected: no rule of the package claims to do this.
    """

    name: str
    kind: str
    solve: Callable[[], Any]
    right: Sequence[Any]
    hard: bool = False


def judged(problem: Problem) -> str:
    """ "right", "refused", or what was wrong."""
    try:
        answer = problem.solve()
    except (AccuracyNotReached, NotConverged):
        return "refused" if problem.right else "right"
    if isinstance(answer, Solution):
        status = Status(int(np.asarray(answer.status)))
        if status == Status.NO_SOLUTION:
            return "a solution is denied" if problem.right else "right"
        if not answer.good:
            return "refused" if problem.right else "right"
        value, error = np.array([float(entry) for entry in answer.value.values()]), float(answer.error)
    elif isinstance(answer, Integral):
        value, error = np.asarray(answer.value), np.asarray(answer.error)
    else:
        value, error = (np.asarray(part) for part in answer)
    if not problem.right:
        return f"there is no answer, given is {value}"
    distances = [np.abs(value - np.asarray(right)) - 2 * np.spacing(np.abs(right)) for right in problem.right]
    if any((distance <= error).all() for distance in distances):
        return "right"
    return f"{value} +- {error}, off by {min(float(np.max(distance)) for distance in distances):.3g}"
