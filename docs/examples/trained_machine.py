"""A machine trained on handwritten digits: where does it lie on the diagram of noise and spikes?"""

from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM

from statphys_gen.rbm import Machine, phases, place
from statphys_gen.units import ZeroOne

images = (load_digits().data > 7.5).astype(float)
machine = BernoulliRBM(n_components=32, learning_rate=0.05, batch_size=50, n_iter=10, random_state=0)
machine.fit(images)

found = place(Machine(machine.components_.T, machine.intercept_visible_, machine.intercept_hidden_))
print(f"noise {found.noise:.3f}, edge of the bulk {found.bulk_edge:.3f}")
print("spikes", [round(spike, 2) for spike in found.spikes])
compared = phases(found, hidden=ZeroOne(), visible=ZeroOne())
state = compared.solutions[str(compared.dominant)].require()
print(f"{compared.dominant}: overlap {float(state['overlap']):.3f}, replicon {float(state['replicon']):.3f}")
