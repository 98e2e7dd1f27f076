"""One net of a search: begun as its own `fit` does it, with its seed, its rows and their order, and what it is made of.

Knows torch and skorch, and nothing of stacks or of searches.
"""
