"""A machine trained on handwritten digits: where does it lie on the diagram of noise and spikes?"""

from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM

from statphys_gen.rbm import Machine, phases, place

images = (load_digits().data > 7.5).astype(float)
machine = BernoulliRBM(n_components=32, learning_rate=0.05, batch_size=50, n_iter=10, random_state=0)
machine.fit(images)

trained = Machine(machine.components_.T, machine.intercept_visible_, machine.intercept_hidden_)
found = place(trained.spins())  # its units are 0 and 1
print(f"noise {found.noise:.3f}, edge of the bulk {found.bulk_edge:.3f}")
print("spikes", [round(spike, 2) for spike in found.spikes])
print(f"biases: {found.field_along_spikes:.3f} along the spike, uniform: {found.fields_are_uniform}")
# Without them, the phase of its couplings is that of the theory.
compared = phases(place(Machine(trained.spins().couplings)))
state = compared.solutions[str(compared.dominant)].require()
print(f"{compared.dominant}: overlap {float(state['overlap']):.3f}, replicon {float(state['replicon']):.3f}")
