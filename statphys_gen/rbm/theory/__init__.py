"""Predictions for restricted Boltzmann machines: states, lines between them, capacities, replica-symmetry breaking."""
