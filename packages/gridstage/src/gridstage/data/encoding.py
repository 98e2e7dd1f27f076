"""The bytes of a CSV as UTF-8, whatever its encoding; files of other formats are refused by how they begin."""

import codecs

from gridstage.common import Problem, UserError

# How the names of encodings begin in which each byte is a letter.
_ONE_BYTE = ("iso8859", "cp125")
# Bytes that text never contains: control characters other than tab, line ends and form feed.
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f"))
_BLANKS = b" \r\n"
_RIGHT_FILE = "Is it the right file?"

PARQUET_BEGINS = b"PAR1"
# How other files begin, in lower case and after blanks.
_BEGINNINGS = {
    b"pk\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\x1f\x8b": "a gzip archive",
    PARQUET_BEGINS.lower(): "a Parquet file, whose name does not end with .parquet",
    b"version https://git-lfs": "a pointer of Git LFS, which `git lfs pull` replaces by the file",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
}


def refuse_other_formats(content: bytes, name: str, parquet: bool = False) -> None:
    """Raise `UserError` if a file is not a CSV, or not `parquet`, but of another known format; it says which."""
    if parquet and content.startswith(PARQUET_BEGINS):
        return
    start = content[:1000].lstrip().lower()
    wanted = "a Parquet file" if parquet else "a CSV"
    for beginning, what in _BEGINNINGS.items():
        if start.startswith(beginning):
            raise UserError(Problem(f"is not {wanted}, but {what}", file=name))
    if parquet:
        finding = f"is not {wanted}" if content else "is empty"
        raise UserError(Problem(finding, _RIGHT_FILE, name))


def utf8_text(content: bytes, encoding: str, name: str) -> bytes:
    """Return a text in UTF-8, without a byte-order mark and empty lines at its end.

    Raises `UserError` if the content is not text in `data.encoding`, or begins with an empty line. The message calls
    the text `name`, and says which encoding the content looks like.
    """
    refuse_other_formats(content, name)
    # Spreadsheets put it before any text.
    content = content.removeprefix(codecs.BOM_UTF8)
    finding, remedy = f"is not {encoding}", _RIGHT_FILE
    likely = likely_encoding(content)
    if likely:
        remedy = f"It may be {likely}; data.encoding in params.yaml is {encoding}."
    try:
        text = content.decode(encoding).encode()
    except UnicodeError as error:
        line = 1 + content.count(b"\n", 0, getattr(error, "start", 0))
        raise UserError(Problem(finding, remedy, name, line=line)) from None
    # Encodings of one byte decode any bytes, and UTF-8 to wrong letters; UTF-16 makes other scripts' letters of it.
    coding = codecs.lookup(encoding).name
    is_wide = coding.startswith(_ONE_BYTE) and not content.isascii()
    is_wrong = is_wide or coding.startswith("utf-16")
    if b"\0" in text or (likely == "utf-8" and is_wrong):
        raise UserError(Problem(finding, remedy, name))
    text = text.removeprefix(codecs.BOM_UTF8).rstrip(_BLANKS)
    if not text:
        raise UserError(Problem("is empty", _RIGHT_FILE, name))
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
    for candidate in (
        "utf-8",
        "cp1252" if any(byte in content for byte in range(0x80, 0xA0)) else "latin-1",
    ):
        try:
            content.decode(candidate)
        except UnicodeError:
            continue
        return candidate
    return None
