"""When does a diffusion model choose between two classes?"""

from statphys_gen.diffusion import GaussianMixture, compare, speciation_times

law = GaussianMixture.two_classes(dimension=256, separation=0.8, variance=0.6, weight=0.35)
print(speciation_times(law))
print(compare(law, [2.0, 3.0]))
