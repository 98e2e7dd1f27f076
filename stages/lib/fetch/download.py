"""Gets a file from a URL or a local path, with a time limit and a few retries."""

import re
import time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from urllib.request import url2pathname

import requests
from urllib3.exceptions import HTTPError as BrokenBody

from stages.lib.common import UserError

_CHUNK = 1 << 16
_CHECK = "Check data.url in params.yaml."
# Answers of a server that may be another one a second later: it is slow, asks too early or too often, or has a fault.
_PASSING_ANSWERS = {408, 425, 429, *range(500, 600)}
# What errors mean whose text is made of objects and their addresses.
_CAUSES = {
    "Name or service not known|Temporary failure in name resolution": "no server of this name was found",
    "Connection refused": "connection refused",
    "Read timed out": "the server stopped responding",
    "decode": "the answer is packed in a broken way",
    "CERTIFICATE": "its certificate is not valid",
    "SSL": "the server does not speak https as it should",
    "BadStatusLine|HeaderParsing": "the answer is not HTTP",
    "Incomplete|broken|reset|aborted|Disconnected": "the connection was lost",
}


class _PassingError(Exception):
    """A temporary failure: no connection, silence, a broken body, a server error."""


def download(url: str, *, silence: float = 10.0, limit: float = 60.0, attempts: int = 3, wait: float = 1.0) -> bytes:
    """Return the content of the file at `url`, `http://…`, `https://…`, `file://…` or a local path.

    `silence` and `limit` are the most seconds of one attempt without a byte, and in total; `wait` is how many pass
    before the second attempt, doubled before each further one. If the last one fails, `UserError` says why.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UserError(f"{url!r} is not a valid URL. {_CHECK}") from None
    if parts.scheme not in {"http", "https"}:
        return _local(url, parts)
    # The retries of urllib3 end with the headers, but a body that breaks off or takes too long is worth a retry too.
    attempt = 1
    while True:
        try:
            return _answer(url, silence, limit)
        except _PassingError as error:
            if attempt == attempts:
                raise UserError(
                    f"{url} could not be downloaded in {attempts} attempts: {error}. "
                    "Check the network, or set data.url in params.yaml to a copy."
                ) from None
            time.sleep(wait * 2 ** (attempt - 1))
            attempt += 1


def _local(url: str, parts: SplitResult) -> bytes:
    if "://" in url and parts.scheme != "file":
        raise UserError(f"{url} begins with {parts.scheme}://, but only http, https and file are known. {_CHECK}")
    try:
        return Path(url2pathname(parts.path) if parts.scheme == "file" else url).read_bytes()
    except OSError as error:
        is_address = isinstance(error, FileNotFoundError) and not parts.scheme
        hint = " A web address begins with https://." if is_address else ""
        raise UserError(f"{url} can't be read: {error.strerror}. {_CHECK}{hint}") from None


def _answer(url: str, silence: float, limit: float) -> bytes:
    try:
        return _body(url, silence, limit)
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        raise UserError(f"{url!r} is not a valid URL, or leads to one. {_CHECK}") from None
    except requests.TooManyRedirects:
        raise UserError(f"{url} could not be downloaded: it leads from one address to the next. {_CHECK}") from None
    except (requests.Timeout, TimeoutError):
        raise _PassingError(f"the server was silent for {silence:g} s") from None
    except (requests.RequestException, BrokenBody, OSError) as error:
        text = str(error)
        causes = (meaning for signs, meaning in _CAUSES.items() if re.search(signs, text))
        raise _PassingError(next(causes, text)) from None


def _body(url: str, silence: float, limit: float) -> bytes:
    deadline = time.monotonic() + limit
    content = bytearray()
    # Only plain text shows whether a body is complete: an archive that is cut off is unpacked as far as it goes.
    with requests.get(url, stream=True, timeout=silence, headers={"Accept-Encoding": "identity"}) as response:
        status = f"the server answered {response.status_code} {response.reason}"
        if response.status_code in _PASSING_ANSWERS:
            raise _PassingError(status)
        if response.status_code != requests.codes.ok:
            raise UserError(f"{url} could not be downloaded: {status}. {_CHECK}")
        # read1 returns what has arrived, so the limit also applies to a slow server.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            if time.monotonic() > deadline:
                raise _PassingError(f"it was not complete after {limit:g} s")
            content += chunk
    return bytes(content)
