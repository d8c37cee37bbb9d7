"""When should the training of a score model stop, and what is lost by going on?"""

from statphys_gen.random_features import RandomFeatures, compare, early_stopping

model = RandomFeatures("tanh", features_per_dimension=8, samples_per_dimension=4, time=0.2)
print(early_stopping(model))
print(compare(model, [20, 40, 80], training_time=[10.0, 1000.0], instances=[32, 16, 8]))
