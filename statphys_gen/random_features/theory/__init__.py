"""Predictions for the random-features score model: spectrum, learning curves and time scales, one topic a file."""
