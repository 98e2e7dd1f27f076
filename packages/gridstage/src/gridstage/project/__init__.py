"""A project of one's own: the files that gridstage owns in it, how it is brought to a later version, and its packages.

Imports `repository` and `common`.
"""
