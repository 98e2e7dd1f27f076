"""Copies a file from a URL or a local path, with a time limit and a few retries."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from urllib.request import url2pathname

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from urllib3.exceptions import HTTPError as BrokenBody

from stages.lib.common import UserError

_CHUNK = 1 << 16
_CHECK = "Check data.url in params.yaml."
# What errors mean whose text is made of objects and their addresses.
_CAUSES = {
    ("Read timed out",): "the server stopped responding",
    ("decode",): "the answer is packed in a broken way",
    ("CERTIFICATE",): "its certificate is not valid",
    ("SSL",): "the server does not speak https as it should",
    ("BadStatusLine", "HeaderParsing"): "the answer is no HTTP",
    ("Incomplete", "broken", "reset", "aborted", "Disconnected"): "the connection was lost",
}


class _PassingError(Exception):
    """A temporary failure: no connection, silence, a broken body, a server error."""


def download(
    url: str, target: Path, *, silence: float = 10.0, limit: float = 60.0, attempts: int = 3, wait: float = 1.0
) -> None:
    """Copy the file at `url` to `target`.

    Parameters
    ----------
    url : str
        `http://…`, `https://…`, `file://…` or a local path.
    target : Path
        Overwritten; incomplete if this function raises.
    silence, limit : float
        Timeouts of one attempt, in seconds: without a byte, and in total.
    attempts : int
        The number of attempts.
    wait : float
        Seconds before the second attempt, doubled before each further one.

    Raises
    ------
    UserError
        It says why the last attempt failed.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UserError(f"{url!r} is not a valid URL. {_CHECK}") from None
    if parts.scheme not in {"http", "https"}:
        _copy(url, parts, target)
        return
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential(multiplier=wait),
        retry=retry_if_exception_type(_PassingError),
        reraise=True,
    )
    try:
        retrying(_download_once, url, target, silence, limit)
    except _PassingError as error:
        raise UserError(
            f"{url} could not be downloaded in {attempts} attempts: {error}. "
            "Check the network, or set data.url in params.yaml to a copy."
        ) from None


def _copy(url: str, parts: SplitResult, target: Path) -> None:
    if "://" in url and parts.scheme != "file":
        raise UserError(f"{url} begins with {parts.scheme}://, but only http, https and file are known. {_CHECK}")
    source = url2pathname(parts.path) if parts.scheme == "file" else url
    try:
        content = Path(source).read_bytes()
    except OSError as error:
        hint = (
            " A web address begins with https://." if isinstance(error, FileNotFoundError) and not parts.scheme else ""
        )
        raise UserError(f"{url} can't be read: {error.strerror}. {_CHECK}{hint}") from None
    target.write_bytes(content)


def _download_once(url: str, target: Path, silence: float, limit: float) -> None:
    with target.open("wb") as file:
        for chunk in _chunks(url, silence, limit):
            file.write(chunk)


def _chunks(url: str, silence: float, limit: float) -> Iterator[bytes]:
    """Yield what the server sends; errors of the caller, who writes it, are not taken for the server's."""
    deadline = time.monotonic() + limit
    with ExitStack() as stack:
        with _told(url, silence):
            # Whether a body is complete shows in plain text only: a cut archive is unpacked as far as it goes.
            plain = {"Accept-Encoding": "identity"}
            response = stack.enter_context(requests.get(url, stream=True, timeout=silence, headers=plain))
            if response.status_code in {408, 425, 429} or response.status_code >= 500:
                raise _PassingError(f"the server answered {response.status_code} {response.reason}")
            if response.status_code != requests.codes.ok:
                raise UserError(
                    f"{url} could not be downloaded: the server answered {response.status_code} {response.reason}. "
                    f"{_CHECK}"
                )
        while True:
            with _told(url, silence):
                # read1 returns what has arrived, so the limit also applies to a slow server.
                chunk = response.raw.read1(_CHUNK, decode_content=True)
                if chunk and time.monotonic() > deadline:
                    raise _PassingError(f"it was not complete after {limit:g} s")
            if not chunk:
                return
            yield chunk


@contextmanager
def _told(url: str, silence: float) -> Iterator[None]:
    try:
        yield
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        raise UserError(f"{url!r} is not a valid URL, or leads to one. {_CHECK}") from None
    except requests.TooManyRedirects:
        raise UserError(f"{url} could not be downloaded: it leads from one address to the next. {_CHECK}") from None
    except (requests.Timeout, TimeoutError):
        raise _PassingError(f"the server was silent for {silence:g} s") from None
    except (requests.RequestException, BrokenBody, OSError) as error:
        raise _PassingError(_cause(error)) from None


def _cause(error: BaseException) -> str:
    """Find the innermost message; requests wraps it in object addresses."""
    text = str(error)
    for sign in ("Name or service not known", "Temporary failure in name resolution", "Connection refused"):
        if sign in text:
            return sign.lower()
    for signs, meaning in _CAUSES.items():
        if any(sign in text for sign in signs):
            return meaning
    return text
