"""What people train: nets, optimizers, criteria, callbacks and kinds of data, each to be compared with skorch."""

from collections.abc import Callable

from tests.lockstep.cases.base import Case
from tests.lockstep.cases.habits import habits
from tests.lockstep.cases.nets import data, modules
from tests.lockstep.cases.optimizers import optimizers
from tests.lockstep.cases.outside import outside
from tests.lockstep.cases.own_code import own_code
from tests.lockstep.cases.rows import rows
from tests.lockstep.cases.training import callbacks, criteria

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
