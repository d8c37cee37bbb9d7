"""Predictions: states of a mixture at a temperature, their stability, and how they change."""
