"""A host of files on loopback for tests of fetching: links that work, are dead, have expired, or lead elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class LinkServer:
    """`files` are sent with their content, `redirects` lead to an address, `expired` are answered with 403; all else is 404."""

    port: int
    files: Mapping[str, bytes] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    expired: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    """Paths in the order in which they were asked for, without their query."""

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def link_server(
    files: Mapping[str, bytes], *, redirects: Mapping[str, str] | None = None, expired: frozenset[str] = frozenset()
) -> Iterator[LinkServer]:
    """Yield a server that listens until the block ends; keys are paths with their slash."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            links.asked.append(path)
            status = 302 if path in links.redirects else 403 if path in links.expired else 200 if path in links.files else 404
            content = links.files[path] if status == 200 else b""
            self.send_response(status)
            if status == 302:
                self.send_header("Location", links.redirects[path])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    links = LinkServer(server.server_port, files=files, redirects=redirects or {}, expired=expired)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield links
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
