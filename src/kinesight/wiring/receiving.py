"""Puts the intakes of alarm panels on top of storage and job engine; holds no logic of its own."""

from __future__ import annotations

import ipaddress
import ssl

from kinesight.domain.errors import BadSetting
from kinesight.panels.drop_folder import DropFolder, DropRules
from kinesight.panels.intake import ClipIntake
from kinesight.panels.mail_in import MailIntake, MailRules
from kinesight.settings import Settings
from kinesight.storage.opening import Storage
from kinesight.wiring.serving import job_service


def mail_intake(settings: Settings, storage: Storage) -> MailIntake:
    """Return what takes clips by e-mail. Raises `BadSetting`."""
    rules = MailRules(
        max_bytes=int(settings.smtp_max_mb * 1_000_000),
        networks=_networks(settings),
        requires_key=settings.smtp_require_key,
        tls=_tls(settings),
    )
    return MailIntake(intake=_intake(settings, storage), cameras=storage.cameras, keys=storage.keys, rules=rules)


def drop_folder(settings: Settings, storage: Storage) -> DropFolder | None:
    """Return what looks into the watched folder, None where there is none. Raises `BadSetting`."""
    if settings.watch_folder is None:
        return None
    try:
        settings.watch_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"Setting watch_folder: {settings.watch_folder} cannot be made or used: {error.strerror}.") from error
    rules = DropRules(
        settle_s=settings.watch_settle_s, max_bytes=int(settings.max_upload_mb * 1_000_000), keep_days=settings.retention_days
    )
    return DropFolder(settings.watch_folder, intake=_intake(settings, storage), cameras=storage.cameras, rules=rules)


def _intake(settings: Settings, storage: Storage) -> ClipIntake:
    return ClipIntake(jobs=job_service(settings, storage), uploads=storage.files, cameras=storage.cameras)


def _networks(settings: Settings) -> tuple[str, ...]:
    for network in settings.smtp_networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise BadSetting(f"Setting smtp_networks: {network!r} is no network, such as 10.2.0.0/16.") from error
    return settings.smtp_networks


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.smtp_certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.smtp_certificate)
    except OSError as error:  # of which the errors of TLS are a kind
        raise BadSetting(f"Setting smtp_certificate: {settings.smtp_certificate} cannot be used: {error.strerror}.") from error
    return context
