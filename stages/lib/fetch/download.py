"""Gets a file from a URL or a local path. The package pooch downloads it, with a few retries."""

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import url2pathname

from stages.lib.common import Problem, UserError

_CHECK = "Check data.url in params.yaml"


def download(url: str, *, silence: float = 10.0, retries: int = 2) -> bytes:
    """Return the content of the file at `url`, `http://…`, `https://…`, `file://…` or a local path.

    `silence` is how many seconds may pass without a byte. Whatever fails is tried again, one second later, then two
    seconds later, and so on; if the last of the `retries` fails, `UserError` says why.
    """
    if not url.startswith(("http://", "https://")):
        return _local(url)
    import pooch  # not at the top: the checks import this room, and seldom download

    pooch.get_logger().setLevel("ERROR")  # a note on each attempt would name a temporary file
    # Only plain text shows whether a body is complete: an archive that is cut off is unpacked as far as it goes.
    get = pooch.HTTPDownloader(timeout=silence, headers={"Accept-Encoding": "identity"})
    # The hash is looked at later, because a page in place of the file has a better sentence.
    with TemporaryDirectory() as folder:
        once = pooch.create(folder, "", registry={"file": None}, urls={"file": url}, retry_if_failed=retries)
        try:
            return Path(once.fetch("file", downloader=get)).read_bytes()
        except (OSError, ValueError) as error:  # those of requests are an OSError
            finding = f"could not be downloaded in {1 + retries} attempts: {str(error).rstrip('.')}"
            remedy = f"{_CHECK} and the network, or set data.url to a copy."
            raise UserError(Problem(finding, remedy, url, see="data.url")) from None


def _local(url: str) -> bytes:
    scheme, separator, _ = url.partition("://")
    if separator and scheme != "file":
        finding = f": it begins with {scheme}://, but only http, https and file are known"
        raise UserError(Problem(finding, f"{_CHECK}.", url, see="data.url"))
    try:
        return Path(url2pathname(urlsplit(url).path) if separator else url).read_bytes()
    except OSError as error:
        hint = "" if separator else " A web address begins with https://."
        raise UserError(Problem(f"can't be read: {error.strerror}", f"{_CHECK}.{hint}", url, see="data.url")) from None
