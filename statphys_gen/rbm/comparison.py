"""Theory beside simulation for one network: every order parameter of a state, with its prediction."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import validation
from ..approximation import approximation_of
from ..comparison import Observable, Observables
from ..errors import StatphysError
from ..statistics.estimate import Estimate
from ..units.continuous import Spherical
from .model import Model
from .simulation.measurement import simulate
from .theory.finite_size import solve_sizes
from .theory.replica_symmetric import solve
from .theory.saddle_point import Batch

# Where chains start, for the state that they are to stay in.
STARTS = {"paramagnet": "random", "glass": "random", "retrieval": "pattern"}
_CHI = "spin_glass_susceptibility"
_ODD = ("edwards_anderson_overlap", "hidden_edwards_anderson_overlap")
_ORDER = ("overlap", "hidden_overlap", _ODD[0], "self_overlap", _ODD[1], "hidden_self_overlap")


def compare(
    model: Model,
    visible_units: int,
    *,
    state: str,
    instances: int = 8,
    chains: int = 16,
    sweeps: int = 200,
    burn_in: int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Observables:
    """Order parameters of finite networks by block Gibbs sampling, beside the theory.

    With one pattern for each hidden unit the theory is the finite-size corrected one of the same size (or of that of
    the couplings), otherwise the limit; where it is refused or has no state, the reason is in each row.

    Parameters
    ----------
    model : its temperature and load are those of the rows.
    visible_units : N.
    state : "paramagnet", "glass" (both from random states) or "retrieval" (from a pattern).
    instances, chains, sweeps, burn_in, seed, threads : as for :func:`~statphys_gen.rbm.simulate`; at least 4 chains.

    Returns
    -------
    Observables: overlaps of both layers, interaction and spin-glass susceptibility. In a glass without fields both
    signs of a state are sampled, so that the mean overlap of two chains is 0; its mean square ``overlap_square`` is
    compared with q^2 instead.
    """
    validation.choice("state", state, tuple(STARTS))
    validation.integer("chains", chains, minimum=4)
    found = simulate(
        model,
        visible_units,
        instances,
        chains=chains,
        sweeps=sweeps,
        burn_in=burn_in,
        start=STARTS[state],
        seed=seed,
        threads=threads,
    )
    theory, reasons, approximation = _theory(model, state, visible_units)
    both_signs = state == "glass" and Batch(model, ()).has_paramagnet
    names = (*_ORDER, *(("overlap_square",) * both_signs), "interaction", _CHI)
    point = {"temperature": model.temperature, "load": model.load}
    rows = []
    for name in names:
        values = found.values[name]
        # With several condensed patterns the overlaps are equal by symmetry.
        estimate = Estimate.from_samples(values.reshape(len(values), -1).mean(axis=1))
        predicted, reason = theory.get(name), reasons.get(name, reasons.get("", ""))
        if both_signs and name in _ODD:
            predicted, reason = None, "both signs of a state are sampled, the mean is 0 by symmetry"
        rows.append(Observable(name, estimate, predicted, approximation, reason, parameters=point))
    return Observables(tuple(rows))


def _theory(model: Model, state: str, visible_units: int) -> tuple[dict[str, float], dict[str, str], str]:
    """Predictions by observable, the reasons where there are none ("": all of them), and how exact they are."""
    sized = "size" in model.couplings.continuous and not isinstance(model.hidden, Spherical)
    function: Any = solve_sizes if sized else solve
    size = {"size": getattr(model.couplings, "size", None) or visible_units} if sized else {}
    approximation = str(approximation_of(function))
    try:
        with np.errstate(all="ignore"):
            found = function(model, state, **size).require()
    except StatphysError as error:
        return {}, {"": str(error)}, approximation
    theory = {name: float(np.mean(found[name])) for name in _ORDER}
    theory["overlap_square"] = theory["edwards_anderson_overlap"] ** 2
    reasons = {}
    inverse = float(np.mean(found["inverse_spin_glass_susceptibility"]))
    if inverse > 0.0:
        theory[_CHI] = 1.0 / inverse
    else:
        reasons[_CHI] = "the state is unstable against replica-symmetry breaking"
    if model.convention == "sqrt-beta":
        theory["interaction"] = -2.0 * model.inverse_temperature * float(np.mean(found["energy"]))
    else:
        reasons["interaction"] = "in the convention beta the priors depend on the temperature as well"
    return theory, reasons, approximation
