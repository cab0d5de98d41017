"""E-mails come in over a real socket, sent by the standard library's client."""

from __future__ import annotations

import asyncio
import io
import smtplib
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from kinesight.domain.errors import DiskFull
from kinesight.panels.mail_in import MailIntake, MailRules

from .conftest import Site

CLIP = b"\0\0\0\x18ftypmp42" + bytes(2000)
JPEG = b"\xff\xd8\xff\xe0" + bytes(500)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
GATE = "gate@alarm.example"


@pytest.fixture
def listen(site: Site) -> Iterator[Callable[..., int]]:
    """Return what starts a server with the given rules and returns its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []

    def start(**rules: Any) -> int:
        given = MailRules(**{"max_bytes": 100_000, **rules})
        mail = MailIntake(intake=site.intake, cameras=site.cameras, keys=site.keys, rules=given, now_s=lambda: 1_770_000_000.0)

        async def opened() -> asyncio.Server:
            return await asyncio.get_running_loop().create_server(mail.protocol, "127.0.0.1", 0)

        server = asyncio.run_coroutine_threadsafe(opened(), loop).result(10)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start

    async def closed() -> None:
        for server in servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run_coroutine_threadsafe(closed(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def mail(*attached: tuple[str, str, bytes], subject: str = "Alarm", number: str | None = "<1@panel>") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "panel@site.example", GATE, subject
    if number is not None:
        made["Message-ID"] = number
    made.set_content("Motion at the gate.")
    for name, kind, content in attached:
        main, sub = kind.split("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made


def send(port: int, message: EmailMessage, *to: str, login: str | None = None) -> str:
    """Send and return the last answer; raises what the client raises."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="panel", timeout=20) as client:
        client.ehlo()
        if login is not None:
            client.login("panel", login)
        client.mail("panel@site.example")
        for address in to or (GATE,):
            code, said = client.rcpt(address)
            if code != 250:
                return f"{code} {said.decode()}"
        code, said = client.data(message.as_bytes(policy=SMTP))
        return f"{code} {said.decode()}"


CLIP_MAIL = (("gate.mp4", "video/mp4", CLIP),)


def test_a_clip_becomes_a_job_of_its_camera(site: Site, listen: Callable[..., int]) -> None:
    site.camera(
        "134188-VI08", addresses=[GATE], threshold_low=0.3, threshold_high=0.4, schedule={"time_zone": "UTC", "armed": []}
    )
    answer = send(listen(), mail(*CLIP_MAIL))
    (job,) = site.accepted()
    assert answer == f"250 2.0.0 Accepted as {job.id}"
    assert (job.kind, job.camera_id, job.input_name, site.content(job)) == ("alarm", "134188-VI08", "gate.mp4", CLIP)
    assert (job.parameters["threshold_high"], job.parameters["camera"]["is_armed"]) == (0.4, False)
    assert job.origin == {"api": "smtp", "subject": "Alarm"}


def test_pictures_become_one_clip_and_a_picture_beside_a_clip_none(site: Site, listen: Callable[..., int]) -> None:
    site.camera("1", addresses=[GATE], stills_per_s=4.0)
    port = listen()
    send(
        port,
        mail(("b.jpg", "image/jpeg", JPEG), ("a.png", "application/octet-stream", PNG), ("c.jpg", "image/jpeg", JPEG + b"c")),
    )
    send(port, mail(("preview.jpg", "image/jpeg", JPEG), *CLIP_MAIL, number="<2@panel>"))
    pictures, clip = site.accepted()
    with zipfile.ZipFile(io.BytesIO(site.content(pictures))) as archive:
        assert archive.namelist() == ["clip.json", "00000.jpg", "00001.png", "00002.jpg"]
        assert archive.read("clip.json") == b'{"fps": 4.0}'
        assert archive.read("00001.png") == PNG
    assert (pictures.input_name, site.content(clip)) == ("pictures.zip", CLIP)


def test_several_clips_and_cameras_become_several_jobs(site: Site, listen: Callable[..., int]) -> None:
    site.camera("1", addresses=[GATE])
    site.camera("2", addresses=["yard@alarm.example"])
    message = mail(("a.mp4", "video/mp4", CLIP), ("b.avi", "application/octet-stream", CLIP + b"b"))
    send(listen(), message, GATE, "yard@alarm.example", GATE.upper())
    assert sorted((job.camera_id, job.input_name) for job in site.accepted()) == [
        ("1", "a.mp4"),
        ("1", "b.avi"),
        ("2", "a.mp4"),
        ("2", "b.avi"),
    ]


def test_the_subject_names_the_camera_where_the_address_names_the_tenant(site: Site, listen: Callable[..., int]) -> None:
    site.camera("VI08")
    site.camera("134188-VI08")
    mine, port = f"{site.tenant.client_id}@alarm.example", listen()
    send(port, mail(*CLIP_MAIL, subject="Alarm 134188-vi08: motion"), mine)
    send(port, mail(*CLIP_MAIL, subject="[VI08] motion", number="<2@panel>"), mine)
    send(port, mail(*CLIP_MAIL, number="<3@panel>"), f"{site.tenant.client_id}+new camera@alarm.example".replace(" ", "_"))
    assert [job.camera_id for job in site.accepted()] == ["134188-VI08", "VI08", "new_camera"]
    assert send(port, mail(*CLIP_MAIL, subject="VI081 and XVI08"), mine).startswith("550 5.1.1 The subject names no camera")
    assert len(site.accepted()) == 3


def test_nothing_is_relayed_and_nothing_empty_is_taken(site: Site, listen: Callable[..., int]) -> None:
    site.camera("1", addresses=[GATE])
    port = listen()
    assert send(port, mail(*CLIP_MAIL), "somebody@elsewhere.example").startswith("550 5.1.1 No camera here has this address")
    assert send(port, mail()).startswith("550 5.6.0 The mail holds no clip")
    for nothing in (("a.txt", "text/plain", b"x" * 99), ("b.mp4", "video/mp4", b""), ("c.pdf", "application/pdf", b"%PDF" * 9)):
        assert send(port, mail(nothing)).startswith("550 5.6.0 The mail holds no clip")
    assert send(port, mail(("big.mp4", "video/mp4", bytes(200_000)))).startswith("552")
    assert site.accepted() == []
    assert send(port, mail(("lies.mp4", "video/mp4", b"this is no video at all"))).startswith("250"), (
        "that is for the decoder to say"
    )


def test_the_same_mail_is_one_job_however_often_it_comes(site: Site, listen: Callable[..., int]) -> None:
    site.camera("1", addresses=[GATE])
    port = listen()
    first = send(port, mail(*CLIP_MAIL))
    site.camera("1", addresses=[GATE], threshold_low=0.1, threshold_high=0.9)
    assert first.startswith("250")
    assert send(port, mail(*CLIP_MAIL)) == "250 2.0.0 Accepted before"
    assert len(site.accepted()) == 1
    assert len(list(site.jobs.files._root.glob("incoming/*"))) == 1, "the second copy is gone"
    nameless = mail(*CLIP_MAIL, number=None)
    assert (send(port, nameless)[:3], send(port, nameless)[:3]) == ("250", "250")
    assert len(site.accepted()) == 2


def test_what_cannot_be_taken_now_is_asked_for_again(
    site: Site, listen: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.camera("1", addresses=[GATE])
    port = listen()
    for number in range(20):
        assert send(port, mail(*CLIP_MAIL, number=f"<{number}@panel>")).startswith("250")
    assert send(port, mail(*CLIP_MAIL, number="<full@panel>")).startswith("451 4.3.0"), "the queue is full"
    for trouble in (DiskFull(), ConnectionError("gone"), KeyError("a mistake of ours")):

        def fail(*_: object, trouble: Exception = trouble) -> None:
            raise trouble

        with monkeypatch.context() as patched:
            patched.setattr(site.jobs, "submit", fail)
            assert send(port, mail(*CLIP_MAIL, number="<x@panel>")).startswith("451 4.3.0")
    assert len(site.accepted()) == 20


def test_a_login_opens_the_tenants_own_cameras_only(site: Site, listen: Callable[..., int]) -> None:
    site.camera("1", addresses=[GATE])
    port = listen(requires_key=True)
    assert send(port, mail(*CLIP_MAIL), login=site.secret).startswith("250")
    assert send(port, mail(*CLIP_MAIL), login=site.other_secret).startswith("550 5.1.1")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(port, mail(*CLIP_MAIL), login="guess")
    with smtplib.SMTP("127.0.0.1", port, local_hostname="panel", timeout=20) as client:
        client.ehlo()
        assert client.mail("panel@site.example")[0] == 530
    assert len(site.accepted()) == 1


def test_networks_are_kept_to(site: Site, listen: Callable[..., int]) -> None:
    site.camera("1", addresses=[GATE])
    assert send(listen(networks=("127.0.0.0/8",)), mail(*CLIP_MAIL)).startswith("250")
    far = listen(networks=("10.0.0.0/8", "2001:db8::/32"))
    with smtplib.SMTP("127.0.0.1", far, local_hostname="panel", timeout=20) as client:
        client.ehlo()
        code, said = client.mail("panel@site.example")
    assert (code, said) == (554, b"5.7.1 Mail is not taken from this network.")


def test_too_many_connections_are_told_to_come_again(listen: Callable[..., int]) -> None:
    port = listen()
    held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(32)]
    assert all(one.recv(100).startswith(b"220") for one in held)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as late:
        assert late.recv(100).startswith(b"421")
    for one in held:
        one.close()
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as later:
            if later.recv(100).startswith(b"220"):
                return
    raise AssertionError("nobody let go")


@pytest.mark.parametrize(
    "noise",
    [b"\r\n.\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 500 + b"\r\n.\r\n", b"\xff\xfe\x00\r\n.\r\n"],
)
def test_odd_mails_are_answered(site: Site, listen: Callable[..., int], noise: bytes) -> None:
    site.camera("1", addresses=[GATE])
    with socket.create_connection(("127.0.0.1", listen()), timeout=20) as link:
        talk = link.makefile("rwb")
        for line in (b"", b"HELO panel", b"MAIL FROM:<a@b.example>", f"RCPT TO:<{GATE}>".encode(), b"DATA"):
            if line:
                talk.write(line + b"\r\n")
                talk.flush()
            assert talk.readline()[:1] in b"23"
        talk.write(noise)
        talk.flush()
        assert talk.readline()[:3] in {b"550", b"554"}
    assert site.accepted() == []
