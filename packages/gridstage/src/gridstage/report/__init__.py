"""Builds the report page and the charts, and says what changed since a revision.

Imports every floor below. Exports nothing: each module serves a different command.
"""
