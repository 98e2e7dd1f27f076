"""One module per stage or command; importing this package pins the numeric environment."""

import sys

from stages.lib.common import environment
from stages.lib.common.command import tell_errors_of_imports

environment.pin()
if sys.argv[0] == "-m":  # `python -m stages.NAME` imports this package before the command, and torch with it
    tell_errors_of_imports()
