"""Samplers in full dimension, and networks trained from the definition."""
