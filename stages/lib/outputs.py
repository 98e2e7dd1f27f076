"""Writes files whole or not at all, the same bytes for the same content."""

import json
import os
from pathlib import Path
from typing import Any

DECIMALS = 6


def temporary(path: str | Path) -> Path:
    """Return the name beside `path` that its content is written to first; git and DVC ignore it."""
    return Path(f"{path}.tmp")


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content`; whoever reads `path` finds all of it or what was there before."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    temporary(path).write_bytes(content)
    os.replace(temporary(path), path)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: str | Path, content: dict[str, Any]) -> None:
    """Write JSON with sorted keys and a newline at the end.

    Numbers at the top are metrics, rounded to 6 decimals. What lies deeper is written as it is: a setting of 1e-08
    rounded would be another one.
    """
    rounded = {key: round(value, DECIMALS) if isinstance(value, float) else value for key, value in content.items()}
    write_text(path, json.dumps(rounded, indent=2, sort_keys=True, allow_nan=False) + "\n")
