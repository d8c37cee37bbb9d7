"""The pictures of every system, read back: labels of the axes, and what the lines and their names show.

An axis is told by the quantity along it, as the glossary names it, and by the words that a picture may use for it; each
line by the function of the package that it must follow, or by its points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.special import ndtr

from statphys_gen import (
    __version__,
    diffusion,
    memorization,
    phase_retrieval,
    principal_graph,
    random_features,
    rbm,
    schedules,
    style,
)
from statphys_gen import linear_dynamics as linear
from statphys_gen import score_matching as scores
from statphys_gen.cli import main
from statphys_gen.comparison import compare
from statphys_gen.data import Covariance, DataSet, GaussianMixture
from statphys_gen.errors import InvalidArgument
from statphys_gen.glossary import QUANTITIES
from statphys_gen.plots import plot_comparison
from statphys_gen.random_features import RandomFeatures
from statphys_gen.systems import SYSTEMS
from statphys_gen.units import Gaussian

# How a picture writes a quantity of the glossary, and in which units where it has some.
WORDS: dict[str, str] = {
    "time": "diffusion time $t$",
    "signal": "signal $x$",
    "eigenvalue": "eigenvalue",
    "density": "density",
    "training_time": r"training time $\tau$",
    "penalty": "ridge penalty",
    "samples_per_dimension": "samples per dimension $n/d$",
    "features_per_dimension": "features per dimension $p/d$",
    "load": "load",
    "temperature": "temperature",
    "replicon": "replicon",
    "offset": "offset $a$",
    "lazy_ratio": r"lazy ratio $\kappa$",
    "variance_exponent": r"variance exponent $\gamma_\sigma$",
    "width_exponent": r"width exponent $\gamma_w$",
    "outlier_criterion": "outlier criterion",
    "correlation": "correlation with the start",
    "energy": "energy",
    "lagrange_multiplier": "multiplier",
}
Line = Callable[[Any], ArrayLike] | tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True)
class Panel:
    """Labels of the axes (of the glossary, or as they stand), and the lines by their names in the legend or places.

    ``rounding`` is that of the numbers that are drawn.
    """

    x: str
    y: str
    lines: Mapping[str | int, Line] = field(default_factory=dict)
    rounding: float = 1e-12


@pytest.fixture(autouse=True)
def no_figures_of_other_tests() -> Iterator[None]:
    pyplot.close("all")
    yield
    pyplot.close("all")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved, in place of files."""
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **options: figures.append(self))
    return figures


def assert_shows(figure: Figure, *panels: Panel) -> None:
    for axes, wanted in zip(figure.axes, panels, strict=False):
        assert axes.get_xlabel() == WORDS.get(wanted.x, wanted.x)
        assert axes.get_ylabel() == WORDS.get(wanted.y, wanted.y)
        lines = {line.get_label(): line for line in axes.get_lines()} | dict(enumerate(axes.get_lines()))
        for name, follows in wanted.lines.items():
            x, y = lines[name].get_xdata(), lines[name].get_ydata()
            if isinstance(follows, tuple):
                np.testing.assert_allclose(x, follows[0], rtol=1e-12)
                np.testing.assert_allclose(y, follows[1], rtol=1e-9)
            else:
                assert len(x) > 1
                np.testing.assert_allclose(y, follows(np.asarray(x)), rtol=1e-7, atol=wanted.rounding)


PLACE = Path("picture.png")
LAW = Covariance.isotropic(0.7, 12)
CLASSES = GaussianMixture.two_classes(dimension=7, separation=0.8, variance=0.6, weight=0.35)
MODEL = RandomFeatures("tanh", 6.0, 2.2, 0.2, Covariance([0.4, 2.3], [0.7, 0.3]), 2)


def test_words_are_of_the_glossary() -> None:
    assert set(WORDS) - {"eigenvalue"} <= set(QUANTITIES)
    assert len(set(WORDS.values())) == len(WORDS)


# ------------------------------------------------------------------------------------------------------- diffusion


def test_clone_agreement(seen: list[Figure]) -> None:
    times = [0.4, 1.1]
    result = diffusion.clone_agreement(CLASSES, times)
    diffusion.plot_clone_agreement(CLASSES, result, times, PLACE)

    def agreement(t: Any) -> ArrayLike:
        signal = np.exp(-2 * t) * 7 * 0.8**2 / (1 + np.exp(-2 * t) * (0.6 - 1))
        return diffusion.two_class_agreement(signal, 0.35)

    shown = {0: agreement, 1: (times, agreement(np.array(times)))}
    assert_shows(seen[0], Panel("time", r"clone agreement $\phi$", shown))


def test_agreement_of_a_signal(seen: list[Figure]) -> None:
    diffusion.plot_signal_agreement([0.3, 1.7], 0.35, PLACE)

    def agreement(x: Any) -> ArrayLike:
        return diffusion.two_class_agreement(x, 0.35)

    shown = {0: agreement, 1: ([0.3, 1.7], agreement([0.3, 1.7]))}
    assert_shows(seen[0], Panel("signal", r"clone agreement $\phi$", shown))


def test_excess_entropy(seen: list[Figure]) -> None:
    logarithm, times = math.log(5000), [0.08, 0.4]
    diffusion.plot_excess_entropy(LAW, times, logarithm, PLACE)

    def excess(t: Any) -> ArrayLike:
        known = 0.5 * np.log1p(0.7 / np.expm1(2 * np.asarray(t)))
        return np.maximum(logarithm / 12 - known, 0.0) / (logarithm / 12)

    shown = {0: excess, 1: (times, excess(times))}
    assert_shows(seen[0], Panel("time", r"excess entropy $f/\alpha$", shown))


# ------------------------------------------------------------------------------------------------- random features


def test_coefficients(seen: list[Figure]) -> None:
    found = random_features.coefficients("tanh", [0.9, 0.15], 1.7)
    random_features.plot_coefficients(found, PLACE)
    names = {
        "$a_t$": "a_t",
        "$b_t^2$": "b_t_squared",
        "$v_t^2$": "v_t_squared",
        "$s_t^2$": "s_t_squared",
    }
    shown: dict[str | int, Line] = {
        label: ([0.15, 0.9], getattr(found, name)[::-1]) for label, name in names.items()
    }
    assert_shows(seen[0], Panel("time", "coefficient", shown))


def test_spectrum(seen: list[Figure]) -> None:
    found = random_features.spectrum(MODEL)
    random_features.plot_spectrum(found, PLACE)

    def weighed(x: Any) -> ArrayLike:
        density = np.asarray(found.density(x))
        ends = np.isin(x, random_features.bulk_edges(MODEL))
        return x * np.where(ends, 0.0, density)

    shown: dict[str | int, Line] = {"overfitting": weighed, "generalisation": weighed}
    assert_shows(seen[0], Panel(r"eigenvalue $\lambda$ of $U$", r"$\lambda\,\rho(\lambda)$", shown))
    (_, overfitting), (generalisation, _) = random_features.bulk_edges(MODEL)
    lines = {line.get_label(): line.get_xdata() for line in seen[0].axes[0].get_lines()}
    assert max(lines["overfitting"]) <= overfitting < generalisation <= min(lines["generalisation"])


@pytest.mark.parametrize(("name", "values"), [("training_time", [3.0, 200.0]), ("penalty", [0.4, 0.01])])
def test_learning_curves(name: str, values: list[float], seen: list[Figure]) -> None:
    evaluate: Any = (
        random_features.learning_curves if name == "training_time" else random_features.ridge_curves
    )
    random_features.plot_learning_curves(MODEL, name, values, PLACE)

    def curve(field_name: str) -> Callable[[Any], ArrayLike]:
        return lambda x: getattr(evaluate(MODEL, x), field_name)

    left = Panel(name, "loss per dimension", {"train": curve("train_loss"), "test": curve("test_loss")})
    right = Panel(name, "score error per dimension", {"score error": curve("score_error")})
    assert_shows(seen[0], left, right)


def test_early_stopping(seen: list[Figure]) -> None:
    found = random_features.early_stopping(MODEL)
    random_features.plot_early_stopping([MODEL], [found], PLACE)
    shown: dict[str | int, Line] = {
        "$n/d$ = 2.2": lambda x: random_features.learning_curves(MODEL, x).score_error,
        1: ([found.training_time], [found.score_error]),
    }
    assert_shows(seen[0], Panel("training_time", "score error per dimension", shown))


def test_timescales(seen: list[Figure]) -> None:
    samples = [12.0, 2.0]
    found = [random_features.timescales(MODEL.replace(samples_per_dimension=n)) for n in samples]
    random_features.plot_timescales(samples, found, PLACE)
    shown: dict[str | int, Line] = {
        name: ([2.0, 12.0], [getattr(found[1], name) or math.nan, getattr(found[0], name) or math.nan])
        for name in ("generalisation", "overfitting", "interpolation")
    }
    assert_shows(seen[0], Panel("samples_per_dimension", "training time (rate-exact)", shown))


def test_loss_plane(seen: list[Figure]) -> None:
    p, n = [2.0, 5.0], [1.5, 6.0, 20.0]
    found = random_features.phase_diagram("tanh", 0.2, [90.0], p, n)
    random_features.plot_phase_diagram(found, PLACE)
    assert_shows(seen[0], Panel("samples_per_dimension", "features_per_dimension"))
    (mesh,) = (entry for entry in seen[0].axes[0].collections if isinstance(entry, QuadMesh))
    corners = mesh.get_coordinates()
    assert corners.shape == (3, 4, 2)
    for i, j in ((0, 2), (1, 0)):
        x, y = np.exp(np.log(corners[i : i + 2, j : j + 2]).mean(axis=(0, 1)))
        shown = float(mesh.get_array()[i, j])
        model = RandomFeatures("tanh", p[i], n[j], 0.2)
        assert shown == pytest.approx(float(random_features.learning_curves(model, 90.0).score_error))
        # The cells are around their centres, but for the widths of the outermost ones.
        assert min(n) / 3 < x < 3 * max(n)
        assert abs(math.log(x / n[j])) < 0.7
        assert abs(math.log(y / p[i])) < 0.5
    assert seen[0].axes[-1].get_ylabel() == "score error"


def test_merging_line(seen: list[Figure]) -> None:
    line = {"features_per_dimension": np.array([60.0, 64.0]), "samples_per_dimension": np.array([28.0, 30.2])}
    random_features.plot_merging_line(line, "features_per_dimension", "samples_per_dimension", PLACE)  # type: ignore[arg-type]
    shown: dict[str | int, Line] = {0: ([60.0, 64.0], [28.0, 30.2])}
    assert_shows(seen[0], Panel("features_per_dimension", "samples_per_dimension", shown))


def test_norm_outliers(seen: list[Figure]) -> None:
    records = [
        {"samples_per_dimension": 9.0, "upper_edge": 5.0, "row_norms": 7.0, "sample_norms": None},
        {"samples_per_dimension": 0.5, "upper_edge": 12.0, "row_norms": 15.0, "sample_norms": 13.0},
    ]
    random_features.plot_norm_outliers(records, PLACE)
    shown: dict[str | int, Line] = {
        "upper edge": ([0.5, 9.0], [12.0, 5.0]),
        "norms of the weights": ([0.5, 9.0], [15.0, 7.0]),
        "norms of the samples": ([0.5, 9.0], [13.0, math.nan]),
    }
    assert_shows(seen[0], Panel("samples_per_dimension", "eigenvalue", shown))


# ------------------------------------------------------------------------------------------------------------- rbm


def test_states(seen: list[Figure]) -> None:
    temperatures = [0.3, 0.5, 0.6]
    model = rbm.Model(Gaussian(1.3), 1.0, 0.03, convention="sqrt-beta")
    found = rbm.solve(model, "retrieval", temperature=temperatures)
    records = [
        {"temperature": t, "load": 0.03} | {name: float(found[name][k]) for name in found.value}
        for k, t in enumerate(temperatures)
    ]
    rbm.plot_states("retrieval", records, PLACE)
    overlaps: dict[str | int, Line] = {
        "load 0.03": (temperatures, found["overlap"]),
        1: (temperatures, found["edwards_anderson_overlap"]),
    }
    left = Panel("temperature", "overlaps $m$ (solid), $q$ (dashed)", overlaps)
    right = Panel("temperature", "replicon", {"load 0.03": (temperatures, found["replicon"])})
    assert_shows(seen[0], left, right)
    assert [line.get_linestyle() for line in seen[0].axes[0].get_lines()] == ["-", "--"]


def test_line(seen: list[Figure]) -> None:
    records = [{"temperature": 0.2, "load": 0.13}, {"temperature": 0.5, "load": 0.1}]
    rbm.plot_line("load", records, PLACE)
    assert_shows(seen[0], Panel("load", "temperature", {0: ([0.13, 0.1], [0.2, 0.5])}))
    records = [{"temperature": t, "load": 0.3, "density": x} for t, x in ((0.4, 0.7), (0.6, 0.9))]
    rbm.plot_line("density", records, PLACE)
    assert_shows(seen[1], Panel("temperature", "density", {0: ([0.4, 0.6], [0.7, 0.9])}))


def test_phases(seen: list[Figure]) -> None:
    model = rbm.Model(Gaussian(1.2), 1.0, 0.1, convention="sqrt-beta")
    data = rbm.phase_diagram(model, temperature=[0.3, 0.45, 1.6], load=[0.01, 0.4])
    rbm.plot_phase_diagram(data, PLACE)
    axes = seen[0].axes[0]
    shown: dict[str | int, Line] = {
        "end of retrieval": (data["spinodal_load"], [0.3, 0.45, 1.6]),
        "first order": (data["first_order_load"], [0.3, 0.45, 1.6]),
    }
    assert_shows(seen[0], Panel("load", "temperature", shown))
    (mesh,) = (entry for entry in axes.collections if isinstance(entry, QuadMesh))
    np.testing.assert_array_equal(mesh.get_array(), data["phase"])
    assert axes.get_xlim() == (0.01, 0.4)
    assert axes.get_ylim() == (0.3, 1.6)


# ------------------------------------------------------------------------------------------------- phase retrieval


def test_hessians(seen: list[Figure]) -> None:
    model = phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(0.7), 4.0, 0.35)
    phase_retrieval.plot_spectra(model, [4.0, 8.0], PLACE, count=40)

    def density(ratio: float) -> Callable[[Any], ArrayLike]:
        return lambda x: phase_retrieval.spectral_density(model.replace(samples_per_dimension=ratio), x)

    assert_shows(seen[0], Panel("eigenvalue", "density", {"4": density(4.0), "8": density(8.0)}))


def test_threshold(seen: list[Figure]) -> None:
    phase_retrieval.plot_curve([2.5, 0.6], [3.1, 1.3], PLACE, "initial state")
    assert_shows(seen[0], Panel("offset", "samples per dimension", {0: ([0.6, 2.5], [1.3, 3.1])}))


def test_descent(seen: list[Figure]) -> None:
    model = phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(0.7), 4.0)
    found = phase_retrieval.descent_dynamics(model, [0.004] * 4, paths=256, replicas=3)
    phase_retrieval.plot_descent(found, PLACE)
    time = np.arange(5) * 0.004
    by_label = {axes.get_ylabel(): axes for axes in seen[0].axes if axes.get_ylabel()}
    for name in ("correlation", "energy", "lagrange_multiplier", "outlier_criterion"):
        axes = by_label[WORDS[name]]
        assert axes.get_xlabel() == "training time"
        line = axes.get_lines()[0]
        np.testing.assert_allclose(line.get_xdata(), time, atol=1e-15)
        np.testing.assert_allclose(line.get_ydata(), found.values[name].mean(axis=0))


# ------------------------------------------------------------------------------------------------- linear dynamics


def test_modes(seen: list[Figure]) -> None:
    times = np.array([0.35, 2.2])
    linear.plot_modes(np.array([2.3, 0.4]), 0.6, times, PLACE, 1.5)
    shown: dict[str | int, Line] = {
        f"$s$ = {s:g}": lambda t, s=s: linear.amplitude(s, 0.6, 1.5 * t) for s in (2.3, 0.4)
    }
    assert_shows(seen[0], Panel("training time $t$", "amplitude $a(t)$", shown))


def test_errors(seen: list[Figure]) -> None:
    curves = linear.error_curves([0.9, 0.6], 0.25, 0.15, [0.4, 1.3], noise=0.8)
    linear.plot_errors(curves, [0.9, 0.6], 0.25, 0.15, 0.8, None, PLACE)

    def error(name: str) -> Callable[[Any], ArrayLike]:
        return lambda t: getattr(linear.error_curves([0.9, 0.6], 0.25, 0.15, t, noise=0.8), name)

    shown: dict[str | int, Line] = {"train": error("train_error"), "test": error("test_error")}
    assert_shows(seen[0], Panel("scaled time $T = d\\,t$", "error per entry", shown))
    assert curves.to_dataset()["training_time"].attrs["units"] == "1/d"


def test_best_error(seen: list[Figure]) -> None:
    kappa, omega = np.meshgrid([0.8, 0.07], [0.1, 0.3], indexing="ij")
    found = linear.best_error([0.9, 0.6], kappa, omega)
    linear.plot_best_error(found, PLACE)
    rising = [0.07, 0.8]
    left: dict[str | int, Line] = {
        rf"$\omega$ = {o:g}": (rising, found.test_error[::-1, k]) for k, o in enumerate((0.1, 0.3))
    }
    right: dict[str | int, Line] = {k: (rising, found.training_time[::-1, k]) for k in range(2)}
    assert_shows(
        seen[0], Panel("lazy_ratio", "best test error", left), Panel("lazy_ratio", "best time $T^*$", right)
    )


def test_regimes(seen: list[Figure]) -> None:
    gs, gw = [-1.4, -1.1, -0.8], [1.6, 2.3]
    data = linear.phase_diagram(linear.Task.equal(4).signal_strengths, 150, gs, gw)
    linear.plot_phase_diagram(data, PLACE)
    shown: dict[str | int, Line] = {
        # kappa = d^(gs + gw - 1) and omega = d^(2 gs + gw).
        "$c = d$ (signal lazy / active)": lambda x: 1.0 - x,
        r"$c = \sqrt{d}$ (noise lazy / active)": lambda x: 0.5 - x,
        r"$\omega = 1$ (initial noise)": lambda x: -2.0 * x,
    }
    assert_shows(seen[0], Panel("variance_exponent", "width_exponent", shown))
    (mesh,) = (entry for entry in seen[0].axes[0].collections if isinstance(entry, QuadMesh))
    np.testing.assert_array_equal(mesh.get_array(), data["test_error"].transpose("width_exponent", ...))
    assert seen[0].axes[-1].get_ylabel() == "best test error"


def test_chance_and_smoothed_sets(seen: list[Figure]) -> None:
    dimensions = np.array([1.5, 4.0])
    memorization.plot_null(dimensions, 0.4, PLACE, point_density=70.0, width=0.06)

    def smoothed(d: Any) -> ArrayLike:
        return [float(memorization.smoothed_fraction(x, 0.4, 70.0, 0.06)) for x in d]

    shown: dict[str | int, Line] = {
        "$k^D$": lambda d: 0.4**d,
        1: (dimensions, 0.4**dimensions),
        "smoothed set, $h$ = 0.06": smoothed,
        3: (dimensions, smoothed(dimensions)),
    }
    assert_shows(seen[0], Panel("dimension $D$", "fraction with $d_1/d_2$ < 0.4", shown))


def test_onset_of_copies(seen: list[Figure]) -> None:
    step, copies, drawn = np.array([10.0, 60.0, 300.0]), np.array([2.0, 12.0, 90.0]), np.full(3, 200.0)
    losses = ([1.0, 0.8, 0.5], [1.0, 0.9, 1.2], [0.02] * 3, [0.02] * 3)
    looks = memorization.Looks(step, copies, drawn, None, None, *map(np.array, losses))
    found = memorization.copying_onset(looks, level=0.2)
    memorization.plot_onset(looks, found, 0.2, PLACE)
    shown: dict[str | int, Line] = {
        0: (step, copies / 200),
        "level": ([0, 1], [0.2, 0.2]),
        "onset": ([found.onset] * 2, [0, 1]),
        "losses part": ([60.0] * 2, [0, 1]),
    }
    assert_shows(seen[0], Panel("step", "excess fraction of copies", shown))


def test_neighbour_ratios_of_a_report(seen: list[Figure]) -> None:
    rng = np.random.default_rng(2)
    found = memorization.report(*(rng.normal(0.3, 1.2, (n, 3)) for n in (30, 40, 25)), distances=False)
    memorization.plot_report(found, PLACE, ratio=0.4)
    share = np.arange(1, 31) / 30
    assert found.pooled_ratio is not None
    shown: dict[str | int, Line] = {
        "training points": (np.sort(found.ratio), share),
        "training and held-out points": (np.sort(found.pooled_ratio), share),
        "limit $k$": ([0.4, 0.4], [0, 1]),
    }
    assert_shows(seen[0], Panel("neighbour ratio $d_1/d_2$", "fraction of generated points below", shown))


# ------------------------------------------------------------------------------------------------- noise schedules

LEVEL = r"noise level $S$"
BOTH = schedules.TwoClasses(40, 0.8, 0.36, 0.7)
ROOT_OF_ROUNDING = 1e-7  # errors of the weight are sums of order 1


def _for_weight(level: Any) -> ArrayLike:
    return np.sqrt(np.abs(schedules.weight_density(level, BOTH)))


def _for_details(level: Any) -> ArrayLike:
    return 0.6 * np.asarray(level) / (np.asarray(level) ** 2 + 0.36)


def test_densities_of_steps(seen: list[Figure]) -> None:
    schedules.plot_densities(DATA_SPECTRUM, PLACE)
    shown: dict[str | int, Line] = {"weight": _for_weight, "details": _for_details}
    assert_shows(seen[0], Panel(LEVEL, r"$\sqrt{|e|}$ per $\log S$", shown, ROOT_OF_ROUNDING))
    shaded = sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in seen[0].axes[0].patches)
    windows = {window.feature: (window.lower, window.upper) for window in schedules.windows(BOTH)}
    np.testing.assert_allclose(shaded, sorted([windows["weight"], windows["details"]]), rtol=1e-9)


def test_a_designed_grid(seen: list[Figure]) -> None:
    found = schedules.design_schedule(DATA_SPECTRUM, 4)
    schedules.plot_design(DATA_SPECTRUM, found, PLACE)
    levels = found.noise_levels[:-1]
    shown: dict[str | int, Line] = {
        "weight": _for_weight,
        "details": _for_details,
        found.chosen: (levels, np.zeros(4)),
    }
    assert_shows(seen[0], Panel(LEVEL, r"$\sqrt{|e|}$ per $\log S$", shown, ROOT_OF_ROUNDING))


def test_crossovers(seen: list[Figure]) -> None:
    ratios = [2.0, 0.5]
    schedules.plot_crossover("vp-linear", ratios, schedules.vp_crossover(ratios, 0.7), PLACE)
    schedules.plot_crossover("ve-linear", ratios, schedules.ve_crossover(ratios), PLACE)
    places = np.array([0.5, 2.0])
    for figure, x, y, values in (
        (seen[0], r"$K/\sqrt{d}$", "weight", schedules.vp_crossover(places, 0.7)),
        (seen[1], r"$\sigma K/\sqrt{d}$", r"details over $\sigma$", schedules.ve_crossover(places)),
    ):
        assert_shows(figure, Panel(x, y, {0: (places, values)}))


def test_u_turns(seen: list[Figure]) -> None:
    schedules.plot_u_turn(schedules.u_turn([0.5, 2.0], 0.35), 0.35, PLACE)

    def stochastic(q: Any) -> ArrayLike:
        return diffusion.two_class_agreement(q, 0.35)

    def deterministic(q: Any) -> ArrayLike:
        s = np.sqrt(q)
        w = schedules.posterior_quantile(q, 0.35) / s
        return 0.35 * ndtr(s - w) + 0.65 * ndtr(s + w)

    q = np.array([0.5, 2.0])
    shown: dict[str | int, Line] = {
        "reverse process": stochastic,
        "probability flow": deterministic,
        1: (q, stochastic(q)),
        3: (q, deterministic(q)),
    }
    assert_shows(seen[0], Panel("signal $q$", "probability of the same class", shown))


def test_every_picture_is_looked_at() -> None:
    """``plot_success``, and ``plot_report`` of a data set, are drawn in the tests of their commands."""
    doors = (diffusion, random_features, rbm, phase_retrieval, linear, memorization, schedules)
    pictures = {name for door in doors for name in dir(door) if name.startswith("plot_")}
    text = Path(__file__).read_text(encoding="utf-8")
    unseen = {name for name in pictures if f".{name}(" not in text and not name.startswith("plot_report")}
    assert unseen == {"plot_success"}


# ------------------------------------------------------------------------------- pictures within figures of the user


def _report() -> diffusion.DataSetReport:
    random = np.random.default_rng(3)
    points = random.standard_normal((60, 4)) + np.repeat([[1.5], [-1.5]], 30, axis=0)
    return diffusion.analyse(DataSet.from_arrays(points, np.repeat([0, 1], 30)), sources=60)


def _records(*names: str) -> list[dict[str, Any]]:
    return [dict.fromkeys(names, 0.5 + k) for k in range(3)]


def _descent() -> scores.Descent:
    network = scores.ScoreNetwork((1.0, -1.0), (0.3, 0.2), (0.0, 0.1))
    return scores.population_descent(SAMPLE, network, 0.1, 3)


def _copies() -> memorization.MemorizationReport:
    rng = np.random.default_rng(2)
    return memorization.report(*(rng.normal(0.3, 1.2, (n, 3)) for n in (30, 40, 25)), distances=False)


def _graph() -> principal_graph.PrincipalGraphFit:
    return principal_graph.fit_principal_graph(BUMPS, principal_graph.FitOptions(nodes=6, stiffness=3.0))


COPIES = cache(_copies)
GRAPH = cache(_graph)
BUMPS = DataSet.from_arrays(
    np.random.default_rng(4).normal(size=(60, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0]], [35, 25], axis=0)
)
DATA_SPECTRUM = schedules.ClassSpectrum.of(GaussianMixture.two_classes(40, 0.8, 0.36, 0.7))
LOOKS = memorization.Looks(
    *map(np.array, ([10.0, 60.0, 300.0], [2.0, 12.0, 90.0], [200.0] * 3)), None, None, None, None, None, None
)
SAMPLE = scores.NoisedSample((-1.2, 0.3, 1.1), 0.9, 0.4)
REPORT = cache(_report)
STATE = ("temperature", "load", "overlap", "edwards_anderson_overlap", "replicon")
OUTLIERS = ("samples_per_dimension", "upper_edge", "row_norms", "sample_norms")
RATES = ("dimension", "samples_per_dimension", "rate", "lower", "upper")
HESSIAN = phase_retrieval.PhaseRetrieval(phase_retrieval.Loss.normalised(0.7), 4.0)
LINE: Any = {
    "features_per_dimension": np.array([60.0, 64.0]),
    "samples_per_dimension": np.array([28.0, 30.2]),
}

# Every function that draws, with arguments; those that draw several panels with their number.
CALLS: dict[Callable[..., Any], Callable[[], tuple[Any, ...]]] = {
    diffusion.plot_clone_agreement: lambda: (CLASSES, diffusion.clone_agreement(CLASSES, [0.4]), [0.4]),
    diffusion.plot_signal_agreement: lambda: ([0.3, 1.7], 0.35),
    diffusion.plot_excess_entropy: lambda: (LAW, [0.1, 0.4], 8.0),
    diffusion.plot_report_spectrum: lambda: (REPORT(),),
    diffusion.plot_report_projection: lambda: (REPORT(),),
    diffusion.plot_report_agreement: lambda: (REPORT(), REPORT().agreement),
    diffusion.plot_report_collapse: lambda: (REPORT().collapse,),
    diffusion.plot_report_collapse_sizes: lambda: (REPORT().collapse,),
    random_features.plot_coefficients: lambda: (random_features.coefficients("tanh", [0.9, 0.15], 1.7),),
    random_features.plot_spectrum: lambda: (random_features.spectrum(MODEL),),
    random_features.plot_learning_curves: lambda: (MODEL, "penalty", [0.4]),
    random_features.plot_early_stopping: lambda: ([MODEL], [random_features.early_stopping(MODEL)]),
    random_features.plot_timescales: lambda: ([2.2], [random_features.timescales(MODEL)]),
    random_features.plot_phase_diagram: lambda: (
        random_features.phase_diagram("tanh", 0.2, [9.0, 90.0], [2.0, 5.0], [1.5, 6.0]),
    ),
    random_features.plot_merging_line: lambda: (LINE, *LINE),
    random_features.plot_norm_outliers: lambda: (_records(*OUTLIERS),),
    rbm.plot_states: lambda: ("glass", _records(*STATE)),
    rbm.plot_line: lambda: ("load", _records("temperature", "load")),
    rbm.plot_phase_diagram: lambda: (
        rbm.phase_diagram(
            rbm.Model(Gaussian(1.2), 1.0, 0.1, convention="sqrt-beta"),
            temperature=[0.3, 1.6],
            load=[0.01, 0.4],
        ),
    ),
    phase_retrieval.plot_spectra: lambda: (HESSIAN, [4.0]),
    phase_retrieval.plot_curve: lambda: ([2.5, 0.6], [3.1, 1.3]),
    phase_retrieval.plot_success: lambda: (_records(*RATES), {}),
    phase_retrieval.plot_descent: lambda: (
        phase_retrieval.descent_dynamics(HESSIAN, [0.004] * 2, paths=128, replicas=2),
    ),
    linear.plot_modes: lambda: (np.array([0.5, 2.0]), 1.0, np.array([0.3])),
    linear.plot_errors: lambda: (
        linear.error_curves([1.0], 0.2, 0.1, [0.5, 2.0]),
        [1.0],
        0.2,
        0.1,
        1.0,
        None,
    ),
    linear.plot_best_error: lambda: (linear.best_error([1.0], [0.1, 0.3], 0.2),),
    linear.plot_phase_diagram: lambda: (linear.phase_diagram([1.0], 50, [-2.0, -1.0], [1.0, 2.0]),),
    scores.plot_score: lambda: (SAMPLE, np.array([0.2])),
    scores.plot_weights: lambda: (SAMPLE, np.array([0.2])),
    scores.plot_irregularity: lambda: ([scores.irregularity(SAMPLE)],),
    scores.plot_descent: lambda: ([(0.1, _descent())],),
    memorization.plot_report: lambda: (COPIES(),),
    memorization.plot_null: lambda: (np.array([1.5, 4.0]), 0.4),
    memorization.plot_onset: lambda: (LOOKS, memorization.copying_onset(LOOKS, level=0.2), 0.2),
    schedules.plot_densities: lambda: (DATA_SPECTRUM,),
    schedules.plot_crossover: lambda: ("vp-linear", [0.5, 2.0], np.array([0.9, 0.75])),
    schedules.plot_u_turn: lambda: (schedules.u_turn([0.5, 2.0], 0.35), 0.35),
    schedules.plot_design: lambda: (DATA_SPECTRUM, schedules.design_schedule(DATA_SPECTRUM, 4)),
    principal_graph.plot_states: lambda: (BUMPS, 2, "equal", [0.7, 2.0]),
    principal_graph.plot_splits: lambda: (principal_graph.split_temperatures(BUMPS),),
    principal_graph.plot_cascade: lambda: (principal_graph.cascade(BUMPS, lowest=1.0),),
    principal_graph.plot_clusters: lambda: (BUMPS, principal_graph.cluster_states(BUMPS, [3.0, 1.0])),
    principal_graph.plot_fit: lambda: (BUMPS, GRAPH()),
    plot_comparison: lambda: (compare([0.5, 0.7], [0.1, 0.1], [0.45, 0.8]),),
}
PANELS = {
    "plot_report_projection": 2,
    "plot_report_collapse": 2,
    "plot_learning_curves": 2,
    "plot_best_error": 2,
    "plot_comparison": 2,
    "plot_clusters": 2,
}
# This one writes files, each by one of the functions above.
WRITERS = {diffusion.plot_report}


def test_every_function_that_draws_is_called_here() -> None:
    found = {plot_comparison}
    for system in SYSTEMS:
        if find_spec(f"statphys_gen.{system.name}.plots") is not None:
            door = import_module(f"statphys_gen.{system.name}")
            found |= {getattr(door, name) for name in dir(door) if name.startswith("plot_")}
    assert found - WRITERS == set(CALLS)


@pytest.mark.parametrize("draw", CALLS, ids=lambda draw: f"{draw.__module__.split('.')[1]}-{draw.__name__}")
def test_a_picture_is_drawn_into_the_axes_of_the_user(draw: Callable[..., Any]) -> None:
    own = {"plot_descent": 6 if draw is phase_retrieval.plot_descent else 2}
    own["plot_states"] = 2 if draw is rbm.plot_states else 1
    own["plot_phase_diagram"] = 2 if draw is random_features.plot_phase_diagram else 1
    count = (PANELS | own).get(draw.__name__, 1)
    settings = dict(pyplot.rcParams)
    figure, grid = pyplot.subplots(1, count, squeeze=False)
    given = grid.ravel().tolist()
    drawn = draw(*CALLS[draw](), axes=given[0] if count == 1 else given)
    assert (drawn is given[0]) if count == 1 else (drawn == given)
    assert any(axes.has_data() for axes in given)
    assert dict(pyplot.rcParams) == settings
    assert pyplot.get_fignums() == [figure.number]
    if count > 1:
        with pytest.raises(InvalidArgument, match="axes"):
            draw(*CALLS[draw](), axes=given[:1])
    pyplot.close(figure)


def test_without_a_path_the_figure_stays_open_in_our_look_and_leaves_the_settings() -> None:
    settings = dict(pyplot.rcParams)
    axes = diffusion.plot_signal_agreement([0.3, 1.7], 0.35)
    assert axes.figure.number in pyplot.get_fignums()  # type: ignore[union-attr]
    assert not axes.spines["top"].get_visible()
    assert dict(pyplot.rcParams) == settings
    pyplot.close("all")


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_the_file_of_a_picture_says_what_made_it(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    assert main(["diffusion", "clone-agreement", "--signal", "1.25", "--plot", str(path)]) == 0
    content = path.read_bytes()
    assert b"clone-agreement" in content
    assert f"statphys_gen {__version__}".encode() in content
    again = tmp_path / f"b.{ending}"
    assert main(["diffusion", "clone-agreement", "--signal", "1.25", "--plot", str(again)]) == 0
    assert again.read_bytes() == content


def test_a_spline_through_few_points_follows_a_cubic_and_leaves_out_what_is_not_finite() -> None:
    x = np.array([0.9, 0.1, np.nan, 0.4, 0.6])
    place, line = style.splined(x, x**3 - x)
    assert (place[0], place[-1]) == (0.1, 0.9)
    assert line == pytest.approx(place**3 - place, abs=1e-12)
    place, line = style.splined(x, 2.0 * x**3, logarithmic=True)
    assert line == pytest.approx(2.0 * place**3, rel=1e-12)
    assert [entry.tolist() for entry in style.splined([2.0, 1.0], [5.0, 4.0])] == [[1.0, 2.0], [4.0, 5.0]]


@pytest.mark.parametrize("logarithmic", [False, True])
def test_lines_meet_the_points_that_they_join(logarithmic: bool) -> None:
    x, y = np.array([0.03, 0.2, 0.5, 0.9, 4.0]), np.array([7.0, 2.0, 1.7, 0.3, 0.1])
    for place, line in (
        style.joined(x, y, logarithmic=logarithmic),
        style.splined(x, y, logarithmic=logarithmic),
    ):
        assert np.isin(x, place).all()
        assert np.array_equal(line[np.searchsorted(place, x)], y)
    assert (np.diff(style.joined(x, y, logarithmic=logarithmic)[1]) < 0.0).all()
