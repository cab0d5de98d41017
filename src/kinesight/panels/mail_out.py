"""Sends messages as e-mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from kinesight.domain.errors import SourceForbidden, SourceUnreachable
from kinesight.domain.outputs import Dial, DueMessage, Receipt, SmtpOutput
from kinesight.panels.bodies import json_body, subject_of, xml_body

TIME_LIMIT_S = 30.0
"""For one operation of the connection."""

TAKEN, REFUSED_FOR_GOOD = "taken", 500
BODIES = {"json": json_body, "xml": xml_body}


class SmtpChannel:
    """Implements the port `Channel` for outputs of the kind smtp. `tls` can be replaced in tests."""

    def __init__(self, dial: Dial, *, tls: ssl.SSLContext | None = None) -> None:
        self._dial = dial
        self._tls = tls or ssl.create_default_context()

    def send(self, due: DueMessage, picture_jpeg: bytes | None) -> Receipt:
        """Send a message and return what became of it."""
        to = due.settings.to
        if not isinstance(to, SmtpOutput):
            raise TypeError(f"an output of the kind {to.kind} is not sent by mail")
        mail = mail_of(due, to, picture_jpeg if to.with_picture else None)
        try:
            with _Session(self._dial, to, self._tls) as session:
                refused = session.send_message(mail, from_addr=to.sender, to_addrs=list(to.recipients))
        except SourceForbidden as error:
            return Receipt(is_taken=False, note=error.message)
        except SourceUnreachable as error:
            return Receipt(is_taken=False, note=error.message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            note = "; ".join(f"{who}: {code} {_text(why)}" for who, (code, why) in error.recipients.items())
            return Receipt(is_taken=False, is_final=min(codes, default=0) >= REFUSED_FOR_GOOD, note=note)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            return Receipt(
                is_taken=False, is_final=error.smtp_code >= REFUSED_FOR_GOOD, note=f"{error.smtp_code} {_text(error.smtp_error)}"
            )
        except (smtplib.SMTPException, OSError) as error:
            # a wrong password or missing encryption may be mended at either end, so the message waits for that
            return Receipt(is_taken=False, note=f"{type(error).__name__}: {error}")
        note = "; ".join(f"{who}: {code} {_text(why)}" for who, (code, why) in refused.items())
        return Receipt(is_taken=True, note=f"{TAKEN}, but not by all: {note}" if note else TAKEN)


def mail_of(due: DueMessage, to: SmtpOutput, picture_jpeg: bytes | None) -> EmailMessage:
    """Return the e-mail of a message; its Message-ID is the same however often it is sent."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=400))  # subjects in one piece, for those who look for words in them
    mail["Subject"] = subject_of(due.message)
    mail["From"] = to.sender
    mail["To"] = ", ".join(to.recipients)
    mail["Date"] = formatdate(due.message.created_s)
    mail["Message-ID"] = f"<{due.message.id}@kinesight>"
    mail["Auto-Submitted"] = "auto-generated"
    body = BODIES[to.body](due.message)
    mail.set_content(body, maintype="application", subtype=to.body, cte="quoted-printable", disposition="inline")
    if picture_jpeg is not None:
        mail.add_attachment(picture_jpeg, maintype="image", subtype="jpeg", filename="picture.jpg")
    return mail


class _Session(smtplib.SMTP):
    """One connection to a mail server, made by our own dialling, encrypted and logged in as the output says."""

    def __init__(self, dial: Dial, to: SmtpOutput, tls: ssl.SSLContext) -> None:
        self._dial = dial
        self._to = to
        self._context = tls
        super().__init__(to.host, to.port, local_hostname="kinesight", timeout=TIME_LIMIT_S)
        try:
            if to.security == "starttls":
                self.starttls(context=tls)
            if to.user is not None and to.password is not None:
                self.login(to.user, to.password)
        except BaseException:
            self.close()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self._dial.connect(host, port, timeout_s=timeout)
        return self._context.wrap_socket(connection, server_hostname=host) if self._to.security == "tls" else connection


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
