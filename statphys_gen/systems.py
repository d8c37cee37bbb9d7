"""The one list of systems, which package, command line, verification, conformance, figures and docs read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """Attributes
    ----------
    name : of its folder and door, ``statphys_gen.<name>``.
    title : what it studies, in a few words.
    extensions : classes of its ``model.py`` of which a user may hand over objects; ``conformance`` examines them.
    papers : arXiv identifiers of the papers whose setting it studies; each has its entry in ``references.bib``.
    """

    name: str
    title: str
    extensions: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Its name in the shell."""
        return self.name.replace("_", "-")


SYSTEMS = (
    System(
        "diffusion",
        "Gaussian-mixture diffusion: speciation and collapse",
        papers=("2402.18491", "2306.03518"),
    ),
    System(
        "random_features",
        "random-features score models: memorization",
        ("Activation",),
        papers=("2505.17638", "2502.00336"),
    ),
    System("rbm", "restricted Boltzmann machines: phase diagrams", ("Couplings",), papers=("2506.10552",)),
    System(
        "phase_retrieval", "phase retrieval: Hessians along the descent", ("Loss",), papers=("2403.02418",)
    ),
    System(
        "linear_dynamics",
        "two-layer linear networks: lazy, mixed and active training",
        papers=("2405.17580",),
    ),
    System(
        "score_matching",
        "two-layer score networks on the line: irregularity, sharpness, large learning rates",
        papers=("2502.03435",),
    ),
    System("residual_networks", "residual networks in the limit of depth", papers=("2309.01213",)),
    System(
        "memorization",
        "does a generator copy: a verdict with an error rate, from arrays",
        papers=("2605.06077",),
    ),
    System(
        "schedules",
        "noise schedules: exact errors, windows, and step grids for samplers",
        ("Interpolant",),
        papers=("2501.00988", "2412.07972"),
    ),
    System(
        "principal_graph",
        "cooled mixtures, their transitions, and principal graphs",
        papers=("2106.09035", "2010.07955"),
    ),
)
