"""Uploads against a real server process: streamed, limited while they arrive, gone when the client is."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import time
from typing import Any

CHUNK = bytes(range(256)) * 1024  # 256 KiB
HEAD = (
    b'--edge\r\nContent-Disposition: form-data; name="kind"\r\n\r\nrunning\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="video"; filename="run.mp4"\r\n\r\n'
)
TAIL = b"\r\n--edge--\r\n"


def request_head(live: Any, *, length: int | None, path: str = "/v1/analyses", host: str = "localhost") -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        f"x-api-key: {live.key}",
        "Content-Type: multipart/form-data; boundary=edge",
        size,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connected(live: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", live.port), timeout=60)


def answer(connection: socket.socket) -> tuple[int, Any]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


def chunked(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def eventually(claim: Any) -> bool:
    """Return whether a claim comes true before a generous limit."""
    for _ in range(400):
        if claim():
            return True
        time.sleep(0.05)
    return False


def test_a_large_upload_goes_to_disk_without_growing_the_process(live: Any) -> None:
    before = live.memory_peak_bytes()
    count = 160  # 42 MB
    with connected(live) as connection:
        connection.sendall(request_head(live, length=None))
        connection.sendall(chunked(HEAD))
        for _ in range(count):
            connection.sendall(chunked(CHUNK))
        connection.sendall(chunked(TAIL) + b"0\r\n\r\n")
        status, body = answer(connection)
    assert (status, body["state"]) == (202, "queued")
    assert live.memory_peak_bytes() - before < 24_000_000
    (kept,) = live.incoming()
    assert kept.suffix == ""
    assert hashlib.sha256(kept.read_bytes()).digest() == hashlib.sha256(CHUNK * count).digest()


def test_a_declared_length_over_the_limit_is_refused_before_the_body(live: Any) -> None:
    with connected(live) as connection:
        connection.sendall(request_head(live, length=5_000_000_000))  # and not one byte of it
        status, body = answer(connection)
    assert (status, body["error"]["code"]) == (413, "video_too_large")
    assert live.incoming() == []


def test_a_body_without_length_is_refused_at_the_limit(live: Any) -> None:
    """The client never ends its body; the answer must come all the same."""
    with connected(live) as connection:
        connection.sendall(request_head(live, length=None))
        connection.sendall(chunked(HEAD))
        for _ in range(190):  # 49.8 MB
            connection.sendall(chunked(CHUNK))
        status, body = answer(connection)
    assert (status, body["error"]["code"]) == (413, "video_too_large")
    assert eventually(lambda: live.incoming() == [])


def test_a_client_that_writes_all_before_it_reads_still_gets_the_refusal(live: Any) -> None:
    """60 MB to the Ochy-compatible API, whose limit is 30: no connection reset in the middle of sending.

    The client says `Connection: close`, as proxies do to servers behind them; the HTTP server itself would then hang up at once.
    """
    body = HEAD + bytes(60_000_000) + TAIL
    with connected(live) as connection:
        head = request_head(live, length=len(body), path=f"/analysis/start?apiKey={live.key}")
        connection.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        connection.sendall(body)
        status, refusal = answer(connection)
    assert status == 413
    assert list(refusal) == ["detail"]
    assert eventually(lambda: live.incoming() == [])


def test_no_key_is_refused_before_the_body(live: Any) -> None:
    with connected(live) as connection:
        head = request_head(live, length=40_000_000).replace(live.key.encode(), b"another")
        connection.sendall(head)
        status, body = answer(connection)
    assert (status, body["error"]["code"]) == (403, "forbidden")


def test_a_client_that_goes_away_leaves_no_file_and_the_server_lives(live: Any) -> None:
    with connected(live) as connection:
        connection.sendall(request_head(live, length=40_000_000) + HEAD + CHUNK * 8)
        assert eventually(lambda: [path.stat().st_size > 0 for path in live.incoming()] == [True])
        with connected(live) as other:  # others are served meanwhile
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert answer(other) == (200, {"status": "alive"})
    assert eventually(lambda: live.incoming() == [])
    with connected(live) as other:
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer(other)[0] == 200


def test_a_cut_off_form_is_a_typed_error(live: Any) -> None:
    body = HEAD + CHUNK
    with connected(live) as connection:
        connection.sendall(request_head(live, length=len(body)) + body)
        status, problem = answer(connection)
    assert (status, problem["error"]["code"]) == (422, "bad_parameter")
    assert live.incoming() == []


def test_endless_part_headers_are_cut(live: Any) -> None:
    with connected(live) as connection:
        connection.sendall(request_head(live, length=None))
        connection.sendall(chunked(b'--edge\r\nContent-Disposition: form-data; name="video"\r\nX-Long: '))
        for _ in range(8):
            connection.sendall(chunked(b"y" * 262_144))
        status, problem = answer(connection)
    assert (status, problem["error"]["code"]) == (422, "bad_parameter")


def test_many_empty_parts_are_cut(live: Any) -> None:
    part = b"--edge\r\nContent-Disposition: form-data; name=zz\r\n\r\n\r\n"
    body = part * 20_000
    with connected(live) as connection:
        connection.sendall(request_head(live, length=len(body), path=f"/analysis/start?apiKey={live.key}") + body)
        status, _ = answer(connection)
    assert status == 422
