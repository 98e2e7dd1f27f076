"""What people train: nets, optimizers, criteria, callbacks and kinds of data, each to be compared with skorch."""

from collections.abc import Callable

from packages.lockstep.tests.cases.base import Case
from packages.lockstep.tests.cases.habits import habits
from packages.lockstep.tests.cases.nets import data, modules
from packages.lockstep.tests.cases.optimizers import optimizers
from packages.lockstep.tests.cases.outside import outside
from packages.lockstep.tests.cases.own_code import own_code
from packages.lockstep.tests.cases.rows import rows
from packages.lockstep.tests.cases.training import callbacks, criteria

Make = Callable[[], dict[str, Case]]
# Of all but `cases.nets.noise`, whose masks are other ones than skorch's.
EXACT: list[Make] = [
    optimizers,
    criteria,
    callbacks,
    modules,
    data,
    rows,
    habits,
    own_code,
    outside,
]
