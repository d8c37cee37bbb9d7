"""Predictions of the probability-flow ODE in few steps."""
