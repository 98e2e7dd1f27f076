"""Results of the pipeline with a known truth, and what its own rules say about them: its answers and headlines."""
