"""The published curves of speciation, and beside them the theory for classes that are further apart."""

import numpy as np
from statphys_gen.figures import data_of
from statphys_gen.figures.diffusion import speciation

from statphys_gen import style
from statphys_gen.data import two_class_agreement

style.apply()
figure = speciation.draw(data_of("speciation"))
axes = figure.axes[1]
# The signal is separation^2 d exp(-2t)/(1 + ...): a separation of 1.65 = exp(1/2) delays the choice by half a unit.
shift = np.linspace(-2.0, 3.5, 101)
axes.plot(shift, two_class_agreement(np.exp(-2.0 * (shift - 0.5))), "k:", label="separation 1.65")
axes.legend()
figure.savefig("changed.png")
