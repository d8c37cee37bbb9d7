"""What is known exactly: laws of neighbour ratios, detection limits, distances of Gaussians."""
