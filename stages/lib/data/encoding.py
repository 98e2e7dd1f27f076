"""The bytes of a CSV as UTF-8, whatever its encoding; if they are not text, a guess at what they are."""

import codecs

from stages.lib.common import UserError

_SLICE = 1 << 20
# Bytes that text never contains, whatever its encoding: control characters other than tab, line ends and form feed.
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f"))


def as_utf8(content: bytes, encoding: str, name: str) -> bytes:
    """Return the text in UTF-8, without a byte-order mark and without empty lines at its end.

    Parameters
    ----------
    content : bytes
    encoding : str
        `data.encoding`.
    name : str
        The name of the text in messages.

    Raises
    ------
    UserError
        If the content has another encoding, or is no text; it says which encoding the content looks like.
    """
    coding = codecs.lookup(encoding).name
    if not coding.startswith("utf-16"):
        content = content.removeprefix(codecs.BOM_UTF8)  # spreadsheets put it before any text
    broken = _broken_line(content, encoding)
    if coding.startswith("utf-16") and not _has_zeros(content):
        broken = 1  # other text often decodes as UTF-16, to letters of other scripts
    if broken is None:
        text = content if coding == "utf-8" else content.decode(encoding).removeprefix("\ufeff").encode()
        if b"\0" not in text:
            return text.rstrip(b" \r\n")
    other = likely_encoding(content)
    if other is None or codecs.lookup(other) == codecs.lookup(encoding):
        line = broken or 1 + content.count(b"\n", 0, content.index(b"\0"))
        raise UserError(f"{name} is not text: line {line} is not {encoding}. Is it the right file?")
    raise UserError(f"{name} is not {encoding}; it looks like {other}. Set data.encoding in params.yaml to {other}.")


def _broken_line(content: bytes, encoding: str) -> int | None:
    """Return the number of a line that can't be decoded, decoding a slice at a time to need no memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, max(len(content), 1), _SLICE):
            decoder.decode(content[start : start + _SLICE], final=start + _SLICE >= len(content))
    except UnicodeDecodeError as error:
        return 1 + content.count(b"\n", 0, max(start + error.start, 0))
    except UnicodeError:  # UTF-16 without its mark
        return 1
    return None


def _has_zeros(content: bytes) -> bool:
    """Whether many bytes are zero, as in UTF-16, where each digit and each separator has one."""
    start = content[:1000]
    return start.count(b"\0") * 4 >= len(start)


def likely_encoding(content: bytes) -> str | None:
    """Guess the encoding: UTF-16 by its mark or its zero bytes, UTF-8, and else a Western European one.

    None means that the content is no text in any of them.
    """
    if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        candidates = ["utf-16"]
    elif content and _has_zeros(content):
        # In UTF-16, a digit or a separator has one byte that is zero: the second of the two if the low byte is first.
        start = content[:1000]
        candidates = ["utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"]
    else:
        # The bytes 0x80 to 0x9f are letters and quotation marks in cp1252, and control characters in latin-1, which
        # decodes any bytes.
        candidates = ["utf-8", *(["cp1252"] if any(byte in content for byte in range(0x80, 0xA0)) else []), "latin-1"]
    for candidate in candidates:
        if _broken_line(content, candidate) is None:
            text = content[:_SLICE].decode(candidate, errors="ignore")
            if not any(chr(byte) in text for byte in _NO_TEXT):
                return candidate
    return None
