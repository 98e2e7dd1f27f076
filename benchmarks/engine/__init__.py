"""Benchmarks, which print the tables of docs/engine.md. Imports nothing either."""
