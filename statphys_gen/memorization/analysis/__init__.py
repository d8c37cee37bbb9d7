"""Reports on data of a user: who generated copies, since when, and what a denoiser is near to."""
