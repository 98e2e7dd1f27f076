"""Recognises files that are not a CSV by how they begin: pages, spreadsheets, archives, JSON."""

import json
import re
from contextlib import suppress

from stages.lib.common import UserError

_EXPORT, _UNPACK = "Export it as CSV first.", "Unpack it first."
_DOWNLOAD = "Open it to see what the server says, and download the file itself."
_BEGINNINGS = {
    b"PK\x03\x04": ("a spreadsheet or a zip archive", _EXPORT),
    b"\xd0\xcf\x11\xe0": ("an old spreadsheet", _EXPORT),
    b"\x1f\x8b": ("a gzip archive", _UNPACK),
    b"PAR1": ("a Parquet file", _EXPORT),
    b"version https://git-lfs": ("a pointer of Git LFS", "Run `git lfs pull`."),
}
# What texts begin with, in lower case, after blanks.
_TEXTS = {
    rb"<(!doctype html|html|head|body)\b": ("an HTML page", _DOWNLOAD),
    rb"<\?xml\b": ("an XML file", _EXPORT),
    rb"@relation\b": ("an ARFF file", _EXPORT),
    rb"outs:\s*\n- md5:": ("a pointer of DVC", "Run `dvc pull`, and name the file itself."),
}


def refuse_other_formats(content: bytes, name: str) -> None:
    """Raise `UserError` if a file is not a CSV but of another known format; it says which, and what to do."""
    kinds = [kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)]
    start = content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kinds += [kind for pattern, kind in _TEXTS.items() if re.match(pattern, start)]
    if start[:1] in {b"{", b"["} and _is_json(content):
        kinds.append(("a JSON file", _EXPORT))
    for what, remedy in kinds:
        raise UserError(f"{name} is {what}, not a CSV. {remedy}")


def _is_json(content: bytes) -> bool:
    """Whether the text, or its first line, is JSON that holds more than plain values."""
    for part in (content.lstrip().split(b"\n", 1)[0], content):
        with suppress(ValueError, RecursionError):
            return isinstance(json.loads(part), dict | list)
    return False
