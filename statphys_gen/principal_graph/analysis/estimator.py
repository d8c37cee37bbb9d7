"""A principal graph with the conventions of scikit-learn, which is not needed for it."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray, IntArray
from ...errors import InvalidArgument
from ..model import Background, BackgroundKind, Cycles, FitOptions, Rule, WeightKind
from .fit import PrincipalGraphFit, fit_principal_graph


class PrincipalGraph:
    """A fit of :func:`~statphys_gen.principal_graph.fit_principal_graph` as an estimator.

    Parameters
    ----------
    nodes, stiffness, width_stiffness, weight_kind, prune, standardise, iterations, tolerance, seed : of
        :class:`~statphys_gen.principal_graph.FitOptions`.
    background, background_fraction : kind ("box", "gaussian" or "none") and share at the start.
    cycles : whether cycles are closed.

    After ``fit``: ``result_`` (:class:`~statphys_gen.principal_graph.PrincipalGraphFit`), ``nodes_``, ``edges_``,
    ``variances_``, ``weights_``, ``background_fraction_``, ``stiffness_``, ``labels_``, ``n_features_in_``.
    ``sklearn.base.clone`` and ``cross_val_score`` work on it.
    """

    _estimator_type = "clusterer"

    def __init__(
        self,
        *,
        nodes: int | Rule = "auto",
        stiffness: float | Rule = "cross-validated",
        width_stiffness: float = 10.0,
        background: BackgroundKind = "box",
        background_fraction: float = 0.1,
        cycles: bool = False,
        weight_kind: WeightKind = "learned",
        prune: bool = True,
        standardise: bool = False,
        iterations: int = 500,
        tolerance: float = 1e-9,
        seed: int = 0,
    ) -> None:
        self.nodes = nodes
        self.stiffness = stiffness
        self.width_stiffness = width_stiffness
        self.background = background
        self.background_fraction = background_fraction
        self.cycles = cycles
        self.weight_kind = weight_kind
        self.prune = prune
        self.standardise = standardise
        self.iterations = iterations
        self.tolerance = tolerance
        self.seed = seed

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; ``deep`` plays no part."""
        return {
            name: getattr(self, name) for name in signature(type(self).__init__).parameters if name != "self"
        }

    def set_params(self, **parameters: Any) -> PrincipalGraph:
        """Set parameters by name."""
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise InvalidArgument("parameter", name, "one of " + ", ".join(known))
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type="clusterer", target_tags=TargetTags(required=False))

    def __repr__(self) -> str:
        return f"PrincipalGraph({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

    def fit(self, X: ArrayLike, y: object = None) -> PrincipalGraph:
        """Fit the graph to points (n, D); ``y`` is not read."""
        options = FitOptions(
            nodes=self.nodes,
            stiffness=self.stiffness,
            width_stiffness=self.width_stiffness,
            background=Background(self.background, None, self.background_fraction),
            cycles=Cycles() if self.cycles else None,
            weight_kind=self.weight_kind,
            prune=self.prune,
            standardise=self.standardise,
            iterations=self.iterations,
            tolerance=self.tolerance,
            seed=self.seed,
        )
        points = validation.array("X", X, ndim=2)
        self.result_: PrincipalGraphFit = fit_principal_graph(points, options)
        self.nodes_, self.edges_ = self.result_.nodes, self.result_.edges
        self.variances_, self.weights_ = self.result_.variances, self.result_.weights
        self.background_fraction_ = self.result_.background_fraction
        self.stiffness_ = self.result_.stiffness
        self.n_features_in_ = points.shape[1]
        self.labels_ = self.predict(points)
        return self

    def _fitted(self) -> PrincipalGraphFit:
        if not hasattr(self, "result_"):
            raise InvalidArgument("self", "not fitted", "fitted first, by fit(X)")
        return self.result_

    def predict(self, X: ArrayLike) -> IntArray:
        """(n,) most probable node of each point, -1 where the background is more probable than the pattern."""
        pattern, node, _ = self._fitted().memberships(X)
        return np.where(pattern < 0.5, -1, node)

    def fit_predict(self, X: ArrayLike, y: object = None) -> IntArray:
        """Fit, and the nodes of the same points."""
        return self.fit(X).labels_

    def score_samples(self, X: ArrayLike) -> FloatArray:
        """(n,) log density of each point under mixture and background.

        A uniform background counts outside of its box as it does inside, so that far points are compared with the
        ridges as near ones are: over all of space this is no normalised density.
        """
        return self._fitted().memberships(X)[2]

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Mean log density."""
        return float(self.score_samples(X).mean())

    def transform(self, X: ArrayLike) -> FloatArray:
        """(n, 3): branch, arc position and distance of each point."""
        place = self._fitted().project(X)
        return np.stack([place.branch.astype(np.float64), place.arc_position, place.distance], axis=1)

    def fit_transform(self, X: ArrayLike, y: object = None) -> FloatArray:
        """Fit, and the places of the same points."""
        return self.fit(X).transform(X)
