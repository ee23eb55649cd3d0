"""A server on loopback that serves files, with the failures that a test plans."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shelf(ThreadingHTTPServer):
    """Serves texts by path; `plan` lists per path what goes wrong, once for each entry."""

    daemon_threads = True

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.texts = texts
        self.requests: list[str] = []
        self.plan: dict[str, list[str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Answer(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        name = self.path.removeprefix("/elsewhere").removeprefix("/")
        self.server.requests.append(self.path)
        trouble = self.server.plan.get(name, [])
        getattr(self, trouble.pop(0) if trouble else "good")(self.server.texts[name])

    def good(self, text: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def wrong(self, text: bytes) -> None:
        self.good(text[::-1])

    def cut(self, text: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2])

    def endless(self, text: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        while True:  # until the client closes the connection
            try:
                self.wfile.write(text * 1000)
            except OSError:
                return

    def away(self, text: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", f"http://example.invalid{self.path}")
        self.end_headers()

    def missing(self, text: bytes) -> None:
        self.send_error(404)

    def busy(self, text: bytes) -> None:
        self.send_error(503)

    def moved(self, text: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", f"/elsewhere{self.path}")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def open_shelf(texts: Mapping[str, bytes]) -> Iterator[Shelf]:
    with Shelf(texts) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
