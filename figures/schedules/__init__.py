"""Figures of noise schedules."""
