"""Free entropies by thermodynamic integration from uncoupled units, for one branch of states.

With the coupling lambda g and the field F along the first pattern,

    d log Z / d lambda = <g X>,   d log Z / d F = <sum_i xi_i s_i>,   X = sum_ia (W_0)_ia s_i h_a.

Paramagnet: lambda from 0 to 1. Retrieval: lambda from 0 to 1 at a field F that keeps the state at the pattern all the
way, then F back to zero at full coupling; between uncoupled units in a field and the retrieval state there is no
transition. log Z at lambda = 0 is an integral over single units. Gauss nodes on both legs; all nodes are one batch of
chains.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...progress import keep
from ..model import Model
from .gibbs import Settings
from .measurement import Measurement, Streams, checked_run, measure, measured
from .network import Network, field_moments
from .packed import make_chains

BRANCHES = ("paramagnet", "retrieval")


def uncoupled_free_entropy(network: Network, settings: Settings) -> float:
    """(1/N) log Z without couplings, in the fields of the first chain of the settings."""
    model = network.model
    field = settings.offset[0] + settings.along[0] * network.along.astype(np.float64)
    visible = field_moments(model.visible, field)[0].sum()
    hidden = field_moments(model.hidden, np.zeros(1), float(settings.power[0]))[0][0]
    return float((visible + network.hidden_units * hidden) / network.visible_units)


def simulate_free_entropy(
    model: Model,
    visible_units: int,
    instances: int,
    *,
    branch: str = "paramagnet",
    nodes: int = 8,
    field: float = 1.0,
    chains: int = 8,
    sweeps: int = 200,
    burn_in: int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Measurement:
    """(1/N) log Z of one branch by thermodynamic integration.

    Parameters
    ----------
    model : with independent hidden units.
    visible_units, instances : N and the number of instances of the disorder.
    branch : "paramagnet" (the state that is reached from uncoupled units) or "retrieval".
    nodes : Gauss nodes on each leg; default 8.
    field : F of the retrieval path, added to that of the model; default 1.
    chains : chains at each node; default 8.
    sweeps, burn_in, seed, threads : as in :func:`~statphys_gen.rbm.simulate`.

    Returns
    -------
    Measurement with ``free_entropy`` and the ``overlap`` at the end of the path.
    """
    validation.choice("branch", branch, BRANCHES)
    validation.integer("nodes", nodes, minimum=2, maximum=64)
    validation.positive("field", field)
    burn_in = checked_run(model, visible_units, instances, chains, sweeps, burn_in, seed)
    retrieval = branch == "retrieval"
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = 0.5 * (x + 1.0), 0.5 * w
    base = Settings.of(model, 1)
    strongest = base.along[0] + field if retrieval else base.along[0]
    # Couplings and fields of the nodes: the leg in lambda, the leg in F, and the end of the path.
    scale = np.concatenate([x, np.ones(nodes + 1 if retrieval else 1)])
    along = np.full(len(scale), strongest)
    if retrieval:
        along[nodes : 2 * nodes] = base.along[0] + field * x
    along[-1] = base.along[0]
    groups = len(scale)
    path = Settings.of(
        model,
        groups * chains,
        coupling=np.repeat(model.coupling * scale, chains),
        along=np.repeat(along, chains),
    )

    def work(network: Network, rng: Streams) -> list[dict[str, FloatArray]]:
        state = make_chains(
            network, rng(f"free entropy of the {branch}"), path, "pattern" if retrieval else "random"
        )
        found = measure(state, sweeps, burn_in=burn_in, groups=groups)
        slope = np.array([float(part["interaction"]) for part in found[:nodes]]) / x
        start = replace(base, along=np.array([strongest]))
        total = uncoupled_free_entropy(network, start) + float(w @ slope)
        if retrieval:
            overlap = np.array(
                [float(np.atleast_1d(part["overlap"])[0]) for part in found[nodes : 2 * nodes]]
            )
            total -= field * float(w @ overlap)
        return [{"free_entropy": np.asarray(total), "overlap": found[-1]["overlap"]}]

    (end,) = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    return end


keep(simulate_free_entropy, "instances")
