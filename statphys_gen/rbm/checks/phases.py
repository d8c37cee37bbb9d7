"""Which state a network ends in, where the paramagnet ends, and where a machine lies, against simulation."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...units.continuous import Gaussian
from ...units.discrete import Binary, Ternary
from ..analysis.machine import Machine
from ..analysis.placement import Placement, phases, place
from ..couplings.low_rank import LowRank
from ..couplings.pairs import Repeated
from ..simulation.growth import simulate_growth_temperature
from ..simulation.measurement import simulate
from ..simulation.network import draw_network
from .common import description, estimates, sqrt_beta
from .mixtures import largest_overlaps


def checks() -> list[Check]:
    """Every check of phases, by name."""
    return [*dominance_checks(), *machine_checks(), *line_checks()]


def dominance_checks() -> list[Check]:
    from ..theory.phase_diagram import phase_diagram
    from ..theory.replica_symmetric import dominant_state

    low_rank = sqrt_beta(Binary(), 1.0, 0.6, couplings=LowRank(0.4, (1.9,)))
    sizes, instances = (400, 800, 1600), (96, 48, 24)
    plane = sqrt_beta(Gaussian(), 1.0, 0.1)
    temperatures, loads = [0.3, 0.4], [0.02, 0.03]
    plane_sizes, plane_instances = (500, 1000, 2000), (64, 32, 16)

    def of_dominant() -> FloatArray:
        machine = Placement(
            0.6, 0.4, 0.0, (1.9,), (0.0,), (0.0,), np.zeros(0), 0.0, 0.0, 0.0, 0.0, 0.0, True, 0.0, 1.0, True
        )
        found = [dominant_state(low_rank), phases(machine)]
        return np.array(
            [float(np.ravel(each.solutions[str(each.dominant)].require()["overlap"])[0]) for each in found]
        )

    def from_anywhere(seed: int) -> Estimate:
        found = [
            Estimate.from_samples(
                np.array([largest_overlaps(low_rank, size, seed, k, "random") for k in range(count)])
            )
            for size, count in zip(sizes, instances, strict=True)
        ]
        one = componentwise_limit(sizes, [Estimate.stack([each]) for each in found])
        return Estimate.stack([one[0], one[0]])

    def of_plane() -> FloatArray:
        found = phase_diagram(plane, temperature=temperatures, load=loads, lines=False)
        return np.asarray(found["overlap"].transpose("temperature", "load").values).ravel()

    def simulate_plane(seed: int) -> Estimate:
        limits = []
        for temperature in temperatures:
            for load in loads:
                here = plane.replace(temperature=temperature, load=load)
                runs = [
                    simulate(here, size, count, chains=4, sweeps=40, start="pattern", seed=seed)
                    for size, count in zip(plane_sizes, plane_instances, strict=True)
                ]
                limits.append(
                    componentwise_limit(plane_sizes, [estimates(run, ("overlap",), True) for run in runs])[0]
                )
        return Estimate.stack(limits)

    return [
        Check(
            "state of a low-rank network that starts anywhere",
            "overlap of the dominant state, of the model and of a machine with its noise and spike",
            approximation_of(dominant_state),
            theory=of_dominant,
            simulate=from_anywhere,
            resolution=0.02,
            sizes=description(low_rank, list(sizes), list(instances), noise=0.4, spike=1.9),
            tests=(phases,),
        ),
        Check(
            "overlap over the plane of temperature and load, Gaussian units",
            "overlap of the dominant state at four points where that is retrieval",
            approximation_of(phase_diagram),
            theory=of_plane,
            simulate=simulate_plane,
            resolution=0.02,
            sizes=description(plane, list(plane_sizes), list(plane_instances))
            | {"temperature": temperatures, "load": loads},
        ),
    ]


def machine_checks() -> list[Check]:
    """The machine is drawn, and read by what is checked; the theory is what it was drawn from."""
    noise, spike, ratio = 0.7, 1.9, 0.6
    model = sqrt_beta(Binary(), 1.0, ratio, couplings=LowRank(noise, (spike,)))
    sizes, instances = (200, 400, 800), (48, 24, 12)

    def read(size: int, seed: int, instance: int) -> list[float]:
        network = draw_network(model, size, seed=seed, instance=instance)
        found = place(Machine(network.weights.astype(np.float64)))
        left, _, right = np.linalg.svd(network.weights.astype(np.float64), full_matrices=False)
        pattern, other = network.patterns[:, 0], network.hidden_patterns
        assert other is not None
        overlap = float(left[:, 0] @ pattern) ** 2 / size
        hidden_overlap = float(right[0] @ other[:, 0]) ** 2 / len(other)
        return [
            found.noise,
            found.spikes[0],
            1.0 + found.visible_overlaps[0] - overlap,
            1.0 + found.hidden_overlaps[0] - hidden_overlap,
        ]

    def simulated(seed: int) -> Estimate:
        runs = [
            Estimate.from_samples([read(size, seed, k) for k in range(count)])
            for size, count in zip(sizes, instances, strict=True)
        ]
        return componentwise_limit(sizes, runs)

    return [
        Check(
            "noise and spike of a drawn machine",
            "noise, strength and overlaps that are read off singular values, the overlaps against those of the vectors",
            approximation_of(place),
            theory=lambda: np.array([noise, spike, 1.0, 1.0]),
            simulate=simulated,
            resolution=0.05,
            kind="eigenvalue",
            sizes=description(model, list(sizes), list(instances), noise=noise, spike=spike),
        )
    ]


def line_checks() -> list[Check]:
    from ..theory.lines import condensation_line

    model = sqrt_beta(Ternary(0.7), 1.0, 0.0, couplings=Repeated(1.6))
    # On both sides of it.
    temperatures, size, run = [0.6, 1.2], 1000, {"chains": 400, "blocks": 48}

    def theory() -> FloatArray:
        return np.atleast_1d(condensation_line(model).require()["temperature"])

    return [
        Check(
            "temperature of condensation, ternary units",
            "temperature at which a small overlap with the pattern of a whole layer neither grows nor decays",
            approximation_of(condensation_line),
            theory=theory,
            simulate=lambda seed: simulate_growth_temperature(model, temperatures, size, seed=seed, **run),
            resolution=0.05,
            kind="capacity",
            sizes=description(model, size, run["blocks"]) | {"temperature": temperatures, **run},
        )
    ]
