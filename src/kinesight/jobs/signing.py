"""Signatures of messages to webhooks, as Standard Webhooks 1.0 has them (standardwebhooks.com, `spec/standard-webhooks.md`)."""

from __future__ import annotations

import base64
import hashlib
import hmac

PREFIX = "whsec_"


def signed_headers(body: bytes, *, secret: str, message_id: str, time_s: float) -> dict[str, str]:
    """Return the headers by which a receiver knows that a message is ours, unchanged, and of now.

    Parameters
    ----------
    body
        Exactly the bytes that are sent.
    secret
        "whsec_" and base64.
    message_id
        The same for every delivery of one message, so that a receiver can drop what comes twice.
    time_s
        The moment of this delivery, in seconds since the epoch.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    stamp = str(int(time_s))
    signature = hmac.new(key, b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
