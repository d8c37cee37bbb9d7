"""A user's own weights and target."""
