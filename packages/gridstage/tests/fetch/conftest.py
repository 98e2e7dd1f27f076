"""A server on the loopback address that behaves as it is asked to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from packages.gridstage.tests.read_sample import SAMPLE

CSV = (SAMPLE / "data/pima-indians-diabetes.csv").read_bytes()


class Server(ThreadingHTTPServer):
    """Serves the CSV on the loopback address, and behaves as the path says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str] = []

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{behaviour}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        behaviour = self.path.removeprefix("/")
        self.server.requests.append(behaviour)
        first = len(self.server.requests) == 1
        status = (
            404
            if behaviour == "missing"
            else 503
            if behaviour == "recovers" and first
            else 200
        )
        body = CSV.replace(b"148", b"149", 1) if behaviour == "changed" else CSV
        if behaviour == "silent":
            time.sleep(2)
        self.send_response(status)
        if behaviour == "page":
            body = b"<!DOCTYPE html><title>Log in</title>"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1000] if behaviour == "breaks" else body)

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(
        target=server.serve_forever, args=(0.02,), daemon=True
    )  # looks so often for its end
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started
