"""Searches with a known truth, and what the statistics say about them; tables.py lists what `make simulate` prints."""
