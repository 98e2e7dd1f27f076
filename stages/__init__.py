"""One module a stage; whatever is imported from here finds the numeric environment pinned."""

from stages.lib import environment

environment.pin()
