"""Predictions for noised mixtures, Curie-Weiss data and covariances: speciation and collapse, one topic a file."""
