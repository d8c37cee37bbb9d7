"""Which learning rate keeps a score network from memorizing its points?"""

from statphys_gen.score_matching import NoisedSample, bounds, irregularity

for noise in (0.4, 0.2, 0.1):
    sample = NoisedSample((-1.2, -0.3, 0.5, 1.3), data_scale=0.95, noise_scale=noise)
    print(f"noise {noise}: not stable above {irregularity(sample).largest_learning_rate:.4g}")
print(bounds(sample))
