"""Predictions: plain functions, vectorised; see the files."""
