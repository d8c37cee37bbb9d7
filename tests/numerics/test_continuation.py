"""Folds, crossings, bifurcations and whole branches against closed forms and high-precision references."""

import math

import mpmath
import numpy as np
import pytest
import references
from problem_bank import curie_weiss

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.numerics.branches import follow
from statphys_gen.numerics.continuation import Phase, bifurcation, crossing, fold
from statphys_gen.solution import Status

HOPFIELD = references.document("hopfield_spinodal.json")
# The spacing is not read off from the nodes: their rounding would put an error of 1e-14 into every weight.
NODES = np.linspace(-8.6, 8.6, 501)
WEIGHTS = np.exp(-(NODES**2) / 2) * (17.2 / 500) / math.sqrt(2 * math.pi)


def in_field(m, field, temperature):
    return m - np.tanh((m + field[:, None]) / temperature[:, None])


def in_field_jacobian(m, field, temperature):
    t = temperature[:, None]
    return (1 - (1 - np.tanh((m + field[:, None]) / t) ** 2) / t)[:, :, None]


def spinodal_field(temperature):
    """Closed form: slope (1 - m^2) / T = 1 gives m, and the equation of state the field."""
    t = mpmath.mpf(temperature)
    m = mpmath.sqrt(1 - t)
    return t * mpmath.atanh(m) - m, m


def hopfield(x, load, temperature):
    """Replica-symmetric equations of Amit, Gutfreund and Sompolinsky for (m, q)."""
    m, q = x.T
    noise = np.sqrt(load * q) / (1 - (1 - q) / temperature)
    local = np.tanh((m[:, None] + noise[:, None] * NODES) / temperature[:, None])
    return np.stack([m - local @ WEIGHTS, q - local**2 @ WEIGHTS], axis=-1)


def blume_capel_cosh(x, crystal_field, temperature):
    weight = 2 * np.exp(-crystal_field / temperature)
    return weight * np.sinh(x / temperature), 1 + weight * np.cosh(x / temperature)


@pytest.mark.parametrize(
    "jacobian", [None, "complex-step", in_field_jacobian], ids=["differences", "complex", "given"]
)
def test_spinodal_of_curie_weiss_in_a_field(jacobian):
    temperatures = np.array([0.1, 0.3, 0.5, 0.9, 0.99, 0.9999])
    exact = [spinodal_field(float(t)) for t in temperatures]
    solution = fold(
        in_field,
        np.array([0.9, 0.8, 0.6, 0.4, 0.2, 0.02])[:, None],
        -0.8 * (1 - temperatures) ** 1.5,
        parameters=[temperatures],
        jacobian=jacobian,
        names=["overlap"],
        parameter_name="field",
    )
    assert (solution.status == Status.CONVERGED).all()
    assert (solution.residual < 1e-12).all()
    # Differences cannot know J v better than rounding over their step.
    assert (solution.error < (5e-12 if jacobian is None else 1e-12)).all()
    for k, (field, overlap) in enumerate(exact):
        assert abs(field - solution["field"][k]) <= min(float(solution.error[k]), 1e-15)
        assert abs(overlap - solution["overlap"][k]) <= solution.error[k]


def test_error_of_the_differences_enters_the_error_of_a_fold():
    # At low temperature F varies over a distance that is not long against the step of the differences.
    for temperature in (0.01, 0.005, 0.002):
        field, overlap = spinodal_field(temperature)
        solution = fold(
            in_field,
            [float(overlap) - 1e-5],
            float(field) - 1e-5,
            parameters=[temperature],
            lower=0.0,
            names=["overlap"],
            parameter_name="field",
        )
        assert solution.good
        assert abs(field - solution["field"]) <= solution.error
        assert abs(overlap - solution["overlap"]) <= solution.error
    assert abs(overlap - solution["overlap"]) > 1e-13


def test_folds_that_meet_in_a_cusp_stay_honest():
    temperatures = 1 - 10.0 ** -np.arange(5, 13)
    solution = fold(
        in_field,
        2 * np.sqrt(1 - temperatures)[:, None],
        np.zeros(8),
        parameters=[temperatures],
        jacobian=in_field_jacobian,
        names=["overlap"],
        parameter_name="field",
    )
    assert solution.good[:4].all()
    for k in np.flatnonzero(solution.good):
        field, overlap = spinodal_field(float(temperatures[k]))
        assert abs(field - solution["field"][k]) <= solution.error[k]
        assert min(abs(s * overlap - solution["overlap"][k]) for s in (1, -1)) <= solution.error[k]


@pytest.mark.parametrize("jacobian", [None, "complex-step"])
def test_spinodal_of_the_hopfield_model(jacobian):
    temperatures = np.array([float(t) for t in HOPFIELD])
    solution = fold(
        hopfield,
        [[0.97, 0.98], [0.96, 0.95], [0.88, 0.8], [0.65, 0.45]],
        [0.12, 0.12, 0.05, 0.009],
        parameters=[temperatures],
        jacobian=jacobian,
        lower=0.0,
        upper=1.0,
        names=["overlap", "edwards_anderson_overlap"],
        parameter_name="load",
    )
    assert (solution.status == Status.CONVERGED).all()
    assert (solution.residual < 1e-12).all()
    for k, reference in enumerate(HOPFIELD.values()):
        for name, digits in reference.items():
            assert abs(mpmath.mpf(digits) - mpmath.mpf(float(solution[name][k]))) <= solution.error[k]
        assert abs(float(reference["load"]) - solution["load"][k]) < 1e-14
    assert (solution.error < (1e-10 if jacobian is None else 1e-12)).all()


def test_branch_of_the_hopfield_model_leads_to_its_fold():
    branch = follow(
        lambda x, load: hopfield(x, load, np.full(len(x), 0.2)),
        [0.999, 0.999],
        0.02,
        lower=0.0,
        upper=1.0,
        parameter_scale=0.1,
        parameter_lower=0.01,
        names=["overlap", "edwards_anderson_overlap"],
        parameter_name="load",
        max_points=60,
    )
    (turn,) = branch.turning_points
    solution = fold(
        hopfield, branch.unknowns[turn], branch.parameter[turn], parameters=[0.2], lower=0.0, upper=1.0
    )
    assert solution.status == Status.CONVERGED
    assert abs(float(HOPFIELD["0.2"]["load"]) - solution["parameter"]) < 1e-14
    assert (branch.solution.residual < 1e-12).all()
    assert (branch.solution.error < 1e-12).all()


def test_random_folds_with_exactly_known_places():
    # y_1^2 - 2 a y_1 = parameter turns at y_1 = a; the other unknowns follow; y is an integer mixture of the unknowns.
    rng = np.random.default_rng(11)
    for unknowns in (1, 2, 4):
        mixing = np.eye(unknowns) + np.triu(rng.integers(-1, 2, (unknowns, unknowns)), 1)
        a = rng.integers(-16, 17, 300) / 8

        def residual(x, parameter, a, mixing=mixing):
            y = x @ mixing.T
            first = y[:, 0] ** 2 - 2 * a * y[:, 0] - parameter
            return np.concatenate([first[:, None], y[:, 1:] - y[:, :1] ** 2], axis=1)

        place = np.concatenate([a[:, None], np.repeat(a[:, None] ** 2, unknowns - 1, axis=1)], axis=1)
        exact = np.linalg.solve(mixing, place.T).T
        start = exact + rng.uniform(-0.2, 0.2, exact.shape)
        solution = fold(residual, start, -(a**2) + rng.uniform(-0.2, 0.2, 300), parameters=[a])
        assert solution.good.mean() > 0.9
        found = np.stack(list(solution.value.values()), axis=-1)[solution.good]
        true_error = np.abs(found - np.append(exact, -(a**2)[:, None], axis=1)[solution.good]).max(axis=1)
        assert (true_error <= solution.error[solution.good]).all()
        assert (solution.residual[solution.good] <= 1e-11).all()


def test_both_folds_of_a_cubic():
    solution = fold(
        lambda x, p: x**3 - 3 * x + p[:, None], [[1.3], [-0.7]], [1.0, -1.0], jacobian="complex-step"
    )
    np.testing.assert_allclose(solution["x"], [1, -1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(solution["parameter"], [2, -2], rtol=0, atol=1e-15)


def test_statuses_of_fold():
    no_fold = fold(lambda x, p: x**3 + x - p[:, None], [0.5], 0.5)
    assert not no_fold.good
    assert np.isnan(no_fold["parameter"])
    outside = fold(lambda x, p: x**2 + p[:, None], [0.5], -0.5, parameter_upper=-0.1)
    assert outside.status == Status.LEFT_DOMAIN
    few = fold(lambda x, p: np.cosh(x) - p[:, None], [3.0], 1.2, max_iterations=1)
    assert few.status == Status.NOT_CONVERGED
    # At a pitchfork the system of a fold is singular, and a guess of that kind must not come back as a good number.
    pitchfork = fold(curie_weiss, [0.1], 1.05)
    assert pitchfork.status != Status.CONVERGED


def test_first_order_transition_of_the_potts_model():
    # Mean-field Potts model: K_c = 2 (q - 1) ln(q - 1) / (q - 2), order parameter (q - 2) / (q - 1).
    states = np.array([3.0, 4.0, 5.0, 10.0])

    def residual(s, coupling, q):
        return (np.log1p((q - 1)[:, None] * s) - np.log1p(-s)) - coupling[:, None] * s

    def free_energy(s, coupling, q):
        s = s[:, 0]
        ordered = (1 + (q - 1) * s) / q * np.log1p((q - 1) * s) + (q - 1) / q * (1 - s) * np.log1p(-s)
        return ordered - coupling * (q - 1) / (2 * q) * s**2

    solution = crossing(
        Phase(
            residual, free_energy, np.array([0.6, 0.7, 0.8, 0.9])[:, None], ["order"], lower=0.0, upper=1.0
        ),
        Phase(lambda x, *_: x, lambda x, *_: np.zeros(len(x)), (), ()),
        [2.8, 3.3, 3.7, 4.9],
        parameters=[states],
        parameter_name="coupling",
    )
    assert (solution.status == Status.CONVERGED).all()
    exact_coupling = 2 * (states - 1) / (states - 2) * np.log(states - 1)
    exact_order = (states - 2) / (states - 1)
    assert (np.abs(solution["coupling"] - exact_coupling) <= solution.error).all()
    assert (np.abs(solution["order"] - exact_order) <= solution.error).all()
    assert (solution.residual < 1e-12).all()
    assert (solution.error < 1e-13).all()


def test_first_order_transition_of_the_blume_capel_model():
    temperatures = np.array([0.1, 0.2, 0.3])

    def residual(x, crystal_field, temperature):
        odd, even = blume_capel_cosh(x[:, 0], crystal_field, temperature)
        return (x[:, 0] - odd / even)[:, None]

    def free_energy(x, crystal_field, temperature):
        return x[:, 0] ** 2 / 2 - temperature * np.log(
            blume_capel_cosh(x[:, 0], crystal_field, temperature)[1]
        )

    solution = crossing(
        Phase(residual, free_energy, [[0.999], [0.97], [0.9]], ["overlap"], lower=0.0, upper=1.0),
        Phase(residual, free_energy, [0.0], ["overlap_disordered"], lower=-0.1, upper=0.1),
        [0.5, 0.49, 0.47],
        parameters=[temperatures],
        parameter_name="crystal_field",
    )
    assert (solution.status == Status.CONVERGED).all()
    for k, temperature in enumerate(temperatures):
        with mpmath.workdps(40):
            t = mpmath.mpf(float(temperature))

            def equations(m, d, t=t):
                w = 2 * mpmath.exp(-d / t)
                z = 1 + w * mpmath.cosh(m / t)
                return m - w * mpmath.sinh(m / t) / z, m**2 / 2 - t * mpmath.log(z / (1 + w))

            overlap, field = mpmath.findroot(equations, ([0.999, 0.97, 0.9][k], [0.5, 0.49, 0.47][k]))
            assert overlap > 0.4
            assert abs(field - solution["crystal_field"][k]) <= solution.error[k]
            assert abs(overlap - solution["overlap"][k]) <= solution.error[k]
    assert (np.abs(solution["overlap_disordered"]) <= solution.error).all()
    assert (solution.error < 1e-12).all()


def test_two_phases_that_are_one_do_not_cross():
    def free_energy(m, temperature):
        return m[:, 0] ** 2 / 2 - temperature * np.log(np.cosh(m[:, 0] / temperature))

    solution = crossing(
        Phase(curie_weiss, free_energy, [0.6], ["first"]),
        Phase(curie_weiss, free_energy, [0.61], ["second"]),
        0.9,
    )
    assert solution.status == Status.NOT_CONVERGED
    with pytest.raises(InvalidArgument, match="names"):
        crossing(
            Phase(curie_weiss, free_energy, [0.6], ["m"]), Phase(curie_weiss, free_energy, [0.1], ["m"]), 0.9
        )


@pytest.mark.parametrize("jacobian", [None, "complex-step"])
def test_continuous_transition_of_the_blume_capel_model(jacobian):
    # The disordered phase is marginal at the crystal field -T ln(T / (2 (1 - T))).
    temperatures = np.array([0.4, 0.6, 0.8])

    def residual(x, crystal_field, temperature):
        odd, even = blume_capel_cosh(x, crystal_field[:, None], temperature[:, None])
        return x - odd / even

    solution = bifurcation(
        residual,
        lambda d, t: np.zeros((len(d), 1)),
        -2.0,
        1.0,
        parameters=[temperatures],
        jacobian=jacobian,
        parameter_name="crystal_field",
    )
    assert (solution.status == Status.CONVERGED).all()
    exact = -temperatures * np.log(temperatures / (2 * (1 - temperatures)))
    assert (np.abs(solution["crystal_field"] - exact) <= solution.error).all()
    assert (solution.error < (1e-10 if jacobian is None else 1e-14)).all()


def test_bifurcation_of_several_modes_at_once_and_of_none():
    def independent(x, temperature):
        return x - np.tanh(x / temperature[:, None])

    # Two modes lose their stability together: the determinant does not change its sign, the eigenvalue does.
    both = bifurcation(independent, lambda t: np.zeros((len(t), 2)), 0.5, 2.0)
    assert both.status == Status.CONVERGED
    assert abs(both["parameter"] - 1) <= both.error
    never = bifurcation(independent, lambda t: np.zeros((len(t), 2)), 1.5, 2.0)
    assert never.status == Status.NO_SOLUTION

    def spiral(x, growth):
        return np.stack([x[:, 0] - x[:, 1], x[:, 1] + x[:, 0]], axis=-1) - growth[:, None] * x

    oscillation = bifurcation(spiral, lambda g: np.zeros((len(g), 2)), 0.0, 3.0)
    assert oscillation.status == Status.NO_SOLUTION
    # On a branch that is not trivial: x^2 + p^2 = 1, whose upper half is stable for -1 < p < 1; beyond there is none.
    beyond = bifurcation(
        lambda x, p: x**2 + p[:, None] ** 2 - 1, lambda p: np.sqrt(1 - p**2)[:, None], 0.0, 2.0
    )
    assert not beyond.good


def test_hysteresis_loop_of_curie_weiss():
    branch = follow(
        lambda m, h: in_field(m, h, np.full(len(m), 0.5)),
        [-0.99],
        -1.0,
        parameter_upper=1.0,
        lower=-1.0,
        upper=1.0,
        names=["overlap"],
        parameter_name="field",
    )
    assert branch.end == "parameter bound"
    assert branch.parameter[-1] == 1.0
    m = branch.unknowns[:, 0]
    # m -> h is explicit; its slope turns the error in m into one of h.
    slope = np.abs(0.5 / (1 - m**2) - 1)
    assert (np.abs(branch.parameter - (0.5 * np.arctanh(m) - m)) <= (1 + slope) * branch.solution.error).all()
    assert (branch.solution.error < 1e-13).all()
    spinodal = float(spinodal_field(0.5)[0])
    assert len(branch.turning_points) == 2
    for turn, sign in zip(branch.turning_points, (-1, 1), strict=True):
        np.testing.assert_allclose(branch.parameter[turn], sign * spinodal, rtol=0, atol=0.01)
        assert branch.determinant_sign[turn] * branch.determinant_sign[turn + 1] < 0
    assert len(branch.bifurcations) == 0
    steps = np.linalg.norm(np.diff(np.stack([m, branch.parameter]), axis=1), axis=0)
    assert steps.max() < 0.12


def test_branch_through_a_pitchfork_notes_the_change_of_stability():
    branch = follow(curie_weiss, [0.0], 2.0, direction=-1, parameter_lower=0.3)
    assert branch.end == "parameter bound"
    (index,) = branch.bifurcations
    assert branch.parameter[index] > 1 > branch.parameter[index + 1]
    assert len(branch.turning_points) == 0
    transition = bifurcation(
        curie_weiss, lambda t: np.zeros((len(t), 1)), branch.parameter[index + 1], branch.parameter[index]
    )
    assert abs(transition["parameter"] - 1) <= transition.error < 1e-11


@pytest.mark.parametrize("step", [0.125, 0.1])
def test_branch_point_may_fall_on_a_step(step):
    branch = follow(curie_weiss, [0.0], 2.0, direction=-1, parameter_lower=0.25, step=step, max_step=step)
    assert branch.end == "parameter bound"
    assert (branch.unknowns == 0).all()
    assert (branch.determinant_sign[branch.parameter > 1] == 1).all()
    assert (branch.determinant_sign[branch.parameter < 0.999999] == -1).all()


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-8])
def test_sharp_turn_is_not_taken_for_a_crossing(gap):
    # The two halves of a hyperbola nearly touch: the branch turns by a right angle within sqrt(gap).
    branch = follow(lambda x, p: x**2 - p[:, None] ** 2 - gap, [1.0], -1.0, parameter_upper=1.0)
    assert branch.end == "parameter bound"
    assert (branch.unknowns > 0).all()
    np.testing.assert_allclose(branch.unknowns[-1, 0], math.sqrt(1 + gap), rtol=0, atol=1e-15)


def test_ends_of_branches():
    cubic = follow(lambda x, p: x - p[:, None] ** 3, [0.0], 0.0, max_points=5)
    assert (cubic.end, len(cubic.parameter)) == ("points", 5)
    bound = follow(lambda x, p: x - p[:, None], [0.0], 0.0, upper=0.5)
    assert bound.end == "bound of the unknowns"
    assert 0.49 < bound.unknowns[-1, 0] < 0.5
    edge = follow(
        lambda x, p: np.sqrt(np.maximum(x, -1) + 0 * p[:, None]) - 1 + p[:, None], [0.5], 0.3, direction=1
    )
    assert edge.end == "step size"
    with pytest.raises(NotConverged, match="start"):
        follow(lambda x, p: x**2 + 1 + p[:, None], [0.5], 0.0)


def test_circle_is_followed_all_the_way_round():
    branch = follow(lambda x, p: x**2 + p[:, None] ** 2 - 1, [1.0], 0.0, max_points=75, max_step=0.1)
    assert len(branch.turning_points) >= 2
    np.testing.assert_allclose(branch.unknowns[:, 0] ** 2 + branch.parameter**2, 1, rtol=0, atol=1e-14)
    assert branch.unknowns.min() < -0.99


def test_quadrature_error_enters_the_error_of_folds_and_branches():
    plain = fold(in_field, [0.6], -0.1, parameters=[0.5], jacobian=in_field_jacobian)
    told = fold(in_field, [0.6], -0.1, parameters=[0.5], jacobian=in_field_jacobian, residual_error=1e-11)
    assert plain.error < 1e-14
    assert 1e-11 < told.error < 1e-10
    for extra in (1e-10, lambda x, h: np.full_like(x, 1e-10)):
        branch = follow(
            lambda m, h: in_field(m, h, np.full(len(m), 0.5)),
            [0.99],
            1.0,
            direction=-1,
            max_points=3,
            residual_error=extra,
        )
        assert (branch.solution.error > 5e-11).all()


# A point at which J is singular that is no fold: F(x, p), a start, and a parameter near it.
NO_FOLDS = {
    "inflection": (lambda x, p: p[:, None] - x**3, [0.5], 0.1),
    "inflection, from itself": (lambda x, p: p[:, None] - x**3, [0.0], 0.0),
    "flat inflection": (lambda x, p: p[:, None] - 1 - (x - 2) ** 5, [2.5], 1.1),
    "steep inflection": (lambda x, p: 1e6 * p[:, None] - (x + 1) ** 3, [-0.5], 1e-7),
    "pitchfork": (lambda x, p: p[:, None] * x - x**3, [0.1], 0.1),
    "transcritical": (lambda x, p: p[:, None] * x - x**2, [0.1], 0.1),
    "isolated point": (lambda x, p: x**2 + p[:, None] ** 2, [0.5], 0.1),
    "every x at one parameter": (lambda x, p: p[:, None] + 0 * x, [0.5], 0.1),
    "branches that cross": (lambda x, p: x**2 - p[:, None] ** 2, [0.2], 0.1),
    "saturation": (lambda x, p: p[:, None] - np.tanh(x), [3.0], 0.99),
    "inflection of two unknowns": (
        lambda x, p: np.stack([x[:, 0] + x[:, 1] - p, x[:, 1] - x[:, 0] ** 3 + x[:, 0]], axis=1),
        [0.3, 0.2],
        0.1,
    ),
}


@pytest.mark.parametrize("jacobian", [None, "complex-step"])
@pytest.mark.parametrize("name", NO_FOLDS)
def test_singular_points_without_a_turn_are_no_folds(name, jacobian):
    residual, start, parameter = NO_FOLDS[name]
    assert not fold(residual, start, parameter, jacobian=jacobian).good


@pytest.mark.parametrize("power", range(2, 7))
@pytest.mark.parametrize("jacobian", [None, "complex-step"])
def test_parameter_turns_at_even_powers_only(power, jacobian):
    """p = (x - 1/3)^power: under a good status for even powers alone, and then within the error."""
    found = fold(lambda x, p: p[:, None] - (x - 1 / 3) ** power, [0.5], 0.02, jacobian=jacobian)
    assert found.good or power > 2
    if found.good:
        assert power % 2 == 0
        assert abs(found["x"] - 1 / 3) <= found.error


@pytest.mark.parametrize("gap", [1e-1, 1e-2, 1e-3, 1e-4])
def test_folds_near_their_cusp_are_told_from_inflections(gap):
    """p = x^3 - 3 gap^2 x turns at -gap, with p = 2 gap^3, and -p = x^3 + 3 gap^2 x nowhere."""
    given = {"jacobian": "complex-step", "accuracy": 1e-6}
    found = fold(lambda x, p: x**3 - 3 * gap**2 * x - p[:, None], [-1.5 * gap], 2 * gap**3, **given)
    assert found.good
    assert abs(found["x"] + gap) <= found.error
    assert abs(found["parameter"] - 2 * gap**3) <= found.error
    assert not fold(lambda x, p: x**3 + 3 * gap**2 * x - p[:, None], [-1.5 * gap], 0.0, **given).good


def test_values_that_touch_do_not_cross():
    def touching(power, shift=0.0):
        return crossing(
            Phase(lambda x, p: x - p[:, None], lambda x, p: (x[:, 0] - 1) ** power - shift, [0.3], ["first"]),
            Phase(lambda x, p: x, lambda x, p: 0 * p, [0.0], ["second"]),
            1.3,
        )

    assert not touching(2).good
    assert not touching(4).good
    for power, shift, exact in ((1, 0.0, 1.0), (3, 0.0, 1.0), (2, 1e-8, 1.0001)):
        found = touching(power, shift)
        assert found.good
        assert min(abs(found["parameter"] - place) for place in (exact, 2 - exact)) <= found.error


# F(x, p), a start, and how often the parameter turns on the way round.
CLOSED = {
    "circle": (lambda x, p: x**2 + p[:, None] ** 2 - 1, [1.0], 0.0, 2),
    "circle, from beside its fold": (lambda x, p: x**2 + p[:, None] ** 2 - 1, [0.1], math.sqrt(0.99), 2),
    "small circle": (lambda x, p: x**2 + p[:, None] ** 2 - 1e-4, [0.01], 0.0, 2),
    "square with round corners": (lambda x, p: x**4 + p[:, None] ** 4 - 1, [1.0], 0.2, 2),
    "ellipse": (lambda x, p: x**2 + 9 * (p[:, None] - 2) ** 2 - 1, [1.0], 2.0, 2),
    "lemniscate": (lambda x, p: (x**2 + p[:, None] ** 2) ** 2 - 2 * (x**2 - p[:, None] ** 2), [1.3], 0.3, 4),
    "kidney": (lambda x, p: (p[:, None] - x**2) ** 2 + x**2 / 2 - 0.25, [0.67], 0.3, 4),
    "loop of two unknowns": (
        lambda x, p: np.stack([x[:, 0] ** 2 + p**2 - 1, x[:, 1] - x[:, 0] * p], axis=1),
        [1.0, 0.0],
        0.0,
        2,
    ),
}


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("name", CLOSED)
def test_closed_branches_end_where_they_began(name, direction):
    residual, start, parameter, turns = CLOSED[name]
    branch = follow(residual, start, parameter, direction=direction, max_step=0.05, step=0.005)
    assert branch.end == "closed"
    assert (branch.unknowns[0] == branch.unknowns[-1]).all()
    assert branch.parameter[0] == branch.parameter[-1]
    assert len(branch.turning_points) == turns


def test_branches_that_pass_close_by_are_not_closed():
    """A spiral, whose windings lie 0.06 apart, and a wave that returns to where it began in all but the parameter."""

    def spiral(x, p):
        radius, angle = np.hypot(x[:, 0], p), np.arctan2(x[:, 0], p)
        return np.sin(0.5 * (angle - 100 * radius))[:, None]

    branch = follow(spiral, [0.0], 2 * math.pi / 100 * 8, max_step=0.02, step=0.01, max_points=400)
    assert branch.end != "closed"
    waves = follow(lambda x, p: x - np.sin(3 * p[:, None]), [0.0], 0.0, max_points=200)
    assert waves.end == "points"
