"""Finite-size counterparts of the predictions: noised points, backward kernels, trajectories and posterior weights."""
