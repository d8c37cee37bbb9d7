"""Predictions for Hessians along the descent, threshold states and dynamical mean-field theory, one topic a file."""
