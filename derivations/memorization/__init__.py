"""Laws of neighbours, label assignment, and distances of Gaussians."""
