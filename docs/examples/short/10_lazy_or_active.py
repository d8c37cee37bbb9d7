"""Should a linear network start lazy or active?"""

from statphys_gen.linear_dynamics import LinearNetwork, Task, best_error, compare

print(best_error([1.2, 0.5], lazy_ratio=[0.03, 0.3, 3.0], initial_noise=0.2))
network = LinearNetwork.from_exponents(dimension=60, variance_exponent=-1.6, width_exponent=1.8)
print(compare(network, Task((1.2, 0.5)), [1.0, 1.5], instances=4))
