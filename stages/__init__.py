"""One module per stage or command; importing this package pins the numeric environment."""

from stages.lib.common import environment

environment.pin()
