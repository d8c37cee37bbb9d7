"""Finite-size counterparts of the predictions: Gibbs sampling, tempering, descent, Langevin dynamics, enumeration."""
