"""Formats settings for files and the screen, as params.yaml writes them."""

import re
from typing import Any


def format_value(value: Any) -> str:
    """Write a setting as params.yaml does: `0.1`, `true`, `null`, `Adamax`, `[0.9, 0.999]`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(format_value, value))}]"
    return str(value)


def format_params(params: dict[str, Any]) -> str:
    """Write settings as one string, such as `"batch_size=20, max_epochs=100"`."""
    return ", ".join(f"{key}={format_value(value)}" for key, value in params.items())


def short_params(text: str) -> str:
    """Remove prefixes such as `module__` from the output of `format_params`, as charts do."""
    return re.sub(r"\w+__(?=\w+=)", "", text)


def format_changes(settings: dict[str, Any], model: dict[str, Any]) -> str:
    """Write the settings that differ from `model`, as `format_params` does."""
    return format_params({key: value for key, value in settings.items() if key not in model or model[key] != value})
