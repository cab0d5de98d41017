"""Messages to addresses of strangers: what is refused, what is sent, and when it is given up."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kinesight.domain.errors import SourceForbidden, SourceUnreachable
from kinesight.media.post import HttpPost
from kinesight.testing.certificates import self_signed
from kinesight.testing.receiver import receiver

LOOPBACK = ("127.0.0.0/8",)


def post(**given: object) -> HttpPost:
    return HttpPost(**{"allow": LOOPBACK, "allow_http": True, "time_limit_s": 5.0, **given})  # type: ignore[arg-type]


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            answer(connection)
        except OSError:
            pass  # the client hung up
        finally:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(10)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",  # plain
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://93.184.216.34:8443/",  # a port that is not the web's
        "https://user:word@example.com/",
        "ftp://example.com/",
        "https://exa mple.com/",
        "https://[/",
        "//example.com/",
        "",
    ],
)
def test_what_no_message_goes_to(url: str) -> None:
    with pytest.raises(SourceForbidden):
        HttpPost(resolve=lambda host, _port: (host,)).check(url)


def test_a_public_https_address_and_what_is_allowed_pass() -> None:
    HttpPost(resolve=lambda _host, _port: ("93.184.216.34",)).check("https://hooks.example.com/a?b=c")
    post().check("http://127.0.0.1:9/")
    with pytest.raises(SourceUnreachable):
        HttpPost(resolve=lambda _host, _port: ()).check("https://hooks.example.com/")


def test_a_name_that_changes_its_mind_after_the_check_gets_nothing() -> None:
    answers = [("93.184.216.34",), ("127.0.0.1",)]
    changing = HttpPost(resolve=lambda _host, _port: answers.pop(0), allow_http=True)
    changing.check("https://hooks.example.com/")
    with pytest.raises(SourceForbidden):
        changing.send("https://hooks.example.com/", body=b"{}", headers={})
    assert answers == [], "asked once for each, and the answer that was checked is the one that is used"


def test_body_and_headers_arrive_and_a_redirect_is_only_a_status() -> None:
    with receiver() as box:
        box.statuses = [302]
        answer = post().send(
            f"{box.url}/a/b?c=d", body=b'{"x": 1}', headers={"webhook-id": "m", "Content-Type": "application/json"}
        )
    assert (answer.status, answer.is_taken) == (302, False)
    (message,) = box.received
    assert (message.path, message.json) == ("/a/b?c=d", {"x": 1})
    assert (message.headers["webhook-id"], message.headers["host"]) == ("m", f"127.0.0.1:{box.port}")


def drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000:
        connection.sendall(bytes([byte]))
        threading.Event().wait(0.1)


def hang_up(connection: socket.socket) -> None:
    connection.recv(10)


def babble(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"this is no HTTP\r\n\r\n")


@pytest.mark.parametrize("behaviour", [drip, hang_up, babble])
def test_a_receiver_that_behaves_badly_is_unreachable_in_bounded_time(behaviour: Callable[[socket.socket], None]) -> None:
    with raw_server(behaviour) as port, pytest.raises(SourceUnreachable):
        post(time_limit_s=0.5).send(f"http://127.0.0.1:{port}/", body=b"{}", headers={})


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnreachable):
        post().send(f"http://127.0.0.1:{port}/", body=b"{}", headers={})


def test_tls_is_verified_by_the_name_of_the_host(tmp_path: Path) -> None:
    certificate = self_signed("hooks.test", tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)

    def answer(connection: socket.socket) -> None:
        with served.wrap_socket(connection, server_side=True) as secure:
            received = b""
            # what is left unread when the connection closes would reset it
            while not received.endswith(b"\r\n\r\n{}") and (part := secure.recv(4096)):
                received += part
            secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    trusting = post(resolve=lambda _host, _port: ("127.0.0.1",), tls=ssl.create_default_context(cafile=str(certificate)))
    with raw_server(answer) as port:
        assert trusting.send(f"https://hooks.test:{port}/", body=b"{}", headers={}).is_taken
    with raw_server(answer) as port, pytest.raises(SourceUnreachable):
        trusting.send(f"https://other.test:{port}/", body=b"{}", headers={})
