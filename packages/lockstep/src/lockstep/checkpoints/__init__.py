"""Keeps the nets that a search has trained in a folder, so that a search that was stopped goes on where it was.

Knows trained nets and what handing them back needs, but not how nets are put into stacks.
"""
