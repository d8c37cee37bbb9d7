"""How much longer may it train with more samples?"""

from statphys_gen.random_features import RandomFeatures, timescales

for samples in (2, 4, 8, 16):
    found = timescales(RandomFeatures("tanh", 64, samples, time=0.1))
    print(
        f"n/d = {samples:2d}: generalises at {found.generalisation:8.1f}, memorizes at {found.overfitting:10.1f}"
    )
