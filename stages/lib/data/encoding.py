"""The bytes of a CSV as UTF-8, whatever its encoding; files that are not a CSV are refused by how they begin."""

import codecs

from stages.lib.common import Problem, UserError

# How the names of encodings begin in which each byte is a letter.
_ONE_BYTE = ("iso8859", "cp125")
# Bytes that text never contains: control characters other than tab, line ends and form feed.
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f"))

# How other files begin, in lower case and after blanks.
_BEGINNINGS = {
    b"pk\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\x1f\x8b": "a gzip archive",
    b"par1": "a Parquet file",
    b"version https://git-lfs": "a pointer of Git LFS, which `git lfs pull` replaces by the file",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
}


def refuse_other_formats(content: bytes, name: str) -> None:
    """Raise `UserError` if a file is not a CSV but of another known format; it says which."""
    start = content[:1000].lstrip().lower()
    for beginning, what in _BEGINNINGS.items():
        if start.startswith(beginning):
            raise UserError(Problem(f"is not a CSV, but {what}", file=name))


def as_utf8(content: bytes, encoding: str, name: str) -> bytes:
    """Return the text in UTF-8, without a byte-order mark and without empty lines at its end.

    Raises `UserError` if the content is not text in `data.encoding`, or begins with an empty line. The message calls
    the text `name`, and says which encoding the content looks like.
    """
    refuse_other_formats(content, name)
    content = content.removeprefix(codecs.BOM_UTF8)  # spreadsheets put it before any text
    coding, likely = codecs.lookup(encoding).name, likely_encoding(content)
    remedy = f"It may be {likely}; data.encoding in params.yaml is {encoding}." if likely else "Is it the right file?"
    try:
        text = content.decode(encoding).encode()
    except UnicodeError as error:
        line = 1 + content.count(b"\n", 0, getattr(error, "start", 0))
        raise UserError(Problem(f"is not {encoding}", remedy, name, line=line)) from None
    # Encodings of one byte decode any bytes, and UTF-8 to wrong letters; UTF-16 makes letters of other scripts of it.
    is_wrong = coding.startswith(_ONE_BYTE) and not content.isascii()
    if b"\0" in text or (likely == "utf-8" and (is_wrong or coding.startswith("utf-16"))):
        raise UserError(Problem(f"is not {encoding}", remedy, name))
    text = text.removeprefix(codecs.BOM_UTF8).rstrip(b" \r\n")
    if not text:
        raise UserError(Problem("is empty", remedy, name))
    if text[:1] in b"\r\n":
        raise UserError(Problem("is empty", "Remove it.", name, line=1))
    return text


def likely_encoding(content: bytes) -> str | None:
    """Guess the encoding: UTF-16 by its mark, UTF-8, and otherwise a Western European one; None if it is not text."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if any(byte in content for byte in _NO_TEXT):
        return None
    # The bytes 0x80 to 0x9f are letters and quotation marks in cp1252, and control characters in latin-1, which
    # decodes any bytes.
    for candidate in ("utf-8", "cp1252" if any(byte in content for byte in range(0x80, 0xA0)) else "latin-1"):
        try:
            content.decode(candidate)
        except UnicodeError:
            continue
        return candidate
    return None
