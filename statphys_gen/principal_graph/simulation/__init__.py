"""Finite samples: EM itself, growing splits, covariances of noise, random trees, and ridges with a known truth."""
