"""One module per stage or command; importing this package pins the numeric environment."""

import atexit
import gc
import sys

from stages.lib.common import environment
from stages.lib.common.command import tell_errors_of_imports

environment.pin()
# What imports and nets are made of stays; to look it through each time there is some more is a twentieth of a search.
gc.set_threshold(50_000)
# Nor is it looked through, and freed bit by bit, when the process ends: most of a second.
atexit.register(gc.freeze)
if sys.argv[0] == "-m":  # `python -m stages.NAME` imports this package before the command, and torch with it
    tell_errors_of_imports()
