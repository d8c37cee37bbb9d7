"""Newton, fixed point and bracketing: every good status is honest, and every status occurs."""

import math

import mpmath
import numpy as np
import pytest
from problem_bank import BANK, curie_weiss, magnetisation

from statphys_gen.errors import NotConverged
from statphys_gen.numerics.roots import bracketed, fixed_point, newton
from statphys_gen.solution import Status

NAMES = [problem.name for problem in BANK]
# In its own units the steep equation of the bank has a residual of 1e5 ulp.
TOLERANCES = [1e-10 if "units" in problem.name else 1e-12 for problem in BANK]


def distance(solution, roots):
    """From the solution to the nearest of the roots, largest over the unknowns."""
    found = np.stack(list(solution.value.values()), axis=-1)
    return min(float(np.abs(found - np.array(root)).max()) for root in roots)


def assert_honest(solution, roots, tolerance):
    assert solution.status == Status.CONVERGED
    assert solution.residual <= tolerance
    ulp = float(np.spacing(max(abs(v) for v in roots[0])))
    # The reference is itself rounded to an ulp.
    assert distance(solution, roots) <= solution.error + ulp
    assert ulp <= solution.error < 1e-9


@pytest.mark.parametrize("jacobian", ["forward", "central", "complex-step", "given"])
@pytest.mark.parametrize(("problem", "tolerance"), list(zip(BANK, TOLERANCES, strict=True)), ids=NAMES)
def test_newton_on_the_bank(problem, tolerance, jacobian):
    solution = newton(
        problem.residual,
        problem.start,
        jacobian=problem.jacobian if jacobian == "given" else jacobian,
        lower=problem.lower,
        upper=problem.upper,
        tolerance=tolerance,
    )
    assert_honest(solution, problem.roots, tolerance)
    assert solution.error < 1e-13


@pytest.mark.parametrize("memory", [0, 1, 5])
@pytest.mark.parametrize("damping", [0.0, 0.5])
@pytest.mark.parametrize("problem", [p for p in BANK if p.mapping], ids=lambda p: p.name)
def test_fixed_point_on_the_bank(problem, damping, memory):
    solution = fixed_point(problem.mapping, problem.start, damping=damping, memory=memory)
    assert_honest(solution, problem.roots, 1e-12)


@pytest.mark.parametrize("problem", [p for p in BANK if p.bracket], ids=lambda p: p.name)
def test_bracketed_on_the_bank(problem):
    solution = bracketed(lambda x: problem.residual(x[:, None])[:, 0], *problem.bracket)
    assert_honest(solution, problem.roots, 1e-12)


@pytest.mark.parametrize("jacobian", ["forward", "central", "complex-step"])
@pytest.mark.parametrize("temperature", [0.3, 0.9, 0.999, 0.9999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-13])
def test_curie_weiss_below_its_critical_temperature(temperature, jacobian):
    solution = newton(curie_weiss, [1.0], parameters=[temperature], jacobian=jacobian, names=["overlap"])
    assert solution.good
    true_error = float(abs(mpmath.mpf(float(solution["overlap"])) - magnetisation(temperature)))
    assert true_error <= solution.error
    if temperature <= 0.9999:
        assert solution.status == Status.CONVERGED
        assert solution.error < 1e-12


@pytest.mark.parametrize("jacobian", ["forward", "central", "complex-step"])
def test_curie_weiss_from_its_critical_temperature_on(jacobian):
    temperatures = 1 + np.array([0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 1e-2, 1.0])
    solution = newton(curie_weiss, [1.0], parameters=[temperatures], jacobian=jacobian)
    assert solution.good.all()
    assert (np.abs(solution["x"]) <= solution.error).all()
    # At the triple root the equation is flat over 1e-8: nothing better than that can be claimed.
    assert solution.status[0] == Status.NEAR_CRITICAL
    assert solution.error[0] > 1e-9
    assert (solution.status[5:] == Status.CONVERGED).all()
    assert (solution.error[5:] < 1e-13).all()


def test_exact_root_at_a_triple_point_is_near_critical():
    solution = newton(curie_weiss, [0.0], parameters=[1.0])
    assert solution.status == Status.NEAR_CRITICAL
    assert solution["x"] == 0
    assert 1e-9 < solution.error < 1e-5


@pytest.mark.parametrize("memory", [0, 5])
def test_fixed_point_never_converges_falsely_above_the_critical_temperature(memory):
    # Stopping on the damped step |x' - x| < 1e-4 with damping 0.9 ends at m = 0.065 for T = 1.0066, where m = 0.
    temperatures = np.array([1.0, 1 + 1e-9, 1.001, 1.0066, 1.01, 1.05, 1.2])
    solution = fixed_point(
        lambda m, t: np.tanh(m / t[:, None]),
        [1.0],
        parameters=[temperatures],
        damping=0.9,
        memory=memory,
        tolerance=1e-4,
        max_iterations=5000,
    )
    assert solution.good.all()
    assert (solution.residual <= 1e-4).all()
    undamped = np.abs(solution["x"] - np.tanh(solution["x"] / temperatures))
    np.testing.assert_allclose(solution.residual, undamped, rtol=0, atol=1e-16)
    assert (np.abs(solution["x"]) <= solution.error).all()
    few = fixed_point(
        lambda m, t: np.tanh(m / t[:, None]),
        [1.0],
        parameters=[temperatures],
        damping=0.9,
        memory=0,
        max_iterations=50,
    )
    assert (few.status == Status.NOT_CONVERGED).all()
    assert np.isnan(few["x"]).all()


def test_double_root_error_covers_both_sides():
    for offset in (0.0, -1e-20, -1e-16, -1e-14, -1e-12, -1e-10, -1e-6):
        solution = newton(lambda x, c: (x - 1) ** 2 + c[:, None], [2.0], parameters=[offset])
        assert solution.good
        nearest = min(abs(float(solution["x"]) - 1 - s * math.sqrt(-offset)) for s in (1, -1))
        # 1 + s is rounded to a float only in this reference.
        assert nearest <= solution.error + 2e-16
        assert solution.status == (Status.NEAR_CRITICAL if solution.error > 1e-9 else Status.CONVERGED)


def test_beyond_a_fold_there_is_no_solution():
    offsets = np.array([1e-14, 1e-10, 1e-5, 0.1, 1.0])
    solution = newton(lambda x, c: (x - 1) ** 2 + c[:, None], [2.0], parameters=[offsets])
    assert (solution.status == Status.NO_SOLUTION).all()
    assert np.isnan(solution["x"]).all()
    assert np.isnan(solution.error).all()
    np.testing.assert_allclose(solution.residual, offsets, rtol=0.3)
    with pytest.raises(NotConverged, match="no solution"):
        solution.require()


def test_beyond_a_fold_in_two_unknowns():
    # Curie-Weiss in an opposing field beyond its spinodal, with the second unknown slaved to the first.
    def residual(x, field):
        m, q = x.T
        return np.stack([m - np.tanh((0.5 * m + 0.5 * m * q / m - field) / 0.5), q - m], axis=-1)

    spinodal = math.sqrt(0.5) - 0.5 * math.atanh(math.sqrt(0.5))
    fields = spinodal + np.array([-1e-6, -1e-3, 1e-6, 1e-3])
    solution = newton(residual, [1.0, 1.0], parameters=[fields])
    assert solution.good[:2].all()
    assert (solution.status[2:] == Status.NO_SOLUTION).all()
    for field, m, error in zip(fields[:2], solution["x_0"], solution.error, strict=False):
        assert float(abs(magnetisation(0.5, -field, guess=float(m)) - mpmath.mpf(float(m)))) <= error


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e3])
def test_double_root_is_recognised_in_whatever_units_the_equations_are(unit):
    # The harmless first equation has the smaller singular value; the double root is in the second.
    def residual(x, offset):
        return np.stack([1e-6 * (x[:, 0] - np.cos(x[:, 1])), unit * ((x[:, 1] - 1) ** 2 + offset)], axis=-1)

    offsets = np.array([0.0, -1e-12, -1e-6, 1e-8, 1e-3])
    solution = newton(residual, [0.3, 1.5], parameters=[offsets], tolerance=min(unit, 1.0) * 1e-11)
    assert solution.good[:3].all()
    assert (solution.status[3:] == Status.NO_SOLUTION).all()
    place = 1 + np.sqrt(-offsets[:3])
    true_error = np.maximum(np.abs(solution["x_1"][:3] - place), np.abs(solution["x_0"][:3] - np.cos(place)))
    assert (true_error <= solution.error[:3]).all()
    assert solution.error[0] > 1e-9
    assert solution.error[2] < 1e-11


def test_every_bad_status_of_newton_and_its_cause():
    assert newton(lambda x: np.log(x), [0.5], lower=0.1, upper=0.8).status == Status.LEFT_DOMAIN
    assert newton(lambda x: np.sqrt(x) + 1, [1.0]).status == Status.LEFT_DOMAIN
    assert newton(lambda x: np.full_like(x, np.nan), [1.0]).status == Status.LEFT_DOMAIN
    assert newton(lambda x: np.exp(-x), [1.0]).status == Status.NOT_CONVERGED
    assert newton(lambda x: 0 * x, [1.0]).status == Status.NOT_CONVERGED
    assert newton(np.cos, [1.4], max_iterations=1, tolerance=1e-15).status == Status.NOT_CONVERGED
    assert newton(lambda x: x**2 + 1, [3.0]).status == Status.NO_SOLUTION
    jump = newton(lambda x: np.sign(x - 0.3) + 0.1 * x, [1.0])
    assert jump.status in (Status.NOT_CONVERGED, Status.NO_SOLUTION)


def test_statuses_of_fixed_point():
    assert fixed_point(lambda x: 2 * x, [1.0], memory=0, upper=10.0).status == Status.LEFT_DOMAIN
    assert fixed_point(lambda x: 2 * x, [1.0], memory=0, max_iterations=20).status == Status.NOT_CONVERGED
    assert fixed_point(lambda x: np.log(x), [0.5], memory=0).status == Status.LEFT_DOMAIN
    # Anderson's method finds the repelling fixed point; damping turns an oscillation into a contraction.
    assert fixed_point(lambda x: 3 - 2 * x, [0.5], memory=1)["x"] == pytest.approx(1.0, abs=1e-12)
    assert fixed_point(lambda x: 3 - 2 * x, [0.5], memory=0, damping=0.5)["x"] == pytest.approx(
        1.0, abs=1e-12
    )


def test_statuses_of_bracketed():
    solution = bracketed(lambda x, c: x**2 - c, 0.0, 2.0, parameters=[np.array([2.0, 5.0, -1.0])])
    assert solution.status.tolist() == [Status.CONVERGED, Status.NO_SOLUTION, Status.NO_SOLUTION]
    assert solution["x"][0] == pytest.approx(math.sqrt(2), abs=float(solution.error[0]))
    assert bracketed(lambda x: np.sign(x - 0.3), 0.0, 1.0).status == Status.NOT_CONVERGED
    assert bracketed(lambda x: 1 / (x - 0.3), 0.0, 1.0).status == Status.NOT_CONVERGED
    assert bracketed(lambda x: np.log(x - 0.5), 0.0, 2.0).status == Status.LEFT_DOMAIN
    assert bracketed(lambda x: np.expm1(9 * x) - 5, 0.0, 9.0, max_iterations=2).status == Status.NOT_CONVERGED
    assert bracketed(lambda x: x**3, -1.0, 2.0).status == Status.NEAR_CRITICAL
    end = bracketed(lambda x: x**2 - 1, 1.0, 2.0)
    assert end.status == Status.CONVERGED
    assert end["x"] == 1


def test_quadrature_error_enters_the_error():
    def residual(x, t):
        return x - np.tanh(x / t[:, None])

    plain = newton(residual, [1.0], parameters=[0.99])
    slope = 1 - (1 - float(plain["x"]) ** 2) / 0.99
    for extra in (1e-11, np.full((1,), 1e-11), lambda x, t: 1e-11 + 0 * x):
        told = newton(residual, [1.0], parameters=[0.99], residual_error=extra)
        assert told["x"] == plain["x"]
        assert 1e-11 / slope < told.error < 2e-11 / slope
        assert told.status == Status.CONVERGED
    strict = newton(residual, [1.0], parameters=[0.99], residual_error=1e-11, accuracy=1e-11)
    assert strict.status == Status.NEAR_CRITICAL
    # The same through the change of sign: at the triple root an error of 1e-12 in F is one of (3e-12)^(1/3) in m.
    critical = newton(residual, [1.0], parameters=[1.0], residual_error=1e-12)
    assert (3e-12) ** (1 / 3) < critical.error < 4 * (3e-12) ** (1 / 3)
    per_point = bracketed(
        lambda x, t: x - np.tanh(x / t),
        0.1,
        1.0,
        parameters=[[0.99, 0.9]],
        residual_error=np.array([1e-11, 0]),
    )
    assert per_point.error[0] > 1e-11 / slope
    assert per_point.error[1] < 1e-14


def test_batch_is_the_points_one_by_one():
    rng = np.random.default_rng(1)
    temperatures = rng.uniform(0.2, 1.4, (7, 11))
    fields = rng.uniform(0.0, 0.3, 11)

    def residual(m, t, h):
        return m - np.tanh((m + h[:, None]) / t[:, None])

    plane = newton(residual, [1.0], parameters=[temperatures, fields], names=["overlap"])
    assert plane.shape == (7, 11)
    assert plane.good.all()
    for index in ((0, 0), (3, 7), (6, 10)):
        alone = newton(residual, [1.0], parameters=[temperatures[index], fields[index[1]]], names=["overlap"])
        assert alone.shape == ()
        for quantity in ("residual", "error", "iterations", "status"):
            assert getattr(alone, quantity) == getattr(plane, quantity)[index]
        assert alone["overlap"] == plane["overlap"][index]


def test_only_active_rows_are_evaluated():
    sizes = []

    def residual(m, t):
        sizes.append(len(m))
        return curie_weiss(m, t)

    newton(residual, [1.0], parameters=[np.r_[np.full(99, 0.5), 1.0]], jacobian="forward")
    assert sizes.count(1) > 40
    assert sum(sizes) < 30 * 100


@pytest.mark.parametrize("jacobian", ["forward", "complex-step"])
def test_random_polynomials_with_exactly_known_roots(jacobian):
    # Integer roots over 8 make every coefficient exact; double and triple roots, which are the hard ones, are common.
    rng = np.random.default_rng(20240917)
    roots = rng.integers(-12, 13, (3000, 3)) / 8
    a, b, c = roots.T
    coefficients = [-(a + b + c), a * b + b * c + c * a, -a * b * c]

    def residual(x, p, q, r):
        return x**3 + p[:, None] * x**2 + q[:, None] * x + r[:, None]

    start = rng.uniform(-4, 4, (3000, 1))
    solution = newton(residual, start, parameters=coefficients, jacobian=jacobian)
    good = solution.good
    assert (solution.residual[good] <= 1e-12).all()
    true_error = np.abs(solution["x"][:, None] - roots).min(axis=1)
    assert (true_error[good] <= solution.error[good]).all()
    # A start on the far side of a local extremum has no root there, by the local meaning of that status.
    assert set(solution.status[~good]) <= {Status.NO_SOLUTION, Status.NOT_CONVERGED}
    assert good.mean() > 0.8
    gap = np.abs(np.diff(np.sort(roots, axis=1), axis=1)).min(axis=1)
    assert (solution.status[good & (gap > 0)] == Status.CONVERGED).all()
    assert (solution.error[good & (gap > 0)] < 1e-10).all()
    assert (solution.status == Status.NEAR_CRITICAL).sum() > 100
    # The errors are not merely large: half of them are within 1000 times the true one or an ulp.
    sharp = solution.error[good] <= 1e3 * np.maximum(true_error[good], 2e-16)
    assert sharp.mean() > 0.5


def test_random_systems_with_exactly_known_roots():
    # Quadratics in integer combinations of the unknowns, all coefficients exact.
    rng = np.random.default_rng(7)
    seen = 0
    for unknowns in (2, 3, 5, 8):
        mixing = np.eye(unknowns) + np.triu(rng.integers(-1, 2, (unknowns, unknowns)), 1)
        low, high = (rng.integers(-16, 17, (2, 400, unknowns))) / 8
        total, product = low + high, low * high

        def residual(x, k, mixing=mixing, total=total, product=product):
            y = x @ mixing.T
            rows = k.astype(int)
            return y**2 - total[rows] * y + product[rows]

        start = rng.uniform(-4, 4, (400, unknowns))
        solution = newton(residual, start, parameters=[np.arange(400.0)])
        found = np.stack(list(solution.value.values()), axis=-1)
        image = found @ mixing.T
        nearest = np.where(np.abs(image - low) < np.abs(image - high), low, high)
        true_error = np.abs(np.linalg.solve(mixing, nearest.T).T - found).max(axis=1)
        good = solution.good
        assert (solution.residual[good] <= 1e-12).all()
        assert (true_error[good] <= solution.error[good]).all()
        simple = (np.abs(low - high) > 0).all(axis=1)
        assert (solution.status[good & simple] == Status.CONVERGED).all()
        seen += int((good & simple).sum())
    assert seen > 600


def test_random_magnetisations_near_the_critical_temperature():
    rng = np.random.default_rng(3)
    temperatures = 1 + rng.choice([-1, 1], 300) * 10 ** rng.uniform(-15, -1, 300)
    start = rng.uniform(0.01, 1.0, (300, 1))
    exact = [magnetisation(float(t)) for t in temperatures]
    for solution in (
        newton(curie_weiss, start, parameters=[temperatures]),
        newton(curie_weiss, start, parameters=[temperatures], jacobian="complex-step"),
        fixed_point(lambda m, t: np.tanh(m / t[:, None]), start, parameters=[temperatures]),
    ):
        assert solution.good.mean() > 0.9
        for k in np.flatnonzero(solution.good):
            found = mpmath.mpf(float(solution["x"][k]))
            true_error = min(abs(found - root) for root in (exact[k], -exact[k], mpmath.mpf(0)))
            assert true_error <= solution.error[k], temperatures[k]
            assert solution.residual[k] <= 1e-12


# Functions without a change of sign at the ends of [0, 1]: their roots there.
EVEN = {
    "two roots": (lambda x: (x - 0.5) ** 2 - 0.01, (0.4, 0.6)),
    "two close roots": (lambda x: (x - 0.512345) ** 2 - 1e-8, (0.512245, 0.512445)),
    "double root": (lambda x: (x - 0.512345) ** 2, (0.512345,)),
    "kink at zero": (lambda x: np.abs(x - 0.3), (0.3,)),
    "cusp at zero": (lambda x: np.sqrt(np.abs(x - 0.3)), (0.3,)),
    "quartic root": (lambda x: (x - 0.7) ** 4, (0.7,)),
    "waves": (
        lambda x: np.sin(20 * x) + 0.5,
        tuple((math.pi * k + (-1) ** k * -math.pi / 6) / 20 for k in range(8)),
    ),
}


@pytest.mark.parametrize("name", EVEN)
def test_bracket_without_a_change_of_sign_hides_no_root(name):
    function, roots = EVEN[name]
    found = bracketed(function, 0.0, 1.0)
    assert found.status != Status.NO_SOLUTION
    if found.good:
        assert min(abs(found["x"] - root) for root in roots) <= found.error


@pytest.mark.parametrize(
    "shape", [np.abs, np.square, lambda d: np.sqrt(np.abs(d)), lambda d: np.abs(d) ** 1.5]
)
@pytest.mark.parametrize("start", [0.7, 0.31, -2.0])
def test_kinks_and_cusps_at_zero_are_roots(shape, start):
    """The modulus of a distance has a root, and lifted by 0.1 it has none."""
    at = newton(lambda x: shape(x - 0.3), [start])
    assert at.status != Status.NO_SOLUTION
    if at.good:
        assert abs(at["x"] - 0.3) <= at.error
    assert not newton(lambda x: shape(x - 0.3) + 0.1, [start]).good
