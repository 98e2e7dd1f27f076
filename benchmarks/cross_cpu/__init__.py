"""Whether the pipeline writes the same bytes on other processors: `make cross-cpu`."""
