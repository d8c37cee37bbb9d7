"""A skeleton of my points: a curve with outliers, the graph that is fitted to it, and points along it."""

from statphys_gen.principal_graph import Cycles, FitOptions, draw_ridge, fit_principal_graph, ridge_scores

# Your own points come here, an array with one point a row.
ridge = draw_ridge("loop", 800, seed=2)

fit = fit_principal_graph(ridge.points, FitOptions(cycles=Cycles(), error_bars=True))
print(f"{len(fit.nodes)} nodes, {len(fit.cycles)} cycle, status {fit.status}")
print(f"background {fit.background_fraction:.2f} (0.20 in truth), {fit.outliers} points outside")
for note in fit.notes:
    print(note)

# The curve of these points is known.
scores = ridge_scores(ridge, fit.nodes, fit.edges)
print(f"mean distance of the graph from the curve {scores.ridge_error:.3f}; width of the ridge 0.05")

place = fit.project(ridge.points[-3:])
for branch, arc, distance in zip(place.branch, place.arc_position, place.distance, strict=True):
    print(f"on branch {branch} at {arc:.2f}, {distance:.2f} away")
