"""A user's own trained machine."""
