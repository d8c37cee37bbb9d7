"""Which curve do my points lie along, and where does their law split when it is cooled?"""

from statphys_gen.principal_graph import (
    DataSet,
    FitOptions,
    draw_ridge,
    fit_principal_graph,
    linear_temperature,
)

points = DataSet.from_arrays(draw_ridge("spiral", 600, seed=1).points)
fit = fit_principal_graph(points, FitOptions(stiffness=30.0))
print(f"{len(fit.nodes)} nodes, background {fit.background_fraction:.2f}, status {fit.status}")
print("first split at temperature", linear_temperature(points))
