"""The two nearest points: against all distances, over several blocks, and for copies far from the origin."""

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.numerics.neighbours import _candidates, two_nearest


def brute_force(
    x: np.ndarray, points: np.ndarray, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    squares = ((x[:, None] - points) ** 2).sum(axis=2)
    if own is not None:
        squares[np.arange(len(x)), own] = np.inf
    order = np.argsort(squares, axis=1)[:, :2]
    return np.sqrt(np.take_along_axis(squares, order, 1)), order


@pytest.mark.parametrize(("rows", "count", "dimension"), [(3, 2, 1), (300, 129, 5), (20, 4200, 3)])
def test_distances_and_places_are_those_of_all_pairs(rows: int, count: int, dimension: int) -> None:
    rng = np.random.default_rng(4)
    x, points = rng.normal(1.7, 2.0, (rows, dimension)), rng.normal(1.0, 1.3, (count, dimension))
    found = two_nearest(x, points)
    distances, places = brute_force(x, points)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)
    np.testing.assert_array_equal(found.places, places)
    np.testing.assert_allclose(found.ratios, distances[:, 0] / distances[:, 1], rtol=1e-12)


def test_a_point_is_not_its_own_neighbour() -> None:
    points = np.random.default_rng(5).normal(0.4, 1.2, (2600, 3))
    own = np.arange(40, 2400, 60)
    found = two_nearest(points[own], points, own=own)
    distances, places = brute_force(points[own], points, own)
    np.testing.assert_array_equal(found.places, places)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)


def test_near_copies_keep_their_digits_far_from_the_origin() -> None:
    """Squared norms of 1e10 and distances of 1e-3: a difference of norms would leave nothing."""
    rng = np.random.default_rng(6)
    points = 1e4 + rng.normal(0.0, 1.5, (700, 40))
    x = points[:9] + 1e-3 * rng.standard_normal((9, 40))
    found = two_nearest(x, points)
    np.testing.assert_allclose(found.distances[:, 0], np.linalg.norm(x - points[:9], axis=1), rtol=1e-9)
    np.testing.assert_array_equal(found.places[:, 0], np.arange(9))


@pytest.mark.parametrize("far", [1e6, 1e10, 1e150])
@pytest.mark.parametrize("share", [0.002, 0.4])
def test_points_far_away_do_not_hide_the_neighbours_of_the_others(far: float, share: float) -> None:
    """The products of points about a mean that lies far away have no digits for the distances of the near ones."""
    rng = np.random.default_rng(7)
    points = rng.normal(0.3, 1.4, (500, 6))
    out = rng.random(500) < share
    out[7] = True
    points[out, 2] += far
    x = np.concatenate([points[~out][:40] + 1e-5 * rng.standard_normal((40, 6)), points[:30] + 0.3])
    found = two_nearest(x, points)
    apart = np.abs(x[:, None, :] - points)
    size = np.maximum(apart.max(axis=2, keepdims=True), 1e-300)
    exact = size[:, :, 0] * np.sqrt(((apart / size) ** 2).sum(axis=2))
    ordered = np.sort(exact, axis=1)[:, :2]
    near = ordered[:, 0] < 0.5 * ordered[:, 1]
    assert near.sum() >= 40
    np.testing.assert_allclose(found.distances, ordered, rtol=1e-6)
    np.testing.assert_array_equal(found.places[near, 0], exact.argmin(axis=1)[near])


@pytest.mark.parametrize("spacing", [1e-5, 1e-8, 1e-10])
def test_the_nearest_of_points_on_a_shell_are_told_apart(spacing: float) -> None:
    """More points than are kept as candidates, at distances that differ by less than a product can see."""
    rng = np.random.default_rng(8)
    x = 3.0 + rng.standard_normal((5, 200))
    directions = rng.standard_normal((600, 200))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    order = rng.permutation(600)
    points = np.concatenate([x[:1] + (1.0 + spacing * (1 + order))[:, None] * directions, -x])
    found = two_nearest(x[:1], points)
    np.testing.assert_allclose(found.distances[0], 1.0 + spacing * np.array([1, 2]), rtol=1e-14)
    assert found.places[0].tolist() == [int(np.argmin(order)), int(np.argsort(order)[1])]


def test_a_row_is_sure_only_where_no_other_point_is_nearer() -> None:
    """Distances that differ by about the bound of the error in single precision: what is called sure is right."""
    rng, middle = np.random.default_rng(9), np.zeros(60)
    sure, wrong = [], []
    for spread in np.geomspace(1e-7, 1e-1, 300):
        directions = rng.standard_normal((40, 60))
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        points = 0.7 + directions * (1.0 + spread * rng.random((40, 1)))
        x = np.full((1, 60), 0.7)
        near, known = _candidates(x, points, np.array([-1]), middle, 4.0, np.float32, False)
        second = np.sort(np.linalg.norm(x - points, axis=1))[1]
        sure.append(bool(known[0]))
        wrong.append(bool(near.distances[0, 1] > second * (1.0 + 1e-12)))
    assert 20 < sum(sure) < 280
    assert sum(wrong) > 20
    assert not (np.array(sure) & np.array(wrong)).any()


def test_corners_of_a_cube_have_many_nearest() -> None:
    """All of them at equal distances, which is answered without a search by differences alone."""
    corners = (np.arange(2**11)[:, None] >> np.arange(11)) % 2 * 2.0 - 1.0
    found = two_nearest(corners, corners, own=np.arange(2**11))
    assert (found.distances == 2.0).all()
    assert ((corners - corners[found.places[:, 1]]) ** 2).sum() == 4 * 2**11


def test_a_row_at_two_equal_points_has_the_ratio_one() -> None:
    assert two_nearest([[1.0], [3.0]], [[1.0], [1.0], [5.0]]).ratios.tolist() == [1.0, 1.0]


def test_a_bar_counts_the_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    two_nearest(np.eye(3), np.eye(3), progress=True)
    assert "\n" not in capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": [[1.0, 2.0]]}, "points = array of shape \\(1, 2\\): must be at least 2 points"),
        ({"own": np.array([0, 1])}, "at least 3 points"),
        ({"x": [[1.0, 2e151]]}, "x = 2e\\+151: must be numbers of at most 1e\\+150 in size"),
        ({"x": [[1.0]]}, "x = .*shape \\(any, 2\\)"),
    ],
)
def test_what_has_no_two_neighbours_is_refused(changes: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"x": [[1.0, 0.0], [0.5, 2.0]], "points": [[1.0, 2.0], [0.0, 1.5]]}
    with pytest.raises(InvalidArgument, match=message):
        two_nearest(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-160, 1e-200, 1e-300, 5e-320])
def test_distances_whose_squares_are_no_numbers_are_kept(scale: float) -> None:
    rng = np.random.default_rng(4)
    whole, at = rng.integers(-2000, 2000, (30, 1)), rng.integers(-2000, 2000, (9, 1))
    points, x = np.vstack([whole * scale, [[3.0], [7.0]]]), at * scale
    apart = np.sort(np.abs(x - points.T), axis=1)[:, :2]
    found = two_nearest(x, points)
    np.testing.assert_allclose(found.distances, apart, rtol=1e-15, atol=0.0)
    assert two_nearest([[0.0]], [[0.0], [0.0], [scale]]).distances.tolist() == [[0.0, 0.0]]
