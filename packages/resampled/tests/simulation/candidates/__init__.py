"""What is said of the candidates of a search and of its keys."""
