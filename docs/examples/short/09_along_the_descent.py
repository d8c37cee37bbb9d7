"""And how long does it keep pointing there while the descent goes on?"""

from statphys_gen.phase_retrieval import Loss, PhaseRetrieval, bbp_time, descent_dynamics

model = PhaseRetrieval(Loss.normalised(offset=0.5), samples_per_dimension=3.0)
dynamics = descent_dynamics(model, [0.02] * 60, paths=1024, replicas=4)
found = dynamics.estimate("outlier_criterion")
for step in (0, 20, 40, 60):
    print(
        f"t = {dynamics.training_time[step]:.2f}: {found.mean[step]:.3f} +- {found.standard_error[step]:.3f}"
    )
print(bbp_time(dynamics))
