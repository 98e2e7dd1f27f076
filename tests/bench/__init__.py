"""Benchmarks, which print the tables of docs/engine.md. Imports nothing, so that a side can choose what it imports."""
