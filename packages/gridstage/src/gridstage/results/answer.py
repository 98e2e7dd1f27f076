"""The answer of the evaluation: what to use, and what each contender is beside it; whoever tells it reads it here."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from gridstage.common.artifacts import significant
from gridstage.results.columns import COMPUTED
from gridstage.results.record import Record

_Number = Annotated[float, AfterValidator(lambda number: significant(number, COMPUTED))]


# What a contender is, from the simplest on.
Kind = Literal["constant", "linear", "trees", "net"]
# Why the answer is used, or none is.
Why = Literal["unsurpassed", "surpasses", "no_better_than_constant", "no_score"]
# Why a contender is not used.
LeftOut = Literal[
    "no_score",
    "ignores_inputs",
    "no_better_than_constant",
    "other_of_its_kind",
    "not_named",
    "no_higher_than_simpler",
    "does_not_surpass",
]


class Contender(Record):
    """A model that was scored in the evaluation.

    `mean` is that of its scores, and `ci95` half the width of its 95 % interval. `worth`, from `low` to `high` with
    95 %, is the same without the luck of being picked, where that is known, as `luck_removed` says; else the mean, with
    its interval as far as the scorer's bounds.
    `stuck` counts the fits that answer nearly all rows alike; None for a model that is no net. `gain` is by how much it
    is better than the answer, or than the constant where nothing is used, and `chance` the probability that it is
    better by more than is needed; those of the answer itself are over `Answer.compared_with`, if it surpasses that.
    What is not known is None.
    """

    name: str
    kind: Kind
    mean: _Number | None
    ci95: _Number | None
    worth: _Number | None
    low: _Number | None
    high: _Number | None
    luck_removed: bool
    stuck: int | None
    gain: _Number | None
    chance: _Number | None
    left_out: LeftOut | None


class Answer(Record):
    """What the evaluation answers.

    `use` is the contender to use; None if there is none that is worth it. `handed_over` is saved as the answer, and
    `asked` says whether params.yaml asked for it; `kept` is the net that is saved beside it, and speaks for the nets if
    one does. `constant` is the model that ignores the inputs, if it has a score. `compared_with` is the simpler model
    that the answer surpasses; else the net, or another less simple model, that does not surpass it; or the best model,
    where none is used. A model is used in the place of a simpler one if it is better by more than `rope` with a
    probability of `needed`, and the kept net with one of `net_needed`, because it is the best of `n_nets`; in the order
    of time, nothing is `tested`, and its gain decides. The kept net was picked among `n_candidates`. `contenders` are
    in the order of what they are worth.
    """

    scoring: str
    rope: _Number
    needed: _Number
    net_needed: _Number
    n_nets: int
    tested: bool
    n_candidates: int
    use: str | None
    handed_over: str
    asked: bool
    kept: str
    constant: str | None
    compared_with: str | None
    why: Why
    contenders: list[Contender]

    def __getitem__(self, name: str) -> Contender:
        """Return a contender by its name."""
        return {each.name: each for each in self.contenders}[name]

    def content(self) -> dict[str, Any]:
        """Return what is written: null for what is not known."""
        return self.model_dump()
