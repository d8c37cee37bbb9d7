"""The certified cascade of measured points as a tree over the temperature and over the time of a diffusion."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from statphys_gen import style, validation
from statphys_gen.principal_graph import WeightedPoints, cascade

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures: the certified cascade of flowers or wines"
CAPTION = (
    "Components of the mixture of greatest likelihood for the set {data}, {described}, on cooling to $T$ = "
    "{coldest:.3g} (asked: {lowest:g}; it ends at more than 40 components): position along the top direction of the "
    "covariance, area proportional to the weight. Weights are learned, every state is certified to 1e-9, and nothing "
    "depends on a start. Symbols: where components appear (nucleation) or split, at temperatures with a relative "
    "error of at most {error:.1g}; those that never reach a weight of {minimum_weight:g} are left out. Upper axis: "
    "the time at which a diffusion has noise of this variance, $T=e^{{2t}}-1$. Theory of these points."
)
DESCRIBED = {
    "iris": "Fisher's iris data (150 flowers, 4 lengths)",
    "wine": "the wine data (178 wines, 13 quantities, each over its standard deviation)",
}


def _points(name: str) -> NDArray[np.float64]:
    from sklearn.datasets import load_iris, load_wine

    if name == "iris":
        return np.asarray(load_iris().data, dtype=np.float64)
    x = load_wine().data
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0), dtype=np.float64)


def compute(
    preset: str, *, data: str = "iris", lowest: float = 0.3, minimum_weight: float = 0.02
) -> dict[str, Any]:
    x = _points(validation.choice("data", data, tuple(DESCRIBED)))
    law = WeightedPoints(x, samples=len(x))
    found = cascade(law, lowest, minimum_weight=minimum_weight)
    direction = np.linalg.eigh(np.cov(x.T))[1][:, -1]
    direction = direction * np.sign(direction[np.abs(direction).argmax()])
    arrays: dict[str, Any] = {
        "described": np.array(DESCRIBED[data]),
        "coldest": np.array(found.states[-1].temperature),
        "error": np.array(max(e.error / e.temperature for e in found.events)),
        "temperature": np.concatenate([np.full(s.clusters, s.temperature) for s in found.states]),
        "position": np.concatenate([(s.centroids - x.mean(0)) @ direction for s in found.states]),
        "weight": np.concatenate([s.weights for s in found.states]),
    }
    for kind in ("nucleation", "split"):
        events = [e for e in found.events if e.event == kind]
        arrays[f"{kind}_temperature"] = np.array([e.temperature for e in events])
        arrays[f"{kind}_position"] = np.array([(e.position - x.mean(0)) @ direction for e in events])
    return arrays


def _time(temperature: Any) -> Any:
    return 0.5 * np.log1p(np.maximum(temperature, 0.0))


def _temperature(time: Any) -> Any:
    return np.maximum(np.expm1(2.0 * np.asarray(time)), 1e-12)


def _inside(value: float, values: Any) -> bool:
    return bool(values.min() <= value <= values.max())


def _round(values: Any) -> list[float]:
    """Temperatures of few digits within the range."""
    every = [float(f"{a}e{k}") for k in range(-6, 7) for a in (1, 1.5, 2, 3, 5)]
    return [t for t in every if _inside(t, values)]


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    axes.scatter(
        data["temperature"], data["position"], s=30.0 * data["weight"], color=style.COLOURS[0], linewidths=0
    )
    for k, (kind, marker) in enumerate((("nucleation", "o"), ("split", "^")), start=1):
        if not len(data[f"{kind}_temperature"]):
            continue
        axes.plot(
            data[f"{kind}_temperature"],
            data[f"{kind}_position"],
            marker,
            color=style.COLOURS[k],
            markerfacecolor="white",
            markersize=5,
            label=kind,
        )
    axes.set(xscale="log", xlabel="temperature $T$", ylabel="position along the top direction")
    axes.set_xticks(_round(data["temperature"]), [f"{t:g}" for t in _round(data["temperature"])], minor=False)
    axes.minorticks_off()
    above = axes.secondary_xaxis("top", functions=(_time, _temperature))
    above.set_xlabel("diffusion time $t$")
    times = [
        t for t in (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0) if _inside(_temperature(t), data["temperature"])
    ]
    above.set_xticks(times, [f"{t:g}" for t in times])
    above.minorticks_off()
    axes.legend()
    return figure
