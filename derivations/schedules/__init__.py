"""Schedules of the probability flow."""
