"""Does theory describe a Boltzmann machine of my size?"""

from statphys_gen.rbm import Model, Ternary, compare

model = Model(Ternary(0.5), temperature=0.9, load=0.1, convention="sqrt-beta", visible_field=0.2)
print(compare(model, 600, state="glass", instances=6, sweeps=200))
