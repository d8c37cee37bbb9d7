r"""A denoising autoencoder with few samples while classes are decided: what it learns, and the weight it generates.

f(x) = c x + u tanh(w.x/sqrt(d) + b) on x = A z + (kappa t/sqrt(d)) a with fresh noise at every step, d -> infinity, A
-> 1.
With w = om m + (v_+/sqrt(n_+)) sum_+ g + (v_-/sqrt(n_-)) sum_- g (up to 1/sqrt(d)), r = |w|^2,
y_+- = b + kt (+-om + sigma v_+-/sqrt(n_+-)), f = E tanh(y + sqrt(r) zeta) and f2 = E tanh^2, the loss per dimension is

    n (1 + sigma^2) - [(n_+ f_+ - n_- f_-)^2 + sigma^2 (n_+ f_+^2 + n_- f_-^2)]/D + lam_w r,   D = lam_u + n_+ f2_+ +
    n_- f2_-,

and u = (1/D) sum_mu a^mu f_mu. The four order parameters minimise it, with om > 0. Where the input ridge outweighs what
the classes tell (small times), the loss has no minimum: it falls for ever as b grows, towards a unit that is always on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import InvalidArgument, NotConverged
from ...numerics.sobol import scrambled_sobol
from ...presentation import Scalars
from ...solution import Status
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import Autoencoder

_SOURCE = "derivations/schedules/autoencoder.py"
_NODES = 461
_ZETA = np.linspace(-9.0, 9.0, _NODES)
_BELL = np.exp(-0.5 * _ZETA**2) / np.exp(-0.5 * _ZETA**2).sum()
_WIDEST = 36.0  # r up to which the nodes resolve tanh(sqrt(r) zeta) to 1e-13
_TOLERANCE = 1e-9
_SMALLEST_TIME = 1e-3
_SCRAMBLES, _POINTS, _HALVINGS, _REACH = 16, 256, 50, 9.0


@dataclass(frozen=True, repr=False)
class LearnedSpeciation(Scalars):
    """The minimum of the loss.

    Attributes
    ----------
    input_overlap : om, of w with m.
    input_data_overlap_positive, input_data_overlap_negative : v_+ and v_-, of w with sum g/sqrt(n) of each class.
    bias : b.
    output_overlap : mo, of u with m.
    output_norm_squared, input_norm_squared : |u|^2/d, and |w|^2/d, r.
    loss : per dimension, both ridges included.
    scaled_skip : c sqrt(d).
    status, residual, error : residual is the largest derivative of the loss, error that of the order parameters.
    """

    input_overlap: float
    input_data_overlap_positive: float
    input_data_overlap_negative: float
    bias: float
    output_overlap: float
    output_norm_squared: float
    input_norm_squared: float
    loss: float
    scaled_skip: float
    status: str
    residual: float
    error: float


def _averages(y: float, r: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """E tanh and E tanh^2 at y + sqrt(r) zeta, with their derivatives in y and in r."""
    t = np.tanh(y + math.sqrt(r) * _ZETA)
    s = 1.0 - t * t
    values = np.array([_BELL @ t, _BELL @ (t * t)])
    by_y = np.array([_BELL @ s, 2.0 * (_BELL @ (t * s))])
    by_r = np.array([-(_BELL @ (t * s)), _BELL @ (s * (1.0 - 3.0 * t * t))])
    return values, by_y, by_r


class _Loss:
    """The loss per dimension over (om, v_+, v_-, b)."""

    def __init__(self, model: Autoencoder, time: float) -> None:
        self.plus, self.minus = model.samples
        self.variance, self.sigma = model.variance, math.sqrt(model.variance)
        self.output, self.input = model.output_ridge, model.input_ridge
        self.time = time

    def parts(
        self, x: FloatArray
    ) -> tuple[list[float], FloatArray, list[tuple[FloatArray, FloatArray, FloatArray]]]:
        om, v_plus, v_minus, b = x
        k, sigma = self.time, self.sigma
        y = [
            b + k * (om + sigma * v_plus / math.sqrt(self.plus)),
            b + k * (-om + sigma * v_minus / math.sqrt(self.minus)),
        ]
        r = om * om + v_plus * v_plus + v_minus * v_minus
        return y, np.array(r), [_averages(value, r) for value in y]

    def __call__(self, x: FloatArray) -> tuple[float, FloatArray]:
        """The loss, up to its constant, and its gradient."""
        n, m, var = self.plus, self.minus, self.variance
        _, r, (plus, minus) = self.parts(x)
        f, f2 = (plus[0][0], minus[0][0]), (plus[0][1], minus[0][1])
        lead = n * f[0] - m * f[1]
        top = lead**2 + var * (n * f[0] ** 2 + m * f[1] ** 2)
        bottom = self.output + n * f2[0] + m * f2[1]
        by_f = np.array([2.0 * n * (lead + var * f[0]), 2.0 * m * (-lead + var * f[1])]) / -bottom
        by_f2 = np.array([n, m]) * top / bottom**2
        by_y = [by_f[j] * part[1][0] + by_f2[j] * part[1][1] for j, part in enumerate((plus, minus))]
        by_r = self.input + sum(
            by_f[j] * part[2][0] + by_f2[j] * part[2][1] for j, part in enumerate((plus, minus))
        )
        k, sigma = self.time, self.sigma
        gradient = np.array(
            [
                k * (by_y[0] - by_y[1]) + 2.0 * by_r * x[0],
                k * sigma / math.sqrt(n) * by_y[0] + 2.0 * by_r * x[1],
                k * sigma / math.sqrt(m) * by_y[1] + 2.0 * by_r * x[2],
                by_y[0] + by_y[1],
            ]
        )
        return float(-top / bottom + self.input * r), gradient

    def hessian(self, x: FloatArray) -> FloatArray:
        """By central differences of the gradient."""
        step = 1e-5 * np.maximum(1.0, np.abs(x))
        rows = []
        for j in range(4):
            move = np.zeros(4)
            move[j] = step[j]
            rows.append((self(x + move)[1] - self(x - move)[1]) / (2.0 * step[j]))
        found = np.array(rows)
        return 0.5 * (found + found.T)


@states(
    "exact as N -> infinity",
    "with fresh noise at every step",
    source=_SOURCE,
    verification="derived and simulated",
)
def autoencoder_speciation(model: Autoencoder, dilated_time: float) -> LearnedSpeciation:
    """What the autoencoder learns at the dilated time kappa t.

    Parameters
    ----------
    model : samples of both classes, variance, and both ridges above 0.
    dilated_time : kappa t above 0, sqrt(d) times the scale of the data.

    Raises
    ------
    InvalidArgument : a class without samples, a ridge of the input that is 0, or noises that are not fresh.
    """
    time = validation.positive("dilated_time", dilated_time)
    loss = _checked(model, time)
    return _described(model, loss, _best(loss, _starts(model, time)))


def _checked(model: Autoencoder, time: float) -> _Loss:
    for name, count in zip(("positive_samples", "negative_samples"), model.samples, strict=True):
        validation.integer(name, count, minimum=1)
    validation.positive("input_ridge", model.input_ridge)
    if model.noise_draws is not None:
        raise InvalidArgument("noise_draws", model.noise_draws, "None: fresh noise at every step")
    return _Loss(model, time)


def _starts(model: Autoencoder, time: float) -> list[FloatArray]:
    h = 0.5 * math.log(model.samples[0] / model.samples[1])
    size = min(max(time, 0.3), 3.0)
    return [
        np.array([size, 0.1, -0.1, h]),
        np.array([0.3 * size, 0.3, -0.3, 2.0 * h]),
        np.array([1.0, 0.5, -0.7, 0.0]),
    ]


def _best(loss: _Loss, starts: list[FloatArray]) -> FloatArray:
    """The lowest of the points that descents from several starts lead to."""
    return min((_minimum(loss, start) for start in starts), key=lambda found: found[1])[0]


def _always_on(model: Autoencoder) -> float:
    """The loss, up to its constant, as b -> infinity with w = 0."""
    n, m = model.samples
    return -((n - m) ** 2 + model.variance * (n + m)) / (model.output_ridge + n + m)


def _minimum(loss: _Loss, start: FloatArray) -> tuple[FloatArray, float]:
    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
    x = found.x
    for _ in range(8):
        gradient = loss(x)[1]
        try:
            step = np.linalg.solve(loss.hessian(x), gradient)
        except np.linalg.LinAlgError:
            break
        after = x - step
        if not np.linalg.norm(loss(after)[1]) < np.linalg.norm(gradient):
            break
        x = after
    if x[0] < 0.0:
        x = -x
    return x, loss(x)[0]


def _described(model: Autoencoder, loss: _Loss, x: FloatArray) -> LearnedSpeciation:
    value, gradient = loss(x)
    hessian = loss.hessian(x)
    residual, least = float(np.abs(gradient).max()), float(np.linalg.eigvalsh(hessian)[0])
    scale = model.points * (1.0 + model.variance)
    resolved = float(x[:3] @ x[:3]) < _WIDEST
    unbounded = value > _always_on(model) - 1e-10 * scale
    good = residual < _TOLERANCE * scale and least > 0.0 and resolved and not unbounded
    n, m = model.samples
    var, sigma = model.variance, math.sqrt(model.variance)
    _, r, (plus, minus) = loss.parts(x)
    f, f2, slope = (plus[0][0], minus[0][0]), (plus[0][1], minus[0][1]), (plus[1][0], minus[1][0])
    bottom = model.output_ridge + n * f2[0] + m * f2[1]
    lead = n * f[0] - m * f[1]
    overlap = lead / bottom
    norm = (lead**2 + var * (n * f[0] ** 2 + m * f[1] ** 2)) / bottom**2
    both = overlap * x[0] + sigma * (f[0] * math.sqrt(n) * x[1] + f[1] * math.sqrt(m) * x[2]) / bottom
    gain = n * (1.0 + var - (overlap + var * f[0] / bottom) * f[0])
    gain += m * (1.0 + var - (-overlap + var * f[1] / bottom) * f[1])
    skip = (loss.time * gain - both * (n * slope[0] + m * slope[1])) / model.points
    numbers = [float(entry) for entry in (*x, overlap, norm, r, value + scale, skip)]
    if not good:
        numbers = [math.nan] * len(numbers)
    om, v_plus, v_minus, b, mo, outer, inner, total, c = numbers
    error = (residual + 1e-14 * scale) / least if good else math.nan
    status = Status.CONVERGED if good else Status.NO_SOLUTION if unbounded else Status.NOT_CONVERGED
    return LearnedSpeciation(
        om, v_plus, v_minus, b, mo, outer, inner, total, c, str(status), residual, float(error)
    )


@states(
    "exact as N -> infinity",
    "with fresh noise, trained anew at every step",
    source=_SOURCE,
    verification="derived and simulated",
)
def autoencoder_weight(model: Autoencoder, dilation: float, steps: int, *, seed: int = 0) -> Estimate:
    """Share of the samples that networks trained along the first half of a dilated schedule send to the class of +m.

    The overlaps R, S_+, S_- of x with m and with sum g/sqrt(n) of either class begin as independent N(0, 1) and move
    along
    the output of the network of time j/K1, j < K1; where the loss has no minimum that is the data mean. The sign of
    the input of the network of time 1 is the class.

    Parameters
    ----------
    model : as in :func:`autoencoder_speciation`.
    dilation : kappa, above 0.
    steps : K1, from 1 to 2000, of the first half.
    seed : of the points over which two of three Gaussian starts are averaged; the third is integrated.

    Raises
    ------
    InvalidArgument : as in :func:`autoencoder_speciation`.
    NotConverged : a network whose minimum was not found, or that tells no classes at the end.
    """
    kappa = validation.positive("dilation", dilation)
    count = validation.integer("steps", steps, minimum=1, maximum=2000)
    n, m = model.samples
    sigma = math.sqrt(model.variance)
    inputs, outputs, biases = np.zeros((count + 1, 3)), np.empty((count, 3)), np.full(count + 1, math.inf)
    found: FloatArray | None = None
    for j in range(count + 1):
        loss = _checked(model, max(kappa * j / count, _SMALLEST_TIME))
        starts = (
            _starts(model, loss.time)
            if found is None or j == count
            else [found, _starts(model, loss.time)[0]]
        )
        x = _best(loss, starts)
        network = _described(model, loss, x)
        if network.status == str(Status.CONVERGED):
            found, inputs[j], biases[j] = x, x[:3], x[3]
            _, _, (plus, minus) = loss.parts(x)
            values, bottom = (plus[0][0], minus[0][0]), model.output_ridge + n * plus[0][1] + m * minus[0][1]
        elif network.status == str(Status.NO_SOLUTION) and j < count:
            values, bottom = (1.0, 1.0), model.output_ridge + n + m
        else:
            raise NotConverged(f"the network at dilated time {loss.time:g}: {network.status}")
        if j < count:
            lead = n * values[0] - m * values[1]
            shares = [sigma * math.sqrt(n) * values[0], sigma * math.sqrt(m) * values[1]]
            outputs[j] = kappa / (count * bottom) * np.array([lead, *shares])
    frame = np.linalg.qr(np.column_stack([inputs[-1], np.eye(3)]))[0]
    frame[:, 0] *= np.sign(frame[:, 0] @ inputs[-1])
    feedback = inputs @ outputs.T

    def end(z: FloatArray) -> FloatArray:
        """Input of the last network, from starts (n, 3)."""
        fields = z @ (inputs @ frame).T + biases
        bent = np.empty((len(z), count))
        for j in range(count):
            bent[:, j] = np.tanh(fields[:, j] + bent[:, :j] @ feedback[j, :j])
        return np.asarray(fields[:, count] + bent @ feedback[count])

    key = {"purpose": "weight of trained networks", "model": model, "dilation": kappa, "steps": count}
    found_shares = []
    for replica in range(_SCRAMBLES):
        others = ndtri(scrambled_sobol(_POINTS, 2, generator(seed, key, replica))).T
        lower, upper = np.full(_POINTS, -_REACH), np.full(_POINTS, _REACH)
        for _ in range(_HALVINGS):
            middle = 0.5 * (lower + upper)
            above = end(np.column_stack([middle, others])) > 0.0
            lower, upper = np.where(above, lower, middle), np.where(above, middle, upper)
        found_shares.append(float(ndtr(-0.5 * (lower + upper)).mean()))
    return Estimate.from_samples(found_shares)
