"""Builds the report page, the pull request comment and the charts, and finds changes since a revision.

Imports every floor below. Exports nothing: each module serves a different command.
"""
