"""Principal graphs of a user's points: the fit, its choices, cycles, branches, and what is written of it."""
