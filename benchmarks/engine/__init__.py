"""Benchmarks, which print the tables of benchmarks/README.md. Imports nothing either."""
