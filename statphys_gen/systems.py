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
    """

    name: str
    title: str
    extensions: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Its name in the shell."""
        return self.name.replace("_", "-")


SYSTEMS = (
    System("diffusion", "Gaussian-mixture diffusion: speciation and collapse"),
    System("random_features", "random-features score models: memorization", ("Activation",)),
    System("rbm", "restricted Boltzmann machines: phase diagrams", ("Couplings",)),
    System("phase_retrieval", "phase retrieval: Hessians along the descent", ("Loss",)),
    System("linear_dynamics", "two-layer linear networks: lazy, mixed and active training"),
    System(
        "score_matching",
        "two-layer score networks on the line: irregularity, sharpness, large learning rates",
    ),
    System("residual_networks", "residual networks in the limit of depth"),
    System("principal_graph", "cooled mixtures, their transitions, and principal graphs"),
)
