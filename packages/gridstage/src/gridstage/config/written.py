"""How the numbers or dates of a column are written: an example shows 1234.5 or 31 December 2020."""

import re
from dataclasses import dataclass
from datetime import date, datetime

# Signs that are told apart by machines only, and what an example has for them.
SAME = str.maketrans("\u00a0\u202f\u2009\u2212\u2019", "   -'")

_NUMBER = re.compile(
    r"(?P<prefix>[^0-9(+-]*)1(?P<group>[,.' ]?)234(?P<decimal>[.,])5"
    r"(?P<suffix>([^0-9)+-].*)?)"
)
_DATE_PARTS = {
    "31": "%d",
    "12": "%m",
    "Dec": "%b",
    "December": "%B",
    "2020": "%Y",
    "20": "%y",
    "23": "%H",
    "11": "%I",
    "59": "%M",
    "58": "%S",
    "PM": "%p",
}


@dataclass(frozen=True)
class NumberForm:
    """`$1,234.5` has a prefix, groups and a decimal sign, `1234.5 kg` a suffix; blanks belong to the affixes."""

    prefix: str = ""
    group: str = ""
    decimal: str = "."
    suffix: str = ""

    @classmethod
    def of(cls, example: str) -> "NumberForm | None":
        """Return the form in which 1234.5 is written as the example; None if there is none."""
        match = _NUMBER.fullmatch(example.translate(SAME))
        if not match or match["group"] == match["decimal"]:
            return None
        return cls(match["prefix"], match["group"], match["decimal"], match["suffix"])

    @property
    def example(self) -> str:
        """How 1234.5 is written."""
        return f"{self.prefix}1{self.group}234{self.decimal}5{self.suffix}"


def date_format(example: str) -> str:
    """Return the format of `strptime` in which 31 December 2020 is written as the example; "" if there is none."""
    form = re.sub(
        "[0-9]+|[A-Za-z]+",
        lambda part: _DATE_PARTS.get(part[0], part[0]),
        example,
    )
    try:
        day = datetime.strptime(example, form)
    except ValueError:
        return ""
    return form if day.date() == date(2020, 12, 31) else ""
