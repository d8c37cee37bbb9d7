"""Fit the theory of clone agreement to measured values: the separation of the classes, with its error and a verdict."""

from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

from statphys_gen.comparison import compare
from statphys_gen.diffusion import GaussianMixture, clone_agreement

table = np.genfromtxt(Path(__file__).with_name("clones.csv"), delimiter=",", names=True)


def agreement(time, separation):
    law = GaussianMixture.two_classes(dimension=256, separation=separation, variance=1.0)
    return clone_agreement(law, time).value


measured, error = table["clone_agreement"], table["standard_error"]
found, covariance = curve_fit(agreement, table["time"], measured, p0=[0.8], sigma=error, absolute_sigma=True)
print(f"separation {found[0]:.4f} +- {covariance[0, 0] ** 0.5:.4f}, true value 1")
print(compare(measured, error, agreement(table["time"], *found), fitted=1))
