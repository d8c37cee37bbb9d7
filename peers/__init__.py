"""Emitted grids driven through the samplers of other libraries, in an environment of their own."""
