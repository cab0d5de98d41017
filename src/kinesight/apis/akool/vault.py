"""What only this installation can read: tokens in place of keys, and keys that are put away for a message that comes later."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kinesight.domain.errors import Forbidden

TOKEN_DAYS = 400
"""The contract says more than a year."""

ALGORITHM = "HS256"
ISSUER = "kinesight"
CLOCK_SKEW_S = 60
"""By so much the clocks of two hosts that share a database may differ."""

NONCE_BYTES = 12  # that of NIST SP 800-38D for AES-GCM


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Makes and reads what carries an API key in a form that only this installation understands.

    The key store knows keys by their hash alone, so a key that is needed once more has to come from what the client holds (a
    token) or from the job that it started, and both carry it encrypted.

    Parameters
    ----------
    token_secret, key_secret
        32 bytes each: what signs tokens, and what encrypts keys (AES-256-GCM).
    """

    token_secret: bytes
    key_secret: bytes

    @classmethod
    def of(cls, secret_for: Callable[[str], bytes]) -> Vault:
        """Return the vault of an installation; `secret_for` gives its secrets by purpose."""
        return cls(token_secret=secret_for("akool tokens"), key_secret=secret_for("akool keys"))

    def seal(self, key: str) -> str:
        """Return a key encrypted, other text each time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.key_secret).encrypt(nonce, key.encode("utf-8", "surrogatepass"), None)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def unseal(self, text: str) -> str | None:
        """Return the key in a sealed text; None if it was not sealed here."""
        try:
            content = base64.b64decode(text.encode("ascii", "replace"), altchars=b"-_", validate=True)
            plain = AESGCM(self.key_secret).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], None)
        except (InvalidTag, binascii.Error, ValueError):
            return None
        return plain.decode("utf-8", "surrogatepass")

    def token(self, key: str, *, client_id: str, now_s: float) -> str:
        """Return a JSON Web Token (RFC 7519) that stands for a key and ends with it, after `TOKEN_DAYS` at the latest."""
        claims = {
            "iss": ISSUER,
            "sub": client_id,
            "iat": int(now_s),
            "exp": int(now_s) + TOKEN_DAYS * 86_400,
            "key": self.seal(key),
        }
        return jwt.encode(claims, self.token_secret, algorithm=ALGORITHM)

    def key_in(self, token: str) -> str:
        """Return the key that a token stands for. Raises `Forbidden` for one that was not made here or has expired."""
        try:
            claims = jwt.decode(
                token,
                self.token_secret,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                leeway=CLOCK_SKEW_S,
                options={"require": ["exp", "iat", "key"]},
            )
        except jwt.InvalidTokenError as error:
            raise Forbidden("The token is not valid or has expired; get a new one.") from error
        key = self.unseal(str(claims["key"]))
        if key is None:
            raise Forbidden("The token is not valid; get a new one.")
        return key
