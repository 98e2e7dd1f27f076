"""Copies a file from a URL or a local path, with a time limit and a few retries."""

import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from urllib3.exceptions import HTTPError as BrokenBody

from stages.lib.common import UserError

_CHUNK = 1 << 16


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
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        source = url2pathname(parts.path) if parts.scheme == "file" else url
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise UserError(f"{url} can't be read: {error.strerror}. Check data.url in params.yaml.") from None
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


def _download_once(url: str, target: Path, silence: float, limit: float) -> None:
    deadline = time.monotonic() + limit
    try:
        with requests.get(url, stream=True, timeout=silence) as response, target.open("wb") as file:
            if response.status_code in {408, 425, 429} or response.status_code >= 500:
                raise _PassingError(f"the server answered {response.status_code} {response.reason}")
            if not response.ok:
                raise UserError(
                    f"{url} could not be downloaded: the server answered {response.status_code} {response.reason}. "
                    "Check data.url in params.yaml."
                )
            # read1 returns what has arrived, so the limit also applies to a slow server.
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                file.write(chunk)
                if time.monotonic() > deadline:
                    raise _PassingError(f"it was not complete after {limit:g} s")
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        raise UserError(f"{url!r} is not a valid URL. Check data.url in params.yaml.") from None
    except (requests.Timeout, TimeoutError):
        raise _PassingError(f"the server was silent for {silence:g} s") from None
    except (requests.ConnectionError, BrokenBody, OSError) as error:
        raise _PassingError(_cause(error)) from None


def _cause(error: BaseException) -> str:
    """Find the innermost message; requests wraps it in object addresses."""
    text = str(error)
    for sign in ("Name or service not known", "Temporary failure in name resolution", "Connection refused"):
        if sign in text:
            return sign.lower()
    if "Read timed out" in text:
        return "the server stopped responding"
    return "the connection was lost" if "Incomplete" in text or "broken" in text or "reset" in text else text
