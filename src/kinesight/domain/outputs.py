"""What a tenant's monitoring software is told about judged clips: where, how, the messages, and the ports between."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, model_validator

from kinesight.domain.document import Document
from kinesight.domain.sites import CameraId

Risk = Literal["safe", "danger", "intrusion"]
RISKS: tuple[Risk, ...] = ("safe", "danger", "intrusion")
"""From the best to the worst."""

Hex = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{1,6}$")]
EventCode = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:-]+$")]
MailAddress = Annotated[str, Field(max_length=254, pattern=r"^[!-;=?-~]+@[A-Za-z0-9.-]+$")]
HIDDEN = "***"
"""Stands for a secret where an output is shown; sent back, it leaves the secret as it is."""


class SmtpOutput(Document):
    """An e-mail for each message, with the key picture attached.

    `security` is how the connection is encrypted: `starttls` (usual on port 587), `tls` from the first byte (usual on 465), or
    `none`, for a mail server in the same trusted network.
    """

    kind: Literal["smtp"] = "smtp"
    host: Host
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = Field(default=None, max_length=320)
    password: str | None = Field(default=None, max_length=1000)
    sender: MailAddress
    recipients: tuple[MailAddress, ...] = Field(min_length=1, max_length=16)
    body: Literal["json", "xml"] = "json"
    with_picture: bool = True


class EventCodes(Document):
    """Event codes of Contact ID (SIA DC-05): 130 is burglary, 140 a general alarm; a risk without a code is not sent."""

    intrusion: EventCode | None = "130"
    danger: EventCode | None = "140"
    safe: EventCode | None = None


class Dc09Output(Document):
    """A message of SIA DC-09 (ADM-CID) for each alarm, to a receiver of a monitoring centre.

    `account` counts for cameras that have none of their own. `key` (32, 48 or 64 hexadecimal digits) encrypts with AES.
    """

    kind: Literal["dc09"] = "dc09"
    host: Host
    port: int = Field(ge=1, le=65535)
    transport: Literal["tcp", "udp"] = "tcp"
    account: str = Field(pattern=r"^[0-9A-Fa-f]{3,16}$")
    receiver: Hex | None = None
    line: Hex = "0"
    codes: EventCodes = Field(default_factory=EventCodes)
    key: str | None = Field(
        default=None, pattern=rf"^([0-9A-Fa-f]{{32}}|[0-9A-Fa-f]{{48}}|[0-9A-Fa-f]{{64}}|{HIDDEN.replace('*', '[*]')})$"
    )


class OutputSettings(Document):
    """Where messages go, and which: those with one of `risks`, of the given cameras or, without, of all."""

    to: SmtpOutput | Dc09Output = Field(discriminator="kind")
    risks: tuple[Risk, ...] = Field(default=("danger", "intrusion"), min_length=1, max_length=3)
    cameras: tuple[CameraId, ...] | None = Field(default=None, max_length=1000)
    is_enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _kind_first(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("to"), dict) and "kind" not in given["to"]:
            raise ValueError("to needs a kind: smtp or dc09")
        return given

    def wants(self, risk: str, camera_id: str | None) -> bool:
        """Return whether a clip of this camera with this risk is told here."""
        return self.is_enabled and risk in self.risks and (self.cameras is None or camera_id in self.cameras)


SECRETS = ("password", "key")


def hidden(settings: OutputSettings) -> OutputSettings:
    """Return settings whose secrets are hidden."""
    held = {name: HIDDEN for name in SECRETS if getattr(settings.to, name, None) is not None}
    return settings.model_copy(update={"to": settings.to.model_copy(update=held)})


def with_secrets(settings: OutputSettings, earlier: OutputSettings | None) -> OutputSettings:
    """Return settings in which hidden secrets are those of the earlier ones; none where there are no earlier ones."""
    old = None if earlier is None or earlier.to.kind != settings.to.kind else earlier.to
    given = {name: getattr(old, name, None) for name in SECRETS if getattr(settings.to, name, None) == HIDDEN}
    return settings.model_copy(update={"to": settings.to.model_copy(update=given)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output of a tenant. `waiting` messages have not been taken yet; `last_outcome` says what became of the last try."""

    name: str
    settings: OutputSettings
    updated_s: float
    waiting: int = 0
    last_outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMessage:
    """What is told about one judged clip, or about several at once.

    `facts` are those of the clip (see `facts_of`); with `further` above 0, of the worst of them, and it stands for so many more.
    `sequence` counts the messages of an output, 1 to 9999, and stays the same when a message is repeated.
    """

    id: str
    tenant_id: str
    job_id: str
    sequence: int
    facts: Mapping[str, Any]
    further: int
    created_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMessage:
    """A message that somebody has claimed for delivery. `tries` counts the deliveries begun, this one included."""

    message: AlarmMessage
    output: str
    settings: OutputSettings
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one try: taken, refused for good (`is_final`), or to be tried again; `note` says it in words."""

    is_taken: bool
    is_final: bool = False
    note: str = ""


class Outputs(Protocol):
    """Keeps the outputs of every tenant."""

    def get(self, tenant_id: str, name: str) -> Output:
        """Return an output. Raises `NotFound`."""

    def put(self, tenant_id: str, name: str, settings: OutputSettings) -> Output:
        """Set an output up, or change it; hidden secrets stay as they are."""

    def delete(self, tenant_id: str, name: str) -> None:
        """Forget an output with the messages that wait for it. Raises `NotFound`."""

    def all(self, tenant_id: str) -> tuple[Output, ...]:
        """Return the outputs of a tenant by name."""


class MessageBox(Protocol):
    """Messages that were written together with the verdict that they tell, until their receiver has taken them.

    Raises `ConnectionError` when the database cannot be reached, `DiskFull` when it cannot write.
    """

    def claim(self, *, limit: int, lease_s: float) -> tuple[DueMessage, ...]:
        """Return messages to deliver now, of each output only a few; nobody else gets them while the lease lasts."""

    def settle(self, due: DueMessage, *, outcome: str) -> None:
        """Note that the message was taken, or refused for good."""

    def postpone(self, due: DueMessage, *, delay_s: float, outcome: str) -> None:
        """Offer the message again after so long."""

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        """Give up messages that are older than this, forget settled ones older than that; return how many were given up."""


class Dial(Protocol):
    """Connects to addresses that a stranger gave. Raises `SourceForbidden`, `SourceUnreachable`."""

    def connect(self, host: str, port: int, *, timeout_s: float) -> socket.socket:
        """Return a TCP connection whose every operation has this time limit."""

    def datagrams(self, host: str, port: int, *, timeout_s: float) -> socket.socket:
        """Return a UDP socket that talks to this host alone."""


class Channel(Protocol):
    """Sends one message to one kind of output."""

    def send(self, due: DueMessage, picture_jpeg: bytes | None) -> Receipt:
        """Send a message and return what became of it. Never raises for what a receiver or a network does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a clip came to, as far as statistics and messages need it."""

    risk: Risk
    labels: tuple[str, ...] = ()
    scores: Mapping[str, float] | None = None
    explanation: str = ""
    error_code: str | None = None


def verdict_of(document: Mapping[str, Any] | None, *, error_code: str | None = None, error_message: str | None = None) -> Verdict:
    """Return the verdict in a result document; what could not be judged is danger, never safe.

    Parameters
    ----------
    document
        The result document of an alarm job, None where it has none.
    error_code, error_message
        Why it has none.
    """
    result = (document or {}).get("result")
    if not isinstance(result, dict) or result.get("risk") not in RISKS:
        why = error_message or "The clip could not be judged."
        return Verdict(risk="danger", explanation=why, error_code=error_code or "not_judged")
    return Verdict(
        risk=result["risk"],
        labels=tuple(str(label) for label in result.get("labels") or ()),
        scores=result.get("scores"),
        explanation=str(result.get("explanation") or ""),
        error_code=str(result["error_code"]) if result.get("error_code") else None,
    )
