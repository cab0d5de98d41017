"""Content Credentials: writes into an MP4 file what was done to it, as XMP and as a signed C2PA manifest."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kinesight.domain.errors import BadSetting
from kinesight.domain.provenance import Marked, Statement

XMP_UUID = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")
"""Type of the MP4 box that holds XMP (Adobe XMP specification, part 3, ISO base media files)."""

OWN_NAME = "Kinesight test certificate"
_LIFE_DAYS = 3650
_KEY_FILE, _CHAIN_FILE = "c2pa-test-key.pem", "c2pa-test-chain.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentCredentials:
    """Marks videos; fulfils `OutputMarker`.

    Parameters
    ----------
    folder
        Where the certificate of this installation's own making lies; it is made when first needed.
    chain_pem, key_pem
        Your own certificate chain, the signing one first, and its private key (EC, P-256); both or neither.
    """

    folder: Path
    chain_pem: Path | None = None
    key_pem: Path | None = None

    def mark(self, path: Path, statement: Statement) -> Marked:
        """Write the statement into an MP4 file, as XMP and as a signed manifest, in place.

        Raises
        ------
        BadSetting
            The certificate or key that the settings name cannot be used.
        """
        chain, key, is_own = self._credentials()
        name = _common_name(chain)
        part = path.with_name(f".{path.name}.signed.part")
        append_xmp(path, statement)
        try:
            info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
            builder = c2pa.Builder(json.dumps(manifest_of(statement)))
            signer = c2pa.Signer.from_info(info)
            part.unlink(missing_ok=True)
            builder.sign_file(str(path), str(part), signer)
        except c2pa.C2paError as error:
            part.unlink(missing_ok=True)
            raise BadSetting(f"The certificate {name!r} cannot sign content credentials: {error}") from error
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
        return Marked(signer=name, is_test_certificate=is_own)

    def _credentials(self) -> tuple[bytes, bytes, bool]:
        """Return certificate chain and key as PEM, and whether they are of our own making."""
        if (self.chain_pem is None) != (self.key_pem is None):
            raise BadSetting("Set both c2pa_certificate and c2pa_key, or neither.")
        if self.chain_pem is None or self.key_pem is None:
            return *own_certificate(self.folder), True
        try:
            return self.chain_pem.read_bytes(), self.key_pem.read_bytes(), False
        except OSError as error:
            raise BadSetting(f"{error.filename} cannot be read: {error.strerror}.") from error


def manifest_of(statement: Statement) -> dict[str, object]:
    """Return the manifest's definition: one edit by a trained model, on a named source."""
    return {
        "title": statement.title,
        "format": "video/mp4",
        "claim_generator_info": [{"name": "Kinesight", "version": statement.software.removeprefix("Kinesight ")}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": statement.digital_source_type,
                            "softwareAgent": {"name": statement.software},
                        },
                        {
                            "action": "c2pa.edited",
                            "digitalSourceType": statement.digital_source_type,
                            "softwareAgent": {"name": statement.software},
                            "description": statement.action,
                            "parameters": {"com.kinesight.source_sha256": statement.source_sha256},
                        },
                    ]
                },
            }
        ],
    }


def append_xmp(path: Path, statement: Statement) -> None:
    """Append a box with XMP to an MP4 file; players pass over it."""
    packet = xmp_of(statement).encode()
    box = (8 + 16 + len(packet)).to_bytes(4, "big") + b"uuid" + XMP_UUID.bytes + packet
    with path.open("ab") as file:
        file.write(box)


def xmp_of(statement: Statement) -> str:
    """Return the XMP packet: digital source type (IPTC extension), what was done, and by what."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<Iptc4xmpExt:DigitalSourceType>{escape(statement.digital_source_type)}</Iptc4xmpExt:DigitalSourceType>"
        f"<xmp:CreatorTool>{escape(statement.software)}</xmp:CreatorTool>"
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(statement.action)}</rdf:li></rdf:Alt></dc:description>'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )


def own_certificate(folder: Path) -> tuple[bytes, bytes]:
    """Return the certificate chain and key of this installation's own making, made when they are not there yet.

    Nobody vouches for it: it shows that a file was not changed since, not who made it.
    """
    chain_file, key_file = folder / _CHAIN_FILE, folder / _KEY_FILE
    if not (chain_file.exists() and key_file.exists()):
        chain, key = make_certificate()
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(key_file, key)
        _write_private(chain_file, chain)
    return chain_file.read_bytes(), key_file.read_bytes()


def make_certificate() -> tuple[bytes, bytes]:
    """Return a new signing certificate with the authority that issued it, and its private key, as PEM.

    C2PA wants a certificate that no one may sign others with, for digital signatures and e-mail protection or document signing,
    and that is not its own issuer (C2PA technical specification 2.1, section 14.5.1).
    """
    now = datetime.now(UTC) - timedelta(days=1)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name, name = _name(f"{OWN_NAME} authority"), _name(OWN_NAME)
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(is_authority=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _builder(name, authority_name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)
        .add_extension(issuer_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem) + authority.public_bytes(pem), secret


def _builder(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=_LIFE_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Kinesight"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(chain: bytes) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(chain)
    except ValueError as error:
        raise BadSetting("The setting c2pa_certificate names no certificate in PEM form.") from error
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user may read, whole or not at all."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
