"""Finite-size counterparts of the predictions: feature matrices, their training, and a small network on a mixture."""
