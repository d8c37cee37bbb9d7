"""Estimates with their errors, and the judgement whether a theory and a simulation agree."""
