"""Cuts a CSV that is read block by block into pieces of whole records, so that memory does not grow with its rows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stages.lib.data.csv_text import CsvText


def pieces(csv: CsvText, blocks: Iterable[bytes]) -> Iterator[CsvText]:
    """Yield a CSV in pieces, each with the number of its first line; only the first one may have a header.

    `csv` says how the file is written, and has no text. `blocks` are its text, cut anywhere.
    """
    for block in blocks:
        n_bytes, n_lines = _whole_records(csv) if csv.text else (0, 0)
        if n_bytes:
            yield replace(csv, text=csv.text[:n_bytes])
            csv = replace(csv, text=csv.text[n_bytes:], header=False, first_line=csv.first_line + n_lines)
        csv = replace(csv, text=csv.text + block)
    yield csv


def _whole_records(csv: CsvText) -> tuple[int, int]:
    """Return how many bytes and lines of a text are whole records: none if there is no row among them.

    A last record may go on in the next block.
    """
    text = csv.text
    if b'"' in text:  # around the ends of lines that are part of a cell, perhaps
        starts = [line for line, _ in csv.records()]
        n_records, n_lines = len(starts) - 1, starts[-1] - csv.first_line
        n_bytes = sum(map(len, text.splitlines(keepends=True)[:n_lines]))
    else:
        n_bytes = text.rfind(b"\n") + 1
        n_records = n_lines = len(text[:n_bytes].splitlines())
    return (n_bytes, n_lines) if n_records > csv.header else (0, 0)
