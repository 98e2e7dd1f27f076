"""Searches with a known truth, and what is said about them; benchmarks/simulation/tables.py lists all cases."""
