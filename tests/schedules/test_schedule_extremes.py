"""Windows, quantiles and averages at weights near 0 and 1, and at signals far from 1."""

from __future__ import annotations

import math
import warnings

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.schedules import TwoClasses, bias_variance, posterior_quantile, u_turn, windows


def _quantile(signal: float, weight: float) -> float:
    """v* = s w from p erfc((s - w)/sqrt 2) = (1-p) erfc((s + w)/sqrt 2), in 80 digits."""
    with mp.workdps(80):
        s, p, root = mp.sqrt(mp.mpf(signal)), mp.mpf(weight), mp.sqrt(2)
        begin = mp.erfinv(1 - 2 * p) * root if s < 1 else -mp.log(p / (1 - p)) / (2 * s)

        def excess(w: mp.mpf) -> mp.mpf:
            return mp.log(p * mp.erfc((s - w) / root)) - mp.log((1 - p) * mp.erfc((s + w) / root))

        return float(s * mp.findroot(excess, (begin, begin * mp.mpf("1.01"))))


@pytest.mark.parametrize("weight", [1e-40, 1e-12, 0.28, 0.999])
@pytest.mark.parametrize("signal", [1e-20, 1e-6, 0.3, 100.0, 1e4, 1e10])
def test_quantiles_keep_their_digits(signal: float, weight: float) -> None:
    assert float(posterior_quantile(signal, weight)) == pytest.approx(_quantile(signal, weight), rel=1e-11)


@pytest.mark.parametrize("weight", [1e-300, 1e-18, 0.001, 0.72])
def test_quantiles_at_any_signal_tend_to_the_log_odds(weight: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = u_turn([1e20, 1e300], weight)
        quantiles = posterior_quantile([1e20, 1e300], weight)
    expected = -0.5 * (math.log(weight) - math.log1p(-weight))
    assert quantiles == pytest.approx([expected, expected], rel=1e-12)
    assert found.deterministic == pytest.approx([1.0, 1.0], abs=1e-15)


@pytest.mark.parametrize("weight", [0.001, 0.3])
def test_the_variance_of_a_bias_at_small_signals(weight: float) -> None:
    """Expanded in q: E g(v) = g(0) + q [g''/2 + (2p-1) g'](0) + O(q^2), by differences in 40 digits."""
    with mp.workdps(40):
        p, q = mp.mpf(weight), mp.mpf("1e-8")
        h = mp.log(p / (1 - p)) / 2

        def moment(power: int) -> mp.mpf:
            def bend(v: mp.mpf) -> mp.mpf:
                return mp.sech(h + v) ** (2 * power)

            return bend(0) + q * (mp.diff(bend, 0, 2) / 2 + (2 * p - 1) * mp.diff(bend, 0))

        expected = float(moment(3) / moment(2) ** 2)
    assert float(bias_variance(1e-8, weight)) == pytest.approx(expected, rel=1e-11)


def test_windows_of_classes_that_hardly_differ() -> None:
    """To leading order in q the sensitivity above S is s = |m|/sqrt(S^2 + sigma^2), whatever the weight."""
    for separation, variance in ((1e-12, 1.7), (1e-90, 1e90)):
        found = {w.feature: w for w in windows(TwoClasses(3, separation, variance, 0.3))}["weight"]
        expected = [math.sqrt(variance * (1.0 / left**2 - 1.0)) for left in (0.95, 0.5, 0.05)]
        assert [found.lower, found.median, found.upper] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("weight", [1e-14, 1e-200])
def test_windows_of_a_rare_class(weight: float) -> None:
    """Levels of the U-turn by a sum over v, and of the weight by Phi(w + s) - Phi(w - s), in 40 digits."""
    classes = TwoClasses(100_000, 1.0, 0.5, weight)
    found = {w.feature: w for w in windows(classes)}
    with mp.workdps(40):
        p = mp.mpf(weight)

        def signal(level: float | None) -> mp.mpf:
            assert level is not None
            return 100_000 / (mp.mpf(level) ** 2 + mp.mpf("0.5"))

        def agreement_left(q: mp.mpf) -> float:
            s = mp.sqrt(q)
            nodes = [q + x * mp.mpf("0.05") for x in range(int(-20 * 12 * s), int(20 * 8 * s))]
            # (1 - R)/(2 p (1-p)) = E over the rare class of 1/(p exp(2 v) + 1 - p).
            total = sum(mp.npdf(v, q, s) / (p * mp.exp(2 * v) + 1 - p) for v in nodes)
            return float(total * mp.mpf("0.05"))

        def weight_above(q: mp.mpf) -> float:
            s = mp.sqrt(q)
            w = mp.mpf(_quantile(float(q), weight)) / s
            return float((mp.erf((w + s) / mp.sqrt(2)) - mp.erf((w - s) / mp.sqrt(2))) / 2)

        for level, left in ((found["u-turn"].lower, 0.05), (found["u-turn"].upper, 0.95)):
            assert agreement_left(signal(level)) == pytest.approx(left, rel=1e-9)
        for level, share in ((found["weight"].lower, 0.95), (found["weight"].upper, 0.05)):
            assert weight_above(signal(level)) == pytest.approx(share, rel=1e-9)


def test_light_and_heavy_classes_have_the_same_windows() -> None:
    for weight in (2.0**-40, 2.0**-10):
        pair = [windows(TwoClasses(100, 0.8, 0.5, p)) for p in (weight, 1.0 - weight)]
        for light, heavy in zip(*pair, strict=True):
            assert np.array([light.lower, light.median, light.upper], dtype=np.float64) == pytest.approx(
                np.array([heavy.lower, heavy.median, heavy.upper], dtype=np.float64), rel=1e-10
            )
