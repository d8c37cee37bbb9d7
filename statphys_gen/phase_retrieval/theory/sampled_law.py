"""The law of the curvatures at points (y, t) of a training run, and the spectrum of its Hessian with errors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...errors import InsufficientSamples, InvalidArgument
from ...files import read_array
from ...statistics.estimate import Estimate
from ..model import Loss, PhaseRetrieval, check_loss, check_model
from .curvature_law import CurvatureLaw, NodeRule
from .spectrum import hessian_spectrum, outlier_criterion


def sampled_curvature_law(
    loss: Loss, points: ArrayLike | str | Path, *, overlap: float = 0.0
) -> CurvatureLaw:
    """The discrete law of points (y_i, t_i) of a training run.

    Parameters
    ----------
    loss : the loss of that run.
    points : (n, 2), columns y = x.w/sqrt(N) and t = x.w*/sqrt(N), n at least 100; or a ``.npy`` file of it. The labels
        have mean square 1, as |w*|^2 = N (checked within 8 standard errors).
    overlap : m of student and signal. The outlier is exact at m = 0 at any time of the training, and at any m before
        training; not in between (the bulk is).

    Returns
    -------
    A law whose spectrum is that of these very points; for standard errors see
    :func:`~statphys_gen.phase_retrieval.sampled_spectrum`.
    """
    check_loss(loss)
    m = validation.inside("overlap", overlap, -1.0, 1.0)
    given = _read(points) if isinstance(points, str | Path) else points
    checked = validation.array("points", given, shape=(None, 2))
    count = len(checked)
    if count < 100:
        raise InvalidArgument("points", checked, "at least 100 pairs (y, t)")
    y, t = checked.T
    mean_square = float((t * t).mean())
    if abs(mean_square - 1.0) > 8.0 * math.sqrt(2.0 / count):
        raise InvalidArgument(
            "points", checked, f"labels t (second column) of mean square 1; it is {mean_square:.4g}"
        )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        curvature = loss.curvature(y, t)
    if not np.isfinite(curvature).all():
        raise InvalidArgument("points", checked, "pairs at which the curvature of the loss is finite")
    rule = NodeRule(curvature, (t - m * y) ** 2 / (1.0 - m * m), np.full(count, 1.0 / count))
    return CurvatureLaw(
        f"{loss.name}, {count} points",
        float(curvature.min()),
        m,
        float((loss.slope(y, t) * y).mean()),
        float(loss.value(y, t).mean()),
        (rule, rule),
        checked,
    )


def _read(path: str | Path) -> FloatArray:
    file = validation.readable_file("points", path)
    content = read_array("points", file)
    if content.ndim != 2 or content.shape[1] != 2:
        raise InvalidArgument("points", str(path), "a .npy file with an array of shape (n, 2)")
    return content


def sampled_spectrum(
    model: PhaseRetrieval, points: ArrayLike | str | Path, *, blocks: int = 20
) -> dict[str, Estimate]:
    """Edge, outlier and multiplier from points (y, t) of a training run, with jackknife errors over blocks of points.

    Parameters
    ----------
    model : loss and samples_per_dimension of the run whose Hessian is meant (the number of points may be another one),
        and the overlap of student and signal when the points were taken.
    points : see :func:`~statphys_gen.phase_retrieval.sampled_curvature_law`; independent.
    blocks : at least 5; each leaves one block of points out.

    Returns
    -------
    ``bulk_edge``, ``lagrange_multiplier``, ``outlier_criterion`` and, where every block has one, ``outlier`` and
    ``outlier_overlap_squared``. Where the edge of the true law is hard, that of the points depends on their few
    smallest curvatures and approaches it only slowly with their number.
    """
    check_model(model)
    law = sampled_curvature_law(model.loss, points, overlap=model.overlap)
    count = validation.integer("blocks", blocks, minimum=5)
    assert law.points is not None
    if len(law.points) < 20 * count:
        raise InsufficientSamples(f"{len(law.points)} points: {count} blocks need at least {20 * count}")
    full = _measured(model, law)
    rows = []
    for k in range(count):
        keep = np.arange(len(law.points)) % count != k
        rows.append(
            _measured(model, sampled_curvature_law(model.loss, law.points[keep], overlap=model.overlap))
        )
    result: dict[str, Estimate] = {}
    for name, value in full.items():
        left_out = np.array([row[name] for row in rows])
        if math.isnan(value) or np.isnan(left_out).any():
            continue
        spread = math.sqrt((count - 1) / count * float(((left_out - left_out.mean()) ** 2).sum()))
        result[name] = Estimate(np.asarray(value), np.asarray(spread), np.asarray(count - 1.0))
    return result


def _measured(model: PhaseRetrieval, law: CurvatureLaw) -> dict[str, float]:
    spectrum = hessian_spectrum(model, law=law)
    spectrum.bulk_edge.require()
    return {
        "bulk_edge": float(spectrum.bulk_edge["position"]),
        "lagrange_multiplier": float(spectrum.lagrange_multiplier),
        "outlier_criterion": float(outlier_criterion(model, law=law)),
        "outlier": float(spectrum.outlier["position"]),
        "outlier_overlap_squared": float(spectrum.outlier["overlap_squared"]),
    }
