"""How a net is built and trained."""
