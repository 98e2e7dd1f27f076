"""What fails, diverges, or can't be trained in lockstep."""
