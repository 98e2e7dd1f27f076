"""How numbers are printed: with so many decimals, or in powers of ten where these would be a row of zeros."""

import math

# Numbers of this size and more, or that begin behind so many zeros, are written in powers of ten.
_LARGE, _ZEROS = 15, 9


def written(
    numbers: list[float], decimals: int, sign: str = "", largest: float | None = None
) -> list[str]:
    """Return the numbers as text, all in the form that the largest takes; `sign` is that of a format."""
    largest = max(map(abs, numbers)) if largest is None else largest
    power = math.floor(math.log10(largest)) if largest else 0
    if -_ZEROS <= power < _LARGE:
        return [f"{number:{sign}.{max(decimals, 0)}f}" for number in numbers]
    return [f"{number:{sign}.{max(power + decimals, 0)}e}" for number in numbers]
