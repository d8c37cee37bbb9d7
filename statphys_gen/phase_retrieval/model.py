r"""What is studied: losses of phaseless measurements, and phase retrieval with one of them. Definitions only.

Gaussian sensing vectors x_i ~ N(0, I_N), i = 1 ... M = samples_per_dimension N; a signal w* and a student w with
|w|^2 = |w*|^2 = N. With the pre-activations y_i = x_i.w/sqrt(N) and the labels t_i = x_i.w*/sqrt(N),

    L(w) = sum_i l(y_i, t_i)                       (extensive; energies are L/N)
    gradient = X^T F / sqrt(N),     F = dl/dy       (``slope``)
    mu = (1/N) sum_i F_i y_i                        (Lagrange multiplier of the sphere)
    H  = (1/N) X^T diag(g) X - mu I,  g = d2l/dy2   (``curvature``), projected orthogonally to w

A loss is even in y and in t: neither sign is known. Multiplying it by a prefactor c multiplies energies, eigenvalues
and gradients by c and changes no threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, cast

import numpy as np

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..formula import formula as real_formula
from ..formula import parse
from .loss_checks import PointFunction, function_values, infimum, lowest_seen, refuse_jumps, typical_size

LOSSES = ("normalised", "intensity", "amplitude")

# Places at which a user's functions are compared with one another; generic, of both signs.
_PROBES = np.array([-2.31, -1.17, -0.43, 0.29, 0.83, 1.61, 2.97])


@dataclass(frozen=True, eq=False)
class Loss:
    """The loss l(y, t) of one measurement, with its first two derivatives in y.

    Parameters
    ----------
    value, slope, curvature : l, dl/dy and d2l/dy2; each maps two arrays of one shape to an array of that shape. Even
        in t; l even in y; slopes continuous in y; curvatures smooth apart from ``breakpoints`` in y and
        ``label_breakpoints`` in t.
    name : how it is shown.
    lower_bound : infimum of the curvature over all y and t, which makes the hard edge of spectra; -inf if there is
        none. Looked for when it is not given: on a mesh of 0.02 (of 1.6 ``scale`` if that is shorter) up to 8, and in
        every decade up to 1e6.
    scale : shortest length in y and t over which the loss varies; sets the first panels of quadratures, and how close
        the plane is looked at. What is narrower than it in both directions is not seen, nor is what is narrower than
        0.0025, unless its place is at y = 0 or t = 0, or among ``breakpoints`` and ``label_breakpoints``.
    label_breakpoints : positive t where the loss is not smooth in t.
    breakpoints : |y| where the curvature jumps.
    offset : the constant a of a named loss, None for others.
    prefactor : recorded for named losses (it is contained in the functions).

    Named ones come from :meth:`normalised`, :meth:`intensity`, :meth:`amplitude` or :meth:`named`; a formula in y
    and t from :meth:`from_expression`.

    Raises
    ------
    InvalidArgument : a function that is not finite, not even, or not the derivative of the one before it; a value or
        slope that jumps in y; a jump of the curvature that is not declared; a ``lower_bound`` above a value that the
        curvature takes.
    """

    value: PointFunction
    slope: PointFunction
    curvature: PointFunction
    name: str = "user"
    lower_bound: float | None = None
    scale: float = 1.0
    label_breakpoints: tuple[float, ...] = ()
    offset: float | None = None
    prefactor: float = 1.0
    breakpoints: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InvalidArgument("name", self.name, "a non-empty string")
        for function in ("value", "slope", "curvature"):
            if not callable(getattr(self, function)):
                raise InvalidArgument(function, getattr(self, function), "a function of two arrays y and t")
        object.__setattr__(self, "scale", validation.positive("scale", self.scale))
        object.__setattr__(self, "prefactor", validation.positive("prefactor", self.prefactor))
        labels = validation.array(
            "label_breakpoints",
            np.asarray(self.label_breakpoints, dtype=float),
            ndim=1,
            above=0.0,
            empty=True,
        )
        object.__setattr__(self, "label_breakpoints", tuple(sorted(set(labels.tolist()))))
        places = np.asarray(self.breakpoints, dtype=float)
        places = validation.array("breakpoints", places, ndim=1, at_least=0.0, empty=True)
        object.__setattr__(self, "breakpoints", tuple(sorted(set(places.tolist()))))
        self._check_symmetry()
        if not _is_named(self.value):
            functions = {"value": self.value, "slope": self.slope, "curvature": self.curvature}
            refuse_jumps(functions, self.name, self.breakpoints, self.label_breakpoints)
        self._check_derivatives()
        if self.lower_bound is None:
            object.__setattr__(self, "lower_bound", infimum(self.curvature, self.scale_elsewhere))
            return
        bound = self.lower_bound
        if bound != -math.inf:
            bound = validation.finite("lower_bound", bound, "a finite number, or -inf")
            found = lowest_seen(self.curvature, self.scale_elsewhere)
            if found < bound - 1e-9 * max(typical_size(self.curvature), abs(bound)):
                raise InvalidArgument(
                    "lower_bound", bound, f"at most the curvature, which reaches {found:.9g}"
                )
        object.__setattr__(self, "lower_bound", float(bound))

    def meaning(self) -> dict[str, Any]:
        """What defines it: the functions, the named ones by their names in words, and what bounds and scales them."""
        value = _in_words(self.value)
        functions = {"value": value}
        if value is self.value:
            functions |= {"slope": self.slope, "curvature": self.curvature}
        return (
            functions
            | {
                "lower_bound": self.lower_bound,
                "scale": self.scale,
                "label_breakpoints": self.label_breakpoints,
            }
            | ({"breakpoints": self.breakpoints} if self.breakpoints else {})
        )

    def __repr__(self) -> str:
        text = _written(self.value, self)
        if text is not None:
            return text
        functions = ", ".join(repr(f) for f in (self.value, self.slope, self.curvature))
        return f"Loss({functions}, name={self.name!r}, lower_bound={_number(self.curvature_bound)}, ...)"

    def _repr_latex_(self) -> str:
        return rf"$\ell(y,t)={self.law_in_latex()}$"

    def law_in_latex(self) -> str:
        """l(y, t) as LaTeX, without dollars."""
        return _in_latex(self.value) or rf"\text{{{self.name}}}"

    @property
    def scale_elsewhere(self) -> float:
        """Shortest length away from y = 0 and t = 0: the scale, or 1 for named losses, which are smooth there."""
        return self.scale if self.offset is None else 1.0

    @property
    def curvature_bound(self) -> float:
        """The lower bound of the curvature as a number: finite, or -inf."""
        assert self.lower_bound is not None
        return self.lower_bound

    def _probes(self) -> tuple[FloatArray, FloatArray]:
        y, t = (grid.ravel() for grid in np.meshgrid(_PROBES, _PROBES))
        keep = ~np.isin(np.abs(t), self.label_breakpoints) & ~np.isin(np.abs(y), self.breakpoints)
        return y[keep], t[keep]

    def _check_symmetry(self) -> None:
        y, t = self._probes()
        functions = {"value": self.value, "slope": self.slope, "curvature": self.curvature}
        there = {name: function_values(name, function, y, t) for name, function in functions.items()}
        for name, function in functions.items():
            sign = -1.0 if name == "slope" else 1.0
            size = np.abs(there[name]) + np.abs(there[name]).mean() + 1e-300
            mirrored = np.abs(sign * function_values(name, function, -y, t) - there[name])
            if (mirrored > 1e-10 * size).any():
                raise InvalidArgument(
                    name, self.name, f"{'odd' if sign < 0 else 'even'} in y: the sign is not measured"
                )
            if (np.abs(function_values(name, function, y, -t) - there[name]) > 1e-10 * size).any():
                raise InvalidArgument(name, self.name, "even in t: the sign is not measured")

    def _check_derivatives(self) -> None:
        y, t = self._probes()
        step = 1e-5
        functions = {"value": self.value, "slope": self.slope, "curvature": self.curvature}
        there = {name: function_values(name, function, y, t) for name, function in functions.items()}
        for lower, upper in (("value", "slope"), ("slope", "curvature")):
            function = functions[lower]
            # Fourth order; the allowance covers rounding and the third derivative of smooth functions at scale 0.01.
            numerical = (
                8 * (function(y + step, t) - function(y - step, t))
                - (function(y + 2 * step, t) - function(y - 2 * step, t))
            ) / (12 * step)
            size = np.abs(there[upper]).mean() + np.abs(there[upper]) + np.abs(there[lower])
            if (np.abs(numerical - there[upper]) > 1e-5 * size + 1e-12).any():
                raise InvalidArgument(upper, self.name, f"the derivative of {lower} in y")

    @classmethod
    def normalised(cls, offset: float = 1.0, prefactor: float = 1.0) -> Loss:
        """prefactor (y^2 - t^2)^2 / (2 (offset + t^2)); curvature at least -2 prefactor.

        offset 0 is the limit a -> 0; offset inf is offset times the loss as offset -> infinity, the intensity loss.
        """
        if offset == math.inf:
            return cls.intensity(prefactor)
        a = validation.non_negative("offset", offset)
        c = validation.positive("prefactor", prefactor)
        return cls(
            partial(_normalised_value, a, c),
            partial(_normalised_slope, a, c),
            partial(_normalised_curvature, a, c),
            name="normalised",
            lower_bound=-2.0 * c,
            scale=min(1.0, math.sqrt(a)) if a > 0.0 else 1e-4,
            offset=a,
            prefactor=c,
        )

    @classmethod
    def intensity(cls, prefactor: float = 1.0) -> Loss:
        """prefactor (y^2 - t^2)^2 / 2; its curvature 6 y^2 - 2 t^2 has no lower bound."""
        c = validation.positive("prefactor", prefactor)
        return cls(
            partial(_intensity_value, c),
            partial(_intensity_slope, c),
            partial(_intensity_curvature, c),
            name="intensity",
            lower_bound=-math.inf,
            offset=math.inf,
            prefactor=c,
        )

    @classmethod
    def amplitude(cls, offset: float = 1.0, prefactor: float = 1.0) -> Loss:
        """prefactor (sqrt(offset + y^2) - sqrt(offset + t^2))^2 / 2, offset above 0.

        It is (|y| - |t|)^2 / 2 with the kink at y = 0 rounded off, over a distance sqrt(offset). Its curvature
        1 - offset sqrt(offset + t^2) / (offset + y^2)^(3/2) has no lower bound.
        """
        a = validation.positive("offset", offset)
        c = validation.positive("prefactor", prefactor)
        return cls(
            partial(_amplitude_value, a, c),
            partial(_amplitude_slope, a, c),
            partial(_amplitude_curvature, a, c),
            name="amplitude",
            lower_bound=-math.inf,
            scale=min(1.0, math.sqrt(a)),
            offset=a,
            prefactor=c,
        )

    @classmethod
    def named(cls, name: str, offset: float = 1.0, prefactor: float = 1.0) -> Loss:
        """normalised, intensity (which has no offset) or amplitude."""
        validation.choice("loss", name, LOSSES)
        if name == "intensity":
            return cls.intensity(prefactor)
        return cls.normalised(offset, prefactor) if name == "normalised" else cls.amplitude(offset, prefactor)

    @classmethod
    def from_expression(
        cls,
        expression: Any,
        name: str = "user",
        *,
        lower_bound: float | None = None,
        scale: float = 1.0,
        breakpoints: tuple[float, ...] = (),
        label_breakpoints: tuple[float, ...] = (),
    ) -> Loss:
        """A formula in y and t, as text or as a sympy expression, differentiated symbolically.

        A text is parsed, never run; what may stand in it says :mod:`statphys_gen.formula`.

        Example: ``Loss.from_expression("(y**2 - t**2)**2 / (2*(1 + t**2))")``.
        """
        import sympy

        y = sympy.Symbol("y", real=True)
        formula = real_formula("expression", expression, ("y", "t"))
        # A delta function stands where a lower derivative jumps, which is refused or declared below.
        derivatives = [
            sympy.diff(formula, y, k).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0)) for k in range(3)
        ]
        functions = [_Derivative(derivative) for derivative in derivatives]
        value, slope, curvature = (partial(_of_formula, str(formula), function) for function in functions)
        return cls(
            value,
            slope,
            curvature,
            name,
            lower_bound,
            scale,
            label_breakpoints,
            breakpoints=breakpoints,
        )

    def truncated(self, largest_label: float) -> Loss:
        """The same loss for measurements with |t| <= largest_label, and 0 for the others, which are left out.

        Its curvature is bounded below where that of the loss is at every fixed t.
        """
        cut = validation.positive("largest_label", largest_label)
        value, slope, curvature = (
            partial(_cut, function, cut) for function in (self.value, self.slope, self.curvature)
        )
        # The loss may be unbounded over the plane and bounded on the strip.
        return replace(
            self,
            value=value,
            slope=slope,
            curvature=curvature,
            name=f"{self.name}, |t| <= {cut:g}",
            lower_bound=None,
            label_breakpoints=(*(p for p in self.label_breakpoints if p < cut), cut),
        )


@dataclass(frozen=True)
class _Derivative:
    """A formula in y and t as a function of two arrays; it is compiled where it is first called, so it can be sent."""

    formula: Any

    def __call__(self, y: FloatArray, t: FloatArray) -> FloatArray:
        return np.asarray(_compiled(self.formula)(y, t))


@lru_cache(maxsize=256)
def _compiled(formula: Any) -> Callable[..., Any]:
    import sympy

    return cast(Callable[..., Any], sympy.lambdify(sympy.symbols("y t", real=True), formula, "numpy"))


def _of_formula(formula: str, function: Callable[..., Any], y: FloatArray, t: FloatArray) -> FloatArray:
    """A formula, its text its meaning, or a derivative of it; a constant one still has the shape of its arguments."""
    return np.asarray(function(y, t) + np.zeros(np.broadcast_shapes(np.shape(y), np.shape(t))))


def _cut(function: PointFunction, largest_label: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.where(np.abs(t) <= largest_label, function(y, t), 0.0)


def _is_named(value: PointFunction) -> bool:
    """Whether it is the value of one of ours, or of ours truncated: smooth by construction."""
    if isinstance(value, partial) and value.func is _cut:
        return _is_named(value.args[0])
    return isinstance(value, partial) and value.func in (
        _normalised_value,
        _intensity_value,
        _amplitude_value,
    )


def _number(value: float) -> str:
    """As Python reads it back."""
    return repr(value) if math.isfinite(value) else f'float("{value}")'


def _written(value: PointFunction, loss: Loss, truncated: bool = False) -> str | None:
    """The call that makes a loss of this value; None for functions of the user's."""
    if not isinstance(value, partial):
        return None
    names = {_normalised_value: "normalised", _intensity_value: "intensity", _amplitude_value: "amplitude"}
    if value.func in names:
        words = ("offset", "prefactor")[-len(value.args) :]
        given = ", ".join(f"{word}={_number(x)}" for word, x in zip(words, value.args, strict=True))
        return f"Loss.{names[value.func]}({given})"
    if value.func is _cut:
        inner = _written(value.args[0], loss, truncated=True)
        return None if inner is None else f"{inner}.truncated({_number(value.args[1])})"
    if value.func is _of_formula:
        name = loss.name.partition(", |t| <= ")[0]
        # That of a truncated one is not that of the formula, which is found again.
        bound = "" if truncated else f"lower_bound={_number(loss.curvature_bound)}, "
        return f"Loss.from_expression({value.args[0]!r}, name={name!r}, {bound}scale={_number(loss.scale)})"
    return None


def _in_latex(value: PointFunction) -> str | None:
    """The law of a loss of this value; None for functions of the user's."""
    if not isinstance(value, partial):
        return None
    if value.func is _cut:
        inner = _in_latex(value.args[0])
        return None if inner is None else rf"{inner}\ \text{{for }}|t|\le{value.args[1]:g}"
    if value.func is _of_formula:
        import sympy

        try:
            return str(sympy.latex(parse("expression", value.args[0], ("y", "t"))))
        except InvalidArgument:  # of a user's own sympy expression, with functions that no text has
            return None
    *offset, c = value.args
    factor = "" if c == 1.0 else rf"{c:g}\,"
    if value.func is _intensity_value:
        return rf"{factor}\frac{{(y^2-t^2)^2}}{{2}}"
    a = f"{offset[0]:g}"
    if value.func is _normalised_value:
        return rf"{factor}\frac{{(y^2-t^2)^2}}{{2({a}+t^2)}}"
    return rf"{factor}\frac{{(\sqrt{{{a}+y^2}}-\sqrt{{{a}+t^2}})^2}}{{2}}"


def _in_words(value: PointFunction) -> Any:
    """Named losses, formulas, and what is made of them, without the names of functions; others as they are."""
    if isinstance(value, partial) and value.func is _of_formula:
        return {"formula": value.args[0]}
    forms = {
        "normalised": _normalised_value,
        "intensity": _intensity_value,
        "amplitude": _amplitude_value,
        "truncated": _cut,
    }
    for name, function in forms.items():
        if isinstance(value, partial) and value.func is function:
            return {name: [_in_words(entry) if callable(entry) else entry for entry in value.args]}
    return value


def _normalised_value(a: float, c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(0.5 * c * (y * y - t * t) ** 2 / (a + t * t))


def _normalised_slope(a: float, c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(2.0 * c * y * (y * y - t * t) / (a + t * t))


def _normalised_curvature(a: float, c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(c * (6.0 * y * y - 2.0 * t * t) / (a + t * t))


def _intensity_value(c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(0.5 * c * (y * y - t * t) ** 2)


def _intensity_slope(c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(2.0 * c * y * (y * y - t * t))


def _intensity_curvature(c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(c * (6.0 * y * y - 2.0 * t * t))


def _amplitude_value(a: float, c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(0.5 * c * (np.sqrt(a + y * y) - np.sqrt(a + t * t)) ** 2)


def _amplitude_slope(a: float, c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(c * y * (1.0 - np.sqrt((a + t * t) / (a + y * y))))


def _amplitude_curvature(a: float, c: float, y: FloatArray, t: FloatArray) -> FloatArray:
    return np.asarray(c * (1.0 - a * np.sqrt(a + t * t) / (a + y * y) ** 1.5))


def check_loss(loss: Loss) -> None:
    if not isinstance(loss, Loss):
        raise InvalidArgument("loss", loss, "a Loss, such as Loss.normalised(offset=1)")


@dataclass(frozen=True, eq=False)
class PhaseRetrieval:
    """Phase retrieval with a given loss.

    Parameters
    ----------
    loss : :class:`Loss`.
    samples_per_dimension : M/N, above 0 (the signal-to-noise ratio of some papers).
    overlap : m = w.w*/N of the student at the start, in (-1, 1); 0 for a random start, other values for a warm one.
    """

    loss: Loss
    samples_per_dimension: float
    overlap: float = 0.0

    def __post_init__(self) -> None:
        check_loss(self.loss)
        ratio = validation.positive("samples_per_dimension", self.samples_per_dimension)
        object.__setattr__(self, "samples_per_dimension", ratio)
        object.__setattr__(self, "overlap", validation.inside("overlap", self.overlap, -1.0, 1.0))

    def replace(self, **changes: Any) -> PhaseRetrieval:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def _repr_latex_(self) -> str:
        return (
            rf"$L(w)=\sum_{{i=1}}^{{{self.samples_per_dimension:g}N}}\ell(y_i,t_i),\quad "
            rf"\ell(y,t)={self.loss.law_in_latex()},\quad \frac{{w\cdot w^*}}{{N}}={self.overlap:g}$"
        )


def check_model(model: PhaseRetrieval) -> None:
    if not isinstance(model, PhaseRetrieval):
        raise InvalidArgument(
            "model", model, "a PhaseRetrieval, such as PhaseRetrieval(Loss.normalised(offset=1), 3.0)"
        )
