"""The report by brute force at small sizes, on generators whose answer is known, and with labels and features."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.memorization import report
from statphys_gen.memorization.analysis.files import write_report
from statphys_gen.memorization.analysis.generator_data import GeneratorData, Pool
from statphys_gen.memorization.analysis.membership import exchangeability_p_value
from statphys_gen.memorization.analysis.report import mann_whitney

RNG = np.random.default_rng(8)
MIX = np.array([[1.2, 0.3, 0.0, 0.1], [0.0, 0.7, -0.2, 0.3], [0.4, 0.0, 0.9, 0.0], [0.1, 0.2, 0.0, 0.5]])


def sets(n: int = 60, h: int = 40, g: int = 80, copies: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n + 7 * h + 3 * g + copies)
    made, seen, fresh = (rng.standard_normal((count, 4)) @ MIX + 0.4 for count in (g, n, h))
    made[:copies] = seen[:copies] + 1e-3 * rng.standard_normal((copies, 4))
    return made, seen, fresh


def distances(x: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.sqrt(((x[:, None] - points) ** 2).sum(axis=2))


def test_every_number_by_brute_force() -> None:
    made, seen, fresh = sets(copies=9)
    made = np.concatenate([made, made[:3]])  # three copies twice
    k, q = 0.5, 0.3
    found = report(made, seen, fresh, ratio=k, false_discovery_rate=q, distances=False)
    to_seen, to_all = np.sort(distances(made, seen)), distances(made, np.concatenate([seen, fresh]))
    ratio = to_seen[:, 0] / to_seen[:, 1]
    null = np.sort(distances(fresh, seen))
    null_ratio = null[:, 0] / null[:, 1]
    assert (found.generated, found.training, found.held_out, found.dimension) == (83, 60, 40, 4)
    assert found.copied_fraction == pytest.approx((ratio < k).mean())
    assert found.null_fraction == pytest.approx((null_ratio < k).mean())
    corrected = ((ratio < k).mean() - (null_ratio < k).mean()) / (1 - (null_ratio < k).mean())
    assert found.corrected_fraction == pytest.approx(corrected)
    assert found.corrected_lower < corrected < found.corrected_upper
    assert found.intrinsic_dimension == pytest.approx(-1 / np.log(null_ratio).mean())

    joint = np.sort(to_all)
    suspicious = joint[:, 0] / joint[:, 1] < k
    nearest = to_all.argmin(axis=1)
    assert found.suspicious == suspicious.sum()
    assert found.suspicious_on_training == (suspicious & (nearest < 60)).sum()
    votes = np.bincount(nearest[suspicious], minlength=100)
    excess = votes[:60].sum() - 60 / 40 * votes[60:].sum()
    error = np.sqrt(60 * votes[:60].var(ddof=1) + 60**2 / 40 * votes[60:].var(ddof=1))
    assert found.excess_fraction == pytest.approx(excess / 83)
    assert found.excess_fraction_standard_error == pytest.approx(error / 83)
    assert found.vote_fraction == pytest.approx((nearest < 60).mean())

    p = (1 + (null_ratio <= ratio[:, None]).sum(axis=1)) / 41
    order = np.sort(p)
    accepted = [order[j] for j in range(83) if order[j] <= q * (j + 1) / 83]
    named = np.flatnonzero(p <= max(accepted, default=0.0))
    assert [copy.generated for copy in found.named_copies] == named.tolist()
    assert len(named) >= 12
    for copy in found.named_copies:
        assert copy.training == distances(made[copy.generated][None], seen).argmin()
        assert copy.ratio == pytest.approx(ratio[copy.generated])
        assert copy.p_value == pytest.approx(p[copy.generated])
    assert found.verdict == "memorizes"


def test_the_p_value_counts_random_assignments() -> None:
    made, seen, fresh = sets(30, 25, 40, copies=3)
    found = report(made, seen, fresh, ratio=0.6, distances=False)
    pool = np.concatenate([seen, fresh])
    joint = distances(made, pool)
    two = np.sort(joint)[:, :2]
    votes = np.bincount(joint.argmin(axis=1)[two[:, 0] < 0.6 * two[:, 1]], minlength=55)
    rng = np.random.default_rng(1)
    sums = np.array([votes[rng.permutation(55)[:30]].sum() for _ in range(20_000)])
    measured = (sums >= votes[:30].sum()).mean()
    assert found.membership_p_value == pytest.approx(measured, abs=0.015)


def test_mann_whitney_by_pairs() -> None:
    first, second = np.array([0.3, 1.2, 1.2, 2.0]), np.array([0.5, 1.2, 3.0])
    larger = sum((a > b) + 0.5 * (a == b) for a, b in itertools.product(first, second))
    everything = np.concatenate([first, second])
    sums = [
        sum(
            (a > b) + 0.5 * (a == b)
            for a, b in itertools.product(everything[list(c)], np.delete(everything, c))
        )
        for c in itertools.combinations(range(7), 4)
    ]
    assert mann_whitney(first, second) == pytest.approx((larger - 6) / np.std(sums))
    assert mann_whitney(np.ones(3), np.ones(4)) == 0.0


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, "memorizes", "suspicious points lie on training points"),
        ({"held_out": None}, "cannot-tell", "without held-out points"),
        ({"held_out": sets()[2] * 1.6 + 0.8}, "cannot-tell", "not drawn alike"),
        ({"generated": sets(g=2000)[0]}, "no-evidence", "of the generated points are copies"),
        ({"generated": sets(g=200)[0]}, "cannot-tell", "copied points are needed"),
        ({"generated": sets(copies=12)[1]}, "memorizes", "60 of 60 suspicious"),
    ],
)
def test_verdicts(changes: dict[str, Any], verdict: str, reason: str) -> None:
    made, seen, fresh = sets(copies=12)
    given = {"generated": made, "training": seen, "held_out": fresh} | changes
    found = report(**given, distances=False)
    assert found.verdict == verdict
    assert reason in found.reason


def test_one_copied_point_is_one_however_often_it_is_generated() -> None:
    made, seen, fresh = sets()
    made[:50] = seen[4] + 1e-4 * np.random.default_rng(2).standard_normal((50, 4))
    found = report(made, seen, fresh, distances=False)
    assert found.suspicious_on_training is not None
    assert found.suspicious_on_training >= 50
    assert found.membership_p_value is not None
    assert found.membership_p_value > 0.3
    assert found.verdict != "memorizes"


def test_augmented_copies_are_one_unit() -> None:
    """Ten images with six variants each: six votes on one image are those of one unit."""
    rng = np.random.default_rng(3)
    images = rng.standard_normal((20, 4)) * 5
    rows = np.repeat(images, 6, axis=0) + 0.3 * rng.standard_normal((120, 4))
    seen, fresh = rows[:60], rows[60:]
    groups = (np.arange(60) // 6, 100 + np.arange(60) // 6)
    made = np.concatenate([seen[:6] + 1e-4, rng.standard_normal((60, 4)) * 5])
    alone = report(made, seen, fresh, ratio=0.1, distances=False)
    together = report(made, seen, fresh, ratio=0.1, groups=groups, distances=False)
    assert alone.suspicious_on_training == together.suspicious_on_training
    assert alone.membership_p_value is not None
    assert together.membership_p_value is not None
    assert alone.membership_p_value < 0.05
    assert together.membership_p_value > 0.4
    assert together.distinct_copies_needed == 5


def test_classes_that_were_held_out_unevenly_are_strata() -> None:
    """A generator of one class, of which nearly all points are training points, copies nothing."""
    rng = np.random.default_rng(4)
    centres = np.array([[0.0, 0.0], [40.0, 0.0]])
    classes = (np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [10, 90]))
    seen, fresh = (centres[c] + rng.standard_normal((100, 2)) for c in classes)
    made = rng.standard_normal((150, 2))
    without = report(made, seen, fresh, ratio=0.6, distances=False)
    within = report(made, seen, fresh, ratio=0.6, strata=classes, distances=False)
    assert without.verdict == "cannot-tell"
    assert without.vote_p_value is not None
    assert without.vote_p_value < 1e-6
    assert within.vote_p_value is not None
    assert within.vote_p_value > 0.05
    assert within.exchangeability_p_value is not None
    assert within.exchangeability_p_value > 0.05


def test_features_take_the_place_of_the_data() -> None:
    made, seen, fresh = sets(copies=9)

    def encoded(x: np.ndarray) -> np.ndarray:
        return np.asarray(np.tanh(x @ MIX[:, :3]))

    found = report(made, seen, fresh, features=[encoded(x) for x in (made, seen, fresh)], distances=False)
    assert found.record() == report(encoded(made), encoded(seen), encoded(fresh), distances=False).record()
    assert found.dimension == 3


def test_images_of_bytes_are_their_numbers() -> None:
    rng = np.random.default_rng(5)
    made, seen, fresh = (rng.integers(0, 256, (n, 3, 2, 3), dtype=np.uint8) for n in (40, 50, 30))
    made[:12] = seen[:12]
    found = report(made, seen, fresh, distances=False)
    flat = [x.reshape(len(x), -1).astype(float) for x in (made, seen, fresh)]
    assert found.record() == report(*flat, distances=False).record()
    assert any("flattened" in note for note in found.notes)
    scaled = report(made, seen / 255, fresh / 255, distances=False)
    assert any("same units" in note for note in scaled.notes)


def test_held_out_points_of_the_training_set_are_dropped_on_request() -> None:
    made, seen, fresh = sets(copies=12)
    leaked = np.concatenate([seen[:4], fresh, fresh[:2]])
    with pytest.raises(InvalidArgument, match=r"held_out = .*4 of its 44 points"):
        report(made, seen, leaked)
    found = report(made, seen, leaked, drop_duplicates=True, distances=False)
    assert found.record() == report(made, seen, fresh, distances=False).record()
    assert any("4 rows stand in the training set" in note for note in found.notes)


def test_labels_follow_the_rows_that_are_kept() -> None:
    """Rows that are dropped or merged take their labels with them."""
    made, seen, fresh = sets(copies=12)
    order = np.random.default_rng(1).permutation(60)
    seen_groups, fresh_groups = np.arange(60) // 3, 100 + np.arange(40) // 4
    plain = report(made, seen, fresh, groups=(seen_groups, fresh_groups), distances=False)
    shuffled = report(
        made,
        np.concatenate([seen[order], seen[:5]]),
        np.concatenate([seen[:2], fresh]),
        groups=(
            np.concatenate([seen_groups[order], seen_groups[:5]]),
            np.concatenate([[7, 8], fresh_groups]),
        ),
        drop_duplicates=True,
        distances=False,
    )
    assert shuffled.membership_p_value == pytest.approx(plain.membership_p_value, rel=1e-12)
    assert shuffled.excess_fraction == pytest.approx(plain.excess_fraction, rel=1e-12)
    assert shuffled.excess_fraction_standard_error == pytest.approx(plain.excess_fraction_standard_error)
    assert [c.generated for c in shuffled.named_copies] == [c.generated for c in plain.named_copies]
    for copy in shuffled.named_copies:
        assert copy.training == int(np.flatnonzero(order == copy.generated)[0])


def test_exchangeability_against_all_assignments() -> None:
    rng = np.random.default_rng(6)
    data = GeneratorData.of(
        rng.standard_normal((4, 2)), rng.normal(0.8, 1.0, (30, 2)), rng.standard_normal((20, 2))
    )
    pool = Pool.of(data)
    points = np.concatenate([pool.training, pool.held_out])
    apart = distances(points, points)
    np.fill_diagonal(apart, np.inf)
    near = apart.argmin(axis=1)
    draws = np.array([rng.permutation(pool.labelled) for _ in range(20_000)])
    same = (draws == draws[:, near]).sum(axis=1)
    measured = (same >= (pool.labelled == pool.labelled[near]).sum()).mean()
    assert exchangeability_p_value(pool) == pytest.approx(measured, abs=0.02)


def test_without_held_out_points_the_null_leaves_one_out() -> None:
    made, seen, _ = sets()
    found = report(made, seen, distances=False, ratio=0.7)
    apart = distances(seen, seen)
    np.fill_diagonal(apart, np.inf)
    two = np.sort(apart)[:, :2]
    assert found.null_kind == "leave-one-out"
    assert found.null_fraction == pytest.approx((two[:, 0] < 0.7 * two[:, 1]).mean())
    assert found.membership_p_value is None
    assert found.named_copies == ()


def test_files_hold_what_the_report_says(tmp_path: Path) -> None:
    made, seen, fresh = sets(copies=30)
    found = report(made, seen, fresh, distances=False)
    assert found.named_copies
    files = write_report(found, found.record(), tmp_path)
    document = json.loads(files[0].read_text())
    assert document["verdict"] == found.verdict
    rows = np.loadtxt(files[1], delimiter=",", skiprows=1, ndmin=2)
    np.testing.assert_allclose(rows[:, 2], [copy.ratio for copy in found.named_copies])
    table = np.loadtxt(files[2], delimiter=",", skiprows=1)
    np.testing.assert_allclose(table[:, 2], found.ratio)
    np.testing.assert_array_equal(table[:, 1], found.nearest_training)


def test_a_report_shows_itself_as_rows() -> None:
    made, seen, fresh = sets(copies=30)
    found = report(made, seen, fresh)
    assert "memorizes" in repr(found)
    rows = {row["quantity"]: row for row in found.records()}
    assert rows["named_copies"]["value"] == len(found.named_copies)
    assert rows["frechet_baseline"]["standard_error"] == found.standard_error["frechet_baseline"]
