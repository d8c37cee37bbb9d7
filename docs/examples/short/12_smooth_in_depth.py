"""Do the weights of a deep residual network become a smooth function of depth?"""

from statphys_gen.residual_networks import ResidualNetwork, depth_scaling, draw_task

task, inner = draw_task(dimension=3, width=8, samples=6, seed=1)
print(depth_scaling(ResidualNetwork(8, "tanh", inner), task, [8, 16, 32, 64], learning_rate=0.2, steps=50))
