"""How many patterns does an associative memory hold?"""

from statphys_gen.rbm import Gaussian, Model, capacity, spinodal

model = Model(Gaussian(), temperature=0.1, load=0.1, convention="beta")
print(capacity(model))
print(spinodal(model, temperature=[0.1, 0.5, 0.9]))
