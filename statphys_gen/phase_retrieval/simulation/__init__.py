"""Finite-size counterparts of the predictions: descents, Langevin dynamics, Hessians and success rates."""
