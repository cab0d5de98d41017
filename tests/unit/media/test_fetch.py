"""Fetching by address, against servers on loopback and name servers that lie."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kinesight.domain.errors import Cancelled, SourceForbidden, SourceUnreachable, VideoTooLarge
from kinesight.media.fetch import Download, fetch_video, is_public
from kinesight.testing.certificates import self_signed

LOOPBACK = ("127.0.0.0/8",)
VIDEO = bytes(range(256)) * 1000
Handler = Callable[[socket.socket, bytes], None]


@contextmanager
def server(handler: Handler, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer each connection on a loopback port with `handler(connection, request head)`; yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one(connection: socket.socket) -> None:
        try:
            connection.settimeout(20)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(4096)
                if not received:
                    return
                head += received
            handler(connection, head)
        except OSError:
            pass  # the client hung up, as most of these tests want it to
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def answer(body: bytes = VIDEO, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> Handler:
    """Return a handler that sends one fixed answer."""
    size = len(body) if length is None else length

    def handler(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body)

    return handler


def redirect(to: str) -> Handler:
    return answer(b"", status="302 Found", headers=f"Location: {to}\r\n")


def fetch(url: str, to: Path, **changes: object) -> int:
    rules: dict[str, object] = {"allow": LOOPBACK, "max_bytes": 10_000_000, "time_limit_s": 20.0, **changes}
    return Download(**rules).run(url, to)  # type: ignore[arg-type]


def test_writes_the_body_and_reports_every_read(tmp_path: Path) -> None:
    reports: list[tuple[int, int | None]] = []
    with server(answer()) as port:
        size = fetch_video(
            f"http://127.0.0.1:{port}/v.mp4?sig=1",
            tmp_path / "v",
            allow=LOOPBACK,
            max_bytes=len(VIDEO),
            time_limit_s=20,
            report=lambda done, total: reports.append((done, total)),
        )
    assert size == len(VIDEO)
    assert (tmp_path / "v").read_bytes() == VIDEO
    assert reports[-1] == (len(VIDEO), len(VIDEO))


def test_asks_for_the_path_and_host_of_the_address_without_compression(tmp_path: Path) -> None:
    heads: list[bytes] = []

    def handler(connection: socket.socket, head: bytes) -> None:
        heads.append(head)
        answer()(connection, head)

    with server(handler) as port:
        fetch(f"http://media.test:{port}/a%20b/v.mp4?x=1&y=2#part", tmp_path / "v", resolve=lambda _h, _p: ["127.0.0.1"])
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b/v.mp4?x=1&y=2 HTTP/1.1"
    assert f"Host: media.test:{port}" in lines
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/v.mp4",
        "file:///etc/passwd",
        "http://user:secret@example.com/v.mp4",
        "http://user@example.com/v.mp4",
        "http:///v.mp4",
        "http://[::1/v.mp4",
        "http://example.com:99999/v.mp4",
        "http://example.com/a b",
        "http://example.com/\r\nX-Injected: 1",
        "http://example.com\\@127.0.0.1/",
        "http://exämple.com/",
        "//example.com/v.mp4",
        "v.mp4",
        "http://example.com/" + "a" * 5000,
    ],
)
def test_refuses_addresses_of_another_form_before_any_look_up(url: str, tmp_path: Path) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("must not be looked up")

    with pytest.raises(SourceForbidden):
        fetch(url, tmp_path / "v", resolve=resolve)


SPECIAL = """
    127.0.0.1 127.8.9.10 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 192.0.0.192 192.0.2.1
    198.18.0.1 203.0.113.5 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 192.88.99.1 :: ::1 ::7f00:1 ::ffff:127.0.0.1
    ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1 2001::1
    2001:db8::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 100::1 4000::1
"""


@pytest.mark.parametrize("address", SPECIAL.split())
def test_private_and_special_addresses_are_refused(address: str, tmp_path: Path) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(SourceForbidden):
        fetch("http://media.test/v.mp4", tmp_path / "v", allow=(), resolve=lambda _h, _p: [address])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
def test_no_spelling_of_loopback_gets_through(host: str, tmp_path: Path) -> None:
    with server(answer()) as port, pytest.raises(SourceForbidden):
        fetch(f"http://{host}:{port}/v.mp4", tmp_path / "v", allow=())
    assert not (tmp_path / "v").exists()


def test_one_private_address_among_public_ones_refuses_the_host(tmp_path: Path) -> None:
    with pytest.raises(SourceForbidden):
        fetch("http://media.test/v.mp4", tmp_path / "v", allow=(), resolve=lambda _h, _p: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize("allow", [("127.0.0.0/8",), ("127.0.0.1",), ("media.test",), ("MEDIA.test.",)])
def test_a_listed_host_or_network_may_be_fetched_from_on_any_port(allow: tuple[str, ...], tmp_path: Path) -> None:
    with server(answer()) as port:
        assert fetch(f"http://media.test:{port}/", tmp_path / "v", allow=allow, resolve=lambda _h, _p: ["127.0.0.1"]) == len(
            VIDEO
        )


def test_a_public_host_is_not_fetched_from_on_an_odd_port(tmp_path: Path) -> None:
    with pytest.raises(SourceForbidden, match="22"):
        fetch("http://media.test:22/", tmp_path / "v", resolve=lambda _h, _p: ["8.8.8.8"])


def test_a_name_that_resolves_differently_the_second_time_does_not_matter(tmp_path: Path) -> None:
    """DNS rebinding: the connection goes to what was checked, and the name is looked up once."""
    calls: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        calls.append(host)
        return ["127.0.0.1"] if len(calls) == 1 else ["127.0.0.2"]

    with server(answer()) as port:  # listens on 127.0.0.1 alone
        fetch(f"http://media.test:{port}/", tmp_path / "v", allow=("127.0.0.1/32",), resolve=resolve)
    assert calls == ["media.test"]


def test_a_redirect_into_a_private_network_is_refused(tmp_path: Path) -> None:
    reached: list[bytes] = []
    with server(lambda _c, head: reached.append(head)) as inner, server(redirect(f"http://inner.test:{inner}/secret")) as outer:
        addresses = {"outer.test": ["127.0.0.1"], "inner.test": ["127.0.0.2"]}
        with pytest.raises(SourceForbidden):
            fetch(f"http://outer.test:{outer}/", tmp_path / "v", allow=("outer.test",), resolve=lambda host, _p: addresses[host])
    assert reached == []


def test_a_redirect_to_another_scheme_is_refused(tmp_path: Path) -> None:
    with server(redirect("file:///etc/passwd")) as port, pytest.raises(SourceForbidden):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v")


def test_redirects_are_followed_three_times_relative_ones_too(tmp_path: Path) -> None:
    def handler(connection: socket.socket, head: bytes) -> None:
        path = head.split()[1].decode()
        hops = {"/0": "/1", "/1": "2", "/2": "/3"}
        (redirect(hops[path]) if path in hops else answer())(connection, head)

    with server(handler) as port:
        assert fetch(f"http://127.0.0.1:{port}/0", tmp_path / "v") == len(VIDEO)


def test_a_redirect_loop_ends(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def handler(connection: socket.socket, head: bytes) -> None:
        seen.append(head)
        redirect("/again")(connection, head)

    with server(handler) as port, pytest.raises(SourceUnreachable, match="redirects"):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v")
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (answer(status="404 Not Found"), SourceUnreachable),
        (answer(status="500 Oops"), SourceUnreachable),
        (answer(status="206 Partial Content"), SourceUnreachable),
        (answer(status="302 Found"), SourceUnreachable),  # without Location
        (answer(b""), SourceUnreachable),
        (answer(length=len(VIDEO) + 1), SourceUnreachable),  # breaks off
        (answer(headers="Content-Encoding: gzip\r\n"), SourceUnreachable),
        (answer(length=10_000_001), VideoTooLarge),
        (lambda connection, _head: connection.sendall(b"SSH-2.0-hello\r\n"), SourceUnreachable),
        (lambda _connection, _head: None, SourceUnreachable),
    ],
)
def test_other_answers_are_typed_errors_and_leave_nothing(handler: Handler, error: type[Exception], tmp_path: Path) -> None:
    with server(handler) as port, pytest.raises(error):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v")
    assert list(tmp_path.iterdir()) == []


def test_an_endless_body_is_cut_at_the_limit(tmp_path: Path) -> None:
    def handler(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    with server(handler) as port, pytest.raises(VideoTooLarge):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v", max_bytes=1_000_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_a_server_that_drips_is_left_at_the_time_limit(head: bytes, tmp_path: Path) -> None:
    """One byte now and then keeps every single read alive; the limit of the whole must end it, in the head as in the body."""

    def handler(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(head)
        while True:  # until the client hangs up
            connection.sendall(b"x")
            time.sleep(0.05)

    with server(handler) as port, pytest.raises(SourceUnreachable, match="too long"):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v", time_limit_s=0.8)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_says_nothing_is_left_at_the_time_limit(tmp_path: Path) -> None:
    with server(lambda _connection, _head: time.sleep(3)) as port, pytest.raises(SourceUnreachable, match="too long"):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v", time_limit_s=0.5)


def test_the_reporter_can_stop_it(tmp_path: Path) -> None:
    def report(_done: int, _total: int | None) -> None:
        raise Cancelled

    with server(answer()) as port, pytest.raises(Cancelled):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v", report=report)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_port_and_an_unknown_host_are_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceUnreachable):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "v")

    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(SourceUnreachable, match="not known"):
        fetch("http://nowhere.test/", tmp_path / "v", resolve=resolve)


def test_the_second_address_is_tried_when_the_first_does_not_answer(tmp_path: Path) -> None:
    with server(answer()) as port:
        assert fetch(f"http://media.test:{port}/", tmp_path / "v", resolve=lambda _h, _p: ["127.0.0.3", "127.0.0.1"]) == len(
            VIDEO
        )


def test_proxies_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with server(answer()) as port:
        assert fetch(f"http://127.0.0.1:{port}/", tmp_path / "v") == len(VIDEO)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PEM file with key and self-signed certificate for media.test."""
    return self_signed("media.test", tmp_path_factory.mktemp("tls"))


def test_tls_verifies_the_name_of_the_host_not_the_address(certificate: Path, tmp_path: Path) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    names: list[str | None] = []
    served.sni_callback = lambda _socket, name, _context: names.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with server(answer(), tls=served) as port:
        there = {"resolve": lambda _h, _p: ["127.0.0.1"]}
        assert fetch(f"https://media.test:{port}/", tmp_path / "v", tls=trusting, **there) == len(VIDEO)
        with pytest.raises(SourceUnreachable):
            fetch(f"https://other.test:{port}/", tmp_path / "w", tls=trusting, **there)
        with pytest.raises(SourceUnreachable):  # not trusted by this machine
            fetch(f"https://media.test:{port}/", tmp_path / "w", **there)
    assert names[0] == "media.test"
