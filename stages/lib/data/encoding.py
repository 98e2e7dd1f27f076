"""The bytes of a CSV as UTF-8, whatever its encoding; if they are not text, a guess at what they are."""

import codecs

from stages.lib.common import UserError
from stages.lib.data.formats import refuse_other_formats

_SLICE = 1 << 20
# Bytes that text never contains, whatever its encoding: control characters other than tab, line ends and form feed.
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f"))
# How the names of encodings begin in which each byte is a letter.
_ONE_BYTE = ("iso8859", "cp125")
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def as_utf8(content: bytes, encoding: str, name: str, is_new: bool = False) -> bytes:
    """Return the text in UTF-8, without a byte-order mark and without empty lines at its end.

    Raises `UserError` if the content is not text in `data.encoding`, or begins with an empty line. The message calls
    the text `name`, and says which encoding or format the content looks like. A text that `is_new` has to be written as
    the training table is, so that no setting can suit it.
    """
    refuse_other_formats(content, name)
    coding = codecs.lookup(encoding).name
    if not coding.startswith("utf-16"):
        content = content.removeprefix(codecs.BOM_UTF8)  # spreadsheets put it before any text
    broken = _broken_line(content, encoding)
    if coding.startswith("utf-16") and not _wide(content):
        broken = 1  # other text often decodes as UTF-16, to letters of other scripts
    elif coding.startswith(_ONE_BYTE) and not content.isascii() and _broken_line(content, "utf-8") is None:
        broken = 1  # these decode any bytes, and UTF-8 to wrong letters
    text = b""
    if broken is None:
        text = content if coding == "utf-8" else content.decode(encoding).encode()
        while text.startswith(codecs.BOM_UTF8):  # some programs add one to each copy
            text = text.removeprefix(codecs.BOM_UTF8)
        if b"\0" not in text:
            text = text.rstrip(b" \r\n")
            if not text:
                raise UserError(f"{name} is empty. Is it the right file?")
            if text[:1] in b"\r\n":
                raise UserError(f"{name}: line 1 is empty. Remove it.")
            return text
    other = likely_encoding(content)
    if other is not None and codecs.lookup(other) != codecs.lookup(encoding):
        remedy = f"Set data.encoding in params.yaml to {other}"
        if is_new:
            remedy = f"Save it as {encoding}, as the training table is"
        raise UserError(f"{name} is not {encoding}; it looks like {other}. {remedy}.")
    if broken is None:
        line = 1 + text.count(b"\n", 0, text.index(b"\0"))
        raise UserError(f"{name} is not text: line {line} contains a zero byte. Is it the right file, or damaged?")
    if other is None and _mostly_utf8(content):
        raise UserError(
            f"{name}: line {_broken_line(content, 'utf-8')} is not utf-8, but other lines are. "
            "Write that line anew, and save the file as UTF-8."
        )
    raise UserError(f"{name} is not text: line {broken} is not {encoding}. Is it the right file?")


def likely_encoding(content: bytes) -> str | None:
    """Guess the encoding: UTF-16 by its mark or its zero bytes, UTF-8, and otherwise a Western European one.

    None means that the content is not text in any of them.
    """
    if wide := _wide(content):
        candidates = [wide]
    elif _broken_line(content, "utf-8") is None or _mostly_utf8(content):
        candidates = ["utf-8"]
    else:
        # The bytes 0x80 to 0x9f are letters and quotation marks in cp1252, and control characters in latin-1, which
        # decodes any bytes.
        candidates = ["cp1252", "latin-1"] if any(byte in content for byte in range(0x80, 0xA0)) else ["latin-1"]
    for candidate in candidates:
        text = content[:_SLICE].decode(candidate, errors="ignore")
        if _broken_line(content, candidate) is None and not any(chr(byte) in text for byte in _NO_TEXT):
            return candidate
    return None


def _broken_line(content: bytes, encoding: str) -> int | None:
    """Return the number of a line that can't be decoded."""
    try:
        content.decode(encoding)
    except UnicodeError as error:  # one of UTF-16 without its mark has no place
        return 1 + content.count(b"\n", 0, getattr(error, "start", 0))
    return None


def _wide(content: bytes) -> str | None:
    """Return the kind of UTF-16 by its mark, or by its zero bytes: each digit, separator and line end has one."""
    if content.startswith(_MARKS):
        return "utf-16"
    start = content[:1000]
    high, low = start[::2].count(0), start[1::2].count(0)
    if max(high, low) < max(2, len(start) / 8) or min(high, low) * 10 > max(high, low):
        return None
    encoding = "utf-16-le" if low > high else "utf-16-be"
    text = content[: len(start) & ~1].decode(encoding, errors="ignore")
    return encoding if any(sign in text for sign in ",;\t\n\r") else None


def _mostly_utf8(content: bytes) -> bool:
    """Whether letters beyond ASCII are UTF-8 in part, as in a file that was put together from two."""
    letters = [sign for sign in content[:_SLICE].decode("utf-8", errors="surrogateescape") if sign > "\x7f"]
    wrong = sum("\udc80" <= sign <= "\udcff" for sign in letters)
    return 2 * (len(letters) - wrong) > wrong
