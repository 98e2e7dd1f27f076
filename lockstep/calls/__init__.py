"""Lets calls that are not fits of a search wait for each other, so that the nets which they fit are trained together.

Knows `search`, to which it gives the nets, but not the backend.
"""
