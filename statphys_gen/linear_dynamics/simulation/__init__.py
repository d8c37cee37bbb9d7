"""Finite networks: drawn, trained and measured by the definition."""
