"""Decides which nets of a search share a stack, and which are fitted alone: their parts, their kinds, a trial of each.

Knows the tasks of a search and `stacks`, but trains only small nets.
"""
