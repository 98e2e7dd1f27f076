"""How colours contrast, as the Web Content Accessibility Guidelines define it."""

import re


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(…)` or a name, as WCAG 2 has it."""
    known = {"white": (255, 255, 255), "black": (0, 0, 0)}
    rgb = known.get(colour) or tuple(int(part) for part in re.findall(r"\d+", colour))
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)
