"""One net of a search: started as by its own `fit`, with its seed, its rows and their order, and its parts.

Knows torch and skorch, but not stacks or searches.
"""
