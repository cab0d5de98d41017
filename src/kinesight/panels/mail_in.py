"""Takes clips by e-mail. It relays nothing: an address is one of ours, or it is refused before anything is sent."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from kinesight.domain.errors import CallerError, Forbidden, KinesightError
from kinesight.domain.job import Keys
from kinesight.domain.sites import Cameras, Recipient
from kinesight.panels.intake import Arrival, Clip, ClipIntake, archive_of
from kinesight.panels.mail_parts import MailParts, camera_in, parts_of

LOG = logging.getLogger(__name__)
MOST_RECIPIENTS = 20
MOST_CONNECTIONS = 32
SILENCE_S = 60.0
CAMERAS_AT_ONCE = 1000
NO_ADDRESS = "550 5.1.1 No camera here has this address; set it up with PUT /v1/cameras/ID."
NO_CAMERA = "550 5.1.1 The subject names no camera that is set up here."
NO_CLIP = "550 5.6.0 The mail holds no clip and no picture."
LATER = "451 4.3.0 The clip cannot be taken now; send it again later."


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    """Who may send, and how much. Without `networks` everybody who reaches the port may."""

    max_bytes: int
    networks: tuple[str, ...] = ()
    requires_key: bool = False
    tls: ssl.SSLContext | None = None


class MailIntake:
    """The handler of aiosmtpd: names of its methods are the library's. A 250 after the data means that the jobs are durable."""

    def __init__(
        self, *, intake: ClipIntake, cameras: Cameras, keys: Keys, rules: MailRules, now_s: Callable[[], float] = time.time
    ) -> None:
        self._intake = intake
        self._cameras = cameras
        self._keys = keys
        self._rules = rules
        self._networks = [ipaddress.ip_network(one, strict=False) for one in rules.networks]
        self._now_s = now_s
        self._connections: set[object] = set()
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # that of the library, which tells of every command

    def protocol(self) -> SMTP:
        """Return the protocol of a new connection."""
        return _Limited(
            self,
            self._connections,
            data_size_limit=self._rules.max_bytes,
            hostname="kinesight",
            ident="Kinesight",
            timeout=SILENCE_S,
            tls_context=self._rules.tls,
            authenticator=self.authenticate,
            auth_required=self._rules.requires_key and self._rules.tls is not None,
            auth_require_tls=self._rules.tls is not None,
            loop=asyncio.get_running_loop(),
        )

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        """Log a sender in whose password is an API key; the tenant's id is kept with the session."""
        try:
            secret = given.password.decode() if isinstance(given, LoginPassword) else ""
            return AuthResult(success=True, auth_data=self._keys.tenant_for(secret).id)
        except (Forbidden, UnicodeDecodeError, ConnectionError):
            return AuthResult(success=False, handled=False)

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a sender by its network, or for want of a key."""
        if self._networks and not self._is_near(str((session.peer or ("",))[0])):
            return "554 5.7.1 Mail is not taken from this network."
        if self._rules.requires_key and not session.authenticated:
            return "530 5.7.0 Log in first; the password is an API key."
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address that belongs to a camera or a tenant."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return f"452 4.5.3 At most {MOST_RECIPIENTS} addresses at a time."
        try:
            recipient = await asyncio.to_thread(self._cameras.recipient, address)
        except ConnectionError:
            return LATER
        if recipient is None or (session.authenticated and session.auth_data != recipient.tenant_id):
            return NO_ADDRESS
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Make jobs of a mail, and answer once they are durable."""
        try:
            return await asyncio.to_thread(self._take, envelope)
        except CallerError as error:
            return f"554 5.6.0 {_line(error.message)}"
        except (KinesightError, ConnectionError) as error:
            LOG.warning("a mail is put off: %s", error)
            return LATER

    async def handle_exception(self, error: Exception) -> str:
        """Answer a mistake of ours in such a way that the mail comes again."""
        LOG.error("a mail could not be taken", exc_info=error)
        return LATER

    def _take(self, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=policy.default)
        parts = parts_of(mail)
        if not (parts.clips or parts.stills):
            return NO_CLIP
        recipients = [one for address in envelope.rcpt_tos if (one := self._cameras.recipient(address)) is not None]
        named = list(dict.fromkeys(self._named(one, mail) for one in recipients))
        if not named or None in named:
            return NO_CAMERA
        identity = str(mail["Message-ID"] or "").strip() or hashlib.sha256(content).hexdigest()
        ids = [job_id for one in named if one is not None for job_id in self._submit(one, mail, parts, identity)]
        LOG.info("a mail from %s became %s", envelope.mail_from, ids or "nothing new")
        return f"250 2.0.0 Accepted as {' '.join(ids)[:400]}" if ids else "250 2.0.0 Accepted before"

    def _submit(self, to: Recipient, mail: EmailMessage, parts: MailParts, identity: str) -> list[str]:
        arrival = Arrival(
            tenant_id=to.tenant_id,
            camera_id=to.camera_id,
            at_s=self._now_s(),
            identity=f"mail {identity}",
            origin={"api": "smtp", "subject": _line(str(mail["Subject"] or ""))},
        )
        found = [self._intake.accept(arrival, clip) for clip in self._clips(to, parts)]
        return [job_id for job_id in found if job_id is not None]

    def _clips(self, to: Recipient, parts: MailParts) -> tuple[Clip, ...]:
        if parts.clips:
            return parts.clips
        settings = self._intake.settings_of(to.tenant_id, to.camera_id)
        return (archive_of(parts.stills, name="pictures.zip", per_s=settings.stills_per_s),)

    def _named(self, to: Recipient, mail: EmailMessage) -> Recipient | None:
        if to.camera_id is not None:
            return to
        known: list[str] = []
        cursor: str | None = None
        while True:
            page = self._cameras.page(to.tenant_id, limit=CAMERAS_AT_ONCE, cursor=cursor)
            known += [camera.id for camera in page.cameras]
            cursor = page.next_cursor
            if cursor is None:
                break
        camera_id = camera_in(str(mail["Subject"] or ""), known)
        return None if camera_id is None else Recipient(tenant_id=to.tenant_id, camera_id=camera_id)

    def _is_near(self, peer: str) -> bool:
        address = ipaddress.ip_address(peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._networks if network.version == mapped.version)


class _Limited(SMTP):
    """A connection that is told to come again later when there are too many."""

    line_length_limit = 100_000  # some panels write a whole attachment into few lines

    def __init__(self, handler: MailIntake, connections: set[object], **given: Any) -> None:
        super().__init__(handler, **given)
        self._open = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or say why not."""
        if self not in self._open and len(self._open) >= MOST_CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 Too many connections; come again later.\r\n")
            transport.close()
            return
        self._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of the connection."""
        if self in self._open:
            self._open.discard(self)
            super().connection_lost(error)


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:200]
