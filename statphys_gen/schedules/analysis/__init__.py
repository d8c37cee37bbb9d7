"""Modes of a data set, and grids run with its own denoiser."""
