"""Searches with a known truth, and what the statistics say about them; `make simulate` prints the tables.

A module here draws one kind of case, and has a function that returns the rows of its table; tables.py lists them.
"""
