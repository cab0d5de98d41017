"""Messages over real sockets to receivers that were written apart from the senders."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kinesight.domain.outputs import AlarmMessage, DueMessage, OutputSettings, Receipt
from kinesight.media.dial import CheckedDial
from kinesight.panels.dc09_link import Dc09Channel
from kinesight.panels.mail_out import SmtpChannel
from kinesight.testing.api_server import free_port
from kinesight.testing.monitoring import alarm_receiver, mailbox

HERE = CheckedDial(allow=("127.0.0.0/8",))
KEY = "000102030405060708090A0B0C0D0E0F"
FACTS: dict[str, Any] = {
    "job_id": "j1",
    "camera_id": "134188-VI08",
    "camera_name": "Gate, north",
    "file_name": "clip.mp4",
    "accepted_s": 1_770_000_000.25,
    "risk": "intrusion",
    "labels": ["intrusion", "person"],
    "scores": {"intrusion": 0.97, "web": 0.0},
    "explanation": "A person walks 4 m — inside <yard>.",
    "error_code": None,
    "panel": None,
    "risks": {"intrusion": 1},
    "job_ids": ["j1"],
}


def due(to: dict[str, Any], *, sequence: int = 7, further: int = 0, **facts: Any) -> DueMessage:
    message = AlarmMessage(
        id="m1",
        tenant_id="t",
        job_id="j1",
        sequence=sequence,
        facts={**FACTS, **facts},
        further=further,
        created_s=1_770_000_001.0,
    )
    return DueMessage(message=message, output="centre", settings=OutputSettings.model_validate({"to": to}), tries=1)


def centre(port: int, **given: Any) -> dict[str, Any]:
    return {"kind": "dc09", "host": "127.0.0.1", "port": port, "account": "12ab", **given}


def dc09(**given: Any) -> Dc09Channel:
    return Dc09Channel(HERE, **{"answer_limit_s": 5.0, **given})


# DC-09


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("key", [None, KEY])
def test_an_event_arrives_as_published_and_is_acknowledged(transport: str, key: str | None) -> None:
    with alarm_receiver(transport=transport, key=bytes.fromhex(key) if key else None) as box:
        receipt = dc09().send(due(centre(box.port, transport=transport, key=key, receiver="1", line="2")), None)
    assert receipt == Receipt(is_taken=True, note="acknowledged")
    (event,) = box.events
    assert (event.identity, event.sequence, event.prefix, event.account) == (
        "*ADM-CID" if key else "ADM-CID",
        "0007",
        "R1L2",
        "12AB",
    )
    assert event.data == "#12AB|1130 00 000"
    told = dt.datetime.strptime(event.stamp, "_%H:%M:%S,%m-%d-%Y").replace(tzinfo=dt.UTC)
    assert abs(told.timestamp() - time.time()) < 60


def test_the_camera_says_account_partition_and_zone_and_the_risk_says_the_code() -> None:
    panel = {"account": "4711", "partition": 3, "zone": 42}
    codes = {"intrusion": "133", "danger": None, "safe": "602"}
    with alarm_receiver() as box:
        for risk in ("intrusion", "danger", "safe"):
            assert dc09().send(due(centre(box.port, codes=codes), panel=panel, risk=risk), None).is_taken
    assert [event.data for event in box.events] == ["#4711|1133 03 042", "#4711|1602 03 042"]
    assert {event.account for event in box.events} == {"4711"}


@pytest.mark.parametrize(
    ("answer", "is_final", "said"),
    [
        ("NAK", False, "NAK"),
        ("DUH", True, "DUH"),
        ("noise", False, "cannot be read"),
        ("hang up", False, "breaks off"),
        ("silence", False, "did not answer"),
    ],
)
def test_what_is_not_acknowledged_is_not_taken(answer: str, is_final: bool, said: str) -> None:
    with alarm_receiver() as box:
        box.answers.append(answer)
        receipt = dc09(answer_limit_s=0.3 if answer == "silence" else 5.0).send(due(centre(box.port)), None)
        assert (receipt.is_taken, receipt.is_final) == (False, is_final)
        assert said in receipt.note
        again = dc09().send(due(centre(box.port)), None)
    assert again.is_taken
    assert [event.sequence for event in box.events] == ["0007", "0007"], "a repeated message keeps its number"


def test_a_nak_tells_how_far_the_clocks_are_apart() -> None:
    with alarm_receiver() as box:
        box.answers.append("NAK")
        receipt = dc09(now_s=lambda: time.time() + 3600).send(due(centre(box.port)), None)
    assert "-3600 s" in receipt.note or "-3601 s" in receipt.note


@pytest.mark.parametrize("answer", ['"ACK"0008L0#12AB[]', '"DUH"0008L0#12AB[]', '"NULL"0007L0#12AB[]'])
def test_a_word_about_another_message_counts_for_nothing(answer: str) -> None:
    with alarm_receiver() as box:
        box.answers.append(answer)
        receipt = dc09().send(due(centre(box.port)), None)
    assert (receipt.is_taken, receipt.is_final) == (False, False)
    assert answer[1:4] in receipt.note


def test_nobody_there_and_nowhere_allowed() -> None:
    assert "does not answer" in dc09().send(due(centre(free_port())), None).note
    with alarm_receiver() as box:
        strict = Dc09Channel(CheckedDial())
        assert "does not send to" in strict.send(due(centre(box.port)), None).note
        assert box.events == []
    by_name = CheckedDial(resolve=lambda host, port: ("93.184.216.34", "127.0.0.1"))
    assert "does not send to" in Dc09Channel(by_name).send(due(centre(9999, host="two.example")), None).note
    public = CheckedDial(resolve=lambda host, port: ("93.184.216.34",))
    assert "Port 22" in Dc09Channel(public).send(due(centre(22, host="shell.example")), None).note


# Mail


def mail_to(port: int, **given: Any) -> dict[str, Any]:
    defaults = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "security": "none",
        "sender": "a@site.example",
        "recipients": ["b@centre.example"],
    }
    return {**defaults, "port": port, **given}


def test_a_mail_carries_the_verdict_as_json_and_the_picture() -> None:
    with mailbox(free_port()) as box:
        receipt = SmtpChannel(HERE).send(due(mail_to(box.port, recipients=["b@c.example", "d@e.example"])), b"\xff\xd8 a picture")
        assert receipt == Receipt(is_taken=True, note="taken")
    (mail,) = box.mails
    assert box.recipients == [["b@c.example", "d@e.example"]]
    assert mail["Subject"] == "INTRUSION: Gate, north (134188-VI08): intrusion, person"
    assert mail["Message-ID"] == "<m1@kinesight>"
    body, picture = mail.iter_parts()
    assert (body.get_content_type(), picture.get_content_type()) == ("application/json", "image/jpeg")
    assert picture.get_content() == b"\xff\xd8 a picture"
    said = json.loads(body.get_content())
    assert (said["risk"], said["analysis_id"], said["camera_id"]) == ("intrusion", "j1", "134188-VI08")
    assert said["explanation"] == FACTS["explanation"]
    assert said["accepted_at"] == "2026-02-02T02:40:00.250+00:00"


def test_a_mail_in_xml_survives_odd_text_and_does_without_a_picture() -> None:
    odd = {
        "camera_name": "Tor\r\nBcc: x@y.example\x00",
        "error_code": "not_a_video",
        "labels": [],
        "panel": {"account": "4711", "partition": 1, "zone": 2},
    }
    with mailbox(free_port()) as box:
        assert SmtpChannel(HERE).send(due(mail_to(box.port, body="xml", with_picture=False), further=3, **odd), b"jpeg").is_taken
    (mail,) = box.mails
    assert "Bcc" not in mail
    assert mail["Subject"] == "INTRUSION: Tor Bcc: x@y.example (134188-VI08): not judged and 3 more"
    assert mail.get_content_type() == "application/xml"
    root = ET.fromstring(mail.get_content())  # noqa: S314 - our own
    assert root.tag == "alarm"
    assert root.findtext("explanation") == FACTS["explanation"]
    assert {one.get("name"): one.text for one in root.findall("scores/entry")} == {"intrusion": "0.97", "web": "0.0"}
    assert (root.findtext("account"), root.findtext("zone"), root.findtext("further")) == ("4711", "2", "3")
    assert root.find("labels/item") is None


@pytest.mark.parametrize(("answer", "is_final"), [("451 later", False), ("554 no thanks", True)])
def test_a_refused_mail_is_repeated_only_if_that_can_help(answer: str, is_final: bool) -> None:
    with mailbox(free_port()) as box:
        box.answers.append(answer)
        receipt = SmtpChannel(HERE).send(due(mail_to(box.port)), None)
    assert (receipt.is_taken, receipt.is_final, receipt.note) == (False, is_final, answer)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signed itself, and its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_mail_is_logged_in_and_checks_the_certificate(certificate: Path, security: str) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def known(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    context = server_side(certificate)
    # aiosmtpd does not see that a connection is encrypted from its first byte, so it must not ask for it
    how: dict[str, Any] = {"ssl_context": context, "auth_require_tls": False}
    if security == "starttls":
        how = {"tls_context": context, "auth_required": True}
    trusting = ssl.create_default_context(cafile=str(certificate))
    with mailbox(free_port(), authenticator=known, **how) as box:
        to = mail_to(box.port, security=security, user="site", password="right")  # noqa: S106
        assert SmtpChannel(HERE, tls=trusting).send(due(to), None).is_taken
        wrong = SmtpChannel(HERE, tls=trusting).send(due({**to, "password": "wrong"}), None)
        assert (wrong.is_taken, wrong.is_final) == (False, False), "a password can be mended"
        distrustful = SmtpChannel(HERE).send(due(to), None)
        assert not distrustful.is_taken
        assert "certificate" in distrustful.note.lower()
    assert {password for _, password in seen} == {b"right", b"wrong"}
    assert len(box.mails) == 1


def test_a_mail_is_never_sent_in_the_clear_unless_that_was_chosen() -> None:
    with mailbox(free_port()) as box:
        receipt = SmtpChannel(HERE).send(due(mail_to(box.port, security="starttls")), None)
        assert "STARTTLS" in receipt.note
        assert box.mails == []
    assert "does not answer" in SmtpChannel(HERE).send(due(mail_to(free_port())), None).note


def test_a_channel_refuses_what_is_not_its_own() -> None:
    calls: list[tuple[Callable[[], Receipt], str]] = [
        (lambda: SmtpChannel(HERE).send(due(centre(1)), None), "dc09"),
        (lambda: dc09().send(due(mail_to(1)), None), "smtp"),
    ]
    for call, kind in calls:
        with pytest.raises(TypeError, match=kind):
            call()
